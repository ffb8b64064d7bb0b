#include "controlplane/server.h"

#include <grpcpp/channel.h>
#include <grpcpp/support/server_callback.h>

#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/grpc_client.h"
#include "base/grpc_server.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/ops_listener.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "controlplane/facts/catalog_watcher.h"
#include "controlplane/service/admin_api.h"
#include "controlplane/service/admin_services.h"
#include "controlplane/service/config_stream_service.h"
#include "controlplane/service/quota_api.h"
#include "controlplane/store/rocksdb_store.h"
#include "controlplane/writer/config_writer.h"
#include "prometheus/gauge.h"

namespace tollgate::controlplane {

Server::Server(Config config, ServerParts parts)
    : config_(std::move(config)),
      own_metrics_(parts.metrics == nullptr ? std::make_unique<Metrics>() : nullptr),
      metrics_(parts.metrics == nullptr ? own_metrics_.get() : parts.metrics) {}

Server::~Server() {
  Stop();
  std::lock_guard lock(scrape_target_->mutex);
  scrape_target_->writer = nullptr;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Build(Config config, ServerParts parts) {
  std::unique_ptr<Server> server(new Server(std::move(config), parts));
  TG_ASSIGN_OR_RETURN(server->peppers_, Peppers::Load(server->config_.pepper_file));
  TG_ASSIGN_OR_RETURN(server->sealer_, Sealer::Load(server->config_.seal_key_file));
  TG_RETURN_IF_ERROR(server->OpenStore());
  server->authenticator_ = std::make_unique<Authenticator>(server->config_.tokens);
  server->admin_api_ = std::make_unique<AdminApi>(*server->writer_, *server->store_);
  server->quota_api_ = std::make_unique<QuotaApi>(*server->writer_, RealClock());
  server->admin_services_ = std::make_unique<AdminServices>(
      AdminServicesParts{.api = *server->admin_api_,
                         .quotas = *server->quota_api_,
                         .authenticator = *server->authenticator_,
                         .metrics = *server->metrics_});
  server->AddScrapeHook();
  return server;
}

absl::Status Server::OpenStore() {
  TG_RETURN_IF_ERROR(RealFileSystem().CreateDirectories(config_.data_dir));
  TG_ASSIGN_OR_RETURN(store_, RocksdbStore::Open(config_.data_dir + "/config"));
  TG_ASSIGN_OR_RETURN(writer_, ConfigWriter::Open({.store = *store_,
                                                   .peppers = *peppers_,
                                                   .sealer = *sealer_,
                                                   .clock = RealClock(),
                                                   .random = SystemRandom()},
                                                  {.restore = config_.restore}));
  return absl::OkStatus();
}

void Server::AddScrapeHook() {
  prometheus::Gauge& epoch =
      metrics_->AddGauge("tollgate_config_epoch", "The epoch of the newest revision.");
  prometheus::Gauge& revision =
      metrics_->AddGauge("tollgate_config_revision", "The number of the newest revision.");
  prometheus::Gauge& audit =
      metrics_->AddGauge("tollgate_audit_entries", "Audit entries written since the start.");
  prometheus::Gauge& healthy =
      metrics_->AddGauge("tollgate_config_store_healthy", "0 after a write failed.");
  scrape_target_->writer = writer_.get();
  metrics_->AddScrapeHook([target = scrape_target_, &epoch, &revision, &audit, &healthy] {
    std::lock_guard lock(target->mutex);
    if (target->writer == nullptr) return;
    const config::v1::Revision newest = target->writer->publisher().revision();
    epoch.Set(static_cast<double>(newest.epoch()));
    revision.Set(static_cast<double>(newest.number()));
    audit.Set(static_cast<double>(target->writer->audit_entries()));
    healthy.Set(target->writer->healthy() ? 1 : 0);
  });
}

absl::Status Server::Start() {
  TG_RETURN_IF_ERROR(StartGrpc());
  TG_RETURN_IF_ERROR(WatchCatalog());
  TG_RETURN_IF_ERROR(StartOps());
  LogEvent(LogLevel::kInfo, "started",
           {{"grpc", grpc_->address()},
            {"ops", addresses().ops_url},
            {"tokens", config_.tokens.size()}});
  return absl::OkStatus();
}

absl::Status Server::StartGrpc() {
  config_stream_ = std::make_unique<ConfigStreamService>(
      writer_->publisher(), RealClock(), *metrics_,
      ConfigStreamOptions{.require_certificate = !config_.tls.empty()});
  std::vector<grpc::Service*> services = admin_services_->services();
  services.push_back(config_stream_->service());
  TG_ASSIGN_OR_RETURN(
      grpc_,
      GrpcServer::Start(
          {.listen = {.address = config_.listen, .tls = config_.tls}, .customize = {}}, services));
  return absl::OkStatus();
}

absl::Status Server::WatchCatalog() {
  if (config_.catalog_address.empty()) return absl::OkStatus();
  TG_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel,
                      Connect(config_.catalog_address, config_.tls));
  catalog_watcher_ = std::make_unique<CatalogWatcher>(CatalogWatcher::Parts{
      .channel = std::move(channel),
      .adopt = [this](const catalog::v1::Facts& facts) { return writer_->AdoptFacts(facts); },
      .random = SystemRandom(),
      .metrics = *metrics_});
  writer_->SetProvidersListener([this](const std::set<std::string>& provider_ids) {
    catalog_watcher_->SetProviders(provider_ids);
  });
  return absl::OkStatus();
}

absl::Status Server::StartOps() {
  if (config_.ops_listen.empty()) return absl::OkStatus();
  TG_ASSIGN_OR_RETURN(
      ops_, OpsListener::Start({.address = config_.ops_listen,
                                .allow_remote = config_.ops_allow_remote,
                                .live = {},
                                .ready = [this]() -> absl::Status {
                                  if (writer_->healthy()) return absl::OkStatus();
                                  return absl::UnavailableError("the store cannot be written");
                                },
                                .metrics = [this] { return metrics_->SerializeText(); },
                                .paths = {}}));
  return absl::OkStatus();
}

Addresses Server::addresses() const {
  return {.grpc = grpc_->address(), .ops_url = ops_ != nullptr ? ops_->url() : ""};
}

void Server::Stop() {
  if (writer_ != nullptr) writer_->SetProvidersListener(nullptr);
  if (catalog_watcher_ != nullptr) catalog_watcher_->Stop();
  if (grpc_ != nullptr) grpc_->SetServing(false);
  if (config_stream_ != nullptr) config_stream_->Close();
  if (grpc_ != nullptr) grpc_->Shutdown(kStopGrace);
  if (ops_ != nullptr) ops_->Stop();
}

}  // namespace tollgate::controlplane
