// Reads Anthropic's messages, whole, streamed or failed.
// Source: https://docs.claude.com/en/api/messages, …/streaming, …/errors.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_ANTHROPIC_READ_H_
#define TOLLGATE_DATAPLANE_PROVIDER_ANTHROPIC_READ_H_

#include <memory>
#include <string_view>

#include "dataplane/ir/response.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// As ProviderFormat's.
AnswerFacts ReadAnthropicFacts(std::string_view text);
bool ReadAnthropicResponse(std::string_view body, ir::Response& out);
std::unique_ptr<EventReader> NewAnthropicEventReader();
ProviderError ReadAnthropicError(int status, std::string_view body);

// What the readers have in common.
ir::FinishReason ReadAnthropicStop(std::string_view word);
// The tier that served, in OpenAI's words.
std::string_view AnthropicTier(std::string_view word);
ir::Citation ReadAnthropicCitation(JsonValue value);
// Takes the counts that a usage object states over those that `usage` has: in a stream the first
// event counts the input and the last one the output.  Counts that cannot be believed are left.
void TakeAnthropicUsage(JsonValue value, ir::Usage& usage);
// The HTTP status that an error of that type comes with; 0 for one that is not known.
int AnthropicErrorStatus(std::string_view type);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_ANTHROPIC_READ_H_
