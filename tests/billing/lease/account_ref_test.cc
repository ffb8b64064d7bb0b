#include "billing/lease/account_ref.h"

#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

TEST(AccountRefTest, ReadsEveryForm) {
  for (const char* name :
       {"wallet/ws_1", "budget/bud_1/2026-11", "budget/b/2026-W47", "budget/b/2026-11-22",
        "budget/b/all", "budget/b/all/key_1", "budget/b/2026-11/qe_x", "run/ws_1/run_abc"}) {
    const auto ref = ParseAccountRef(name);
    ASSERT_TRUE(ref.has_value()) << name;
    EXPECT_EQ(ref->Name(), name);
  }
  EXPECT_EQ(ParseAccountRef("budget/b/all")->kind, AccountKind::kBudget);
  EXPECT_EQ(ParseAccountRef("budget/b/all")->period, "all");
  EXPECT_EQ(ParseAccountRef("budget/b/all/key_1")->instance, "key_1");
  EXPECT_EQ(ParseAccountRef("run/ws_1/run_abc")->kind, AccountKind::kRun);
  EXPECT_EQ(ParseAccountRef("run/ws_1/run_abc")->instance, "run_abc");
  EXPECT_EQ(ParseAccountRef("wallet/w")->id, "w");
}

TEST(AccountRefTest, RefusesEverythingElse) {
  for (const char* name :
       {"", "wallet", "wallet/", "wallet/a/b", "Wallet/a", "budget/b", "budget/b/", "budget//all",
        "budget/b/2026-11-222", "budget/b/ALL", "budget/b/all/", "budget/b/all/b/c", "run/ws_1",
        "run/ws_1/", "run//a", "run/ws_1/a/b", "cash", "wallet/a b"}) {
    EXPECT_FALSE(ParseAccountRef(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace tollgate::billing
