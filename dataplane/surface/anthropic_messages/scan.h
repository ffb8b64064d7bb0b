// Reads the body of POST /v1/messages for admission.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_SCAN_H_
#define TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_SCAN_H_

#include <optional>
#include <string_view>

#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"

namespace tollgate::dataplane {

// One pass.  What it refuses is that of BodyScanner, and a missing or empty model or messages.  A
// missing max_tokens is the format's business: not every model needs one.
std::optional<GatewayError> ScanMessagesRequest(std::string_view body, ScannedRequest& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_SCAN_H_
