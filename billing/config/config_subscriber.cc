#include "billing/config/config_subscriber.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>
#include <prometheus/gauge.h>

#include <utility>

#include "base/backoff.h"
#include "base/error_map.h"
#include "base/log.h"
#include "base/random.h"
#include "tollgate/config/v1/config.grpc.pb.h"

namespace tollgate::billing {
namespace {

using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

// Billing is one to the control plane; data-plane nodes have random ids.
constexpr const char* kSubscriberId = "billing";

void SetRevision(ConfigRevision revision, config::v1::Revision* out) {
  out->set_epoch(revision.epoch);
  out->set_number(revision.number);
}

}  // namespace

// One stream: read an update, make it durable, answer, read on.  The hold taken in Open() keeps it
// alive while an update is with the writer.
class ConfigSubscriber::Stream final
    : public grpc::ClientBidiReactor<SubscribeRequest, SubscribeResponse> {
 public:
  explicit Stream(ConfigSubscriber& owner)
      : owner_(owner), stub_(config::v1::ConfigService::NewStub(owner.channel_)) {}

  void Open() {
    SubscribeRequest::Hello* hello = request_.mutable_hello();
    hello->set_node_id(kSubscriberId);
    hello->set_audience(config::v1::AUDIENCE_BILLING);
    SetRevision(owner_.cache_.revision(), hello->mutable_revision());
    hello->set_digest(owner_.cache_.digest());
    stub_->async()->Subscribe(&context_, this);
    AddHold();
    StartWrite(&request_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

  // Waits for the end of the stream; cancels it when nothing comes for `silence_max`.  Returns its
  // status and whether any message came.
  std::pair<absl::Status, bool> Wait(absl::Duration silence_max) {
    absl::MutexLock lock(&mutex_);
    while (!done_) {
      heard_ = false;
      const auto news = [this] {
        mutex_.AssertHeld();
        return done_ || heard_;
      };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&news), silence_max)) context_.TryCancel();
    }
    return {status_, ever_heard_};
  }

  void OnReadDone(bool ok) override {
    if (!ok) return RemoveHold();
    {
      absl::MutexLock lock(&mutex_);
      heard_ = ever_heard_ = true;
    }
    switch (response_.kind_case()) {
      case SubscribeResponse::kSnapshot: {
        bool complete = false;
        const absl::Status added = owner_.cache_.AddChunk(response_.snapshot(), &complete);
        if (!added.ok()) return Refuse(added);
        if (!complete) return StartRead(&response_);
        return TakeOver(owner_.cache_.PrepareSnapshot());
      }
      case SubscribeResponse::kDelta:
        return TakeOver(owner_.cache_.PrepareDelta(response_.delta()));
      default:
        return StartRead(&response_);
    }
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return RemoveHold();
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&mutex_);
    status_ = FromGrpc(status);
    done_ = true;  // The owner may destroy this from here on.
  }

 private:
  void TakeOver(absl::StatusOr<ConfigUpdate> update) {
    if (!update.ok()) return Refuse(update.status());
    auto shared = std::make_shared<ConfigUpdate>(*std::move(update));
    owner_.writer_.Submit(
        {.apply =
             [shared](Books& books, Now now) {
               books.Configure(std::move(shared->change), std::move(shared->budgets), now,
                               std::move(shared->webhooks));
             },
         .done =
             [this, shared](const absl::Status& synced) {
               if (!synced.ok()) return Refuse(synced);
               owner_.cache_.Adopt();
               owner_.revision_.Set(static_cast<double>(owner_.cache_.revision().number));
               if (owner_.options_.on_revision) {
                 owner_.options_.on_revision(owner_.cache_.revision(), shared->binding);
               }
               request_.Clear();
               request_.mutable_ack()->set_nonce(response_.nonce());
               SetRevision(owner_.cache_.revision(), request_.mutable_ack()->mutable_revision());
               StartWrite(&request_);
             }});
  }

  void Refuse(const absl::Status& reason) {
    LogEvent(LogLevel::kError, "config_refused", {{"error", reason}});
    request_.Clear();
    request_.mutable_nack()->set_nonce(response_.nonce());
    SetRevision(owner_.cache_.revision(), request_.mutable_nack()->mutable_kept());
    request_.mutable_nack()->set_error(std::string(reason.message()));
    StartWrite(&request_);
  }

  ConfigSubscriber& owner_;
  const std::unique_ptr<config::v1::ConfigService::Stub> stub_;
  grpc::ClientContext context_;
  SubscribeRequest request_;
  SubscribeResponse response_;

  absl::Mutex mutex_;
  bool heard_ ABSL_GUARDED_BY(mutex_) = false;
  bool ever_heard_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

ConfigSubscriber::ConfigSubscriber(std::shared_ptr<grpc::Channel> channel, ConfigCache cache,
                                   LedgerWriter& writer, Metrics& metrics,
                                   ConfigSubscriberOptions options)
    : channel_(std::move(channel)),
      options_(options),
      writer_(writer),
      cache_(std::move(cache)),
      revision_(metrics.AddGauge("tollgate_billing_config_revision",
                                 "Number of the configuration in force.")),
      connected_(metrics.AddGauge("tollgate_billing_config_connected",
                                  "1 while a configuration stream is open.")) {
  revision_.Set(static_cast<double>(cache_.revision().number));
}

ConfigSubscriber::~ConfigSubscriber() { Stop(); }

void ConfigSubscriber::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ConfigSubscriber::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (stream_ != nullptr) stream_->Cancel();
  }
  if (thread_.joinable()) thread_.join();
}

void ConfigSubscriber::Run() {
  Backoff backoff(BackoffOptions{});
  while (true) {
    Stream stream(*this);
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      stream_ = &stream;
    }
    stream.Open();
    connected_.Set(1);
    const auto [status, heard] = stream.Wait(options_.silence_max);
    connected_.Set(0);
    cache_.DropChunks();
    if (heard) backoff.Reset();
    LogEvent(LogLevel::kWarning, "config_stream_ended", {{"status", status}});
    absl::MutexLock lock(&mutex_);
    stream_ = nullptr;
    if (stopping_) return;
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), backoff.Next(SystemRandom()));
  }
}

}  // namespace tollgate::billing
