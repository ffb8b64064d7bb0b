#include "controlplane/facts/catalog_watcher.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/error_map.h"
#include "base/log.h"
#include "base/metrics.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "tollgate/catalog/v1/catalog.grpc.pb.h"

namespace tollgate::controlplane {

using catalog::v1::CatalogService;
using catalog::v1::WatchRequest;
using catalog::v1::WatchResponse;

class CatalogWatcher::Impl {
 public:
  explicit Impl(Parts parts)
      : parts_(std::move(parts)),
        stub_(CatalogService::NewStub(parts_.channel)),
        connected_(parts_.metrics.AddGauge("tollgate_catalog_connected",
                                           "1 while the catalog's facts are current.")),
        refused_(parts_.metrics.AddCounter("tollgate_catalog_facts_refused_total",
                                           "Facts that could not be adopted.")) {
    thread_ = std::thread([this] { Run(); });
  }

  ~Impl() { Stop(); }

  void SetProviders(const std::set<std::string>& provider_ids) {
    std::lock_guard lock(mutex_);
    wanted_ = provider_ids;
    changed_ = true;
    condition_.notify_all();
  }

  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      condition_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  // One Watch; lives on Run()'s stack until gRPC is done with it.
  class Call final : public grpc::ClientReadReactor<WatchResponse> {
   public:
    Call(Impl& owner, const std::set<std::string>& provider_ids) : owner_(owner) {
      for (const std::string& id : provider_ids) request_.add_provider_ids(id);
      owner_.stub_->async()->Watch(&context_, &request_, this);
      StartRead(&response_);
      StartCall();
    }

    void Cancel() { context_.TryCancel(); }

    void OnReadDone(bool ok) override {
      if (!ok) return;
      owner_.Adopt(response_.facts());
      StartRead(&response_);
    }

    void OnDone(const grpc::Status& status) override { owner_.OnCallDone(FromGrpc(status)); }

   private:
    Impl& owner_;
    grpc::ClientContext context_;
    WatchRequest request_;
    WatchResponse response_;
  };

  void Adopt(const catalog::v1::Facts& facts) {
    const absl::Status status = parts_.adopt(facts);
    if (!status.ok()) {
      refused_.Increment();
      LogEvent(LogLevel::kError, "facts_not_adopted", {{"error", status}});
    }
    connected_.Set(status.ok() ? 1 : 0);
    std::lock_guard lock(mutex_);
    received_ = true;
  }

  void OnCallDone(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    call_status_ = status;
    condition_.notify_all();
  }

  // Watches until the call ends by itself, the providers change or the watcher stops.
  void WatchOnce(std::unique_lock<std::mutex>& lock) {
    const std::set<std::string> provider_ids = wanted_;
    changed_ = false;
    received_ = false;
    call_status_.reset();
    lock.unlock();
    Call call(*this, provider_ids);
    lock.lock();
    condition_.wait(lock, [this] { return call_status_.has_value() || changed_ || stopping_; });
    if (!call_status_.has_value()) {
      lock.unlock();
      call.Cancel();
      lock.lock();
      condition_.wait(lock, [this] { return call_status_.has_value(); });
    }
    connected_.Set(0);
  }

  // Waits before the next try; a change of the providers ends it.
  void WaitAfterFailure(std::unique_lock<std::mutex>& lock, Backoff& backoff) {
    LogEvent(LogLevel::kWarning, "catalog_watch_ended", {{"error", *call_status_}});
    const absl::Duration delay = backoff.Next(parts_.random);
    condition_.wait_for(lock, absl::ToChronoMilliseconds(delay),
                        [this] { return changed_ || stopping_; });
  }

  void Run() {
    Backoff backoff(BackoffOptions{});
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (wanted_.empty()) {
        changed_ = false;
        condition_.wait(lock, [this] { return changed_ || stopping_; });
        continue;
      }
      WatchOnce(lock);
      if (received_) backoff.Reset();
      if (!stopping_ && !changed_) WaitAfterFailure(lock, backoff);
    }
  }

  const Parts parts_;
  const std::unique_ptr<CatalogService::Stub> stub_;
  prometheus::Gauge& connected_;
  prometheus::Counter& refused_;

  std::mutex mutex_;
  std::condition_variable condition_;
  // Guarded by mutex_.
  std::set<std::string> wanted_;
  bool changed_ = false;
  bool stopping_ = false;
  bool received_ = false;                    // By the call that runs or ran last.
  std::optional<absl::Status> call_status_;  // Of that call, once it is over.
  std::thread thread_;
};

CatalogWatcher::CatalogWatcher(Parts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}

CatalogWatcher::~CatalogWatcher() = default;

void CatalogWatcher::SetProviders(const std::set<std::string>& provider_ids) {
  impl_->SetProviders(provider_ids);
}

void CatalogWatcher::Stop() { impl_->Stop(); }

}  // namespace tollgate::controlplane
