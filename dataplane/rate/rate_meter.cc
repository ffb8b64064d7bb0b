#include "dataplane/rate/rate_meter.h"

#include <algorithm>
#include <limits>

namespace tollgate::dataplane {
namespace {

constexpr std::int64_t kMinuteNs = 60'000'000'000;
const std::int64_t kOwedMaxNs = absl::ToInt64Nanoseconds(kRateOwedMax);

// How long the bucket takes to gain `count`, rounded up; at most kRateOwedMax.
std::int64_t TimeOf(std::int64_t count, const RateShare& share) {
  const __int128 ns =
      (static_cast<__int128>(count) * kMinuteNs * share.nodes + share.per_minute - 1) /
      share.per_minute;
  return static_cast<std::int64_t>(std::min<__int128>(ns, kOwedMaxNs));
}

// The size of the bucket as a time: a minute, but at least one unit.
std::int64_t Depth(const RateShare& share) { return std::max(kMinuteNs, TimeOf(1, share)); }

}  // namespace

absl::Duration RateBucket::Take(std::int64_t count, const RateShare& share, MonotonicTime now) {
  const std::int64_t now_ns = now.nanoseconds();
  const std::int64_t cost = TimeOf(count, share);
  const std::int64_t depth = Depth(share);
  std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t from = std::max(full_at, now_ns);
    const std::int64_t over = from + std::min(cost, depth) - (now_ns + depth);
    if (over > 0) return absl::Nanoseconds(over);
    if (full_at_ns_.compare_exchange_weak(full_at, from + cost, std::memory_order_relaxed)) {
      return absl::ZeroDuration();
    }
  }
}

// By the difference of what both cost, each as it is bounded: were the bounded cost of an estimate
// lessened by the whole rest, what was used would cost nothing.
void RateBucket::Settle(std::int64_t taken, std::int64_t used, const RateShare& share,
                        MonotonicTime now) {
  const std::int64_t more = TimeOf(used, share) - TimeOf(taken, share);
  if (more <= 0) {
    full_at_ns_.fetch_add(more, std::memory_order_relaxed);
    return;
  }
  const std::int64_t now_ns = now.nanoseconds();
  std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  while (!full_at_ns_.compare_exchange_weak(
      full_at, std::min(std::max(full_at, now_ns) + more, now_ns + kOwedMaxNs),
      std::memory_order_relaxed)) {
  }
}

RateLeft RateBucket::Left(const RateShare& share, MonotonicTime now) const {
  const std::int64_t now_ns = now.nanoseconds();
  const std::int64_t ahead =
      std::max<std::int64_t>(full_at_ns_.load(std::memory_order_relaxed) - now_ns, 0);
  const __int128 free_ns = std::max<std::int64_t>(Depth(share) - ahead, 0);
  const __int128 remaining =
      free_ns * share.per_minute / (static_cast<__int128>(kMinuteNs) * share.nodes);
  return {.limit = share.per_minute,
          .remaining = static_cast<std::int64_t>(
              std::min<__int128>(remaining, std::numeric_limits<std::int64_t>::max())),
          .reset = absl::Nanoseconds(ahead)};
}

}  // namespace tollgate::dataplane
