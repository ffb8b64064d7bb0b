// The one look at a body of Gemini's that admission needs.
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_SCAN_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_SCAN_H_

#include <optional>
#include <string_view>

#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/surface/call_head.h"

namespace tollgate::dataplane {

// As Surface::Scan().  A call without CallHead::stream asks for a count of tokens: its body may
// have all in `generateContentRequest`.
std::optional<GatewayError> ScanGeminiRequest(std::string_view body, const CallHead& call,
                                              ScannedRequest& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_SCAN_H_
