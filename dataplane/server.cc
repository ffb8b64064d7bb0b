#include "dataplane/server.h"

#include <grpcpp/channel.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/api_key.h"
#include "base/backoff.h"
#include "base/grpc_client.h"
#include "base/host_port.h"
#include "base/key_file.h"
#include "base/log.h"
#include "base/ops_listener.h"
#include "base/random.h"
#include "base/ready_file.h"
#include "base/seal.h"
#include "base/shutdown.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "dataplane/budget/lease_keeper.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/budget/lease_table.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/http/tls_server.h"
#include "dataplane/limits.h"
#include "dataplane/link/executor.h"
#include "dataplane/meter/node_identity.h"
#include "dataplane/meter/recent_generations.h"
#include "dataplane/meter/shipper.h"
#include "dataplane/meter/spool.h"
#include "dataplane/observe/config_dump.h"
#include "dataplane/observe/metrics_export.h"
#include "dataplane/rate/rate_book.h"
#include "dataplane/request/grpc_ledger_reader.h"
#include "dataplane/request/grpc_quota_admin.h"
#include "dataplane/request/worker_context.h"
#include "dataplane/route/cooldowns.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/snapshot/snapshot_disk.h"
#include "dataplane/snapshot/subscriber.h"
#include "dataplane/upstream/trusted_roots.h"
#include "dataplane/worker.h"

namespace tollgate::dataplane {
namespace {

// A worker whose loop did not turn for so long hangs.
constexpr std::int64_t kWatchdogMs = 5000;
// After the drain: for requests to end with their error event, and for the rest.
constexpr absl::Duration kStopGrace = absl::Seconds(5);
constexpr absl::Duration kCloseGrace = absl::Seconds(2);
// For the last records to reach billing.
constexpr absl::Duration kShipGrace = absl::Seconds(5);
constexpr absl::Duration kLookInterval = absl::Milliseconds(5);
constexpr absl::Duration kTlsLookInterval = absl::Seconds(1);
constexpr std::size_t kSessionBytes = 16;
// To billing, beside the channel's own (base/grpc_client.cc): a node that waited for longer would
// refuse what it could afford.
constexpr BackoffOptions kReconnect{.delay_initial = absl::Milliseconds(100),
                                    .delay_max = absl::Milliseconds(500)};

std::string RandomBytes(std::size_t size) {
  std::string bytes(size, '\0');
  SystemRandom().Fill({reinterpret_cast<std::uint8_t*>(bytes.data()), size});
  return bytes;
}

int WorkerCount(const Config& config) {
  if (config.workers > 0) return config.workers;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kWorkersMax);
}

}  // namespace

// Members in order of dependence: destruction runs in reverse.
class Server::Impl {
 public:
  Impl(Config config, ServerParts parts)
      : config_(std::move(config)),
        clock_(*parts.clock),
        file_system_(*parts.file_system),
        own_metrics_(parts.metrics == nullptr ? std::make_unique<Metrics>() : nullptr),
        metrics_(parts.metrics == nullptr ? *own_metrics_ : *parts.metrics),
        access_log_(parts.access_log),
        config_executor_("config"),
        money_executor_("money") {}

  ~Impl() { Stop(); }

  absl::Status Build() {
    TG_ASSIGN_OR_RETURN(Peppers peppers, Peppers::Load(config_.pepper_file));
    peppers_.emplace(std::move(peppers));
    TG_ASSIGN_OR_RETURN(Sealer sealer, Sealer::Load(config_.seal_key_file));
    sealer_.emplace(std::move(sealer));
    if (!config_.http_certificate.empty()) {
      TG_ASSIGN_OR_RETURN(tls_,
                          TlsServer::Load(config_.http_certificate, config_.http_private_key));
    }
    TG_ASSIGN_OR_RETURN(upstream_roots_, TrustedRoots::Load(config_.upstream_ca_file));
    TG_RETURN_IF_ERROR(OpenAccessLog());
    TG_RETURN_IF_ERROR(OpenBooks());
    TG_RETURN_IF_ERROR(BuildLinks());
    BuildWorkers();
    return absl::OkStatus();
  }

