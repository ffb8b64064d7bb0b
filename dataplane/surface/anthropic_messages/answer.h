// Writes translated answers and streams as Anthropic's messages.
// Source: https://docs.claude.com/en/api/messages, …/streaming.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_ANSWER_H_
#define TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_ANSWER_H_

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/ir/response.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

void WriteMessagesAnswer(const ir::Response& response, const AnswerContext& context,
                         const AnswerCost& cost, std::string& out);

std::unique_ptr<StreamWriter> NewMessagesStreamWriter(const AnswerContext& context);

// Surface::AppendStreamStop().
void AppendMessagesStop(const StreamStop& stop, std::string_view generation_id, std::string& out);

// "end_turn", "max_tokens", …
std::string_view MessagesStopReason(ir::FinishReason reason);
// The reason of an answer that holds a refusal: others end those as any.
ir::FinishReason RefusedReason(ir::FinishReason reason);

// Writes the value of `usage`, the cost in it.
void WriteMessagesUsage(const AnswerCost& cost, std::string_view service_tier, JsonWriter& json);
// The same at the start of a stream, when the cost is not known.
void WriteMessagesUsage(const ir::Usage& usage, std::string_view service_tier, JsonWriter& json);

// Writes the member `message` of a stream's first event.
void WriteMessagesStart(std::string_view id, std::string_view model, const ir::Usage& usage,
                        std::string_view service_tier, JsonWriter& json);

// How an answer ended.  Empty texts are written as null.
struct MessagesEnd {
  ir::FinishReason reason = ir::FinishReason::kUnknown;
  std::string_view stop_sequence{};
  std::string_view refusal{};       // What the model, or its provider, said of a refusal.
  std::string_view container{};     // As JSON; of a provider of this surface's own format.
  std::string_view stop_details{};  // Likewise.
};
// Writes its members of an open object: `stop_reason`, `stop_sequence`, `container` and
// `stop_details`.
void WriteMessagesEnd(const MessagesEnd& end, JsonWriter& json);

// Writes the members of a tool call's block but for its input.
void WriteMessagesCall(std::string_view id, std::string_view name, JsonWriter& json);

// Writes the member `provider_metadata` of an open object: generation id, cost and warnings.
void WriteMessagesMetadata(const AnswerContext& context, const AnswerCost& cost, JsonWriter& json);

// Appends an image of the model's as text: the API has no place for one.
std::string MessagesImageText(const ir::Media& media);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_ANSWER_H_
