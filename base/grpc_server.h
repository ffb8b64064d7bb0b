// A gRPC server with this project's limits, health, reflection and TLS policy.
//
// Callback API only: services derive from the generated CallbackService.
#ifndef TOLLGATE_BASE_GRPC_SERVER_H_
#define TOLLGATE_BASE_GRPC_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/tls_files.h"

namespace grpc {
class CallbackServerContext;
class Channel;
class Server;
class ServerBuilder;
class Service;
}  // namespace grpc

namespace tollgate {

// Agreed between server and client (base/grpc_client.h): a client pings every 5 s, a server forbids
// pings closer than 2 s.  Were the client the faster, it would be cut off with "too_many_pings".  A
// connection that is cut off in silence is left after ten seconds: what it carried opens another.
inline constexpr absl::Duration kGrpcClientPingInterval = absl::Seconds(5);
inline constexpr absl::Duration kGrpcPingTimeout = absl::Seconds(5);
inline constexpr absl::Duration kGrpcServerMinPingInterval = absl::Seconds(2);
// A snapshot chunk is the largest message.
inline constexpr int kGrpcMessageBytesMax = 4 * 1024 * 1024;
// A bearer token and a few names; refuses header floods.
inline constexpr int kGrpcMetadataBytesMax = 16 * 1024;
// Per connection; a node opens three.
inline constexpr int kGrpcConcurrentStreamsMax = 256;

struct GrpcListen {
  std::string address = "127.0.0.1:0";  // Port 0 = any free one.
  // All empty = plaintext, allowed on loopback only.  certificate and private key without ca =
  // TLS; with ca the client must show a certificate that chains to it.
  TlsFiles tls{};
};

struct GrpcServerOptions {
  GrpcListen listen{};
  // Last word on the builder (e.g. interceptors); may be empty.
  std::function<void(grpc::ServerBuilder&)> customize{};
};

// Thread-safe.
class GrpcServer {
 public:
  // Starts serving `services` (which must outlive this), the standard health service and
  // reflection.  InvalidArgument for an unusable address, or one off loopback without TLS, with a
  // sentence that says what to do; NotFound or InvalidArgument for the TLS files; Unavailable when
  // the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const GrpcServerOptions& options, const std::vector<grpc::Service*>& services);

  // Shuts down at once if Shutdown() was not called.
  ~GrpcServer();

  // The bound port, and the address to connect to: "127.0.0.1:41234".
  int port() const { return port_; }
  std::string address() const;

  // What the health service answers, for "" and for every service.  True after Start().
  void SetServing(bool serving);

  // A channel within the process, without a socket.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Answers NOT_SERVING, takes no new calls, lets running ones end until `grace` is over, then
  // cancels them; returns when all are done.  Idempotent.
  void Shutdown(absl::Duration grace);

 private:
  GrpcServer(std::unique_ptr<grpc::Server> server, std::string host, int port);

  std::unique_ptr<grpc::Server> server_;
  std::string host_;
  int port_;
};

// The common name (or else the first alternative name) of the peer's verified certificate; empty
// without mutual TLS.
std::string PeerCertificateName(const grpc::CallbackServerContext& context);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_GRPC_SERVER_H_
