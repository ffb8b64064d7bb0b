// Writes translated answers and streams as chat completions.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_ANSWER_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_ANSWER_H_

#include <memory>
#include <span>
#include <string>

#include "dataplane/ir/response.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

void WriteChatAnswer(const ir::Response& response, const AnswerContext& context,
                     const AnswerCost& cost, std::string& out);

std::unique_ptr<StreamWriter> NewChatStreamWriter(const AnswerContext& context);

// Writes the value of `usage`, the cost in it.
void WriteChatUsage(const AnswerCost& cost, JsonWriter& json);

void WriteChatImage(const ir::Media& media, JsonWriter& json);
// `{"type":"url_citation",…}`.
void WriteChatAnnotation(const ir::Citation& citation, JsonWriter& json);
// Writes the member `warnings` of an open object; nothing when there are none.
void WriteChatWarnings(std::span<const ir::Warning> warnings, JsonWriter& json);

// "stop", "length", "tool_calls", "content_filter".
std::string_view ChatFinishReason(ir::FinishReason reason);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_ANSWER_H_
