// Reads the body of POST /v1/completions, the API before chat.
// Source: https://platform.openai.com/docs/api-reference/completions/create.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_COMPLETIONS_REQUEST_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_COMPLETIONS_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"

namespace tollgate::dataplane {

// Output tokens where the caller states no limit: the API's own default.
inline constexpr std::int64_t kCompletionTokensDefault = 16;

// One pass, as ScanChatRequest().
std::optional<GatewayError> ScanCompletionsRequest(std::string_view body, ScannedRequest& out);

// The prompt is what the user says; all else is read as chat completions' member of that name.
// Refuses what a conversation has no place for: several prompts, tokens for a prompt, `suffix`,
// `echo`, `best_of` beyond `n`, `logprobs`.
std::optional<GatewayError> ReadCompletionsRequest(std::string_view body, ir::Request& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_COMPLETIONS_REQUEST_H_
