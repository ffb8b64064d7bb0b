// A pretend provider whose models are sold in four wire formats, strictly and with books.
//
//   POST /v1/chat/completions                 OpenAI chat         Authorization: Bearer KEY
//   POST /v1/responses                        OpenAI responses    the same
//   GET, DELETE /v1/responses/ID, GET …/input_items, POST …/cancel: of those that the same KEY made
//   POST /v1/messages, …/count_tokens         Anthropic messages  x-api-key or Bearer, and
//                                                                 anthropic-version
//   POST /v1beta/models/M:generateContent, :streamGenerateContent (alt=sse or an array),
//        :countTokens; /v1 too                Gemini              x-goog-api-key or ?key=
//   GET /v1/models, /v1beta/models            in the form of the credential's place
//
// What it answers is said in script.h, faults in fault_plan.h; they come in the format's own form.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_WIRE_PROVIDER_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_WIRE_PROVIDER_H_

#include <atomic>
#include <boost/json/array.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/support/fake_provider/fault_plan.h"
#include "tests/support/fake_provider/wire/ask.h"
#include "tests/support/fake_provider/wire/cache_book.h"
#include "tests/support/fake_provider/wire/format.h"
#include "tests/support/fake_provider/wire/item_book.h"
#include "tollgate/demo_provider/books.h"
#include "tollgate/demo_provider/provider_listener.h"
#include "tollgate/demo_provider/reply.h"

namespace tollgate::wire {

struct WireProviderOptions {
  std::vector<WireModel> models;
  std::vector<std::string> api_keys;  // Any of these; empty for no check at all.
  absl::Duration token_interval = absl::ZeroDuration();
};

// Thread-safe.
class WireProvider {
 public:
  // `books` and `faults` must outlive this.
  WireProvider(WireProviderOptions options, Books& books, FaultPlan& faults);

  // The answer, or nothing for what is not of these formats and models.
  std::optional<Reply> Answer(const ProviderRequest& request);

 private:
  struct Call;

  std::optional<Reply> Route(Call& call);
  Reply Generate(const Call& call);
  Reply Compose(const Call& call, Ask ask, const WireModel& model);
  Reply CountTokens(const Call& call) const;
  std::optional<Reply> List(const ProviderRequest& request, std::string_view path) const;
  Reply Refuse(const Call& call, int status, std::string_view message);
  bool Authorized(std::string_view key) const;
  absl::Status TakeEarlierItems(const std::string& key, boost::json::object& body) const;
  // A response that is kept, for the account that made it.
  struct Stored {
    std::string key;
    boost::json::array items;  // Everything said until then.
    std::size_t inputs = 0;    // How many of them were its input.
    boost::json::object response;
  };
  void Remember(const std::string& id, Stored stored);
  Reply OfStored(const ProviderRequest& request, const std::string& rest);

  const WireProviderOptions options_;
  std::map<std::string, WireModel> models_;  // Constant after construction.
  const std::string run_id_;                 // Differs from run to run.
  std::atomic<std::uint64_t> next_id_{1};
  Books& books_;
  FaultPlan& faults_;
  CacheBook cache_;

  mutable absl::Mutex mutex_;
  std::map<std::string, Stored> stored_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> stored_order_ ABSL_GUARDED_BY(mutex_);
  ItemBook items_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_WIRE_PROVIDER_H_
