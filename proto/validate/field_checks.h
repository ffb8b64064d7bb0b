// Checks of single fields that several kinds of resources have.
#ifndef TOLLGATE_PROTO_VALIDATE_FIELD_CHECKS_H_
#define TOLLGATE_PROTO_VALIDATE_FIELD_CHECKS_H_

#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate {

// Each returns InvalidField() for the field named.  An optional one may be empty.
absl::Status CheckId(std::string_view field, std::string_view id);
absl::Status CheckOptionalId(std::string_view field, std::string_view id);

// At most kRouteProvidersMax ids, each once.
absl::Status CheckProviders(std::string_view field,
                            const google::protobuf::RepeatedPtrField<std::string>& ids);

// None is negative or above a billion.
absl::Status CheckRateLimits(const config::v1::RateLimits& limits);

// Whether the time is one that RFC 3339 can write.
bool IsValidTime(const google::protobuf::Timestamp& time);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_FIELD_CHECKS_H_
