#include "billing/lease/account_ref.h"

#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

TEST(AccountRefTest, ReadsBothForms) {
  for (const char* name : {"wallet/ws_1", "budget/bud_1/2026-11", "budget/b/2026-W47",
                           "budget/b/2026-11-22", "budget/b/all"}) {
    const auto ref = ParseAccountRef(name);
    ASSERT_TRUE(ref.has_value()) << name;
    EXPECT_EQ(ref->Name(), name);
  }
  EXPECT_EQ(ParseAccountRef("budget/b/all")->kind, AccountKind::kBudget);
  EXPECT_EQ(ParseAccountRef("budget/b/all")->period, "all");
  EXPECT_EQ(ParseAccountRef("wallet/w")->id, "w");
}

TEST(AccountRefTest, RefusesEverythingElse) {
  for (const char* name :
       {"", "wallet", "wallet/", "wallet/a/b", "Wallet/a", "budget/b", "budget/b/", "budget//all",
        "budget/b/2026-11-222", "budget/b/ALL", "budget/b/a/b", "cash", "wallet/a b"}) {
    EXPECT_FALSE(ParseAccountRef(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace tollgate::billing
