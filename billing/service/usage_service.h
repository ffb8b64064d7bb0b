// usage.proto: takes usage records from nodes and acknowledges what is synced.
#ifndef TOLLGATE_BILLING_SERVICE_USAGE_SERVICE_H_
#define TOLLGATE_BILLING_SERVICE_USAGE_SERVICE_H_

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "billing/service/usage_session.h"
#include "tollgate/usage/v1/usage.grpc.pb.h"

namespace tollgate::billing {

// Thread-safe.
class UsageService final : public usage::v1::UsageService::CallbackService {
 public:
  // `writer` must outlive the server that serves this.
  explicit UsageService(LedgerWriter& writer) : writer_(writer) {}
  ~UsageService() override;

  grpc::ServerBidiReactor<usage::v1::ReportUsageRequest, usage::v1::ReportUsageResponse>*
  ReportUsage(grpc::CallbackServerContext* context) override;

  // Ends every stream with UNAVAILABLE, for shutdown; new ones end at once.
  void EndStreams();

 private:
  class Reactor;

  void Remove(Reactor* reactor);

  LedgerWriter& writer_;
  absl::Mutex mutex_;
  std::set<Reactor*> reactors_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_USAGE_SERVICE_H_
