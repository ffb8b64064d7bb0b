// The catalog: owns every part, and the order in which they start and stop.
//
// The program is main.cc; `tollgate standalone` embeds the same object:
//
//   TG_ASSIGN_OR_RETURN(auto server, catalog::Server::Build(std::move(config)));
//   TG_RETURN_IF_ERROR(server->Start());
//   … server->addresses().grpc …
//   server->Stop();
#ifndef TOLLGATE_CATALOG_SERVER_H_
#define TOLLGATE_CATALOG_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "catalog/config.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate {
class GrpcServer;
class HttpServer;
class Metrics;
class OpsListener;
}  // namespace tollgate

namespace tollgate::catalog {

class CatalogBook;
class CatalogService;
class CatalogStore;
class Directory;

// How long running calls may take when the server stops.
inline constexpr absl::Duration kStopGrace = absl::Seconds(5);

// Where the server listens, once it is started.
struct Addresses {
  std::string grpc;           // "127.0.0.1:41234": CatalogService, health, reflection.
  std::string directory_url;  // "http://127.0.0.1:41235"; empty = no directory.
  std::string ops_url;        // Likewise: /livez, /readyz, /metrics.
};

// What an embedding program provides; all must outlive the server.
struct ServerParts {
  const Clock* clock = &RealClock();
  Metrics* metrics = nullptr;  // Null: the server has its own.
};

// There may be several in a process.  Build, Start, Stop from one thread; the rest is thread-safe.
class Server {
 public:
  // Opens the store, reads it and brings in the seed catalog; listens nowhere yet.  The errors of
  // RocksdbCatalogStore::Open() and CatalogBook::Open().
  static absl::StatusOr<std::unique_ptr<Server>> Build(Config config, ServerParts parts = {});
  ~Server();  // Stops.

  // Listens.  The errors of GrpcServer, HttpServer and OpsListener.
  absl::Status Start();

  // REQUIRED: started.
  Addresses addresses() const;

  // A channel to the service without a socket.  REQUIRED: started.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Ends streams, lets running calls end, closes the store.  Idempotent.
  void Stop();

 private:
  Server(Config config, ServerParts parts);

  absl::Status OpenBook();
  void AddMetrics();
  absl::Status StartOps();

  const Config config_;
  const Clock& clock_;
  std::unique_ptr<Metrics> own_metrics_;
  Metrics& metrics_;
  std::unique_ptr<CatalogStore> store_;
  std::unique_ptr<CatalogBook> book_;
  std::unique_ptr<CatalogService> service_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<HttpServer> http_;  // Null without a directory.
  std::unique_ptr<OpsListener> ops_;  // Null without one.
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SERVER_H_
