#include "base/backoff.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate {

absl::Duration BackoffCeiling(const BackoffOptions& options, int retry) {
  CHECK(options.delay_initial > absl::ZeroDuration());
  CHECK(options.delay_max >= options.delay_initial);
  absl::Duration ceiling = options.delay_initial;
  for (int i = 0; i < retry && ceiling < options.delay_max; ++i) ceiling *= 2;
  return std::min(ceiling, options.delay_max);
}

absl::Duration Backoff::Next(Random& random) {
  const absl::Duration ceiling = BackoffCeiling(options_, retries_);
  ++retries_;
  const auto nanoseconds = static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(ceiling));
  return absl::Nanoseconds(static_cast<std::int64_t>(random.Below(nanoseconds + 1)));
}

}  // namespace tollgate
