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

void LogTime::Append(absl::Time time, std::string& out) {
  const std::int64_t ms = absl::ToUnixMillis(time);
  if (ms / 1000 != second_) {
    second_ = ms / 1000;
    text_ = absl::FormatTime("%Y-%m-%dT%H:%M:%S.", time, absl::UTCTimeZone());
  }
  const std::int64_t fraction = ms % 1000;
  out += text_;
  for (const std::int64_t unit : {100, 10, 1}) {
    out.push_back(static_cast<char>('0' + fraction / unit % 10));
  }
  out.push_back('Z');
}

}  // namespace tollgate::dataplane
