// gRPC channels between the services: keepalive, limits and mutual TLS.
#ifndef TOLLGATE_BASE_GRPC_CLIENT_H_
#define TOLLGATE_BASE_GRPC_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/tls_files.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate {

// A channel to `target` ("host:port" or any gRPC target), which connects lazily and reconnects with
// jittered backoff (100 to 500 ms).  With `tls` set the server's certificate is verified against
// ca_path (or the system's roots when it is empty) and ours is shown if there is one.
// InvalidArgument for an empty target, for plaintext to a host:port that is not loopback, or for
// TLS files that do not belong together; NotFound for a TLS file that is missing.
// Set a deadline on every unary call: the channel has none.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& target,
                                                       const TlsFiles& tls);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_GRPC_CLIENT_H_
