// Reads what OpenRouter's chat completions have besides OpenAI's.
// Source: https://openrouter.ai/docs/api-reference/chat/send-chat-completion-request,
// https://openrouter.ai/docs/guides/routing/provider-selection.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_REQUEST_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_REQUEST_H_

#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/json/cursor.h"
#include "dataplane/request/errors.h"

namespace tollgate::dataplane {

// Reads an option of `provider` that OpenAI's surface does not take.  Values that ask for nothing
// (`"zdr":false`) are taken, what the gateway cannot promise is refused by its name.
std::optional<GatewayError> ReadOpenRouterOption(std::string_view key, JsonCursor& json);

// Goes over the members of the body that ReadChatRequest() kept as OpenAI's: reads OpenRouter's,
// leaves to no format what would only advise, and refuses what would change the answer.
std::optional<GatewayError> TakeOpenRouterMembers(ir::Request& request);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_REQUEST_H_
