#include "dataplane/snapshot/holder.h"

#include <utility>

#include "base/check.h"

namespace tollgate::dataplane {

void SnapshotHolder::Publish(std::shared_ptr<const Snapshot> snapshot) {
  CHECK(snapshot != nullptr);
  {
    std::lock_guard lock(mutex_);
    snapshot_.swap(snapshot);
    version_.fetch_add(1, std::memory_order_release);
  }
  // The former snapshot goes here, without the lock, if nobody has it any more.
}

std::shared_ptr<const Snapshot> SnapshotHolder::Load() const {
  std::lock_guard lock(mutex_);
  return snapshot_;
}

const std::shared_ptr<const Snapshot>& SnapshotReader::Get() {
  if (holder_->version() != version_) {
    std::shared_ptr<const Snapshot> shared;
    {
      std::lock_guard lock(holder_->mutex_);
      shared = holder_->snapshot_;
      version_ = holder_->version_.load(std::memory_order_relaxed);
    }
    const Snapshot* raw = shared.get();
    // A reference count of this worker's own.
    local_ = std::shared_ptr<const Snapshot>(raw, [shared = std::move(shared)](const Snapshot*) {});
  }
  return local_;
}

}  // namespace tollgate::dataplane
