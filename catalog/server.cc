#include "catalog/server.h"

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "base/file_system.h"
#include "base/grpc_server.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/ops_listener.h"
#include "base/status_macros.h"
#include "catalog/directory/directory.h"
#include "catalog/service/catalog_book.h"
#include "catalog/service/catalog_service.h"
#include "catalog/store/memory_catalog_store.h"
#include "catalog/store/rocksdb_catalog_store.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"

namespace tollgate::catalog {
namespace {

// Pages are rendered in about a millisecond each.
constexpr int kDirectoryThreads = 2;
// Nothing that the directory answers needs a request body.
constexpr std::size_t kDirectoryBodyBytesMax = 1024;

const char* StatusClass(int status) {
  return status < 300 ? "2xx" : status < 400 ? "3xx" : status < 500 ? "4xx" : "5xx";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Build(Config config, ServerParts parts) {
  std::unique_ptr<Server> server(new Server(std::move(config), parts));
  TG_RETURN_IF_ERROR(server->OpenBook());
  server->AddMetrics();
  return server;
}

Server::Server(Config config, ServerParts parts)
    : config_(std::move(config)),
      clock_(*parts.clock),
      own_metrics_(parts.metrics == nullptr ? std::make_unique<Metrics>() : nullptr),
      metrics_(parts.metrics == nullptr ? *own_metrics_ : *parts.metrics) {}

Server::~Server() { Stop(); }

absl::Status Server::OpenBook() {
  if (config_.data_dir.empty()) {
    store_ = std::make_unique<MemoryCatalogStore>();
  } else {
    TG_RETURN_IF_ERROR(RealFileSystem().CreateDirectories(config_.data_dir));
    TG_ASSIGN_OR_RETURN(store_, RocksdbCatalogStore::Open(config_.data_dir));
  }
  TG_ASSIGN_OR_RETURN(book_, CatalogBook::Open(*store_, clock_));
  if (config_.seed) TG_RETURN_IF_ERROR(book_->ImportSeed());
  service_ = std::make_unique<CatalogService>(*book_, clock_, config_.admin_tokens);
  TG_ASSIGN_OR_RETURN(directory_, Directory::Create(*book_, clock_, config_.public_url));
  return absl::OkStatus();
}

void Server::AddMetrics() {
  const auto gauge = [&](const char* kind) {
    return &metrics_.AddGauge("tollgate_catalog_facts", "Facts in the catalog, by kind.",
                              {{"kind", kind}});
  };
  prometheus::Gauge* models = gauge("model");
  prometheus::Gauge* providers = gauge("provider");
  prometheus::Gauge* offerings = gauge("offering");
  prometheus::Gauge* versions = gauge("price_version");
  const auto count = [=](const CatalogState& state) {
    models->Set(static_cast<double>(state.models.size()));
    providers->Set(static_cast<double>(state.providers.size()));
    offerings->Set(static_cast<double>(state.offerings.size()));
    versions->Set(static_cast<double>(state.price_versions.size()));
  };
  count(book_->snapshot()->state);
  // Ends with the book, so it is never unsubscribed; the gauges live as long as the metrics.
  book_->Subscribe([count](const auto& snapshot) { count(snapshot->state); });
}

absl::Status Server::Start() {
  GrpcServerOptions grpc;
  grpc.listen = {.address = config_.listen, .tls = config_.tls};
  TG_ASSIGN_OR_RETURN(grpc_, GrpcServer::Start(grpc, {service_.get()}));
  if (!config_.directory_listen.empty()) {
    HttpServerOptions http;
    http.address = config_.directory_listen;
    http.allow_remote = config_.directory_allow_remote;
    http.handler_threads = kDirectoryThreads;
    http.body_bytes_max = kDirectoryBodyBytesMax;
    std::map<std::string, prometheus::Counter*> answers;
    for (const char* status : {"2xx", "3xx", "4xx", "5xx"}) {
      answers[status] =
          &metrics_.AddCounter("tollgate_catalog_directory_responses_total",
                               "Answers of the price directory, by class.", {{"status", status}});
    }
    TG_ASSIGN_OR_RETURN(
        http_, HttpServer::Start(http, [directory = directory_.get(), answers](
                                           const HttpRequest& request, HttpResponder& responder) {
          HttpResponse response = directory->Answer(request);
          answers.at(StatusClass(response.status))->Increment();
          responder.Send(std::move(response));
        }));
  }
  TG_RETURN_IF_ERROR(StartOps());
  LogEvent(LogLevel::kInfo, "catalog_started",
           {{"grpc", addresses().grpc},
            {"directory", addresses().directory_url},
            {"offerings", book_->snapshot()->state.offerings.size()}});
  return absl::OkStatus();
}

absl::Status Server::StartOps() {
  if (config_.ops_listen.empty()) return absl::OkStatus();
  OpsListenerOptions options;
  options.address = config_.ops_listen;
  options.allow_remote = config_.ops_allow_remote;
  options.metrics = [this] { return metrics_.SerializeText(); };
  TG_ASSIGN_OR_RETURN(ops_, OpsListener::Start(std::move(options)));
  return absl::OkStatus();
}

Addresses Server::addresses() const {
  CHECK(grpc_ != nullptr) << "the catalog was asked for its addresses before it started";
  return {.grpc = grpc_->address(),
          .directory_url = http_ == nullptr ? "" : http_->url(),
          .ops_url = ops_ == nullptr ? "" : ops_->url()};
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() { return grpc_->InProcessChannel(); }

void Server::Stop() {
  if (http_ != nullptr) http_->Stop();
  if (service_ != nullptr) service_->Stop();
  if (grpc_ != nullptr) grpc_->Shutdown(kStopGrace);
  if (ops_ != nullptr) ops_->Stop();
}

}  // namespace tollgate::catalog
