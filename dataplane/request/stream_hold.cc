#include "dataplane/request/stream_hold.h"

#include <algorithm>

#include "dataplane/limits.h"

namespace tollgate::dataplane {

// What may be owed by now, were `more_bytes` taken in.
std::int64_t StreamHold::Owed(std::int64_t more_bytes) const {
  const std::int64_t owed =
      content_bytes_ + events_ + more_bytes + (more_bytes > 0 ? 1 : 0) + kStreamOverheadTokens;
  return std::min(owed, limit_);
}

StreamHold::Coverage StreamHold::Look(std::int64_t content_bytes) const {
  // A bound from below of what was written: as many tokens as there were events, unless they were
  // cut finer than tokens are.  An honest provider never gets there.
  const std::int64_t events = events_ + (content_bytes > 0 ? 1 : 0);
  const std::int64_t by_bytes = (content_bytes_ + content_bytes) / kEstimateBytesPerToken;
  if (std::min(events, by_bytes) > limit_) return Coverage::kOverLimit;
  if (whole_ || Owed(content_bytes) <= held_) return Coverage::kCovered;
  return Coverage::kNeedsMore;
}

std::int64_t StreamHold::Wanted(std::int64_t content_bytes) const {
  if (whole_) return 0;
  const std::int64_t ahead = Owed(content_bytes) + kStreamAheadTokens;
  if (ahead <= held_ || held_ >= limit_) return 0;
  return std::min(std::max(ahead - held_, kStreamChunkTokens), limit_ - held_);
}

}  // namespace tollgate::dataplane
