// The clocks of one machine: a monotonic one that drifts, a wall clock that jumps.
#ifndef TOLLGATE_TESTS_SIM_SIM_CLOCK_H_
#define TOLLGATE_TESTS_SIM_SIM_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"
#include "tests/sim/scheduler.h"

namespace tollgate::sim {

class SimClock final : public Clock {
 public:
  // `drift_ppm`: by how many millionths the monotonic clock is fast.
  SimClock(const Scheduler& scheduler, absl::Time epoch, std::int64_t drift_ppm)
      : scheduler_(scheduler), epoch_(epoch), drift_ppm_(drift_ppm) {}

  absl::Time Wall() const override { return epoch_ + scheduler_.now() + jumped_; }
  MonotonicTime Monotonic() const override {
    const std::int64_t real = scheduler_.now_ns() - booted_ns_;
    return MonotonicTime::FromNanoseconds(1'000'000'000 + real + real / 1'000'000 * drift_ppm_);
  }

  // How long `duration` of the monotonic clock really takes, rounded up.
  absl::Duration Real(absl::Duration duration) const {
    const std::int64_t ns = absl::ToInt64Nanoseconds(duration);
    return absl::Nanoseconds(ns - ns / 1'000'000 * drift_ppm_ + (drift_ppm_ > 0 ? 0 : 1'000));
  }

  void Jump(absl::Duration by) {
    if (right_) return;
    jumped_ += by;
    was_fast_ = was_fast_ || jumped_ > absl::ZeroDuration();
  }
  // Whether it was fast at any time.
  bool was_fast() const { return was_fast_; }
  // For good: no jump after it counts.
  void SetRight() {
    jumped_ = absl::ZeroDuration();
    right_ = true;
  }
  // The machine starts anew: so does the monotonic clock.
  void Reboot() { booted_ns_ = scheduler_.now_ns(); }

 private:
  const Scheduler& scheduler_;
  const absl::Time epoch_;
  const std::int64_t drift_ppm_;
  std::int64_t booted_ns_ = 0;
  absl::Duration jumped_ = absl::ZeroDuration();
  bool was_fast_ = false;
  bool right_ = false;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_CLOCK_H_
