// Exponential backoff with full jitter: before attempt n wait a uniform random time in
// [0, min(delay_max, delay_initial × 2^n)].  Full jitter spreads a crowd of retrying clients best.
// Pure: the caller waits.
#ifndef TOLLGATE_BASE_BACKOFF_H_
#define TOLLGATE_BASE_BACKOFF_H_

#include <cstdint>

#include "absl/time/time.h"
#include "base/random.h"

namespace tollgate {

struct BackoffOptions {
  absl::Duration delay_initial = absl::Milliseconds(100);  // > 0.
  absl::Duration delay_max = absl::Seconds(10);            // ≥ delay_initial.
};

// The largest delay before retry `retry` (0 = the first retry).  Never overflows.
absl::Duration BackoffCeiling(const BackoffOptions& options, int retry);

// Counts failures in a row and says how long to wait.  Not thread-safe.
class Backoff {
 public:
  explicit Backoff(BackoffOptions options) : options_(options) {}

  // The time to wait now, after one more failure.
  absl::Duration Next(Random& random);

  // Begins anew after a success.
  void Reset() { retries_ = 0; }

  // Failures since the last Reset().
  int retries() const { return retries_; }

 private:
  BackoffOptions options_;
  int retries_ = 0;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_BACKOFF_H_
