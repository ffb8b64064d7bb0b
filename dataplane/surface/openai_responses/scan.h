// Reads the body of POST /v1/responses.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_SCAN_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_SCAN_H_

#include <optional>
#include <string_view>

#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"

namespace tollgate::dataplane {

// One pass, as ScanChatRequest().  Refuses besides: a body without any input, and `background`,
// whose answer nobody would be there to meter.
std::optional<GatewayError> ScanResponsesRequest(std::string_view body, ScannedRequest& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_SCAN_H_
