#include "billing/service/usage_service.h"

#include <utility>

#include "base/check.h"
#include "base/error_map.h"

namespace tollgate::billing {
namespace {

using usage::v1::ReportUsageRequest;
using usage::v1::ReportUsageResponse;

}  // namespace

// One stream.  At any time either a read is pending, or a command is with the writer, or a write is
// under way (`busy_` for the last two): one step at a time, which group commit makes fast enough.
class UsageService::Reactor final
    : public grpc::ServerBidiReactor<ReportUsageRequest, ReportUsageResponse> {
 public:
  explicit Reactor(UsageService& service) : service_(service), session_(service.writer_) {}

  void Begin() { StartRead(&request_); }

  // Ends the stream as soon as nothing is under way.
  void End() {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    if (!busy_) FinishOnce(absl::UnavailableError("billing is stopping; connect again"));
  }

  void OnReadDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      if (finished_) return;
      if (!ok) return FinishOnce(absl::OkStatus());
      busy_ = true;
    }
    session_.Handle(request_, [this](const absl::Status& status) {
      if (!status.ok()) return Fail(status);
      StartWrite(&session_.response());
    });
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    busy_ = false;
    if (!ok) return FinishOnce(absl::OkStatus());
    if (ending_) return FinishOnce(absl::UnavailableError("billing is stopping; connect again"));
    request_.Clear();
    StartRead(&request_);
  }

  void OnDone() override {
    session_.Close();
    service_.Remove(this);
    delete this;
  }

 private:
  void Fail(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    busy_ = false;
    FinishOnce(status);
  }

  void FinishOnce(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(finished_, true)) return;
    Finish(ToGrpc(status));
  }

  UsageService& service_;
  // Touched by one step at a time.
  ReportUsageRequest request_;
  UsageSession session_;

  absl::Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

UsageService::~UsageService() {
  absl::MutexLock lock(&mutex_);
  CHECK(reactors_.empty()) << "the server must be shut down first";
}

grpc::ServerBidiReactor<ReportUsageRequest, ReportUsageResponse>* UsageService::ReportUsage(
    grpc::CallbackServerContext*) {
  auto* reactor = new Reactor(*this);
  bool ending = false;
  {
    absl::MutexLock lock(&mutex_);
    reactors_.insert(reactor);
    ending = ending_;
  }
  if (ending) {
    reactor->End();
  } else {
    reactor->Begin();
  }
  return reactor;
}

void UsageService::EndStreams() {
  absl::MutexLock lock(&mutex_);
  ending_ = true;
  for (Reactor* reactor : reactors_) reactor->End();
}

void UsageService::Remove(Reactor* reactor) {
  absl::MutexLock lock(&mutex_);
  reactors_.erase(reactor);
}

}  // namespace tollgate::billing
