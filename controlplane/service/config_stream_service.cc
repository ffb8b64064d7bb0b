#include "controlplane/service/config_stream_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "base/error_map.h"
#include "base/grpc_server.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/status_reason.h"
#include "controlplane/publish/publisher.h"
#include "controlplane/publish/subscriber_session.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "tollgate/config/v1/config.grpc.pb.h"

namespace tollgate::controlplane {

using config::v1::Audience;
using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

namespace {

constexpr std::size_t kNodeIdCharsMax = 128;
// What of a node's reason is logged: it comes from a peer.
constexpr std::size_t kNackErrorCharsMax = 1024;
// How often streams are looked at for heartbeats and timeouts.
constexpr std::chrono::milliseconds kTickInterval{250};

std::string_view NameOf(Audience audience) {
  return audience == config::v1::AUDIENCE_BILLING ? "billing" : "dataplane";
}

bool IsKnown(Audience audience) {
  return audience == config::v1::AUDIENCE_DATAPLANE || audience == config::v1::AUDIENCE_BILLING;
}

// The series of one audience.
struct StreamMetrics {
  StreamMetrics(Metrics& metrics, Audience audience)
      : connected(metrics.AddGauge("tollgate_config_nodes_connected", "Nodes with a stream.",
                                   {{"audience", std::string(NameOf(audience))}})),
        acks(metrics.AddCounter("tollgate_config_acks_total", "Updates that nodes adopted.",
                                {{"audience", std::string(NameOf(audience))}})),
        nacks(metrics.AddCounter("tollgate_config_nacks_total", "Updates that nodes refused.",
                                 {{"audience", std::string(NameOf(audience))}})),
        apply_seconds(metrics.AddHistogram(
            "tollgate_config_apply_seconds", "From sending an update to the node's answer.",
            LatencyBucketsSeconds(), {{"audience", std::string(NameOf(audience))}})) {}

  prometheus::Gauge& connected;
  prometheus::Counter& acks;
  prometheus::Counter& nacks;
  prometheus::Histogram& apply_seconds;
};

}  // namespace

bool CertificateAllows(std::string_view name, Audience audience) {
  const std::string_view wanted = NameOf(audience);
  if (!name.starts_with(wanted)) return false;
  const std::string_view rest = name.substr(wanted.size());
  return rest.empty() || rest.front() == '-' || rest.front() == '.';
}

class ConfigStreamService::Impl final : public config::v1::ConfigService::CallbackService {
 public:
  Impl(Publisher& publisher, const Clock& clock, Metrics& metrics,
       const ConfigStreamOptions& options)
      : publisher_(publisher),
        clock_(clock),
        options_(options),
        dataplane_metrics_(metrics, config::v1::AUDIENCE_DATAPLANE),
        billing_metrics_(metrics, config::v1::AUDIENCE_BILLING) {
    publisher_.SetListener([this] { WakeAll(); });
    ticker_ = std::thread([this] { TickUntilClosed(); });
  }

  ~Impl() override {
    Close();
    ticker_.join();
  }

  grpc::ServerBidiReactor<SubscribeRequest, SubscribeResponse>* Subscribe(
      grpc::CallbackServerContext* context) override;

  void Close();

 private:
  class Stream;

  void WakeAll();
  void TickUntilClosed();
  void Remove(Stream* stream);
  StreamMetrics& MetricsOf(Audience audience) {
    return audience == config::v1::AUDIENCE_BILLING ? billing_metrics_ : dataplane_metrics_;
  }

  void CountNode(Audience audience, int change) {
    MetricsOf(audience).connected.Increment(change);
    if (audience != config::v1::AUDIENCE_DATAPLANE) return;
    dataplane_nodes_.fetch_add(static_cast<std::uint32_t>(change), std::memory_order_relaxed);
  }

  Publisher& publisher_;
  const Clock& clock_;
  const ConfigStreamOptions options_;
  StreamMetrics dataplane_metrics_;
  StreamMetrics billing_metrics_;

