// Time as a dependency: wall time for records, monotonic time for durations and deadlines.
//
// Never subtract wall times: the wall clock may jump.  Code takes a `const Clock&`; programs pass
// RealClock(), tests pass FakeClock (tests/support/fake_clock.h).
#ifndef TOLLGATE_BASE_CLOCK_H_
#define TOLLGATE_BASE_CLOCK_H_

#include <compare>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace tollgate {

// A point on the monotonic clock of this machine since boot: comparable within one process run,
// meaningless on any other machine and never stored.  Arithmetic saturates.
class MonotonicTime {
 public:
  constexpr MonotonicTime() = default;  // The origin.
  static constexpr MonotonicTime FromNanoseconds(std::int64_t nanoseconds) {
    return MonotonicTime(nanoseconds);
  }
  // Later than any time the clock returns: a deadline that never comes.
  static constexpr MonotonicTime InfiniteFuture() {
    return MonotonicTime(std::numeric_limits<std::int64_t>::max());
  }
  // Earlier than any time the clock returns: a deadline that has passed.
  static constexpr MonotonicTime InfinitePast() {
    return MonotonicTime(std::numeric_limits<std::int64_t>::min());
  }

  constexpr std::int64_t nanoseconds() const { return nanoseconds_; }

  friend constexpr auto operator<=>(MonotonicTime, MonotonicTime) = default;
  friend MonotonicTime operator+(MonotonicTime time, absl::Duration duration);
  friend MonotonicTime operator-(MonotonicTime time, absl::Duration duration);
  friend absl::Duration operator-(MonotonicTime later, MonotonicTime earlier);
  MonotonicTime& operator+=(absl::Duration duration) { return *this = *this + duration; }
  MonotonicTime& operator-=(absl::Duration duration) { return *this = *this - duration; }

 private:
  explicit constexpr MonotonicTime(std::int64_t nanoseconds) : nanoseconds_(nanoseconds) {}

  std::int64_t nanoseconds_ = 0;
};

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall clock (UTC).  May jump in either direction.
  virtual absl::Time Wall() const = 0;

  // Never goes back; does not advance while the machine sleeps (CLOCK_MONOTONIC).
  virtual MonotonicTime Monotonic() const = 0;
};

// The clocks of the operating system.  Lives for the whole program.
Clock& RealClock();

}  // namespace tollgate

#endif  // TOLLGATE_BASE_CLOCK_H_
