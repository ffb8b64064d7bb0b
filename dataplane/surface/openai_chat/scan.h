// Reads the body of POST /v1/chat/completions.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_SCAN_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_SCAN_H_

#include <optional>
#include <string_view>

#include "dataplane/json/cursor.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"

namespace tollgate::dataplane {

// One pass.  Besides what is not JSON it refuses: nesting deeper than 64, a member that we read
// given twice, a wrong type of one, a missing or empty model or messages, and a gateway option
// (`models`, `provider`, `providerOptions.gateway`) that we do not know.
//
// `other` reads the options of `provider` that only a surface of this shape has.
using ChatOptionReader = std::optional<GatewayError> (*)(std::string_view key, JsonCursor& json);
std::optional<GatewayError> ScanChatRequest(std::string_view body, ScannedRequest& out,
                                            ChatOptionReader other = nullptr);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_SCAN_H_
