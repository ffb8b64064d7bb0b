// The timeouts of one worker: one coarse wheel instead of a timer per operation.
//
// Setting, moving and clearing a deadline is a store into the entry; an entry changes its slot only
// when its slot comes up, or when its deadline moved nearer than its slot.  Deadlines are met with
// a delay of up to two ticks, never early.  Single-threaded: everything runs on the worker's
// thread.
#ifndef TOLLGATE_DATAPLANE_HTTP_TIMER_WHEEL_H_
#define TOLLGATE_DATAPLANE_HTTP_TIMER_WHEEL_H_

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

#include "absl/time/time.h"

namespace tollgate::dataplane {

// 50 ms: the smallest timeout that a provider can be given is far above it, and 20 wake-ups a
// second of an idle worker cost nothing.
inline constexpr std::int64_t kTimerTickMs = 50;

class TimerWheel;

// One deadline.  Its callback runs on the worker's thread, with the entry cleared; it may set or
// clear any entry, and destroy none but through a later event.
class TimerEntry {
 public:
  explicit TimerEntry(std::function<void()> on_expire) : on_expire_(std::move(on_expire)) {}
  ~TimerEntry() { Unlink(); }
  TimerEntry(const TimerEntry&) = delete;
  TimerEntry& operator=(const TimerEntry&) = delete;

  bool armed() const { return deadline_tick_ != kNever; }

 private:
  friend class TimerWheel;
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  void Unlink();

  std::function<void()> on_expire_;
  std::int64_t deadline_tick_ = kNever;
  std::int64_t slot_tick_ =
      kNever;  // The tick at which the wheel looks at it; kNever = not linked.
  TimerEntry* next_ = nullptr;
  TimerEntry** link_ = nullptr;
};

class TimerWheel {
 public:
  // `now_ms` is the monotonic clock, as in Advance().
  explicit TimerWheel(std::int64_t now_ms) : tick_(now_ms / kTimerTickMs) {}
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Sets the deadline of `entry` to `timeout` from now.  An infinite timeout clears it.
  void Arm(TimerEntry& entry, absl::Duration timeout) {
    ArmMs(entry, timeout == absl::InfiniteDuration() ? -1 : absl::ToInt64Milliseconds(timeout));
  }
  // The same in milliseconds; negative clears it.
  void ArmMs(TimerEntry& entry, std::int64_t timeout_ms);

  // Clears the deadline.
  static void Clear(TimerEntry& entry) { entry.deadline_tick_ = TimerEntry::kNever; }

  // Moves the wheel to `now_ms` (monotonic) and runs what is due.
  void Advance(std::int64_t now_ms);

 private:
  static constexpr std::int64_t kSlots = 512;

  void Link(TimerEntry& entry, std::int64_t tick);

  std::array<TimerEntry*, kSlots> slots_{};
  std::int64_t tick_;  // The last tick that was run.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_TIMER_WHEEL_H_
