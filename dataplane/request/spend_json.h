// Pieces of the JSON that tells what was spent: /v1/key and /v1/quotas.
#ifndef TOLLGATE_DATAPLANE_REQUEST_SPEND_JSON_H_
#define TOLLGATE_DATAPLANE_REQUEST_SPEND_JSON_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/budget_period.h"
#include "base/json_text.h"
#include "base/money.h"
#include "base/string_views.h"

namespace tollgate::dataplane {

// The values of config.v1.Period.
inline BudgetPeriod PeriodOf(int period) {
  constexpr std::array kPeriods = {BudgetPeriod::kNone, BudgetPeriod::kNone, BudgetPeriod::kDaily,
                                   BudgetPeriod::kWeekly, BudgetPeriod::kMonthly};
  return kPeriods[static_cast<std::size_t>(std::clamp(period, 0, 4))];
}

inline constexpr std::array<std::string_view, 5> kPeriodNames = {"none", "none", "daily", "weekly",
                                                                 "monthly"};

inline std::string_view PeriodName(int period) {
  return kPeriodNames[static_cast<std::size_t>(std::clamp(period, 0, 4))];
}

// `,"name":"value"`.
inline void AppendText(std::string_view name, std::string_view value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":");
  AppendJsonString(out, value);
}

// `,"name":1.5`: a JSON number that is the exact decimal of dollars.
inline void AppendNumber(std::string_view name, Money value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":", value.ToUsdString());
}

// `,"name":"2026-12-01T00:00:00Z"`, or null for never.
inline void AppendTime(std::string_view name, absl::Time time, std::string& out) {
  if (time == absl::InfiniteFuture()) {
    absl::StrAppend(&out, ",\"", AbslView(name), "\":null");
  } else {
    AppendText(name, absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()), out);
  }
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_SPEND_JSON_H_
