// One usage stream without the stream: what each message asks of the books, and its answer.
//
// The gRPC side is usage_service.cc; a simulation puts another in its place.
#ifndef TOLLGATE_BILLING_SERVICE_USAGE_SESSION_H_
#define TOLLGATE_BILLING_SERVICE_USAGE_SESSION_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "billing/writer/ledger_writer.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

inline constexpr int kUsageBatchRecordsMax = 1'000;
inline constexpr std::size_t kUsageBatchBytesMax = 1024 * 1024;

// One message at a time.
class UsageSession {
 public:
  // `writer` must outlive this.
  explicit UsageSession(LedgerWriter& writer) : writer_(writer) {}

  // Takes a message, which it may change and which must live until `done`.  Calls `done` once, on
  // any thread: OK when all that the message changed is durable and response() is to be sent; else
  // the stream ends with that status.  REQUIRED: the `done` of the former message was called.
  void Handle(usage::v1::ReportUsageRequest& request,
              std::function<void(const absl::Status&)> done);

  // The answer to the message handled last.
  const usage::v1::ReportUsageResponse& response() const { return response_; }

  // The stream is over and nothing is under way: the last call.
  void Close();

 private:
  using Done = std::function<void(const absl::Status&)>;

  void Hello(const usage::v1::ReportUsageRequest::Hello& hello, Done done);
  void Batch(usage::v1::ReportUsageRequest::Batch& batch, Done done);
  void CloseIncarnation(const usage::v1::ReportUsageRequest::CloseIncarnation& close, Done done);
  void Submit(std::function<absl::Status(Books&, Now)> step, Done done);

  LedgerWriter& writer_;
  usage::v1::ReportUsageResponse response_;
  NodeRow node_;
  bool admitted_ = false;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_USAGE_SESSION_H_