  // Locked before a stream's own mutex, never after it.
  std::mutex mutex_;
  std::condition_variable closed_changed_;
  bool closed_ = false;        // Guarded by mutex_, like the next.
  std::set<Stream*> streams_;  // Each removes and deletes itself when gRPC is done with it.
  // Data-plane nodes with a stream that has said Hello.
  std::atomic<std::uint32_t> dataplane_nodes_{0};
  std::thread ticker_;
};

// One node's stream: feeds a SubscriberSession from gRPC and writes what it wants to send.
class ConfigStreamService::Impl::Stream final
    : public grpc::ServerBidiReactor<SubscribeRequest, SubscribeResponse> {
 public:
  Stream(Impl& owner, grpc::CallbackServerContext* context) : owner_(owner), context_(context) {}

  void Start() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    std::lock_guard lock(mutex_);
    if (!ok) return FinishLocked(absl::OkStatus());  // The node ended the stream.
    if (finished_) return;
    const absl::Status status = Take(request_);
    if (!status.ok()) return FinishLocked(status);
    StartRead(&request_);
    Pump();
  }

  void OnWriteDone(bool ok) override {
    std::lock_guard lock(mutex_);
    writing_ = false;
    if (finished_) return Finish(ToGrpc(end_));
    if (!ok) return FinishLocked(absl::CancelledError("the node is gone"));
    Pump();
  }

  void OnCancel() override {
    std::lock_guard lock(mutex_);
    FinishLocked(absl::CancelledError("the node is gone"));
  }

  void OnDone() override {
    owner_.Remove(this);
    if (session_.has_value()) owner_.CountNode(session_->audience(), -1);
    delete this;
  }

  // There may be something new.
  void Wake() {
    std::lock_guard lock(mutex_);
    Pump();
  }

  // Sends a heartbeat, or gives up on a node that does not answer.
  void Tick() {
    std::lock_guard lock(mutex_);
    if (finished_ || !session_.has_value()) return;
    const MonotonicTime now = owner_.clock_.Monotonic();
    const std::optional<MonotonicTime> since = session_->waiting_since();
    if (since.has_value() && now - *since > kAnswerTimeout) {
      LogEvent(LogLevel::kWarning, "config_node_silent", {{"node", node_id_}});
      return End(absl::DeadlineExceededError("the node did not answer an update in time"));
    }
    const std::uint32_t nodes = owner_.dataplane_nodes_.load(std::memory_order_relaxed);
    const bool news =
        session_->audience() == config::v1::AUDIENCE_DATAPLANE && nodes != told_nodes_;
    if (writing_ || (!news && now - last_write_ < kHeartbeatInterval)) return;
    told_nodes_ = nodes;
    SubscribeResponse heartbeat = session_->MakeHeartbeat();
    heartbeat.mutable_heartbeat()->set_dataplane_nodes(nodes);
    Write(std::move(heartbeat));
  }

  // Instead of Start().
  void Refuse(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    FinishLocked(status);
  }

  void EndForShutdown() {
    std::lock_guard lock(mutex_);
    End(absl::UnavailableError("the control plane stops; come back later"));
  }

 private:
  absl::Status Take(const SubscribeRequest& request) {
    if (!session_.has_value()) return TakeHello(request);
    StreamMetrics& metrics = owner_.MetricsOf(session_->audience());
    const std::optional<MonotonicTime> since = session_->waiting_since();
    absl::Status status;
    if (request.has_ack()) {
      status = session_->OnAck(request.ack());
      if (status.ok()) metrics.acks.Increment();
    } else if (request.has_nack()) {
      LogEvent(LogLevel::kError, "config_nack",
               {{"node", node_id_},
                {"kept_revision", request.nack().kept().number()},
                {"error", request.nack().error().substr(0, kNackErrorCharsMax)}});
      status = session_->OnNack(request.nack());
      if (status.ok()) metrics.nacks.Increment();
    } else {
      return absl::InvalidArgumentError("after Hello a node sends Ack or Nack");
    }
    if (status.ok() && since.has_value()) {
      metrics.apply_seconds.Observe(absl::ToDoubleSeconds(owner_.clock_.Monotonic() - *since));
    }
    return status;
  }

