#include "billing/alert/alert_event.h"

#include <gtest/gtest.h>

namespace tollgate::billing {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'795'000'000);  // 2026-11-18T11:06:40Z.

TEST(AlertEventTest, TheBodySaysWhatHowMuchAndUntilWhen) {
  const BudgetAlert alert{.account = "budget/bud_1/2026-11",
                          .ref = *ParseAccountRef("budget/bud_1/2026-11"),
                          .percent = 75,
                          .cap = Money::FromNanoUsd(10'000'000'000),
                          .settled = Money::FromNanoUsd(7'500'000'001)};
  const BudgetTerms terms{.limit = Money::FromNanoUsd(10'000'000'000),
                          .period = BudgetPeriod::kMonthly,
                          .hard = true,
                          .scope = "key/key_1"};
  EXPECT_EQ(AlertEventId(alert), "budget/bud_1/2026-11/75");
  EXPECT_EQ(AlertBody(alert, terms, kNow),
            R"({"type":"budget.alert","data":{"eventId":"budget/bud_1/2026-11/75",)"
            R"("budgetId":"bud_1","scope":"key/key_1","period":"2026-11","percent":75,)"
            R"("limitUsd":"10","spentUsd":"7.500000001","hard":true,)"
            R"("createdAt":"2026-11-18T11:06:40.000Z","resetsAt":"2026-12-01T00:00:00.000Z"}})");
}

TEST(AlertEventTest, ATemplateNamesItsInstanceAndAPastPeriodNoReset) {
  const BudgetAlert alert{.account = "budget/bud_1/2026-10/key_7",
                          .ref = *ParseAccountRef("budget/bud_1/2026-10/key_7"),
                          .percent = 100,
                          .cap = Money::FromNanoUsd(1),
                          .settled = Money::FromNanoUsd(1)};
  const BudgetTerms terms{.limit = Money::FromNanoUsd(1),
                          .period = BudgetPeriod::kMonthly,
                          .hard = false,
                          .each = true,
                          .scope = "workspace/ws_1"};
  EXPECT_EQ(AlertBody(alert, terms, kNow),
            R"({"type":"budget.alert","data":{"eventId":"budget/bud_1/2026-10/key_7/100",)"
            R"("budgetId":"bud_1","scope":"workspace/ws_1","period":"2026-10","instance":"key_7",)"
            R"("percent":100,"limitUsd":"0.000000001","spentUsd":"0.000000001","hard":false,)"
            R"("createdAt":"2026-11-18T11:06:40.000Z"}})");
}

}  // namespace
}  // namespace tollgate::billing
