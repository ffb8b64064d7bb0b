#include "dataplane/surface/fault.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"

namespace tollgate::dataplane {

GatewayError Fault(ErrorCode code, std::string_view param, std::string message) {
  GatewayError error;
  error.code = code;
  error.param = param;
  error.message = std::move(message);
  return error;
}

GatewayError WrongType(std::string_view param, std::string_view wanted) {
  return Fault(ErrorCode::kInvalidParameter, param,
               absl::StrCat("`", AbslView(param), "` must be ", AbslView(wanted), "."));
}

GatewayError Missing(std::string_view param) {
  return Fault(ErrorCode::kMissingParameter, param,
               absl::StrCat("`", AbslView(param), "` is required."));
}

GatewayError Unsupported(std::string_view param, std::string message) {
  return Fault(ErrorCode::kUnsupportedParameter, param, std::move(message));
}

}  // namespace tollgate::dataplane
