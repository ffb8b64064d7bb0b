// Reads OpenAI's responses, whole, streamed or failed: as they pass through, and into the internal
// representation.
// Source: https://platform.openai.com/docs/api-reference/responses, …/responses-streaming.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_OPENAI_RESPONSES_READ_H_
#define TOLLGATE_DATAPLANE_PROVIDER_OPENAI_RESPONSES_READ_H_

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/ir/response.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// As ProviderFormat's.
AnswerFacts ReadResponsesAnswerFacts(std::string_view body);
AnswerFacts ReadResponsesEventFacts(std::string_view data);
bool ReadResponsesResponse(std::string_view body, ir::Response& out);
std::unique_ptr<EventReader> NewResponsesEventReader();

// ---- What both readers have in common -----------------------------------------------------------

// Why a response is over; `native` is the provider's word for it.  `calls`: it has calls of tools
// that the caller is to run.
ir::FinishReason ReadResponsesFinish(JsonValue response, bool calls, std::string_view& native);
// One of `annotations`.
ir::Citation ReadResponsesAnnotation(JsonValue value);
// The texts of a reasoning item: of its summary, or else of its content.
struct ResponsesThought {
  std::string text;
  bool summary = true;
};
ResponsesThought ReadResponsesThought(JsonValue item);
// What stands between two parts of a summary that become one text.
inline constexpr std::string_view kThoughtSeparator = "\n\n";

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_OPENAI_RESPONSES_READ_H_
