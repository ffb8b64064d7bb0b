// A pretend model provider that speaks OpenAI's chat format and keeps books.
//
//   POST /v1/chat/completions   JSON and streams, tools, structured output, output limits
//   GET  /v1/models             what is sold
//   GET  /books                 what it would charge (books.h); ?requests=N adds the newest N
//
// The first two want `Authorization: Bearer <api key>`; the books are open, for they hold neither
// texts nor keys.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_OPENAI_PROVIDER_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_OPENAI_PROVIDER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tollgate/demo_provider/books.h"
#include "tollgate/demo_provider/chat_answer.h"
#include "tollgate/demo_provider/chat_request.h"
#include "tollgate/demo_provider/demo_models.h"
#include "tollgate/demo_provider/provider_listener.h"
#include "tollgate/demo_provider/reply.h"

namespace tollgate {

// The key that the demo provider accepts when none is configured.  No secret: it buys nothing.
inline constexpr std::string_view kDemoProviderApiKey = "demo-provider-key";

// Changes how one request is answered; the seam for a provider that misbehaves on demand.
class AnswerEditor {
 public:
  virtual ~AnswerEditor() = default;
  // Before the answer is composed.
  virtual void EditRequest(ChatRequest& request) = 0;
  // Before it is written.
  virtual void EditAnswer(ChatAnswer& answer) = 0;
  // Before it is sent.  False: no work is done and nothing is charged.
  virtual bool EditReply(Reply& reply) = 0;
};

struct OpenAiProviderOptions {
  std::vector<DemoModel> models = DemoModels();
  // Any of these; empty for no check at all.
  std::vector<std::string> api_keys = {std::string(kDemoProviderApiKey)};
  absl::Duration token_interval = absl::ZeroDuration();  // Between two tokens of a stream.
  std::size_t books_entries_max = 100'000;
  // Chooses an editor for a request, or none (nullptr).  Called from any thread.
  std::function<std::unique_ptr<AnswerEditor>(const ChatRequest&)> editor;
};

// Thread-safe.
class OpenAiProvider {
 public:
  explicit OpenAiProvider(OpenAiProviderOptions options);

  // Answers one HTTP request.  This object must outlive the reply.
  Reply Answer(const ProviderRequest& request);

  Books& books() { return books_; }

 private:
  bool Authorized(std::string_view authorization) const;
  Reply AnswerChat(std::string_view body);
  Reply ListModels() const;
  Reply Refuse(const std::string& model, Reply reply);
  std::string NextResponseId();

  const OpenAiProviderOptions options_;
  std::map<std::string, DemoModel> models_;  // Constant after construction.
  const std::string id_prefix_;              // Differs from run to run.
  std::atomic<std::uint64_t> next_id_{1};
  Books books_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_OPENAI_PROVIDER_H_
