#include "dataplane/budget/account_resolver.h"

#include <string>
#include <vector>

#include "base/random.h"
#include "base/scope_ids.h"
#include "dataplane/snapshot/config_image.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

class AccountResolverTest : public testing::Test {
 protected:
  AccountResolverTest()
      : peppers_(*Peppers::Parse("1:" + std::string(64, '1'), "test")),
        table_(*LeaseTable::Open(RealFileSystem(), dir_.File("leases"), 8, "boot")),
        pool_(*table_, clock_, {.incarnation = 1}),
        resolver_(pool_) {
    SeededRandom random(5);
    key_ = std::string(GenerateApiKey(random).Reveal());
  }

  void Publish(const std::vector<config::v1::Resource>& budgets) {
    ConfigImage image(TestSealer());
    CHECK(image.Upsert(WorkspaceResource("ws_1", "org_1")).ok());
    config::v1::Resource key = KeyResource("key_1", "ws_1");
    key.mutable_api_key()->set_project_id("proj_1");
    const Sha256Digest digest = *peppers_.Digest(1, key_);
    key.mutable_api_key()->set_digest(std::string(DigestView(digest)));
    SetIdentity(key);
    CHECK(image.Upsert(key).ok());
    for (const auto& budget : budgets) CHECK(image.Upsert(budget).ok());
    snapshot_ = *image.Finish({1, 1});
  }

  std::vector<std::string> Names(absl::Time now, bool byok = false) {
    auto who = Authenticate(key_, *snapshot_, peppers_, now);
    const auto set = resolver_.Resolve(*snapshot_, std::get<Principal>(who), named_, now,
                                       clock_.Monotonic(), byok);
    std::vector<std::string> names;
    if (!set.has_value()) return {"none"};
    pass_ = set->pass() == nullptr ? "" : set->pass()->name;
    for (std::size_t i = 0; i < set->size(); ++i) {
      names.push_back((*set)[i].name + ((*set)[i].hard ? "" : " soft"));
    }
    return names;
  }

  TempDir dir_;
  FakeClock clock_;
  Peppers peppers_;
  std::string key_;
  std::unique_ptr<LeaseTable> table_;
  LeasePool pool_;
  AccountResolver resolver_;
  std::shared_ptr<const Snapshot> snapshot_;
  NamedScopes named_;
  std::string pass_;  // Of the last set.
};

config::v1::Resource Template(const std::string& id, config::v1::ScopeKind kind,
                              const std::string& scope, config::v1::ScopeKind each) {
  config::v1::Resource resource = BudgetResource(id, kind, scope, true, config::v1::PERIOD_MONTHLY);
  resource.mutable_budget()->set_each_kind(each);
  SetIdentity(resource);
  return resource;
}

const absl::Time kDay = absl::FromCivil(absl::CivilDay(2026, 11, 22), absl::UTCTimeZone());

TEST_F(AccountResolverTest, TheWalletAndTheBudgetsInScope) {
  Publish({BudgetResource("bud_key", config::v1::SCOPE_KIND_KEY, "key_1"),
           BudgetResource("bud_soft", config::v1::SCOPE_KIND_KEY, "key_1", false,
                          config::v1::PERIOD_MONTHLY),
           BudgetResource("bud_ws", config::v1::SCOPE_KIND_WORKSPACE, "ws_1", true,
                          config::v1::PERIOD_NONE)});
  EXPECT_EQ(Names(kDay),
            (std::vector<std::string>{"wallet/ws_1", "budget/bud_key/2026-11-22",
                                      "budget/bud_soft/2026-11 soft", "budget/bud_ws/all"}));
}

