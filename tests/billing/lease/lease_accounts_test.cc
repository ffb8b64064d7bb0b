// Templates, raises, runs, closing and forgetting: what LeaseBook knows of accounts.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "billing/lease/lease_book.h"
#include "tests/billing/lease/draw.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

// A WantRequest of which a test states only what matters.
struct Ask {
  std::string account = {};
  Money granted = {};
  Money released = {};
  Money need = {};
  Money want = {};
  bool close = false;
  Money cap = {};
};

WantRequest RequestOf(const Ask& ask) {
  WantRequest request;
  request.account = ask.account;
  request.granted = ask.granted;
  request.released = ask.released;
  request.need = ask.need;
  request.want = ask.want;
  request.close = ask.close;
  request.cap = ask.cap;
  return request;
}

class LeaseAccountsTest : public testing::Test {
 protected:
  LeaseAccountsTest() : book_(Options(), [this](const std::string& name) { return Read(name); }) {
    CHECK(book_.OpenStream(1, {"n", 1, "s"}).ok());
    Expire();
  }

  static LeaseBookOptions Options() {
    LeaseBookOptions options;
    options.idle = absl::Hours(1);
    options.runs_max = 2;
    return options;
  }

  std::optional<AccountRow> Read(const std::string& name) const {
    const auto found = stored_.find(name);
    if (found == stored_.end()) return std::nullopt;
    return found->second;
  }

  // As the writer does at the end of each batch.
  void Expire() {
    book_.Expire(now_);
    Keep();
  }
  void Keep() {
    LeaseEffects effects = book_.TakeEffects();
    for (const std::string& name : effects.removed_accounts) stored_.erase(name);
    for (const auto& [name, row] : effects.accounts) stored_.insert_or_assign(name, row);
    removed_leases_ += effects.removed_leases.size();
    for (LeaseMessage& message : effects.messages) {
      if (const auto* grant = std::get_if<GrantAnswer>(&message.content)) last_ = *grant;
      if (std::holds_alternative<RecallNotice>(message.content)) ++recalls_;
    }
  }
  void Pass(absl::Duration time) {
    now_.wall += time;
    now_.monotonic += time;
    Expire();
  }

  GrantAnswer Want(const Ask& ask) {
    last_ = {};
    EXPECT_OK(book_.Want(1, RequestOf(ask), now_));
    now_.monotonic += absl::Seconds(1);  // Beyond every wait.
    Expire();
    return last_;
  }
  GrantAnswer Need(const std::string& account, std::int64_t need, std::int64_t cap = 0) {
    return Want({.account = account, .need = Nano(need), .want = Nano(need), .cap = Nano(cap)});
  }

