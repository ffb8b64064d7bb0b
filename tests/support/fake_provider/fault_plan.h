// Faults that a fake provider shows on demand, by model and with a probability.
//
//   POST /control {"model": "demo/chat", "seed": 7, "faults": [
//     {"kind": "status", "value": 503, "probability": 0.1}, {"kind": "delay_ms", "value": 20}]}
//
// replaces the faults of one model ("*" for every model that has none of its own).  Each request
// rolls for each fault on its own; all that hit are applied.  The rolls are a function of the seed
// and of the number of the request to that model since the faults were set.
//
//   kind               value (default)                 what happens · what is charged
//   delay_ms           milliseconds                    the head comes later · all
//   slow               ms before each token (10)       the answer trickles · all
//   refuse             1 for RST (0: FIN)              the connection ends without a byte · nothing
//   status             HTTP status (500)               an error in OpenAI's envelope · nothing
//   retry_after        seconds (1)                     429 with Retry-After · nothing
//   cut_mid_stream     output tokens before it (half)  FIN within the body · what was sent, for
//   JSON
//                                                      all
//   reset_mid_stream   the same                        RST within the body · the same
//   cut_before_done    -                               FIN before [DONE] or the last byte · all
//   no_usage           -                               the answer lacks its usage · all
//   usage_twice        -                               a stream says its usage twice · all
//   negative_usage     -                               the usage has negative counts · all
//   garbage            0: instead of HTTP              no answer · nothing
//                      1 (default): within the body    a broken answer · all
//   hang_head          -                               no byte ever comes · nothing
//   hang_body          -                               stops half-way for ever · as cut_mid_stream
//   ignore_max_tokens  -                               answers at full length · all
//   repeat             times (10)                      says the same again and again · all
//   works_on           -                               as the others say, but what was asked for is
//                                                      charged whole, also when the client leaves
//                                                      before the first byte
//   content_filter     -                               stopped by the content filter (the models of
//                                                      wire/ only) · all
//
// Errors come in the envelope of the request's format.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_FAULT_PLAN_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_FAULT_PLAN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "tollgate/demo_provider/openai_provider.h"

namespace tollgate {

enum class FaultKind {
  kDelayMs,
  kSlow,
  kRefuse,
  kStatus,
  kRetryAfter,
  kCutMidStream,
  kResetMidStream,
  kCutBeforeDone,
  kNoUsage,
  kUsageTwice,
  kNegativeUsage,
  kGarbage,
  kHangHead,
  kHangBody,
  kIgnoreMaxTokens,
  kRepeat,
  kWorksOn,
  kContentFilter,
};

std::optional<FaultKind> ParseFaultKind(std::string_view name);

struct Fault {
  FaultKind kind = FaultKind::kStatus;
  std::optional<std::int64_t> value;
  double probability = 1.0;  // 0 to 1.
};

// Thread-safe.
class FaultPlan {
 public:
  // Applies the body of POST /control.  InvalidArgument says what is wrong; then nothing changes.
  absl::Status Control(std::string_view body);

  // Sets the faults of a model, or of "*".
  void Set(const std::string& model, std::vector<Fault> faults, std::uint64_t seed);

  // The faults that hit the next request to this model.
  std::vector<Fault> HitsFor(const std::string& model);

  // An editor with the faults that hit this request; nullptr for none.
  std::unique_ptr<AnswerEditor> EditorFor(const ChatRequest& request);

 private:
  struct ModelFaults {
    std::vector<Fault> faults;
    std::uint64_t seed = 0;
    std::uint64_t requests = 0;
  };

  absl::Mutex mutex_;
  std::map<std::string, ModelFaults> models_ ABSL_GUARDED_BY(mutex_);
};

// Writes an error in a format's envelope; with seconds, as of a rate limit that is used up.
using ErrorWriter = std::function<Reply(int status, std::string_view message,
                                        std::optional<std::int64_t> retry_after_s)>;

// Applies faults to one answer, in OpenAI's envelope.
std::unique_ptr<AnswerEditor> MakeFaultEditor(std::vector<Fault> faults);

// Applies faults to one reply of any format with so many tokens of output.
std::unique_ptr<AnswerEditor> MakeFaultEditor(std::vector<Fault> faults, ErrorWriter error,
                                              std::int64_t output_tokens);

}  // namespace tollgate

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_FAULT_PLAN_H_
