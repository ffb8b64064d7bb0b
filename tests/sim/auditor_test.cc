#include "tests/sim/auditor.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "billing/books/books.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace tollgate::sim {
namespace {

using billing::Books;
using testing::HasSubstr;

constexpr char kWallet[] = "wallet/ws_1";
constexpr char kBudget[] = "budget/hard/all";

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

// A node leased 100 of the wallet, and of a budget what the test says.
class AuditorTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(books_.OpenStream(1, {"n", 1, "s"}));
    ASSERT_OK(
        books_.Post({billing::EntryKind::kTopUp, "ws_1", Nano(1000), "r", "text"}, now_).status());
    Lease(kWallet, 100);
  }

  void Lease(const std::string& account, std::int64_t amount) {
    billing::WantRequest want;
    want.account = account;
    want.need = want.want = Nano(amount);
    ASSERT_OK(books_.Want(1, want, now_));
    Audit();
  }

  // An attempt that held and cost so much and whose final record is lost.  `settled`: what it had
  // not spent was free again before.
  void LostFinal(std::int64_t held, std::int64_t spent, bool settled,
                 const std::vector<std::string>& accounts) {
    Attempt attempt;
    attempt.run = {"n", 1};
    for (const std::string& account : accounts) attempt.leases.push_back({account, "n", 1});
    attempt.held = attempt.held_next = held;
    attempt.settled = settled;
    attempt.orphaned = true;
    if (settled) attempt.charge = spent;
    const std::size_t number = oracle_.Add(std::move(attempt));
    oracle_.Spend(number, spent);
    Record(Oracle::GenerationOf(number), held, accounts);
  }

  // What the node ships of it: it is charged with its hold.
  void Record(const std::string& generation, std::int64_t charge,
              const std::vector<std::string>& accounts) {
    usage::v1::UsageRecord record;
    record.set_generation_id(generation);
    record.set_charge_nano_usd(charge);
    billing::UsageRecordItem item;
    for (const std::string& account : accounts) {
      usage::v1::Hold* hold = record.add_holds();
      hold->set_account(account);
      hold->set_leased(true);
      hold->set_lease_incarnation(1);
      item.holds.push_back({Keep(account), true, 1});
    }
    item.bytes = Keep(record.SerializeAsString());
    item.digest = Sha256(item.bytes);
    item.generation_id = Keep(generation);
    item.attempt = 1;
    item.workspace_id = "ws_1";
    item.model_id = "m";
    item.provider_id = "p";
    item.charge = Nano(charge);
    records_.push_back(std::move(item));
  }

  void Ship() {
    ASSERT_OK(books_.Apply({{"n", 1, 0}, 1, std::move(records_), 1}, now_).status());
    Audit();
  }

  void Audit() { auditor_.OnCommit(books_.TakeCommit(), books_); }

  // Records are views.
  std::string_view Keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  Scheduler scheduler_;
  Report report_{scheduler_, /*traced=*/false, /*expected=*/""};
  Oracle oracle_{report_};
  Auditor auditor_{oracle_, report_, /*run_cap_max=*/0};
  Books books_{billing::LeaseBookOptions{},
               billing::StoredState{},
               {{"hard", {Nano(100), BudgetPeriod::kNone, true}}}};
  billing::Now now_{absl::FromUnixSeconds(1'767'225'600), MonotonicTime::FromNanoseconds(1)};
  std::deque<std::string> kept_;
  std::vector<billing::UsageRecordItem> records_;
};

TEST_F(AuditorTest, AnOverrunOfAnInexactWalletSaysNothingOfABudgetThatHoldsEnough) {
  Lease(kBudget, 60);
  LostFinal(80, 30, /*settled=*/true, {kWallet});
  LostFinal(50, 0, /*settled=*/false, {kWallet, kBudget});  // Of the 50 that the first gave back.
  Ship();
  EXPECT_EQ(books_.counts().overrun, Nano(30));
  EXPECT_EQ(report_.text(), "");
}

TEST_F(AuditorTest, AnOverrunOfAnExactWalletIsAViolation) {
  Lease(kBudget, 60);
  LostFinal(80, 80, /*settled=*/false, {kWallet});
  LostFinal(50, 0, /*settled=*/false, {kBudget, kWallet});
  Ship();
  EXPECT_EQ(report_.text(), "gen_1 is charged 30 more than wallet/ws_1 of n/1 holds");
  EXPECT_EQ(report_.invariant(), "LEDGER");
}

TEST_F(AuditorTest, WhatABudgetsLeaseDoesNotCoverIsAViolationThoughTheWalletIsInexact) {
  Lease(kBudget, 40);
  LostFinal(80, 30, /*settled=*/true, {kWallet});
  LostFinal(50, 0, /*settled=*/false, {kWallet, kBudget});
  Ship();
  EXPECT_EQ(report_.text(), "budget/hard/all of n/1: records charge 50, settled are 40");
  EXPECT_EQ(report_.invariant(), "LEDGER");
}

TEST_F(AuditorTest, AFirstLeaseAndTheFallOfItsCapMayBeInOneCommit) {
  const auto configure = [this](std::int64_t limit) {
    books_.Configure({}, {{"hard", {Nano(limit), BudgetPeriod::kNone, true}}}, now_, {});
  };
  configure(80);
  Audit();
  billing::WantRequest want;
  want.account = kBudget;
  want.need = want.want = Nano(60);
  ASSERT_OK(books_.Want(1, want, now_));
  configure(0);
  Audit();
  EXPECT_EQ(report_.text(), "");
}

TEST_F(AuditorTest, AnOverrunOfARecordWithoutAWalletIsAViolation) {
  Lease(kBudget, 60);
  LostFinal(50, 0, /*settled=*/false, {kBudget});
  Ship();
  EXPECT_THAT(report_.text(), HasSubstr("gen_0 is charged 50 beyond any wallet's lease"));
}

}  // namespace
}  // namespace tollgate::sim