  absl::Status Start() {
    TG_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(config_.http_listen));
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      const HostPort wanted{address.host, i == 0 ? address.port : listen_.port};
      TG_RETURN_IF_ERROR(workers_[i]->Listen(wanted, i == 0));
      listen_ = workers_[0]->listen();
    }
    if (subscriber_ != nullptr) {
      subscriber_->LoadFromDisk();
      subscriber_->Start();
    }
    if (keeper_ != nullptr) keeper_->Start();
    if (shipper_ != nullptr) shipper_->Start();
    if (tls_ != nullptr) LookAtTls();
    for (const auto& worker : workers_) worker->Start();
    started_ = true;
    upstream_roots_->ReadSoon();
    TG_RETURN_IF_ERROR(StartOps());
    LogEvent(LogLevel::kInfo, "serving",
             {{"http", http_url()},
              {"ops", ops_url()},
              {"workers", workers_.size()},
              {"node", identity_->node_id()},
              {"incarnation", identity_->incarnation()}});
    return absl::OkStatus();
  }

  std::string http_url() const {
    return absl::StrCat(tls_ == nullptr ? "http://" : "https://", listen_.ToString());
  }
  std::string ops_url() const { return ops_ == nullptr ? std::string() : ops_->url(); }

  absl::Status Ready() const {
    if (stopping_.load(std::memory_order_acquire)) return absl::UnavailableError("stopping");
    if (holder_.version() == 0) return absl::UnavailableError("no configuration yet");
    const SpoolStatus spool = spool_->status();
    if (spool.refusing) return absl::UnavailableError("the spool takes no more: " + spool.refusal);
    if (keeper_ != nullptr && keeper_->status().fenced) {
      return absl::UnavailableError("another process leases as this node");
    }
    if (shipper_ != nullptr && shipper_->status().fenced) {
      return absl::UnavailableError("another process reports usage as this node");
    }
    return absl::OkStatus();
  }

  bool Live() const {
    if (!started_) return true;
    const std::int64_t now_ms = clock_.Monotonic().nanoseconds() / 1'000'000;
    return std::all_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
      return now_ms - worker->metrics().last_tick_ms.load(std::memory_order_relaxed) < kWatchdogMs;
    });
  }

  std::string ConfigDump() const { return DumpConfig(holder_.Load().get()); }

  void Stop() {
    if (stopping_.exchange(true)) return;
    if (started_) {
      LogEvent(LogLevel::kInfo, "draining", {{"connections", Connections()}});
      for (const auto& worker : workers_) worker->Drain();
      WaitForConnections(config_.drain_timeout);
      if (Connections() > 0) {
        LogEvent(LogLevel::kWarning, "drain_timeout", {{"connections", Connections()}});
        for (const auto& worker : workers_) worker->StopRequests();
        WaitForConnections(kStopGrace);
      }
      for (const auto& worker : workers_) worker->CloseAll();
      if (ledger_ != nullptr) ledger_->Stop();
      if (quotas_ != nullptr) quotas_->Stop();
      WaitForConnections(kCloseGrace);
    }
    for (const auto& worker : workers_) worker->Join();
    if (started_) {
      if (keeper_ != nullptr) keeper_->ReleaseAll();
      const bool shipped = shipper_ == nullptr || shipper_->Drain(clock_.Monotonic() + kShipGrace);
      LogEvent(LogLevel::kInfo, "stopped", {{"all_shipped", shipped}});
    }
    if (ops_ != nullptr) ops_->Stop();
    if (export_.has_value()) export_->Detach();
    config_executor_.Stop();
    money_executor_.Stop();
  }

 private:
  absl::Status OpenAccessLog() {
    if (access_log_ != nullptr) return absl::OkStatus();
    if (!config_.access_log_enabled) {
      own_access_log_ = std::make_unique<NullAccessLog>();
    } else {
      TG_ASSIGN_OR_RETURN(auto log, BufferedAccessLog::Open({.path = config_.access_log_path}));
      buffered_log_ = log.get();
      own_access_log_ = std::move(log);
    }
    access_log_ = own_access_log_.get();
    return absl::OkStatus();
  }

  // Identity, spool, leases: what former runs left is recovered here.
  absl::Status OpenBooks() {
    const auto workers = static_cast<std::uint32_t>(WorkerCount(config_));
    const std::string boot_id = BootId();
    const Durability durability =
        config_.durable_on_disk ? Durability::kDisk : Durability::kProcess;
    TG_ASSIGN_OR_RETURN(NodeIdentity identity,
                        NodeIdentity::Begin(file_system_, config_.data_dir, boot_id, durability,
                                            workers, SystemRandom()));
    identity_.emplace(std::move(identity));
    SpoolOptions spool;
    spool.folder = SpoolFolder(config_.data_dir);
    spool.segment_bytes = config_.spool_segment_bytes;
    spool.bytes_max = config_.spool_bytes_max;
    spool.durability = durability;
    spool.interrupted = config_.interrupted_charges_hold ? InterruptedPolicy::kChargeHold
                                                         : InterruptedPolicy::kChargeNothing;
    TG_ASSIGN_OR_RETURN(spool_,
                        Spool::Open(file_system_, SystemRandom(), *identity_, workers, spool));
    recent_ = std::make_unique<RecentGenerations>(*spool_, kRecentAttemptsMax);
    TG_ASSIGN_OR_RETURN(lease_table_, LeaseTable::Open(file_system_, config_.data_dir + "/leases",
                                                       config_.lease_slots, boot_id));
    leases_ = std::make_unique<LeasePool>(
        *lease_table_, clock_, LeasePoolOptions{.incarnation = identity_->incarnation()});
    return absl::OkStatus();
  }

  absl::Status BuildLinks() {
    const std::string session = RandomBytes(kSessionBytes);
    SubscriberOptions subscriber;
    subscriber.node_id = identity_->node_id();
    subscriber.on_node_count = [this](std::uint32_t nodes) { rates_.SetNodes(nodes); };
    disk_ = std::make_unique<SnapshotDisk>(file_system_, config_.data_dir + "/config");
    if (!config_.control_plane.address.empty()) {
      TG_ASSIGN_OR_RETURN(auto channel,
                          Connect(config_.control_plane.address, config_.control_plane.tls));
      subscriber_ = std::make_unique<Subscriber>(
          holder_, *disk_, *sealer_, config_executor_, clock_, SystemRandom(),
          GrpcConfigLinks(channel, config_executor_), subscriber);
      TG_ASSIGN_OR_RETURN(Secret token, ReadToken(config_.control_plane));
      quotas_ = std::make_unique<GrpcQuotaAdmin>(std::move(channel), std::move(token));
    }
    if (config_.billing.address.empty()) return absl::OkStatus();
    TG_ASSIGN_OR_RETURN(auto channel, Connect(config_.billing.address, config_.billing.tls));
    LeaseKeeperOptions keeper;
    keeper.backoff = kReconnect;
    keeper.node_id = identity_->node_id();
    keeper.incarnation = identity_->incarnation();
    keeper.session = session;
    keeper.refill_horizon = config_.lease_refill_horizon;
    keeper.idle_release = config_.lease_idle_release;
    if (subscriber_ != nullptr) {
      keeper.config_behind = [this](const config::v1::Revision& newest) {
        return subscriber_->status().revision < ConfigRevision{newest.epoch(), newest.number()};
      };
      keeper.config_confirmed = [this] { return subscriber_->Confirmed(); };
    }
    keeper.slots = &rates_.slots();
    keeper.drawn_acknowledged = [this](std::uint64_t number) {
      return shipper_->DrawnAcknowledged(number);
    };
    keeper_ = std::make_unique<LeaseKeeper>(*leases_, money_executor_, clock_, SystemRandom(),
                                            GrpcLeaseLinks(channel, money_executor_), keeper);
    IncarnationLeases former;
    former.retired = [this](std::uint64_t number) { return leases_->Retired(number); };
    former.forget = [this](std::uint64_t number) { leases_->ForgetIncarnation(number); };
    ShipperOptions shipper;
    shipper.backoff = kReconnect;
    shipper.session = session;
    shipper.ship_interval = config_.ship_interval;
    shipper_ = std::make_unique<Shipper>(*spool_, *identity_, std::move(former), money_executor_,
                                         clock_, SystemRandom(),
                                         GrpcUsageLinks(channel, money_executor_), shipper);
    shipper_->SetTick([this] { recent_->CatchUp(); });
    TG_ASSIGN_OR_RETURN(Secret token, ReadToken(config_.billing));
    ledger_ = std::make_unique<GrpcLedgerReader>(std::move(channel), std::move(token));
    return absl::OkStatus();
  }

  static absl::StatusOr<Secret> ReadToken(const ServiceAddress& service) {
    if (service.token_file.empty()) return Secret();
    TG_ASSIGN_OR_RETURN(const Secret text, ReadKeyFile(service.token_file));
    return Secret(StdView(absl::StripAsciiWhitespace(AbslView(text.Reveal()))));
  }

  void BuildWorkers() {
    timeouts_.tls_handshake = config_.tls_handshake_timeout;
    timeouts_.head = config_.head_timeout;
    timeouts_.body_idle = config_.body_idle_timeout;
    timeouts_.body_total = config_.body_total_timeout;
    timeouts_.write_idle = config_.write_idle_timeout;
    timeouts_.keep_alive = config_.keep_alive_timeout;
    pipeline_.body_bytes_max = config_.request_bytes_max;
    pipeline_.answer_bytes_max = config_.answer_bytes_max;
    pipeline_.lease_wait_max = config_.lease_wait_max;
    pipeline_.drain = {config_.drain_when_client_left, config_.drain_time_max,
                       config_.drain_bytes_max};
    const WorkerShared shared{
        .clock = &clock_,
        .snapshots = &holder_,
        .peppers = &*peppers_,
        .cooldowns = &cooldowns_,
        .rates = &rates_,
        .leases = leases_.get(),
        .spool = spool_.get(),
        .recent = recent_.get(),
        .ledger = ledger_.get(),
        .quotas = quotas_.get(),
        .access_log = access_log_,
        .tls = tls_.get(),
        .timeouts = &timeouts_,
        .pipeline = &pipeline_,
        .upstream_idle_timeout = config_.upstream_idle_timeout,
        .upstream_roots = upstream_roots_.get(),
        .fetch_guard = config_.upstream_fetch_urls ? &fetch_guard_ : nullptr,
    };
    std::vector<const WorkerMetrics*> counts;
    for (std::uint32_t i = 0; i < spool_->lane_count(); ++i) {
      auto worker = std::make_unique<Worker>(shared, i);
      counts.push_back(&worker->metrics());
      workers_.push_back(std::move(worker));
    }
    export_.emplace(metrics_, std::move(counts), [this] { return Gauges(); });
  }

  absl::Status StartOps() {
    if (config_.ops_listen.empty()) return absl::OkStatus();
    OpsListenerOptions options;
    options.address = config_.ops_listen;
    options.allow_remote = config_.ops_allow_remote;
    options.live = [this] { return Live(); };
    options.ready = [this] { return Ready(); };
    options.metrics = [this] { return metrics_.SerializeText(); };
    options.paths["/config_dump"] = [this](const HttpRequest&) {
      return HttpResponse{.content_type = "application/json", .headers = {}, .body = ConfigDump()};
    };
    TG_ASSIGN_OR_RETURN(ops_, OpsListener::Start(std::move(options)));
    return absl::OkStatus();
  }

  // Certificates are looked at once a second, off the workers.
  void LookAtTls() {
    config_executor_.PostAfter(kTlsLookInterval, [this] {
      if (const absl::Status status = tls_->ReloadIfChanged(); !status.ok()) {
        LogEvent(LogLevel::kError, "tls_reload_failed", {{"error", status}});
      }
      LookAtTls();
    });
  }

  NodeGauges Gauges() const {
    NodeGauges gauges;
    if (const auto snapshot = holder_.Load(); snapshot != nullptr) {
      gauges.config_epoch = snapshot->revision().epoch;
      gauges.config_revision = snapshot->revision().number;
      gauges.keys = snapshot->key_count();
    }
    if (subscriber_ != nullptr) {
      const SubscriberStatus status = subscriber_->status();
      gauges.config_connected = status.connected;
      if (status.confirmed_at.has_value()) {
        gauges.config_age_seconds =
            absl::ToDoubleSeconds(clock_.Monotonic() - *status.confirmed_at);
      }
    }
    gauges.leases_connected = leases_->connected();
    gauges.lease_slots = lease_table_->size();
    gauges.lease_slots_used = lease_table_->used();
    gauges.rate_limits_unlent = rates_.slots().unlent();
    if (keeper_ != nullptr) {
      const LeaseKeeperStatus status = keeper_->status();
      gauges.lease_requests = status.wants_sent;
      gauges.lease_grants = status.grants_received;
      gauges.lease_recalls = status.recalls_received;
    }
    const SpoolStatus spool = spool_->status();
    gauges.spool_bytes = spool.used_bytes;
    gauges.spool_bytes_max = spool.bytes_max;
    gauges.spool_open_intents = spool.open_intents;
    gauges.spool_refusing = spool.refusing;
    gauges.spool_corrupt_segments = spool.recovery.corrupt_segments;
    gauges.spool_missing_records = spool.recovery.missing_records;
    gauges.spool_interrupted = spool.recovery.interrupted;
    if (shipper_ != nullptr) {
      const ShipperStatus status = shipper_->status();
      gauges.usage_connected = status.connected;
      gauges.records_waiting = status.waiting;
      gauges.records_shipped = status.shipped;
      gauges.records_quarantined = status.quarantined;
    }
    if (buffered_log_ != nullptr) gauges.access_log_dropped = buffered_log_->lines_dropped();
    return gauges;
  }

  std::size_t Connections() const {
    std::size_t count = 0;
    for (const auto& worker : workers_) count += worker->connections();
    return count;
  }

  // Looks every few milliseconds: nobody is in a hurry, and workers need not tell.
  void WaitForConnections(absl::Duration timeout) const {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    const MonotonicTime deadline = clock_.Monotonic() + timeout;
    while (Connections() > 0 && clock_.Monotonic() < deadline) {
      never.wait_for(lock, absl::ToChronoMilliseconds(kLookInterval));
    }
  }

  const Config config_;
  const Clock& clock_;
  FileSystem& file_system_;
  std::unique_ptr<Metrics> own_metrics_;
  Metrics& metrics_;
  std::unique_ptr<AccessLog> own_access_log_;
  BufferedAccessLog* buffered_log_ = nullptr;  // Within own_access_log_, if that is one.
  AccessLog* access_log_;
  std::optional<Peppers> peppers_;
  std::optional<Sealer> sealer_;
  std::unique_ptr<TlsServer> tls_;
  std::unique_ptr<TrustedRoots> upstream_roots_;
  const DialGuard fetch_guard_{.admits = IsGlobalUnicast, .resolve = {}};
  ThreadExecutor config_executor_;  // Configuration: building a snapshot may take seconds.
  ThreadExecutor money_executor_;   // Leases and usage.
  std::optional<NodeIdentity> identity_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<RecentGenerations> recent_;
  RateBook rates_;
  std::unique_ptr<LeaseTable> lease_table_;
  std::unique_ptr<LeasePool> leases_;
  Cooldowns cooldowns_;
  SnapshotHolder holder_;
  std::unique_ptr<SnapshotDisk> disk_;
  std::unique_ptr<Subscriber> subscriber_;  // Null without a control plane.
  std::unique_ptr<LeaseKeeper> keeper_;     // Null without billing, like the next ones.
  std::unique_ptr<Shipper> shipper_;
  std::unique_ptr<GrpcLedgerReader> ledger_;
  std::unique_ptr<GrpcQuotaAdmin> quotas_;  // Null without a control plane.
  ClientTimeouts timeouts_;
  PipelineOptions pipeline_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<MetricsExport> export_;
  HostPort listen_;
  std::unique_ptr<OpsListener> ops_;
  bool started_ = false;
  std::atomic<bool> stopping_{false};
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Build(Config config, ServerParts parts) {
  auto impl = std::make_unique<Impl>(std::move(config), parts);
  TG_RETURN_IF_ERROR(impl->Build());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

absl::Status Server::Start() { return impl_->Start(); }
std::string Server::http_url() const { return impl_->http_url(); }
std::string Server::ops_url() const { return impl_->ops_url(); }
absl::Status Server::Ready() const { return impl_->Ready(); }
bool Server::Live() const { return impl_->Live(); }
std::string Server::ConfigDump() const { return impl_->ConfigDump(); }
void Server::Stop() { impl_->Stop(); }

absl::Status Server::RunUntilSignal(ShutdownSignal& signal, const std::string& ready_file) {
  TG_RETURN_IF_ERROR(Start());
  if (!ready_file.empty()) {
    TG_RETURN_IF_ERROR(WriteReadyFile(RealFileSystem(), ready_file,
                                      {{"http_url", http_url()},
                                       {"ops_url", ops_url()},
                                       {"metrics_url", ops_url() + "/metrics"}}));
  }
  signal.Wait();
  Stop();
  return absl::OkStatus();
}

}  // namespace tollgate::dataplane
