// lease.proto: the lease streams of nodes, and leases as operators see them.
#ifndef TOLLGATE_BILLING_SERVICE_LEASE_SERVICE_H_
#define TOLLGATE_BILLING_SERVICE_LEASE_SERVICE_H_

#include <cstddef>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "billing/config/binding_revisions.h"
#include "billing/lease/slot_book.h"
#include "billing/service/authorize.h"
#include "billing/writer/ledger_writer.h"
#include "tollgate/lease/v1/lease.grpc.pb.h"

namespace tollgate::billing {

// Messages to one node that wait for its connection; a node that reads none for so long is cut off.
inline constexpr std::size_t kLeaseOutboxMax = 10'000;

// Thread-safe.
class LeaseService final : public lease::v1::LeaseService::CallbackService {
 public:
  // Both must outlive the server that serves this.  `config` is what billing begins with.
  LeaseService(LedgerWriter& writer, const Authorizer& authorizer, ConfigRevision config = {})
      : writer_(writer), authorizer_(authorizer), binding_(config) {}
  ~LeaseService() override;

  grpc::ServerBidiReactor<lease::v1::LeaseRequest, lease::v1::LeaseResponse>* Leases(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* ListLeases(grpc::CallbackServerContext* context,
                                       const lease::v1::ListLeasesRequest* request,
                                       lease::v1::ListLeasesResponse* response) override;
  grpc::ServerUnaryReactor* ResolveLease(grpc::CallbackServerContext* context,
                                         const lease::v1::ResolveLeaseRequest* request,
                                         lease::v1::Lease* response) override;

  // A configuration is in force that takes something from `change`; Grants on their wallets name it
  // from now on.
  void NoteConfig(ConfigRevision revision, const BindingChange& change);

  // Sends what the writer made durable; what is for a stream that has ended is dropped.
  void Deliver(std::vector<LeaseMessage> messages);

  // Ends every stream with UNAVAILABLE, for shutdown; new ones end at once.
  void EndStreams();

 private:
  class Reactor;

  // Slots change nothing that must be durable, and so need not wait for the writer.
  absl::Status TakeSlots(StreamId stream, const lease::v1::LeaseRequest::SlotWant& want);
  void SendSlots() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  LedgerWriter& writer_;
  const Authorizer& authorizer_;
  absl::Mutex mutex_;
  std::map<StreamId, Reactor*> reactors_ ABSL_GUARDED_BY(mutex_);
  StreamId last_stream_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  BindingRevisions binding_ ABSL_GUARDED_BY(mutex_);
  SlotBook slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_LEASE_SERVICE_H_
