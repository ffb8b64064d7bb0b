#include "base/clock.h"

#include <ctime>

#include "absl/time/clock.h"
#include "base/check.h"

namespace tollgate {
namespace {

class SystemClock final : public Clock {
 public:
  absl::Time Wall() const override { return absl::Now(); }

  MonotonicTime Monotonic() const override {
    timespec now{};
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return MonotonicTime::FromNanoseconds(std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
  }
};

std::int64_t SaturatingAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

// The two infinities stay where they are, whatever is added.
bool IsInfinite(MonotonicTime time) {
  return time == MonotonicTime::InfiniteFuture() || time == MonotonicTime::InfinitePast();
}

}  // namespace

MonotonicTime operator+(MonotonicTime time, absl::Duration duration) {
  if (IsInfinite(time)) return time;
  return MonotonicTime::FromNanoseconds(
      SaturatingAdd(time.nanoseconds_, absl::ToInt64Nanoseconds(duration)));
}

MonotonicTime operator-(MonotonicTime time, absl::Duration duration) { return time + (-duration); }

absl::Duration operator-(MonotonicTime later, MonotonicTime earlier) {
  if (later == earlier) return absl::ZeroDuration();
  if (later == MonotonicTime::InfiniteFuture() || earlier == MonotonicTime::InfinitePast()) {
    return absl::InfiniteDuration();
  }
  if (later == MonotonicTime::InfinitePast() || earlier == MonotonicTime::InfiniteFuture()) {
    return -absl::InfiniteDuration();
  }
  return absl::Nanoseconds(later.nanoseconds_) - absl::Nanoseconds(earlier.nanoseconds_);
}

Clock& RealClock() {
  static SystemClock* const clock = new SystemClock;
  return *clock;
}

}  // namespace tollgate
