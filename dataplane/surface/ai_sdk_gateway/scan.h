// Reads what admission needs of the body of POST …/language-model.
#ifndef TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_SCAN_H_
#define TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_SCAN_H_

#include <optional>
#include <string_view>

#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/surface/call_head.h"

namespace tollgate::dataplane {

// One pass.  Model and stream are those of `call`.  Of `providerOptions.gateway`, what would change
// the answer and is not supported is refused by its name, what only advises is left to
// ReadGatewayRequest().
std::optional<GatewayError> ScanGatewayRequest(std::string_view body, const CallHead& call,
                                               ScannedRequest& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_SCAN_H_
