// A clock that stands still until a test moves it.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_CLOCK_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_CLOCK_H_

#include <mutex>

#include "absl/time/time.h"
#include "base/clock.h"

namespace tollgate {

// Begins at 2026-01-01T00:00:00Z and at monotonic 1 s.  Thread-safe.
class FakeClock final : public Clock {
 public:
  FakeClock() : FakeClock(absl::FromUnixSeconds(1'767'225'600)) {}
  explicit FakeClock(absl::Time wall) : wall_(wall) {}

  absl::Time Wall() const override {
    std::lock_guard lock(mutex_);
    return wall_;
  }

  MonotonicTime Monotonic() const override {
    std::lock_guard lock(mutex_);
    return monotonic_;
  }

  // Moves both clocks forward.
  void Advance(absl::Duration duration) {
    std::lock_guard lock(mutex_);
    wall_ += duration;
    monotonic_ += duration;
  }

  // Makes the wall clock jump, in either direction; the monotonic one does not notice.
  void SetWall(absl::Time wall) {
    std::lock_guard lock(mutex_);
    wall_ = wall;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time wall_;  // Guarded by mutex_, like the next.
  MonotonicTime monotonic_ = MonotonicTime::FromNanoseconds(1'000'000'000);
};

}  // namespace tollgate

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_CLOCK_H_
