// Rate limits on this node: how much one key, member or workspace may still do now.
//
// A limit of L a minute is a bucket of L that fills evenly, L in a minute; a node's is its share of
// both.  Kept as one number, the time at which the bucket will be full again (GCRA): taking n moves
// it n / L minutes on, and is refused where it would lie more than the bucket's minute ahead.  So a
// limit costs one compare-and-swap, and nothing has to tick.
#ifndef TOLLGATE_DATAPLANE_RATE_RATE_METER_H_
#define TOLLGATE_DATAPLANE_RATE_RATE_METER_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"

namespace tollgate::dataplane {

// The part of a limit that this node enforces.
struct RateShare {
  std::int64_t per_minute = 0;  // The whole limit; ≥ 1.
  std::int64_t nodes = 1;       // Among so many it is shared; ≥ 1.
};

// What is left of one limit on this node.
struct RateLeft {
  std::int64_t limit = 0;  // The whole limit, as configured.
  std::int64_t remaining = 0;
  absl::Duration reset;  // Until the bucket is full again.
};

// A limit that one request exceeds a thousand times over must not refuse for weeks, least of all
// when it was raised meanwhile.
inline constexpr absl::Duration kRateOwedMax = absl::Hours(24);

// One bucket.  Thread-safe and lock-free.
class RateBucket {
 public:
  // Takes `count` (≥ 0); or takes nothing, and says after how long it could.  More than the whole
  // bucket is taken when it is full.  Zero on success.
  absl::Duration Take(std::int64_t count, const RateShare& share, MonotonicTime now);

  // What was taken turned out to be `used` (≥ 0): more, and later ones wait longer, or less.  What
  // is owed for one is waited for a day at most (kRateOwedMax).
  void Settle(std::int64_t taken, std::int64_t used, const RateShare& share, MonotonicTime now);

  RateLeft Left(const RateShare& share, MonotonicTime now) const;

 private:
  std::atomic<std::int64_t> full_at_ns_{0};
};

// What one key, member or workspace does on this node.
struct RateMeter {
  RateBucket requests;
  RateBucket tokens;
  std::atomic<std::int64_t> running{0};  // Requests at the same time.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_RATE_RATE_METER_H_
