// The control plane: owns every part, and the order in which they start and stop.
#ifndef TOLLGATE_CONTROLPLANE_SERVER_H_
#define TOLLGATE_CONTROLPLANE_SERVER_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/api_key.h"
#include "base/seal.h"
#include "controlplane/config.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate {
class GrpcServer;
class Metrics;
class OpsListener;
}  // namespace tollgate

namespace tollgate::controlplane {

class AdminApi;
class AdminServices;
class CatalogWatcher;
class ConfigStore;
class ConfigStreamService;
class ConfigWriter;
class QuotaApi;

// How long running calls may take when the server stops.
inline constexpr absl::Duration kStopGrace = absl::Seconds(5);

// Where the server listens, once it is started.
struct Addresses {
  std::string grpc;     // "127.0.0.1:41234": admin API, configuration stream, health, reflection.
  std::string ops_url;  // "http://127.0.0.1:41235": /livez, /readyz, /metrics; empty = none.
};

// What an embedding program provides; it must outlive the server.
struct ServerParts {
  Metrics* metrics = nullptr;  // Null: the server has its own.
};

// There may be several in a process.  Build, Start, Stop from one thread; the rest is thread-safe.
class Server {
 public:
  // Reads keys and store; listens nowhere yet.  The errors of the files and of
  // ConfigWriter::Open().
  static absl::StatusOr<std::unique_ptr<Server>> Build(Config config, ServerParts parts = {});
  ~Server();  // Stops.

  // Listens and begins to watch the catalog.
  absl::Status Start();

  // REQUIRED: started.
  Addresses addresses() const;

  // Ends streams, lets running calls end, closes the store.  Idempotent.
  void Stop();

 private:
  Server(Config config, ServerParts parts);

  absl::Status OpenStore();
  absl::Status StartGrpc();
  absl::Status StartOps();
  absl::Status WatchCatalog();
  void AddScrapeHook();

  // What the scrape hook reads; metrics that outlive the server keep the hook.
  struct ScrapeTarget {
    std::mutex mutex;
    ConfigWriter* writer = nullptr;  // Guarded by mutex; null once the server is gone.
  };

  const Config config_;
  std::optional<Peppers> peppers_;
  std::optional<Sealer> sealer_;
  std::unique_ptr<Metrics> own_metrics_;
  Metrics* const metrics_;
  std::unique_ptr<ConfigStore> store_;
  std::unique_ptr<ConfigWriter> writer_;  // The single writer.
  std::shared_ptr<ScrapeTarget> scrape_target_ = std::make_shared<ScrapeTarget>();
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<AdminApi> admin_api_;
  std::unique_ptr<QuotaApi> quota_api_;
  std::unique_ptr<AdminServices> admin_services_;
  std::unique_ptr<ConfigStreamService> config_stream_;
  std::unique_ptr<CatalogWatcher> catalog_watcher_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<OpsListener> ops_;  // Last in, first out.
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVER_H_
