// The errors that surfaces find in bodies.
#ifndef TOLLGATE_DATAPLANE_SURFACE_FAULT_H_
#define TOLLGATE_DATAPLANE_SURFACE_FAULT_H_

#include <string>
#include <string_view>

#include "dataplane/request/errors.h"

namespace tollgate::dataplane {

// An error about the field `param`; empty = about none.
[[gnu::cold]] GatewayError Fault(ErrorCode code, std::string_view param, std::string message);

// "`param` must be <wanted>."
[[gnu::cold]] GatewayError WrongType(std::string_view param, std::string_view wanted);

// "`param` is required."
[[gnu::cold]] GatewayError Missing(std::string_view param);

// "`param` …": this gateway, or this kind of model, has no such thing.
[[gnu::cold]] GatewayError Unsupported(std::string_view param, std::string message);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_FAULT_H_
