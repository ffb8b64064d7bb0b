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

std::string_view LogTime::Text(absl::Time time) {
  const std::int64_t ms = absl::ToUnixMillis(time);
  if (ms / 1000 != second_) {
    second_ = ms / 1000;
    text_ = absl::FormatTime("%Y-%m-%dT%H:%M:%S.000Z", time, absl::UTCTimeZone());
  }
  char* const fraction = text_.data() + text_.size() - 4;
  fraction[0] = static_cast<char>('0' + ms % 1000 / 100);
  fraction[1] = static_cast<char>('0' + ms % 100 / 10);
  fraction[2] = static_cast<char>('0' + ms % 10);
  return text_;
}

}  // namespace tollgate::dataplane
