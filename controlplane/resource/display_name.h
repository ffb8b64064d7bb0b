// The check of a display name, which all kinds have.
#ifndef TOLLGATE_CONTROLPLANE_RESOURCE_DISPLAY_NAME_H_
#define TOLLGATE_CONTROLPLANE_RESOURCE_DISPLAY_NAME_H_

#include <string_view>

#include "absl/status/status.h"
#include "proto/validate/field_error.h"
#include "proto/validate/resource.h"

namespace tollgate::controlplane {

// INVALID_FIELD unless IsValidDisplayName().
inline absl::Status ValidateDisplayName(std::string_view name) {
  if (IsValidDisplayName(name)) return absl::OkStatus();
  return InvalidField("display_name", "must be at most 128 printable characters");
}

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_RESOURCE_DISPLAY_NAME_H_
