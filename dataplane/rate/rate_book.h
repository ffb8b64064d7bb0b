// The rate meters of a node, by whom they are about.
#ifndef TOLLGATE_DATAPLANE_RATE_RATE_BOOK_H_
#define TOLLGATE_DATAPLANE_RATE_RATE_BOOK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "dataplane/rate/rate_meter.h"
#include "dataplane/rate/slot_pool.h"

namespace tollgate::dataplane {

// Shared by all workers; thread-safe.  A meter lives as long as somebody holds it; one that nobody
// holds and whose buckets are full is dropped when there are many.
class RateBook {
 public:
  // Above so many meters, idle ones are looked for.
  explicit RateBook(std::size_t meters_max = 100'000) : meters_max_(meters_max) {}

  // The meter of this name ("key/key_7"), made at the first call.  Takes a lock: RateLimiter keeps
  // the result.
  std::shared_ptr<RateMeter> Open(std::string_view name, MonotonicTime now);

  // Among how many nodes limits are shared.
  void SetNodes(std::int64_t nodes) { nodes_.store(nodes < 1 ? 1 : nodes); }
  std::int64_t nodes() const { return nodes_.load(std::memory_order_relaxed); }

  // Slots of the limits that are too small to be divided.
  SlotPool& slots() { return slots_; }
  const SlotPool& slots() const { return slots_; }

  std::size_t size() const;

 private:
  void DropIdle(MonotonicTime now);

  const std::size_t meters_max_;
  SlotPool slots_;
  std::atomic<std::int64_t> nodes_{1};
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<RateMeter>> meters_;  // Guarded by mutex_.
  std::size_t look_at_ = 0;  // The size at which idle ones are looked for next.  As well.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_RATE_RATE_BOOK_H_
