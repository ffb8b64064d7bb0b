// The billing process: owns every part, and the order in which they start and stop.
//
// The program is RunUntilSignal(); `tollgate standalone` embeds the same object:
//
//   auto server = billing::Server::Build(std::move(config), {.metrics = &metrics});
//   TG_RETURN_IF_ERROR((*server)->Start());
//   … (*server)->grpc_address() …
//   (*server)->Stop();
//
// Members are declared in order of dependence, so that destruction, which runs in reverse, stops
// the listener before the writer, and the writer before the store.
#ifndef TOLLGATE_BILLING_SERVER_H_
#define TOLLGATE_BILLING_SERVER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "billing/config.h"

namespace tollgate {
class GrpcServer;
class OpsListener;
class ShutdownSignal;
}  // namespace tollgate

namespace tollgate::billing {

class AlertSender;
class Authorizer;
class ConfigCache;
class ConfigSubscriber;
class LeaseService;
class LedgerService;
class LedgerStore;
class LedgerWriter;
class UsageService;
class WebhookClient;

// What an embedding program provides; all must outlive the server.
struct ServerParts {
  const Clock* clock = &RealClock();
  Metrics* metrics = nullptr;  // Null: the server has its own.
};

// Start(), Stop() and destruction on one thread; the rest is thread-safe.
class Server {
 public:
  // Opens the store and reads what it holds; listens nowhere yet.  The errors of the store and of
  // the channel to the control plane.
  static absl::StatusOr<std::unique_ptr<Server>> Build(Config config, ServerParts parts = {});
  ~Server();

  // Starts the writer, listens, subscribes.  The errors of GrpcServer and OpsListener.
  absl::Status Start();

  // After Start(): "127.0.0.1:41234", and "http://127.0.0.1:41235" or empty without such a
  // listener.
  std::string grpc_address() const;
  std::string ops_url() const;

  // OK while money can be written; else why not.
  absl::Status Ready() const;

  // NOT_SERVING, ends the streams, waits for running calls up to config.shutdown_grace, writes what
  // is queued, closes.  Idempotent.
  void Stop();

  // Start(), the ready file (none for an empty path), and Stop() when the signal comes.
  absl::Status RunUntilSignal(ShutdownSignal& signal, const std::string& ready_file);

 private:
  Server(Config config, ServerParts parts);
  absl::Status OpenBooks();
  absl::Status MakeAlertSender();
  absl::Status StartOps();

  const Config config_;
  const Clock& clock_;
  std::unique_ptr<Metrics> own_metrics_;
  Metrics& metrics_;
  std::unique_ptr<LedgerStore> store_;
  std::unique_ptr<LedgerWriter> writer_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<UsageService> usage_service_;
  std::unique_ptr<LeaseService> lease_service_;
  std::unique_ptr<LedgerService> ledger_service_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<ConfigCache> config_cache_;
  std::unique_ptr<ConfigSubscriber> subscriber_;  // Null without a control plane.
  std::optional<Sealer> sealer_;
  std::unique_ptr<WebhookClient> webhook_client_;
  std::unique_ptr<AlertSender> alert_sender_;
  std::unique_ptr<OpsListener> ops_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVER_H_
