#include "proto/validate/field_checks.h"

#include <google/protobuf/util/time_util.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "proto/validate/field_error.h"
#include "proto/validate/resource.h"

namespace tollgate {

absl::Status CheckId(std::string_view field, std::string_view id) {
  if (IsValidResourceId(id)) return absl::OkStatus();
  return InvalidField(field,
                      "must be 1 to 63 lower-case letters, digits, '-', '_' or '.', and begin and "
                      "end with a letter or digit");
}

absl::Status CheckOptionalId(std::string_view field, std::string_view id) {
  return id.empty() ? absl::OkStatus() : CheckId(field, id);
}

bool IsValidTime(const google::protobuf::Timestamp& time) {
  using google::protobuf::util::TimeUtil;
  return time.seconds() >= TimeUtil::kTimestampMinSeconds &&
         time.seconds() <= TimeUtil::kTimestampMaxSeconds && time.nanos() >= 0 &&
         time.nanos() <= 999'999'999;
}

absl::Status CheckProviders(std::string_view field,
                            const google::protobuf::RepeatedPtrField<std::string>& ids) {
  if (ids.size() > kRouteProvidersMax) return InvalidField(field, "must name at most 64 providers");
  std::set<std::string_view> seen;
  for (const std::string& id : ids) {
    TG_RETURN_IF_ERROR(CheckId(field, id));
    if (!seen.insert(id).second) return InvalidField(field, absl::StrCat("names ", id, " twice"));
  }
  return absl::OkStatus();
}

absl::Status CheckRateLimits(const config::v1::RateLimits& limits) {
  for (const std::int64_t limit : {limits.requests_per_minute(), limits.tokens_per_minute(),
                                   limits.concurrent_requests()}) {
    if (limit < 0 || limit > kRateLimitMax) {
      return InvalidField("limits", "must be zero to a billion each");
    }
  }
  return absl::OkStatus();
}

}  // namespace tollgate