  absl::Status TakeHello(const SubscribeRequest& request) {
    const SubscribeRequest::Hello& hello = request.hello();
    if (!request.has_hello() || !IsKnown(hello.audience())) {
      return absl::InvalidArgumentError("the first message must be Hello with an audience");
    }
    if (hello.node_id().empty() || hello.node_id().size() > kNodeIdCharsMax) {
      return absl::InvalidArgumentError("node_id must be 1 to 128 characters");
    }
    if (owner_.options_.require_certificate &&
        !CertificateAllows(PeerCertificateName(*context_), hello.audience())) {
      return ErrorWithReason(absl::StatusCode::kPermissionDenied, "PERMISSION_DENIED",
                             "the name of the certificate does not allow this audience");
    }
    node_id_ = hello.node_id();
    session_.emplace(owner_.publisher_, hello);
    last_write_ = owner_.clock_.Monotonic();
    owner_.CountNode(hello.audience(), 1);
    if (session_->ahead()) {
      LogEvent(LogLevel::kError, "config_node_ahead",
               {{"node", node_id_},
                {"node_revision", hello.revision().number()},
                {"advice", "if the store came back from a backup, start with --restore"}});
    }
    return absl::OkStatus();
  }

  void Pump() {
    if (finished_ || writing_ || !session_.has_value()) return;
    std::optional<SubscribeResponse> next = session_->Next(owner_.clock_.Monotonic());
    if (next.has_value()) Write(*std::move(next));
  }

  void Write(SubscribeResponse response) {
    response_ = std::move(response);
    writing_ = true;
    last_write_ = owner_.clock_.Monotonic();
    StartWrite(&response_);
  }

  // Ends the stream even if the node takes nothing more.
  void End(const absl::Status& status) {
    const bool stuck = writing_ && !finished_;
    FinishLocked(status);
    if (stuck) context_->TryCancel();
  }

  // Finishes once, after a write that is under way.
  void FinishLocked(const absl::Status& status) {
    if (finished_) return;
    finished_ = true;
    end_ = status;
    if (!writing_) Finish(ToGrpc(end_));
  }

  Impl& owner_;
  grpc::CallbackServerContext* const context_;

  std::mutex mutex_;
  // Guarded by mutex_; request_ and response_ belong to gRPC while an operation is under way.
  std::optional<SubscriberSession> session_;
  std::string node_id_;
  SubscribeRequest request_;
  SubscribeResponse response_;
  MonotonicTime last_write_;
  std::uint32_t told_nodes_ = 0;  // The last heartbeat's count of nodes.
  bool writing_ = false;
  bool finished_ = false;
  absl::Status end_;
};

grpc::ServerBidiReactor<SubscribeRequest, SubscribeResponse>* ConfigStreamService::Impl::Subscribe(
    grpc::CallbackServerContext* context) {
  auto* stream = new Stream(*this, context);
  std::lock_guard lock(mutex_);
  const bool full = streams_.size() >= kStreamsMax;
  streams_.insert(stream);
  if (closed_) {
    stream->Refuse(absl::UnavailableError("the control plane stops; come back later"));
  } else if (full) {
    stream->Refuse(absl::ResourceExhaustedError("too many nodes; come back later"));
  } else {
    stream->Start();
  }
  return stream;
}

void ConfigStreamService::Impl::WakeAll() {
  std::lock_guard lock(mutex_);
  for (Stream* stream : streams_) stream->Wake();
}

void ConfigStreamService::Impl::TickUntilClosed() {
  std::unique_lock lock(mutex_);
  while (!closed_changed_.wait_for(lock, kTickInterval, [this] { return closed_; })) {
    for (Stream* stream : streams_) stream->Tick();
  }
}

void ConfigStreamService::Impl::Remove(Stream* stream) {
  std::lock_guard lock(mutex_);
  streams_.erase(stream);
}

void ConfigStreamService::Impl::Close() {
  publisher_.SetListener(nullptr);
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    for (Stream* stream : streams_) stream->EndForShutdown();
  }
  closed_changed_.notify_all();
}

ConfigStreamService::ConfigStreamService(Publisher& publisher, const Clock& clock, Metrics& metrics,
                                         const ConfigStreamOptions& options)
    : impl_(std::make_unique<Impl>(publisher, clock, metrics, options)) {}

ConfigStreamService::~ConfigStreamService() = default;

grpc::Service* ConfigStreamService::service() const { return impl_.get(); }

void ConfigStreamService::Close() { impl_->Close(); }

}  // namespace tollgate::controlplane
