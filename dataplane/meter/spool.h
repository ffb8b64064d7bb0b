// The node's journal of usage: its lanes, what former incarnations left, and their upkeep.
#ifndef TOLLGATE_DATAPLANE_METER_SPOOL_H_
#define TOLLGATE_DATAPLANE_METER_SPOOL_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/random.h"
#include "dataplane/meter/lane.h"
#include "dataplane/meter/node_identity.h"

namespace tollgate::dataplane {

// What becomes of an attempt whose node died.
enum class InterruptedPolicy {
  kChargeHold,     // The whole hold is charged, and can be refunded.
  kChargeNothing,  // The operator bears it.
};

// Room for a few intents with the reserve of their final records.
inline constexpr std::size_t kSegmentBytesMin = 64 * 1024;

struct SpoolOptions {
  std::string folder;
  std::size_t segment_bytes = 64 << 20;  // At least kSegmentBytesMin.
  // All segments together.  At 80 % it is reported, at 95 % intents are refused.
  std::uint64_t bytes_max = std::uint64_t{4} << 30;
  Durability durability = Durability::kProcess;
  InterruptedPolicy interrupted = InterruptedPolicy::kChargeHold;
  // Whether threads of the spool look after it.  Without them its owner calls Upkeep() and
  // SyncPending() from time to time, on one thread: in a simulation.
  bool threads = true;
};

// What recovery found; all zero after a clean start.
struct RecoveryReport {
  std::uint64_t segments = 0;
  std::uint64_t records = 0;
  std::uint64_t torn_bytes = 0;        // Cut off after a crash.
  std::uint64_t interrupted = 0;       // Intents that became final records.
  std::uint64_t corrupt_segments = 0;  // Kept as they are, or gone with a lane's end; an alarm.
  std::uint64_t missing_records = 0;   // Gaps in the sequences; an alarm.
};

struct SpoolStatus {
  std::uint64_t used_bytes = 0;
  std::uint64_t bytes_max = 0;
  std::uint64_t segments = 0;
  std::uint32_t open_intents = 0;
  bool refusing = false;  // Intents are refused: not ready.
  std::string refusal;    // Why.
  bool sync_failed = false;
  RecoveryReport recovery;
};

// Thread-safe but for the lanes' appends.
class Spool {
 public:
  // Recovers what former incarnations left, and begins `identity`'s with `lanes` lanes.  Every
  // intent of a former incarnation that may be closed (NodeIdentity::MayClose) and that has no
  // final record gets one, in its own lane, before this returns: killed in the middle, the next
  // start does the rest and nothing twice.  The errors of the FileSystem.  A corrupt lane does not
  // stop the start: see RecoveryReport.  `identity`, which must outlive this, is told which
  // segments are begun.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(FileSystem& file_system, Random& random,
                                                     NodeIdentity& identity, std::uint32_t lanes,
                                                     SpoolOptions options);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // The lane of a worker, from 0.
  Lane& lane(std::uint32_t number) { return *lanes_[number]; }
  std::uint32_t lane_count() const { return static_cast<std::uint32_t>(lanes_.size()); }

  // All lanes, those of former incarnations first, in order.
  std::vector<Lane*> AllLanes();

  // Whether a former incarnation's lanes are whole: no corruption and no gap.
  bool Whole(std::uint64_t incarnation) const;

  // In disk durability: calls `done` (on the sync thread; it must only post) once everything up to
  // `position` is on disk, or with DataLoss when the sync failed.  In process durability: at once.
  void WhenDurable(SpoolPosition position, std::function<void(absl::Status)> done);

  // Deletes what `acknowledged` of `lane` makes unnecessary.  From the shipper.
  void Acknowledged(Lane& lane, std::uint64_t acknowledged);

  // Forgets the lanes of a former incarnation that billing closed, and deletes their files.
  void ForgetIncarnation(std::uint64_t incarnation);

  SpoolStatus status() const;
  Durability durability() const { return options_.durability; }

  // One look at spares and limits.  A thread does it every 50 ms; tests, when they like.
  void Upkeep();

  // Syncs what waits for it in WhenDurable(), as one group.  A thread does it at once.
  void SyncPending();

 private:
  Spool(FileSystem& file_system, Random& random, SpoolOptions options, NodeIdentity& identity);

  struct Pending {
    SpoolPosition position;
    std::function<void(absl::Status)> done;
  };

  absl::Status StartLanes(std::uint32_t lanes);
  absl::StatusOr<std::shared_ptr<Segment>> NewSegment(std::uint32_t lane, SegmentHeader* header);
  void MakeSpare(Lane& lane);
  void MakeSpareNow(std::uint32_t lane);
  void WakeUpkeep();
  std::vector<Lane*> AllLanesLocked();
  std::uint64_t BytesOf(bool allocated);
  void DeleteFiles(const std::vector<std::shared_ptr<Segment>>& segments);
  void RunUpkeep();
  void RunSync();
  void SyncAll(std::vector<Pending> pending);
  void SyncFinals();
  void NoteBegun();

  FileSystem& file_system_;
  Random& random_;
  const SpoolOptions options_;
  NodeIdentity& identity_;
  const std::uint64_t incarnation_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<bool> sync_failed_{false};

  mutable std::mutex mutex_;  // Guards the next ones.
  std::vector<std::unique_ptr<Lane>> former_;
  std::vector<std::unique_ptr<Lane>> forgotten_;  // Readers may still look at them.
  std::vector<std::uint64_t> damaged_;            // Incarnations.
  std::vector<std::uint32_t> next_index_;         // Of each lane's next segment.
  RecoveryReport recovery_;
  absl::Status refusal_;
  std::uint64_t used_bytes_ = 0;  // At the last upkeep.
  std::uint64_t segments_ = 0;    // Likewise.

  std::atomic<bool> spare_failed_{false};  // No spare could be made since the last upkeep.

  std::mutex wake_mutex_;  // Guards the next ones.
  std::condition_variable wake_;
  bool woken_ = false;
  bool stopping_ = false;

  std::mutex sync_mutex_;  // Guards the next ones.
  std::condition_variable sync_wake_;
  std::vector<Pending> pending_;
  bool sync_stopping_ = false;

  std::thread upkeep_thread_;
  std::thread sync_thread_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_SPOOL_H_