TEST_F(AccountResolverTest, APeriodIsAnAccountOfItsOwn) {
  Publish({BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_1")});
  EXPECT_EQ(Names(kDay + absl::Hours(24) - absl::Nanoseconds(1))[1], "budget/bud_1/2026-11-22");
  EXPECT_EQ(Names(kDay + absl::Hours(24))[1], "budget/bud_1/2026-11-23");
  EXPECT_EQ(Names(kDay)[1], "budget/bud_1/2026-11-22");  // A clock that jumps back.
}

TEST_F(AccountResolverTest, ABudgetThatTurnsSoftRefusesNoMore) {
  Publish({BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_1", true)});
  EXPECT_EQ(Names(kDay)[1], "budget/bud_1/2026-11-22");
  Publish({BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_1", false)});
  EXPECT_EQ(Names(kDay)[1], "budget/bud_1/2026-11-22 soft");
}

TEST_F(AccountResolverTest, TheCustomersOwnCredentialDrawsOnNoWallet) {
  Publish({BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_1")});
  EXPECT_TRUE(Names(kDay, /*byok=*/true).empty());
  EXPECT_EQ(pass_, "wallet/ws_1") << "but its lease must be in force";
  EXPECT_FALSE(Names(kDay).empty());
  EXPECT_EQ(pass_, "");
}

TEST_F(AccountResolverTest, ATemplateCapsEachThingForItself) {
  Publish(
      {Template("bud_keys", config::v1::SCOPE_KIND_WORKSPACE, "ws_1", config::v1::SCOPE_KIND_KEY),
       Template("bud_projects", config::v1::SCOPE_KIND_ORGANIZATION, "org_1",
                config::v1::SCOPE_KIND_PROJECT),
       Template("bud_members", config::v1::SCOPE_KIND_WORKSPACE, "ws_1",
                config::v1::SCOPE_KIND_MEMBER),
       Template("bud_users", config::v1::SCOPE_KIND_KEY, "key_1",
                config::v1::SCOPE_KIND_QUOTA_ENTITY)});
  const std::vector<std::string> plain = {"wallet/ws_1", "budget/bud_keys/2026-11/key_1",
                                          "budget/bud_projects/2026-11/proj_1"};
  EXPECT_EQ(Names(kDay), plain) << "no member and no entity";
  named_.quota_entity = "user 9";
  const std::string entity = QuotaEntityId("ws_1", "user 9");
  EXPECT_EQ(Names(kDay),
            (std::vector<std::string>{"wallet/ws_1", "budget/bud_users/2026-11/" + entity,
                                      "budget/bud_keys/2026-11/key_1",
                                      "budget/bud_projects/2026-11/proj_1"}));
}

TEST_F(AccountResolverTest, WhoHasABudgetOfItsOwnIsNotUnderTheTemplate) {
  Publish(
      {Template("bud_keys", config::v1::SCOPE_KIND_WORKSPACE, "ws_1", config::v1::SCOPE_KIND_KEY),
       BudgetResource("bud_own", config::v1::SCOPE_KIND_KEY, "key_1")});
  EXPECT_EQ(Names(kDay), (std::vector<std::string>{"wallet/ws_1", "budget/bud_own/2026-11-22"}));
}

TEST_F(AccountResolverTest, ARunIsAnAccountWithTheLeastCapThatWasStated) {
  Publish({});
  named_.run = "nightly 7";
  named_.run_cap = Money::FromNanoUsd(500);
  const std::string run = "run/ws_1/" + RunId("ws_1", "nightly 7");
  EXPECT_EQ(Names(kDay), (std::vector<std::string>{"wallet/ws_1", run}));
  EXPECT_EQ(Names(kDay, /*byok=*/true), std::vector<std::string>{run});
  named_.run_cap = Money::FromNanoUsd(900);
  Names(kDay);
  const Account* account = pool_.Find(run);
  ASSERT_NE(account, nullptr);
  EXPECT_TRUE(account->is_run() && !account->is_wallet() && account->hard);
  EXPECT_EQ(pool_.View(*account).stated_cap, Money::FromNanoUsd(500));
  named_.run_cap = Money::FromNanoUsd(300);
  Names(kDay);
  EXPECT_EQ(pool_.View(*account).stated_cap, Money::FromNanoUsd(300));
}

TEST_F(AccountResolverTest, AnAccountThatWasForgottenIsOpenedAnew) {
  Publish({BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_1")});
  Names(kDay);
  const Account* before = pool_.Find("budget/bud_1/2026-11-22");
  ASSERT_TRUE(pool_.CloseIdle(*before));
  EXPECT_EQ(pool_.Find("budget/bud_1/2026-11-22"), nullptr);
  EXPECT_EQ(Names(kDay)[1], "budget/bud_1/2026-11-22");
  const Account* after = pool_.Find("budget/bud_1/2026-11-22");
  ASSERT_NE(after, nullptr);
  EXPECT_FALSE(LeasePool::Closed(*after));
}

TEST_F(AccountResolverTest, AFullTableAndTooManyBudgetsAreRefused) {
  std::vector<config::v1::Resource> budgets;
  for (int i = 0; i < 8; ++i) {
    budgets.push_back(
        BudgetResource("bud_" + std::to_string(i), config::v1::SCOPE_KIND_KEY, "key_1"));
  }
  Publish(budgets);  // Nine accounts, eight slots.
  EXPECT_EQ(Names(kDay), std::vector<std::string>{"none"});
  for (auto& budget : budgets) {
    budget.mutable_budget()->set_hard(false);
    SetIdentity(budget);
  }
  for (int i = 8; i < 16; ++i) {
    budgets.push_back(
        BudgetResource("bud_" + std::to_string(i), config::v1::SCOPE_KIND_KEY, "key_1", false));
  }
  Publish(budgets);
  EXPECT_EQ(Names(kDay), std::vector<std::string>{"none"});
}

}  // namespace
}  // namespace tollgate::dataplane
