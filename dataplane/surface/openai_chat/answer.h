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

// How a surface of this shape departs from OpenAI's.
struct ChatShape {
  // With what OpenRouter adds: who served (`provider`), the provider's reason to end in streams
  // too, a `system_fingerprint` always, and `usage.cost_details`.
  bool openrouter = false;
  // Writes the value of the member `error` of the chunk that ends a broken stream; null: the error
  // is an event of its own, as OpenAI's.
  void (*write_error)(const GatewayError& error, JsonWriter& json) = nullptr;
};

void WriteChatAnswer(const ir::Response& response, const AnswerContext& context,
                     const AnswerCost& cost, std::string& out, const ChatShape& shape = {});

std::unique_ptr<StreamWriter> NewChatStreamWriter(const AnswerContext& context,
                                                  const ChatShape& shape = {});

// Writes the value of `usage`, the cost in it.
void WriteChatUsage(const AnswerCost& cost, JsonWriter& json, const ChatShape& shape = {});

void WriteChatImage(const ir::Media& media, JsonWriter& json);
// `{"type":"url_citation",…}`.  `before`: how many characters the content has before the part that
// the citation is of.
void WriteChatAnnotation(const ir::Citation& citation, std::int64_t before, JsonWriter& json);
// Writes the member `warnings` of an open object; nothing when there are none.
void WriteChatWarnings(std::span<const ir::Warning> warnings, JsonWriter& json);

// "stop", "length", "tool_calls", "content_filter".
std::string_view ChatFinishReason(ir::FinishReason reason);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_ANSWER_H_
