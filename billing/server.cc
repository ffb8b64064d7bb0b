#include "billing/server.h"

#include <utility>

#include "base/check.h"
#include "base/file_system.h"
#include "base/grpc_client.h"
#include "base/grpc_server.h"
#include "base/host_port.h"
#include "base/log.h"
#include "base/ops_listener.h"
#include "base/ready_file.h"
#include "base/shutdown.h"
#include "base/status_macros.h"
#include "billing/alert/alert_sender.h"
#include "billing/alert/webhook_client.h"
#include "billing/books/books.h"
#include "billing/config/config_cache.h"
#include "billing/config/config_subscriber.h"
#include "billing/service/authorize.h"
#include "billing/service/lease_service.h"
#include "billing/service/ledger_service.h"
#include "billing/service/usage_service.h"
#include "billing/store/rocksdb_ledger_store.h"
#include "billing/writer/ledger_writer.h"

namespace tollgate::billing {

absl::StatusOr<std::unique_ptr<Server>> Server::Build(Config config, ServerParts parts) {
  std::unique_ptr<Server> server(new Server(std::move(config), parts));
  TG_RETURN_IF_ERROR(server->OpenBooks());
  TG_RETURN_IF_ERROR(server->MakeAlertSender());
  if (!server->config_.control_plane_address.empty()) {
    TG_ASSIGN_OR_RETURN(auto channel, Connect(server->config_.control_plane_address,
                                              server->config_.control_plane_tls));
    ConfigSubscriberOptions options;
    options.on_revision = [service = server->lease_service_.get()](ConfigRevision revision,
                                                                   const BindingChange& binding) {
      service->NoteConfig(revision, binding);
    };
    server->subscriber_ =
        std::make_unique<ConfigSubscriber>(std::move(channel), *server->config_cache_,
                                           *server->writer_, server->metrics_, std::move(options));
  }
  return server;
}

Server::Server(Config config, ServerParts parts)
    : config_(std::move(config)),
      clock_(*parts.clock),
      own_metrics_(parts.metrics == nullptr ? std::make_unique<Metrics>() : nullptr),
      metrics_(parts.metrics == nullptr ? *own_metrics_ : *parts.metrics) {}

Server::~Server() { Stop(); }

absl::Status Server::OpenBooks() {
  TG_RETURN_IF_ERROR(RealFileSystem().CreateDirectories(config_.data_dir));
  TG_ASSIGN_OR_RETURN(store_, RocksdbLedgerStore::Open(config_.data_dir + "/ledger"));
  TG_ASSIGN_OR_RETURN(StoredState state, store_->LoadLean());
  TG_ASSIGN_OR_RETURN(ConfigCache cache, ConfigCache::Restore(state));
  config_cache_ = std::make_unique<ConfigCache>(std::move(cache));
  LogEvent(LogLevel::kInfo, "ledger_opened",
           {{"entries", state.ledger.last_sequence},
            {"accounts", state.ledger.balances.size()},
            {"leases", state.leases.size()},
            {"config_revision", config_cache_->revision().number}});
  const LeaseBookOptions lease_options{.ttl = config_.lease_ttl,
                                       .recall_wait = config_.lease_recall_wait,
                                       .idle = config_.account_idle};
  writer_ = std::make_unique<LedgerWriter>(
      *store_, clock_, metrics_,
      std::make_unique<Books>(lease_options, std::move(state), config_cache_->Budgets(),
                              MakeReader(*store_), config_cache_->Webhooks()));

  TG_ASSIGN_OR_RETURN(const HostPort listen, ParseHostPort(config_.listen));
  authorizer_ = std::make_unique<Authorizer>(Authorizer::Options{
      .tokens = config_.admin_tokens, .listens_on_loopback = IsLoopbackHost(listen.host)});
  usage_service_ = std::make_unique<UsageService>(*writer_);
  lease_service_ =
      std::make_unique<LeaseService>(*writer_, *authorizer_, config_cache_->revision());
  ledger_service_ = std::make_unique<LedgerService>(*writer_, *store_, *authorizer_);
  return absl::OkStatus();
}

absl::Status Server::MakeAlertSender() {
  if (!config_.seal_key_file.empty()) {
    TG_ASSIGN_OR_RETURN(sealer_, Sealer::Load(config_.seal_key_file));
  }
  TG_ASSIGN_OR_RETURN(webhook_client_,
                      WebhookClient::Create({.allow_private = config_.webhooks_allow_private,
                                             .ca_file = config_.webhooks_ca_file}));
  alert_sender_ = std::make_unique<AlertSender>(
      *writer_, sealer_.has_value() ? &*sealer_ : nullptr, clock_, metrics_,
      [this](const std::string& url, const AlertSender::Headers& headers, const std::string& body) {
        return webhook_client_->Post(url, headers, body);
      });
  return absl::OkStatus();
}

absl::Status Server::Start() {
  CHECK(grpc_ == nullptr) << "started twice";
  TG_ASSIGN_OR_RETURN(
      grpc_,
      GrpcServer::Start({.listen = {.address = config_.listen, .tls = config_.tls}},
                        {usage_service_.get(), lease_service_.get(), ledger_service_.get()}));
  writer_->Start(
      [this](std::vector<LeaseMessage> messages) { lease_service_->Deliver(std::move(messages)); },
      [this] { grpc_->SetServing(false); });
  alert_sender_->Start();
  if (subscriber_ != nullptr) subscriber_->Start();
  if (!config_.ops_listen.empty()) TG_RETURN_IF_ERROR(StartOps());
  LogEvent(LogLevel::kInfo, "billing_started", {{"grpc", grpc_address()}, {"ops", ops_url()}});
  return absl::OkStatus();
}

absl::Status Server::StartOps() {
  OpsListenerOptions options;
  options.address = config_.ops_listen;
  options.allow_remote = config_.ops_allow_remote;
  options.ready = [this] { return Ready(); };
  options.metrics = [this] { return metrics_.SerializeText(); };
  TG_ASSIGN_OR_RETURN(ops_, OpsListener::Start(std::move(options)));
  return absl::OkStatus();
}

std::string Server::grpc_address() const { return grpc_ == nullptr ? "" : grpc_->address(); }

std::string Server::ops_url() const { return ops_ == nullptr ? "" : ops_->url(); }

absl::Status Server::Ready() const { return writer_->health(); }

void Server::Stop() {
  if (subscriber_ != nullptr) subscriber_->Stop();
  if (grpc_ != nullptr) {
    grpc_->SetServing(false);
    usage_service_->EndStreams();
    lease_service_->EndStreams();
    grpc_->Shutdown(config_.shutdown_grace);
  }
  if (alert_sender_ != nullptr) alert_sender_->Stop();
  if (writer_ != nullptr) writer_->Stop();
  if (ops_ != nullptr) ops_->Stop();
}

absl::Status Server::RunUntilSignal(ShutdownSignal& signal, const std::string& ready_file) {
  TG_RETURN_IF_ERROR(Start());
  if (!ready_file.empty()) {
    TG_RETURN_IF_ERROR(WriteReadyFile(RealFileSystem(), ready_file,
                                      {{"grpc", grpc_address()}, {"ops_url", ops_url()}}));
  }
  signal.Wait();
  LogEvent(LogLevel::kInfo, "billing_stopping");
  Stop();
  return absl::OkStatus();
}

}  // namespace tollgate::billing
