// absl::Status ↔ grpc::Status, the reason included.
//
// The codes of both are the same numbers.  The reason (base/status_reason.h) crosses as
// google.rpc.ErrorInfo{reason, domain "tollgate"} in grpc-status-details-bin, the way AIP-193
// says, so that grpcurl and any client library can read it; retry_after as its metadata
// "retry_after_ms", the field at fault as "field".
#ifndef TOLLGATE_BASE_ERROR_MAP_H_
#define TOLLGATE_BASE_ERROR_MAP_H_

#include "absl/status/status.h"
#include "base/status_reason.h"

namespace grpc {
class Status;
}  // namespace grpc

namespace tollgate {

// The ErrorInfo domain of our reasons.
inline constexpr const char* kErrorDomain = "tollgate";

grpc::Status ToGrpc(const absl::Status& status);

// Inverts ToGrpc().  A reason is taken only from our own domain; details that do not parse are
// ignored, for they come from a peer.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_ERROR_MAP_H_
