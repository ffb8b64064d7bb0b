#include "dataplane/rate/rate_book.h"

#include <algorithm>

#include "base/string_views.h"

namespace tollgate::dataplane {

std::shared_ptr<RateMeter> RateBook::Open(std::string_view name, MonotonicTime now) {
  std::lock_guard lock(mutex_);
  const auto known = meters_.find(AbslView(name));
  if (known != meters_.end()) return known->second;
  if (meters_.size() >= std::max(meters_max_, look_at_)) DropIdle(now);
  return meters_.emplace(std::string(name), std::make_shared<RateMeter>()).first->second;
}

// A meter whose buckets are full says no more than a new one.
void RateBook::DropIdle(MonotonicTime now) {
  constexpr RateShare kAny{.per_minute = 1};
  absl::erase_if(meters_, [&](const auto& entry) {
    const std::shared_ptr<RateMeter>& meter = entry.second;
    return meter.use_count() == 1 && meter->running.load() == 0 &&
           meter->requests.Left(kAny, now).reset <= absl::ZeroDuration() &&
           meter->tokens.Left(kAny, now).reset <= absl::ZeroDuration();
  });
  // Not at every call when all are in use.
  look_at_ = meters_.size() + meters_max_ / 4;
}

std::size_t RateBook::size() const {
  std::lock_guard lock(mutex_);
  return meters_.size();
}

}  // namespace tollgate::dataplane
