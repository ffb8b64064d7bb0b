#include "dataplane/ir/reasoning.h"

#include "gtest/gtest.h"

namespace tollgate::dataplane::ir {
namespace {

TEST(ReasoningTest, NamesReadBack) {
  for (int i = 1; i <= static_cast<int>(Effort::kMax); ++i) {
    const Effort effort = static_cast<Effort>(i);
    EXPECT_EQ(ReadEffort(EffortName(effort)), effort);
  }
  EXPECT_EQ(EffortName(Effort::kUnset), "");
  EXPECT_EQ(ReadEffort(""), std::nullopt);
  EXPECT_EQ(ReadEffort("HIGH"), std::nullopt);
}

TEST(ReasoningTest, ABudgetIsAShareOfTheOutput) {
  ReasoningSettings settings;
  EXPECT_EQ(BudgetOf(settings, 10'000, 1024), std::nullopt);
  settings.effort = Effort::kMedium;
  EXPECT_EQ(BudgetOf(settings, 10'000, 1024), 5000);
  settings.effort = Effort::kNone;
  EXPECT_EQ(BudgetOf(settings, 10'000, 1024), 0);
  settings.effort = Effort::kMinimal;
  EXPECT_EQ(BudgetOf(settings, 2000, 1024), 1024) << "never below the least";
  settings.effort = Effort::kMax;
  EXPECT_EQ(BudgetOf(settings, 10'000, 1024), 9500) << "room is left for the answer";
}

TEST(ReasoningTest, AStatedBudgetIsKeptWithinTheOutput) {
  ReasoningSettings settings;
  settings.budget_tokens = 3000;
  EXPECT_EQ(BudgetOf(settings, 10'000, 1024), 3000);
  EXPECT_EQ(BudgetOf(settings, 2000, 1024), 1999);
  settings.budget_tokens = 0;
  EXPECT_EQ(BudgetOf(settings, 10'000, 1024), 0);
  settings.budget_tokens = -1;
  EXPECT_EQ(BudgetOf(settings, 10'000, 1024), 1024);
}

TEST(ReasoningTest, EffortsOfBudgets) {
  ReasoningSettings settings;
  EXPECT_EQ(EffortOf(settings, 0), Effort::kUnset);
  settings.enabled = true;
  EXPECT_EQ(EffortOf(settings, 0), Effort::kMedium);
  settings.enabled = false;
  EXPECT_EQ(EffortOf(settings, 0), Effort::kNone);
  settings.budget_tokens = 1000;
  EXPECT_EQ(EffortOf(settings, 10'000), Effort::kMinimal);
  settings.budget_tokens = 4000;
  EXPECT_EQ(EffortOf(settings, 10'000), Effort::kMedium);
  settings.budget_tokens = 9000;
  EXPECT_EQ(EffortOf(settings, 10'000), Effort::kHigh);
  settings.effort = Effort::kLow;
  EXPECT_EQ(EffortOf(settings, 10'000), Effort::kLow) << "what was said goes before";
}

}  // namespace
}  // namespace tollgate::dataplane::ir
