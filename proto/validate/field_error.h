// The error that names a field of a message.
#ifndef TOLLGATE_PROTO_VALIDATE_FIELD_ERROR_H_
#define TOLLGATE_PROTO_VALIDATE_FIELD_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace tollgate {

// The reason of every InvalidField().
inline constexpr std::string_view kInvalidFieldReason = "INVALID_FIELD";

// InvalidArgument with reason INVALID_FIELD, the field (base/status_reason.h, FieldOf) and the
// message "<field> <objection>", for example InvalidField("priority", "must be 0 to 1000").
absl::Status InvalidField(std::string_view field, std::string_view objection);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_FIELD_ERROR_H_
