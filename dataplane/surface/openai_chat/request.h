// Reads a chat completions request into the internal representation.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_REQUEST_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_REQUEST_H_

#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/request/errors.h"

namespace tollgate::dataplane {

// `body` was accepted by ScanChatRequest() and outlives `out`.  Members that no field stands for
// are Extras of openai_chat; the gateway's own (model, models, stream, provider) are left out, and
// the blocks of `providerOptions` become Extras of their families.
std::optional<GatewayError> ReadChatRequest(std::string_view body, ir::Request& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_REQUEST_H_
