#include "dataplane/http/coarse_clock.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace tollgate::dataplane {

void DateLine::Update(absl::Time now) {
  const std::int64_t second = absl::ToUnixSeconds(now);
  if (second == second_) return;
  second_ = second;
  line_ = absl::StrCat(
      "date: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone()), "\r\n");
}

}  // namespace tollgate::dataplane
