#include "base/budget_period.h"

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace tollgate {
namespace {

absl::CivilDay FirstDay(BudgetPeriod period, absl::CivilDay day) {
  switch (period) {
    case BudgetPeriod::kWeekly:
      return absl::PrevWeekday(day + 1, absl::Weekday::monday);
    case BudgetPeriod::kMonthly:
      return absl::CivilDay(absl::CivilMonth(day));
    case BudgetPeriod::kNone:
    case BudgetPeriod::kDaily:
      break;
  }
  return day;
}

}  // namespace

std::string BudgetPeriodOf(BudgetPeriod period, absl::Time time) {
  const absl::CivilDay day = absl::ToCivilDay(time, absl::UTCTimeZone());
  switch (period) {
    case BudgetPeriod::kNone:
      break;
    case BudgetPeriod::kDaily:
      return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
    case BudgetPeriod::kWeekly: {
      // The Thursday decides to which year a week belongs, and counting Thursdays numbers it.
      const absl::CivilDay thursday = FirstDay(period, day) + 3;
      return absl::StrFormat("%04d-W%02d", thursday.year(),
                             (absl::GetYearDay(thursday) - 1) / 7 + 1);
    }
    case BudgetPeriod::kMonthly:
      return absl::StrFormat("%04d-%02d", day.year(), day.month());
  }
  return "all";
}

absl::Time BudgetPeriodStart(BudgetPeriod period, absl::Time time) {
  if (period == BudgetPeriod::kNone) return absl::InfinitePast();
  const absl::CivilDay day = absl::ToCivilDay(time, absl::UTCTimeZone());
  return absl::FromCivil(FirstDay(period, day), absl::UTCTimeZone());
}

absl::Time BudgetPeriodEnd(BudgetPeriod period, absl::Time time) {
  if (period == BudgetPeriod::kNone) return absl::InfiniteFuture();
  const absl::CivilDay first = FirstDay(period, absl::ToCivilDay(time, absl::UTCTimeZone()));
  switch (period) {
    case BudgetPeriod::kWeekly:
      return absl::FromCivil(first + 7, absl::UTCTimeZone());
    case BudgetPeriod::kMonthly:
      return absl::FromCivil(absl::CivilDay(absl::CivilMonth(first) + 1), absl::UTCTimeZone());
    case BudgetPeriod::kNone:
    case BudgetPeriod::kDaily:
      break;
  }
  return absl::FromCivil(first + 1, absl::UTCTimeZone());
}

}  // namespace tollgate
