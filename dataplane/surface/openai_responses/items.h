// Writes the items of an answer, as they stand in its `output` and in the events of a stream.
// Source: https://platform.openai.com/docs/api-reference/responses/object.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_ITEMS_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_ITEMS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/ir/part.h"
#include "dataplane/json/writer.h"

namespace tollgate::dataplane {

// "in_progress", "completed" or "incomplete", of an item.
inline constexpr std::string_view kItemInProgress = "in_progress";
inline constexpr std::string_view kItemCompleted = "completed";

// The id of item `index` of an answer: "msg_01J…_0".
std::string ResponsesItemId(std::string_view prefix, std::string_view generation_id,
                            std::int64_t index);

// Whether an id has the form of those.
bool IsGatewayItemId(std::string_view id);

// A part of a message's content; the lists are JSON elements without brackets.
void WriteOutputText(std::string_view text, std::string_view annotations, std::string_view logprobs,
                     JsonWriter& json);
void WriteOutputRefusal(std::string_view refusal, JsonWriter& json);

// `content`: the parts, likewise.
void WriteMessageItem(std::string_view id, std::string_view status, std::string_view content,
                      JsonWriter& json);

void WriteCallItem(std::string_view id, std::string_view status, const ir::ToolCall& call,
                   JsonWriter& json);

// `sealed`: ShowSealed(); empty for none.
void WriteReasoningItem(std::string_view id, std::string_view text, std::string_view sealed,
                        JsonWriter& json);

// An image that the model made; one that has no bytes is not there.
void WriteImageItem(std::string_view id, std::string_view status, const ir::Media& media,
                    JsonWriter& json);

// One of `annotations`.
void WriteResponsesAnnotation(const ir::Citation& citation, JsonWriter& json);

// The elements of an array, as JSON without its brackets; empty for what is none.
std::string_view ElementsOf(std::string_view array);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_ITEMS_H_
