// Hands the current snapshot from the background to the workers without a shared hot counter.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_HOLDER_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_HOLDER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "dataplane/snapshot/snapshot.h"

namespace tollgate::dataplane {

// Thread-safe.
class SnapshotHolder {
 public:
  // Puts a snapshot in force.  REQUIRED: not null.
  void Publish(std::shared_ptr<const Snapshot> snapshot);

  // The snapshot in force; nullptr before the first.  Takes a lock: for background and ops use;
  // workers use a SnapshotReader.
  std::shared_ptr<const Snapshot> Load() const;

  // Rises with each Publish(); 0 before the first.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  friend class SnapshotReader;

  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_;  // Guarded by mutex_.
  std::atomic<std::uint64_t> version_{0};     // Written under mutex_.
};

// One per worker; used by that thread only.  The pointers it gives have a reference count of their
// own, so that workers do not contend for one cache line.
class SnapshotReader {
 public:
  // `holder` must outlive this.
  explicit SnapshotReader(const SnapshotHolder& holder) : holder_(&holder) {}

  // The snapshot in force; nullptr before the first.  One atomic load when nothing changed.  The
  // result may be kept for as long as a request lasts, on this thread.
  const std::shared_ptr<const Snapshot>& Get();

 private:
  const SnapshotHolder* holder_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const Snapshot> local_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_HOLDER_H_
