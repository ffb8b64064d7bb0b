#include "base/budget_period.h"

#include "gtest/gtest.h"

namespace tollgate {
namespace {

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text << error;
  return time;
}

TEST(BudgetPeriodTest, Names) {
  const struct {
    const char* at;
    const char* day;
    const char* week;
    const char* month;
  } kRows[] = {
      {"2026-11-22T12:00:00Z", "2026-11-22", "2026-W47", "2026-11"},  // A Sunday.
      {"2026-11-23T00:00:00Z", "2026-11-23", "2026-W48", "2026-11"},
      {"2026-01-01T00:00:00Z", "2026-01-01", "2026-W01", "2026-01"},  // A Thursday.
      {"2025-12-29T00:00:00Z", "2025-12-29", "2026-W01", "2025-12"},
      {"2027-01-03T23:59:59Z", "2027-01-03", "2026-W53", "2027-01"},
      {"2024-02-29T23:00:00-02:00", "2024-03-01", "2024-W09", "2024-03"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(BudgetPeriodOf(BudgetPeriod::kDaily, At(row.at)), row.day);
    EXPECT_EQ(BudgetPeriodOf(BudgetPeriod::kWeekly, At(row.at)), row.week);
    EXPECT_EQ(BudgetPeriodOf(BudgetPeriod::kMonthly, At(row.at)), row.month);
    EXPECT_EQ(BudgetPeriodOf(BudgetPeriod::kNone, At(row.at)), "all");
  }
}

TEST(BudgetPeriodTest, StartIsWithinAndEndIsTheNextPeriod) {
  for (const BudgetPeriod period :
       {BudgetPeriod::kDaily, BudgetPeriod::kWeekly, BudgetPeriod::kMonthly}) {
    for (int hour = 0; hour < 24 * 800; hour += 7) {
      const absl::Time at = At("2024-12-01T00:00:00Z") + absl::Hours(hour);
      const absl::Time start = BudgetPeriodStart(period, at);
      const absl::Time end = BudgetPeriodEnd(period, at);
      ASSERT_LE(start, at);
      ASSERT_GT(end, at);
      const std::string name = BudgetPeriodOf(period, at);
      ASSERT_EQ(BudgetPeriodOf(period, start), name);
      ASSERT_EQ(BudgetPeriodOf(period, end - absl::Nanoseconds(1)), name);
      ASSERT_NE(BudgetPeriodOf(period, end), name);
      ASSERT_NE(BudgetPeriodOf(period, start - absl::Nanoseconds(1)), name);
    }
  }
  EXPECT_EQ(BudgetPeriodStart(BudgetPeriod::kNone, At("2026-01-01T00:00:00Z")),
            absl::InfinitePast());
  EXPECT_EQ(BudgetPeriodEnd(BudgetPeriod::kNone, At("2026-01-01T00:00:00Z")),
            absl::InfiniteFuture());
}

}  // namespace
}  // namespace tollgate
