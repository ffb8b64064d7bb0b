// What the gateway knows of an answer besides what the model said: what surfaces show of it.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ANSWER_H_
#define TOLLGATE_DATAPLANE_SURFACE_ANSWER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/money.h"
#include "dataplane/ir/response.h"
#include "dataplane/json/writer.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/surface/call_head.h"

namespace tollgate::dataplane {

// One try at a provider.  Views live as long as the request.
struct AttemptNote {
  std::string_view model_id;
  std::string_view provider_id;
  std::string_view provider_model_id;
  bool byok = false;
  bool success = false;
  int status = 0;          // 0 = no answer came.
  std::string_view error;  // UpstreamErrorName(), empty on success.
  absl::Time start;
  absl::Time end;
};

// Lives as long as the writer that was given it.
struct AnswerContext {
  const CallHead* call = nullptr;
  const ScannedRequest* scan = nullptr;
  std::string_view generation_id;
  // The name by which the client finds the answer that the provider keeps; empty = none is kept.
  std::string_view kept_name;
  std::string_view requested_model;  // As the client wrote it: what answers name.
  std::string_view model_id;
  std::string_view provider_id;
  std::string_view provider_model_id;
  absl::Time created;
  // What is known of the input before the provider counts it, in tokens: for surfaces whose streams
  // begin with it.
  std::int64_t input_tokens_estimate = 0;
  // The caller does not want to see the model's thoughts.
  bool hide_reasoning = false;
  std::span<const ir::Warning> warnings;
};

// What is known once the attempt is settled, before the last byte is released.
struct AnswerCost {
  Money charge;             // Of the wallet: what the answer cost the caller, all attempts.
  Money market_cost;        // What it would have cost without the caller's own credential.
  Money market_input_cost;  // The part of market_cost that the input of the answer makes.
  bool byok = false;
  // The usage that was charged: all that a surface shows is made of it.
  ir::Usage usage;
  bool estimated = false;  // The provider did not report; it was counted here.
  // Why the gateway ended the answer, by its length, before the model did; null when it did not.
  const GatewayError* stopped = nullptr;
  std::span<const AttemptNote> attempts;
};

// Writes the member `tollgate` of an open object: why the gateway ended the answer, and which
// generation it was.
void WriteStopped(const GatewayError& why, std::string_view generation_id, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ANSWER_H_
