// A machine-readable reason on an absl::Status.
//
// The status code says what the caller may do next (retry, fix, give up); the reason, a stable
// SCREAMING_SNAKE word such as INSUFFICIENT_BALANCE, says which of our outcomes it was; the
// message is a sentence for people.  Reasons are part of the API: never renamed.  The reason
// crosses gRPC as google.rpc.ErrorInfo (base/error_map.h).
#ifndef TOLLGATE_BASE_STATUS_REASON_H_
#define TOLLGATE_BASE_STATUS_REASON_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tollgate {

// An error with `reason`.  REQUIRED: code is not kOk; IsValidReason(reason).
absl::Status ErrorWithReason(absl::StatusCode code, std::string_view reason,
                             std::string_view message);

// The reason of `status`; empty when it has none (or is OK).
std::string ReasonOf(const absl::Status& status);

// 1 to 63 characters A-Z, 0-9 and _, beginning with a letter (AIP-193).
bool IsValidReason(std::string_view reason);

// `status` with the time after which the caller may try again (kept in whole milliseconds,
// rounded up).  No effect on an OK status.
absl::Status WithRetryAfter(absl::Status status, absl::Duration retry_after);

// What WithRetryAfter() set, if anything.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

// `status` with the name of the request field at fault ("key.expire_time"); crosses gRPC as the
// ErrorInfo's metadata "field".  No effect on an OK status.
absl::Status WithField(absl::Status status, std::string_view field);

// What WithField() set; empty when nothing.
std::string FieldOf(const absl::Status& status);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_STATUS_REASON_H_
