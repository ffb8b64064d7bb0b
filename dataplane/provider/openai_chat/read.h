// Reads chat completions, whole, streamed or failed, into the internal representation.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_READ_H_
#define TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_READ_H_

#include <memory>
#include <string_view>

#include "dataplane/ir/response.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// As ProviderFormat's.
bool ReadChatResponse(std::string_view body, ir::Response& out);
std::unique_ptr<EventReader> NewChatEventReader();
ProviderError ReadChatError(int status, std::string_view body);

// What both readers have in common.
ir::FinishReason ReadChatFinish(std::string_view word);
ir::Usage ReadChatUsage(JsonValue usage);
// One of `annotations`.
ir::Citation ReadChatAnnotation(JsonValue value);
// One of `images`: false when it has no image.
bool ReadChatImage(JsonValue value, ir::Media& media);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_READ_H_
