// What the gRPC library has to say, as lines of our own log.
#ifndef TOLLGATE_BASE_GRPC_LOG_H_
#define TOLLGATE_BASE_GRPC_LOG_H_

namespace tollgate {

// From now on gRPC's messages become LogEvent("grpc", message, at) instead of plain text on stderr.
// Servers and channels of base/ call it; idempotent, thread-safe.
void SendGrpcLogToOurs();

}  // namespace tollgate

#endif  // TOLLGATE_BASE_GRPC_LOG_H_
