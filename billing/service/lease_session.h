// One lease stream without the stream: what each message asks of the books.  Its answers come by
// LedgerWriter's Deliver, under the stream's id.
//
// The gRPC side is lease_service.cc; a simulation puts another in its place.
#ifndef TOLLGATE_BILLING_SERVICE_LEASE_SESSION_H_
#define TOLLGATE_BILLING_SERVICE_LEASE_SESSION_H_

#include <functional>

#include "absl/status/status.h"
#include "billing/writer/ledger_writer.h"
#include "tollgate/lease/v1/lease.pb.h"

namespace tollgate::billing {

// One message at a time.
class LeaseSession {
 public:
  // `writer` must outlive this.  `id` was never used before.
  LeaseSession(LedgerWriter& writer, StreamId id) : writer_(writer), id_(id) {}

  // Takes a message, which must live until `done`.  Calls `done` once, on any thread: OK when all
  // that the message changed is durable; else the stream ends with that status.  REQUIRED: the
  // `done` of the former message was called.
  void Handle(const lease::v1::LeaseRequest& request,
              std::function<void(const absl::Status&)> done);

  // Whether Hello was taken.
  bool opened() const { return opened_; }

  // The stream is over and nothing is under way: the last call.
  void Close();

 private:
  void Submit(std::function<absl::Status(Books&, Now)> step,
              std::function<void(const absl::Status&)> done);

  LedgerWriter& writer_;
  const StreamId id_;
  bool opened_ = false;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_LEASE_SESSION_H_
