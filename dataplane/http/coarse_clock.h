// The worker's clock: one reading serves everything that happens in the same tick or needs no
// better.
#ifndef TOLLGATE_DATAPLANE_HTTP_COARSE_CLOCK_H_
#define TOLLGATE_DATAPLANE_HTTP_COARSE_CLOCK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tollgate::dataplane {

// Milliseconds of the monotonic clock.
inline std::int64_t MonotonicMs(const Clock& clock) {
  return clock.Monotonic().nanoseconds() / 1'000'000;
}

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
  // Appends "2026-01-02T03:04:05.678Z".
  void Append(absl::Time time, std::string& out);

 private:
  std::int64_t second_ = -1;
  std::string text_;  // "2026-01-02T03:04:05."
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_COARSE_CLOCK_H_
