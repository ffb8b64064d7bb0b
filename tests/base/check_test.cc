#include "base/check.h"

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "gtest/gtest.h"

namespace tollgate {
namespace {

TEST(CheckTest, PassesWithoutEvaluatingTheMessage) {
  int printed = 0;
  const auto message = [&] { return ++printed; };
  CHECK(true) << message();
  CHECK_EQ(1, 1) << message();
  EXPECT_EQ(printed, 0);
}

TEST(CheckTest, EvaluatesOperandsOnce) {
  int evaluations = 0;
  CHECK_GE(++evaluations, 1);
  EXPECT_EQ(evaluations, 1);
}

TEST(CheckDeathTest, SaysExpressionValuesMessageAndPlace) {
  const int debits = 3;
  EXPECT_DEATH(CHECK_EQ(debits, 4) << "in batch 7",
               "check_test.cc:[0-9]+: CHECK failed: debits == 4 \\(3 vs. 4\\) in batch 7");
  EXPECT_DEATH(CHECK(debits > 5) << "few", "CHECK failed: debits > 5 few");
}

TEST(CheckDeathTest, EveryComparisonCanFail) {
  EXPECT_DEATH(CHECK_NE(1, 1), "1 != 1");
  EXPECT_DEATH(CHECK_LT(1, 1), "1 < 1");
  EXPECT_DEATH(CHECK_LE(2, 1), "2 <= 1");
  EXPECT_DEATH(CHECK_GT(1, 1), "1 > 1");
  EXPECT_DEATH(CHECK_GE(0, 1), "0 >= 1");
}

TEST(CheckTest, ElseBindsToTheCallersIf) {
  bool reached = false;
  if (reached)
    CHECK_EQ(1, 1);
  else
    reached = true;
  EXPECT_TRUE(reached);
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::Status CheckQuarter(int value, int& quarter) {
  TG_ASSIGN_OR_RETURN(const int half, Half(value));
  TG_ASSIGN_OR_RETURN(quarter, Half(half));
  TG_RETURN_IF_ERROR(Half(quarter).status());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ReturnTheFirstErrorAndAssignOtherwise) {
  int quarter = 0;
  EXPECT_TRUE(CheckQuarter(8, quarter).ok());
  EXPECT_EQ(quarter, 2);
  EXPECT_EQ(CheckQuarter(3, quarter).message(), "odd");
  EXPECT_EQ(quarter, 2);
  EXPECT_EQ(CheckQuarter(4, quarter).message(), "odd");
  EXPECT_EQ(quarter, 1);
}

}  // namespace
}  // namespace tollgate
