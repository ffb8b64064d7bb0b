// tollgate.config.v1.ConfigService: a stream per node (architecture.md §10).
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_CONFIG_STREAM_SERVICE_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_CONFIG_STREAM_SERVICE_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/time/time.h"
#include "base/clock.h"
#include "tollgate/config/v1/config.pb.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tollgate {
class Metrics;
}  // namespace tollgate

namespace tollgate::controlplane {

class Publisher;

// Nodes at once: each costs a few KiB while it is up to date.
inline constexpr std::size_t kStreamsMax = 4'096;
// A node that does not answer an update for so long is cut off; it comes back with what it has.
inline constexpr absl::Duration kAnswerTimeout = absl::Seconds(60);
// Nodes take five without any message for a cut (dataplane/snapshot/subscriber.h).
inline constexpr absl::Duration kHeartbeatInterval = absl::Seconds(1);

struct ConfigStreamOptions {
  // Peers show a certificate, and its name must begin with the audience ("dataplane", "billing").
  // Without it only peers on this machine can connect (base/grpc_server.h).
  bool require_certificate = false;
};

// Whether a certificate of that name may read as the audience: "dataplane", or "dataplane" followed
// by '-' or '.' and anything; likewise "billing".
bool CertificateAllows(std::string_view name, config::v1::Audience audience);

// Thread-safe.  Pushes each publication at once, from the writer's thread, to every stream that is
// free to send; there is no polling.
class ConfigStreamService {
 public:
  // The arguments must outlive this.  Becomes the publisher's listener.
  ConfigStreamService(Publisher& publisher, const Clock& clock, Metrics& metrics,
                      const ConfigStreamOptions& options);
  // REQUIRED: the gRPC server is shut down.
  ~ConfigStreamService();

  grpc::Service* service() const;

  // Ends all streams with UNAVAILABLE and refuses new ones.  Idempotent.
  void Close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_CONFIG_STREAM_SERVICE_H_
