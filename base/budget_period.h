// The periods of budgets and their names.
//
// Each period of a budget is an account of its own ("budget/<id>/2026-11"), so that nothing is ever
// reset and no request can fall between two counts.  All periods are UTC.  Pure; thread-safe.
#ifndef TOLLGATE_BASE_BUDGET_PERIOD_H_
#define TOLLGATE_BASE_BUDGET_PERIOD_H_

#include <string>

#include "absl/time/time.h"

namespace tollgate {

enum class BudgetPeriod {
  kNone,     // Never begins anew.
  kDaily,    // At 00:00 UTC.
  kWeekly,   // On Monday at 00:00 UTC.
  kMonthly,  // On the first at 00:00 UTC.
};

// The name of the period that contains `time`: "all", "2026-11-22", "2026-W47" (ISO 8601: the year
// is that of the week's Thursday) or "2026-11".
std::string BudgetPeriodOf(BudgetPeriod period, absl::Time time);

// The first instant of the period that contains `time`; InfinitePast for kNone.
absl::Time BudgetPeriodStart(BudgetPeriod period, absl::Time time);

// The first instant after it; InfiniteFuture for kNone.
absl::Time BudgetPeriodEnd(BudgetPeriod period, absl::Time time);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_BUDGET_PERIOD_H_
