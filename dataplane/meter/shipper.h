// Brings the spool's final records to billing, exactly once (architecture.md §9).
//
// A machine on one executor.  Lanes of former incarnations are shipped first; a former incarnation
// is closed when all its lanes are acknowledged, its leases retired, and every record of this
// incarnation that drew on them is acknowledged too.
#ifndef TOLLGATE_DATAPLANE_METER_SHIPPER_H_
#define TOLLGATE_DATAPLANE_METER_SHIPPER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "dataplane/link/executor.h"
#include "dataplane/link/link.h"
#include "dataplane/meter/lane_reader.h"
#include "dataplane/meter/node_identity.h"
#include "dataplane/meter/spool.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate::dataplane {

inline constexpr std::size_t kBatchRecordsMax = 1000;     // usage.proto.
inline constexpr std::size_t kBatchBytesMax = 1'000'000;  // Under 1 MiB with its framing.

struct ShipperOptions {
  std::string session;  // Random bytes of this process; the lease keeper's too.
  absl::Duration ship_interval = absl::Milliseconds(200);
  std::uint64_t ship_records = 500;  // So many waiting are shipped at the next look.
  absl::Duration look_interval = absl::Milliseconds(20);
  absl::Duration answer_timeout = absl::Seconds(30);  // Without an Ack: reconnect.
  BackoffOptions backoff = {};
};

// The lease side of closing a former incarnation; LeasePool in programs.
struct IncarnationLeases {
  // Whether nothing can be drawn on, or is held of, the leases of an incarnation.
  std::function<bool(std::uint64_t incarnation)> retired;
  // Billing has closed it.
  std::function<void(std::uint64_t incarnation)> forget;
};

struct ShipperStatus {
  bool connected = false;
  bool fenced = false;                 // Another process reports for this node: fatal.
  bool sequence_gap = false;           // Billing misses records: an alarm.
  std::uint64_t quarantined = 0;       // Records known under another content: an alarm.
  std::uint64_t shipped = 0;           // Acknowledged since the start.
  std::uint64_t waiting = 0;           // Not acknowledged yet.
  std::uint64_t former_open = 0;       // Former incarnations that are not closed.
  std::uint64_t former_suspended = 0;  // Left to an operator since the start.
  std::string error;                   // Why the last connection ended.
};

// Used on its executor only, but where noted.
class Shipper {
 public:
  using Factory = LinkFactory<usage::v1::ReportUsageRequest, usage::v1::ReportUsageResponse>;

  // Everything must outlive this; destroy it when the executor is stopped, or from it.
  Shipper(Spool& spool, NodeIdentity& identity, IncarnationLeases leases, Executor& executor,
          const Clock& clock, Random& random, Factory factory, ShipperOptions options);
  ~Shipper();
  Shipper(const Shipper&) = delete;
  Shipper& operator=(const Shipper&) = delete;

  // Begins; from any thread, once.
  void Start();

  // Calls `look` on each tick, before acknowledged segments are deleted: for RecentGenerations.
  // Before Start().
  void SetTick(std::function<void()> look) { tick_ = std::move(look); }

  // Ships what is left; true when all is acknowledged by then.  From any thread but the executor's,
  // after the last append.
  bool Drain(MonotonicTime deadline);

  // Whether every record that may have drawn on the leases of a former incarnation is acknowledged,
  // as far as there is a record: its own, those of later runs which inherited them, and those of
  // this one until now.  On the executor.  REQUIRED: the leases are retired.
  bool DrawnAcknowledged(std::uint64_t former);

  // From any thread.
  ShipperStatus status() const;

 private:
  struct LaneProgress;

  void Connect();
  void OnMessage(const usage::v1::ReportUsageResponse& message);
  void OnWelcome(const usage::v1::ReportUsageResponse::Welcome& welcome);
  void OnAck(const usage::v1::ReportUsageResponse::Ack& ack);
  void OnIncarnationClosed(std::uint64_t incarnation);
  void OnClosed(const absl::Status& status);
  void Look();
  void Ship();
  void ShipWhenDue();
  bool SendBatch(LaneProgress& progress);
  void CloseFormer();
  bool FormerAcknowledged() const;
  bool OwnAcknowledged(std::uint64_t former);
  bool HasGap(std::uint64_t incarnation) const;
  bool Closable(const FormerIncarnation& former) const;
  void SendClose(const FormerIncarnation& former);
  bool ForgetIncarnation(std::uint64_t incarnation);
  std::uint64_t WaitingRecords() const;
  bool Unanswered() const;
  void UpdateStatus();
  LaneProgress* Find(const usage::v1::Lane& lane);

  Spool& spool_;
  NodeIdentity& identity_;
  const IncarnationLeases leases_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  const Factory factory_;
  const ShipperOptions options_;
  std::function<void()> tick_;

  std::shared_ptr<int> alive_;
  std::unique_ptr<Link<usage::v1::ReportUsageRequest>> link_;
  Backoff backoff_;
  bool welcomed_ = false;
  bool draining_ = false;
  std::uint64_t suspended_ = 0;  // Former incarnations left to an operator.
  MonotonicTime last_ship_;
  MonotonicTime waiting_since_;  // For an answer.
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::unique_ptr<LaneProgress>> lanes_;
  // Former incarnation → how far each lane of this one must be acknowledged before it is closed:
  // records up to there may have drawn on its leases, later ones cannot.
  std::map<std::uint64_t, std::vector<std::uint64_t>> closing_marks_;
  std::set<std::uint64_t> close_sent_;                             // On this connection.
  MonotonicTime no_close_before_ = MonotonicTime::InfinitePast();  // After a failed save.

  mutable std::mutex status_mutex_;
  std::condition_variable drained_;
  ShipperStatus status_;     // Guarded by status_mutex_, as the next.
  bool drain_seen_ = false;  // status_ was taken after Drain() asked.
};

// Usage reports over gRPC; its events run on `executor`.
Shipper::Factory GrpcUsageLinks(std::shared_ptr<grpc::Channel> channel, Executor& executor);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_SHIPPER_H_
