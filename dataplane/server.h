// The data-plane process: owns every part, and the order in which they start and stop.
//
// The program is RunUntilSignal(); `tollgate standalone` embeds the same object:
//
//   auto server = dataplane::Server::Build(std::move(config), {.metrics = &metrics});
//   TG_RETURN_IF_ERROR((*server)->Start());
//   … (*server)->http_url() …
//   (*server)->Stop();
#ifndef TOLLGATE_DATAPLANE_SERVER_H_
#define TOLLGATE_DATAPLANE_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/access_log.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/metrics.h"
#include "dataplane/config.h"

namespace tollgate {
class ShutdownSignal;
}  // namespace tollgate

namespace tollgate::dataplane {

// What an embedding program provides; all must outlive the server.
struct ServerParts {
  const Clock* clock = &RealClock();
  FileSystem* file_system = &RealFileSystem();
  Metrics* metrics = nullptr;       // Null: the server has its own.
  AccessLog* access_log = nullptr;  // Null: the server opens its own, as the configuration says.
};

// Start(), Stop() and destruction on one thread; the rest is thread-safe.
class Server {
 public:
  // Opens and recovers what is on disk, reads keys and certificates; serves nobody yet.
  // FailedPrecondition when another process has the data folder; InvalidArgument with what to mend.
  static absl::StatusOr<std::unique_ptr<Server>> Build(Config config, ServerParts parts = {});
  ~Server();

  // Listens, serves and connects to the other services.  Unavailable when it cannot listen.
  absl::Status Start();

  // After Start(): "http://127.0.0.1:41234" (or https), without a final slash; the ops listener's,
  // or empty without one.
  std::string http_url() const;
  std::string ops_url() const;

  // OK when requests can be served: a configuration is in force and the spool takes records.
  // Billing and the control plane may be away.
  absl::Status Ready() const;
  // Whether every worker's loop turned in the last seconds.
  bool Live() const;

  // The configuration in force as JSON, without digests and secrets.
  std::string ConfigDump() const;

  // Unready, no new connections, running requests end within config.drain_timeout and are cut with
  // an error event after it; then all is settled and shipped, if billing is there.  Idempotent.
  void Stop();

  // Start(), the ready file (none for an empty path), and Stop() when the signal comes.
  absl::Status RunUntilSignal(ShutdownSignal& signal, const std::string& ready_file);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SERVER_H_
