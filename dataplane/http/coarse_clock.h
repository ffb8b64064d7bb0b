// The worker's clock: one reading serves everything that happens in the same turn or needs no
// better.
#ifndef TOLLGATE_DATAPLANE_HTTP_COARSE_CLOCK_H_
#define TOLLGATE_DATAPLANE_HTTP_COARSE_CLOCK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tollgate::dataplane {

// Milliseconds of the monotonic clock.
inline std::int64_t MonotonicMs(const Clock& clock) {
  return clock.Monotonic().nanoseconds() / 1'000'000;
}

// What time it is for one event loop.  The clock is read when the loop goes on with a coroutine
// (task.h) or when somebody asks for Refresh(), and not for every look at it: what happens in
// between takes some microseconds.  One thread.
class LoopClock final : public Clock {
 public:
  explicit LoopClock(const Clock& source) : source_(source), now_(source.Monotonic()) {}

  // As of the last refresh; in a loop that does nothing, of its last tick.
  MonotonicTime Monotonic() const override { return now_; }
  absl::Time Wall() const override {
    if (!wall_.has_value()) wall_ = source_.Wall();
    return *wall_;
  }

  // Reads the clock.
  void Refresh() {
    now_ = source_.Monotonic();
    wall_.reset();
  }

  // Makes it the one that RefreshCurrent() on this thread means; null for none.
  static void SetCurrent(LoopClock* clock) { current_ = clock; }
  static void RefreshCurrent() {
    if (current_ != nullptr) current_->Refresh();
  }

 private:
  inline static constinit thread_local LoopClock* current_ = nullptr;

  const Clock& source_;
  MonotonicTime now_;
  mutable std::optional<absl::Time> wall_;  // Read when it is asked for.
};

// The `date: …` line of responses, rendered once a second.  Not thread-safe.
class DateLine {
 public:
  // Renders it anew when the second changed.
  void Update(absl::Time now);

  // "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".
  std::string_view line() const { return line_; }

 private:
  std::int64_t second_ = -1;
  std::string line_;
};

// Wall times as text for logs, with the whole seconds rendered once.  Not thread-safe.
class LogTime {
 public:
  // "2026-01-02T03:04:05.678Z"; valid until the next call.
  std::string_view Text(absl::Time time);

 private:
  std::int64_t second_ = -1;
  std::string text_;  // Of the last call.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_COARSE_CLOCK_H_