  Now now_{absl::FromUnixSeconds(1'795'000'000), MonotonicTime::FromNanoseconds(1)};
  std::map<std::string, AccountRow> stored_;
  LeaseBook book_;
  GrantAnswer last_;
  int recalls_ = 0;
  std::size_t removed_leases_ = 0;
};

TEST_F(LeaseAccountsTest, ATemplateCapsEachInstanceAndNothingElse) {
  book_.SetBudgets({{"bud_1", {.limit = Nano(10), .each = true}}}, now_);
  EXPECT_EQ(Need("budget/bud_1/all/key_1", 10).granted, Nano(10));
  EXPECT_EQ(Need("budget/bud_1/all/key_2", 10).granted, Nano(10));
  EXPECT_EQ(Need("budget/bud_1/all", 1).shortage, Shortage::kUnknownAccount);
  book_.SetBudgets({{"bud_1", {.limit = Nano(10)}}}, now_);
  EXPECT_EQ(Need("budget/bud_1/all/key_3", 1).shortage, Shortage::kUnknownAccount);
  EXPECT_EQ(Need("budget/bud_1/all", 1).granted, Nano(1));
}

TEST_F(LeaseAccountsTest, ARaiseHoldsUntilItsTimeAndIsThenRecalled) {
  book_.SetBudgets(
      {{"bud_1", {.limit = Nano(10), .raises = {{Nano(5), now_.wall + absl::Hours(1)}}}}}, now_);
  GrantAnswer answer = Need("budget/bud_1/all", 15);
  EXPECT_EQ(answer.granted, Nano(15));
  EXPECT_EQ(answer.cap, Nano(15));
  EXPECT_GT(answer.ttl, absl::ZeroDuration());
  EXPECT_EQ(recalls_, 0);
  EXPECT_LE(book_.NextDeadline(), now_.monotonic + absl::Hours(1));
  Pass(absl::Hours(1));
  EXPECT_EQ(recalls_, 1);
  // Above the cap: not renewed, and nothing more until it has come down.
  answer = Want({.account = "budget/bud_1/all", .granted = Nano(15)});
  EXPECT_EQ(answer.ttl, absl::ZeroDuration());
  EXPECT_EQ(answer.cap, Nano(10));
  answer = Want({.account = "budget/bud_1/all", .granted = Nano(15), .released = Nano(15)});
  EXPECT_GT(answer.ttl, absl::ZeroDuration());
  EXPECT_EQ(book_.NextDeadline(), MonotonicTime::InfiniteFuture());
}

TEST_F(LeaseAccountsTest, ARunBeginsWithItsFirstCapWhichOnlyFalls) {
  const std::string run = "run/ws_1/run_a";
  EXPECT_EQ(Need(run, 1).shortage, Shortage::kUnknownAccount);
  EXPECT_EQ(Need(run, 10, 10).granted, Nano(10));
  EXPECT_EQ(Want({.account = run, .granted = Nano(10), .cap = Nano(99)}).cap, Nano(10));
  EXPECT_EQ(Want({.account = run, .granted = Nano(10), .cap = Nano(4)}).cap, Nano(4));
  EXPECT_EQ(stored_.at(run).cap, Nano(4));
  // Known without a cap now, and no more can be had.
  const GrantAnswer answer =
      Want({.account = run, .granted = Nano(10), .need = Nano(1), .want = Nano(1)});
  EXPECT_EQ(answer.granted, Nano(10));
  EXPECT_NE(answer.shortage, Shortage::kNone);
}

TEST_F(LeaseAccountsTest, RunsAreBoundedAndForgottenWhenIdle) {
  EXPECT_EQ(Need("run/ws_1/a", 1, 5).granted, Nano(1));
  EXPECT_EQ(Need("run/ws_1/b", 1, 5).granted, Nano(1));
  EXPECT_EQ(Need("run/ws_1/c", 1, 5).shortage, Shortage::kReserved);
  Settle(book_, {"run/ws_1/a", "n", 1}, Nano(1));
  Pass(absl::Hours(2));
  EXPECT_TRUE(stored_.contains("run/ws_1/a"));  // Its lease is open.
  EXPECT_TRUE(Want({.account = "run/ws_1/a", .granted = Nano(1), .close = true}).closed);
  EXPECT_FALSE(Want({.account = "run/ws_1/b", .granted = Nano(1), .close = true}).closed);
  Pass(absl::Minutes(30));
  EXPECT_TRUE(stored_.contains("run/ws_1/a"));
  Pass(absl::Hours(1));
  EXPECT_FALSE(stored_.contains("run/ws_1/a"));
  EXPECT_TRUE(stored_.contains("run/ws_1/b"));
  EXPECT_EQ(Need("run/ws_1/c", 1, 5).granted, Nano(1));
}

TEST_F(LeaseAccountsTest, ARunOutlivesARestart) {
  EXPECT_EQ(Need("run/ws_1/a", 5, 5).granted, Nano(5));
  Settle(book_, {"run/ws_1/a", "n", 1}, Nano(5));
  EXPECT_TRUE(Want({.account = "run/ws_1/a", .granted = Nano(5), .close = true}).closed);
  LeaseBook again(Options());
  again.Restore({}, {stored_.at("run/ws_1/a")}, {});
  now_.monotonic += absl::Hours(100);  // The clock of another boot.
  again.Expire(now_);
  const auto view = again.FindAccount("run/ws_1/a");
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->cap, Nano(5));
  EXPECT_EQ(view->row.settled, Nano(5));
}

TEST_F(LeaseAccountsTest, AClosedLeaseBeginsAnewFromZero) {
  book_.SetBudgets({{"bud_1", {.limit = Nano(100)}}}, now_);
  const std::string account = "budget/bud_1/all";
  EXPECT_EQ(Need(account, 40).granted, Nano(40));
  Settle(book_, {account, "n", 1}, Nano(10));
  EXPECT_FALSE(Want({.account = account, .granted = Nano(40), .close = true}).closed);
  const GrantAnswer answer =
      Want({.account = account, .granted = Nano(40), .released = Nano(30), .close = true});
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(removed_leases_, 1u);
  EXPECT_TRUE(book_.List({}, account, 10).empty());
  // Asked again, since the answer was lost; and drawn on again.
  EXPECT_TRUE(Want({.account = account, .granted = Nano(40), .close = true}).closed);
  EXPECT_EQ(Need(account, 90).granted, Nano(90));
  EXPECT_EQ(
      Want({.account = account, .granted = Nano(90), .need = Nano(1), .want = Nano(1)}).shortage,
      Shortage::kExhausted);
}

TEST_F(LeaseAccountsTest, AWalletsLeaseStaysAndAGrantOnItsWayKeepsALease) {
  EXPECT_OK(book_.Credit("wallet/ws_1", Nano(10), now_));
  Need("wallet/ws_1", 5);
  EXPECT_FALSE(
      Want({.account = "wallet/ws_1", .granted = Nano(5), .released = Nano(5), .close = true})
          .closed);
  book_.SetBudgets({{"bud_1", {.limit = Nano(100)}}}, now_);
  EXPECT_EQ(Need("budget/bud_1/all", 40).granted, Nano(40));
  // The node has not seen the grant yet.
  EXPECT_FALSE(Want({.account = "budget/bud_1/all", .close = true}).closed);
}

TEST_F(LeaseAccountsTest, WhoClosesWantsNothing) {
  const Ask ask = {.account = "budget/b/all", .want = Nano(1), .close = true};
  EXPECT_EQ(book_.Want(1, RequestOf(ask), now_).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(LeaseAccountsTest, IdleAccountsLeaveMemoryAndAreFoundAgain) {
  BudgetTermsById budgets = {{"soft", {.limit = Nano(100), .hard = false, .each = true}}};
  book_.SetBudgets(budgets, now_);
  for (int i = 0; i < 1'000; ++i) {
    Count(book_, "budget/soft/all/e" + std::to_string(i), Nano(7));
  }
  Keep();
  EXPECT_EQ(book_.accounts_in_memory(), 1'000u);
  Pass(absl::Minutes(59));
  EXPECT_EQ(book_.accounts_in_memory(), 1'000u);
  Pass(absl::Minutes(2));
  EXPECT_EQ(book_.accounts_in_memory(), 0u);
  EXPECT_EQ(book_.FindAccount("budget/soft/all/e3")->row.settled, Nano(7));
  Count(book_, "budget/soft/all/e3", Nano(1));
  Keep();
  EXPECT_EQ(stored_.at("budget/soft/all/e3").settled, Nano(8));
  EXPECT_EQ(book_.accounts_in_memory(), 1u);
}

TEST_F(LeaseAccountsTest, AlertsComeOncePerShareAlsoAfterForgetting) {
  const BudgetTerms terms{.limit = Nano(100), .hard = false, .alert_percents = {50, 75, 120}};
  book_.SetBudgets({{"soft", terms}}, now_);
  const auto percents = [this] {
    std::vector<std::uint32_t> out;
    for (const BudgetAlert& alert : book_.TakeAlerts()) out.push_back(alert.percent);
    return out;
  };
  Count(book_, "budget/soft/all", Nano(49));
  EXPECT_TRUE(percents().empty());
  Count(book_, "budget/soft/all", Nano(1));
  EXPECT_EQ(percents(), (std::vector<std::uint32_t>{50}));
  Keep();
  Pass(absl::Hours(2));
  EXPECT_EQ(book_.accounts_in_memory(), 0u);
  Count(book_, "budget/soft/all", Nano(1));
  EXPECT_TRUE(percents().empty());
  Count(book_, "budget/soft/all", Nano(69));  // 120: two shares at once.
  EXPECT_EQ(percents(), (std::vector<std::uint32_t>{75, 120}));
  // Another period begins anew.
  Count(book_, "budget/soft/2026-11", Nano(60));
  EXPECT_EQ(percents(), (std::vector<std::uint32_t>{50}));
}

// Of a hard budget whose limit fell below what was spent, nothing is charged any more.
TEST_F(LeaseAccountsTest, AShareThatALowerLimitReachesIsAlertedWithoutACharge) {
  BudgetTerms terms{.limit = Nano(100), .hard = false, .alert_percents = {50, 100}};
  const auto set_limit = [&](std::int64_t limit) {
    terms.limit = Nano(limit);
    book_.SetBudgets({{"soft", terms}}, now_);
    book_.NoteReachedShares(now_);
    std::vector<std::uint32_t> percents;
    for (const BudgetAlert& alert : book_.TakeAlerts()) percents.push_back(alert.percent);
    return percents;
  };
  EXPECT_TRUE(set_limit(100).empty());
  Count(book_, "budget/soft/all", Nano(40));
  Count(book_, "budget/soft/2020-01", Nano(40));
  Keep();
  EXPECT_EQ(set_limit(80), (std::vector<std::uint32_t>{50})) << "and not of a period that is over";
  EXPECT_EQ(book_.TakeEffects().accounts.at("budget/soft/all").alerted_percent, 50u);
  EXPECT_TRUE(set_limit(80).empty());
  EXPECT_EQ(set_limit(10), (std::vector<std::uint32_t>{100}));
  EXPECT_TRUE(set_limit(1000).empty());
}

}  // namespace
}  // namespace tollgate::billing
