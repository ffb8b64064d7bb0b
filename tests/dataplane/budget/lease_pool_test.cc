#include "dataplane/budget/lease_pool.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

AccountSet SetOf(std::initializer_list<const Account*> accounts) {
  AccountSet set;
  for (const Account* account : accounts) CHECK(set.Add(account));
  return set;
}

class LeasePoolTest : public testing::Test {
 protected:
  LeasePoolTest() { Start(1); }

  // A new incarnation on the same file, or on a copy of it.
  void Start(std::uint64_t incarnation, std::string path = "") {
    pool_.reset();
    table_.reset();
    if (path.empty()) path = dir_.File("leases");
    table_ = *LeaseTable::Open(RealFileSystem(), path, 64, "boot");
    pool_ =
        std::make_unique<LeasePool>(*table_, clock_, LeasePoolOptions{.incarnation = incarnation});
    wallet_ = pool_->Open("wallet/ws_1", "", true, absl::InfiniteFuture());
    budget_ = pool_->Open("budget/bud_1/all", "bud_1", true, absl::InfiniteFuture());
    soft_ = pool_->Open("budget/bud_2/all", "bud_2", false, absl::InfiniteFuture());
    both_ = SetOf({wallet_, budget_, soft_});
    pool_->SetConnected(true);
  }

  void Grant(const Account* account, std::int64_t total) {
    pool_->Grant(*account, Nano(total), clock_.Monotonic() + absl::Seconds(60),
                 LeaseShortage::kNone, Nano(total));
  }

  std::int64_t Remaining(const Account* account) {
    return pool_->View(*account).remaining.nano_usd();
  }

  TempDir dir_;
  FakeClock clock_;
  std::unique_ptr<LeaseTable> table_;
  std::unique_ptr<LeasePool> pool_;
  const Account* wallet_ = nullptr;
  const Account* budget_ = nullptr;
  const Account* soft_ = nullptr;
  AccountSet both_;
};

TEST_F(LeasePoolTest, HoldsOnAllAccountsOrOnNone) {
  Grant(wallet_, 100);
  Grant(budget_, 50);
  Hold hold;
  HoldResult result = pool_->TryHold(both_, Nano(60), &hold);
  EXPECT_EQ(result.kind, HoldResult::kShort);
  EXPECT_EQ(result.account, budget_);
  EXPECT_FALSE(hold.open());
  EXPECT_EQ(Remaining(wallet_), 100);
  EXPECT_EQ(pool_->MostAffordable(both_), Nano(50));

  ASSERT_EQ(pool_->TryHold(both_, Nano(50), &hold).kind, HoldResult::kHeld);
  ASSERT_EQ(hold.size(), 3u);
  EXPECT_TRUE(hold[0].leased);
  EXPECT_EQ(hold[0].lease_incarnation, 1u);
  EXPECT_FALSE(hold[2].leased);
  EXPECT_EQ(hold[2].amount, Nano(50));
  EXPECT_EQ(Remaining(wallet_), 50);
  pool_->Settle(std::move(hold), Nano(20));
  EXPECT_EQ(Remaining(wallet_), 80);
  EXPECT_EQ(Remaining(budget_), 30);
}

TEST_F(LeasePoolTest, ExtendsOnAllOrOnNone) {
  Grant(wallet_, 100);
  Grant(budget_, 50);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(both_, Nano(40), &hold).kind, HoldResult::kHeld);
  EXPECT_EQ(pool_->Extend(&hold, Nano(20)).account, budget_);
  EXPECT_EQ(Remaining(wallet_), 60);
  EXPECT_EQ(pool_->Extend(&hold, Nano(10)).kind, HoldResult::kHeld);
  EXPECT_EQ(hold[0].amount, Nano(50));
  EXPECT_EQ(hold[2].amount, Nano(50));
  pool_->Release(std::move(hold));
  EXPECT_EQ(Remaining(wallet_), 100);
  EXPECT_EQ(Remaining(budget_), 50);
}

TEST_F(LeasePoolTest, AChargeAboveTheHoldDrawsTheHoldAndNoMore) {
  Grant(wallet_, 100);
  const AccountSet set = SetOf({wallet_});
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(90), &hold).kind, HoldResult::kHeld);
  pool_->Settle(std::move(hold), Nano(130));
  EXPECT_EQ(Remaining(wallet_), 10);
  EXPECT_EQ(pool_->View(*wallet_).spent_total, Nano(90));
}

TEST_F(LeasePoolTest, WhatCanBeReachedIsWhatIsHereAndWhatNobodyHolds) {
  const AccountSet set = SetOf({wallet_, soft_});
  EXPECT_EQ(pool_->Reachable(SetOf({soft_})), Money::Max());
  EXPECT_EQ(pool_->Reachable(set), Money::Max()) << "billing was not asked yet";
  pool_->Grant(*wallet_, Nano(100), clock_.Monotonic() + absl::Seconds(60), LeaseShortage::kNone,
               Nano(500), Nano(400));
  EXPECT_EQ(pool_->Reachable(set), Nano(500));
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(30), &hold).kind, HoldResult::kHeld);
  EXPECT_EQ(pool_->Reachable(set), Nano(470));
  pool_->Release(std::move(hold));
}

TEST_F(LeasePoolTest, SaysWhyAHoldCannotGrowWhateverTheRequestItselfHolds) {
  pool_->Grant(*wallet_, Nano(100), clock_.Monotonic() + absl::Seconds(60),
               LeaseShortage::kExhausted, Nano(100));
  const AccountSet set = SetOf({wallet_});
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(100), &hold).kind, HoldResult::kHeld);
  EXPECT_EQ(pool_->Explain(set, Nano(10)).kind, HoldResult::kTemporarilyReserved);
  EXPECT_EQ(pool_->ExplainExtension(*wallet_).kind, HoldResult::kInsufficientBalance);
  pool_->Grant(*wallet_, Nano(100), std::nullopt, LeaseShortage::kReserved, Nano(900));
  EXPECT_EQ(pool_->ExplainExtension(*wallet_).kind, HoldResult::kTemporarilyReserved);
  pool_->SetConnected(false);
  EXPECT_EQ(pool_->ExplainExtension(*wallet_).kind, HoldResult::kUnavailable);
  pool_->Release(std::move(hold));
}

TEST_F(LeasePoolTest, NothingIsHeldOfNothing) {
  const AccountSet set = SetOf({wallet_});
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Money::Zero(), &hold).kind, HoldResult::kHeld);
  EXPECT_FALSE(hold[0].leased);
  pool_->Settle(std::move(hold), Money::Zero());
}

TEST_F(LeasePoolTest, NewHoldsStopAtTheDeadlineAndRunningOnesGoOn) {
  Grant(wallet_, 100);
  const AccountSet set = SetOf({wallet_});
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(10), &hold).kind, HoldResult::kHeld);
  clock_.Advance(absl::Seconds(60));
  Hold late;
  EXPECT_EQ(pool_->TryHold(set, Nano(1), &late).kind, HoldResult::kShort);
  EXPECT_EQ(pool_->MostAffordable(set), Money::Zero());
  EXPECT_EQ(pool_->Extend(&hold, Nano(5)).kind, HoldResult::kHeld);
  pool_->Settle(std::move(hold), Nano(15));
  EXPECT_EQ(Remaining(wallet_), 85);
}

TEST_F(LeasePoolTest, AGrantCountsOnceAndNeverBackwards) {
  Grant(wallet_, 100);
  Grant(wallet_, 100);
  Grant(wallet_, 40);
  EXPECT_EQ(Remaining(wallet_), 100);
  EXPECT_EQ(pool_->ReleaseIdle(*wallet_, Nano(30)), Nano(30));
  EXPECT_EQ(pool_->ReleaseIdle(*wallet_, Money::Max()), Nano(100));
  EXPECT_EQ(Remaining(wallet_), 0);
}

TEST_F(LeasePoolTest, SaysWhyAHoldIsRefused) {
  const AccountSet set = SetOf({wallet_, budget_});
  auto explain = [&] { return pool_->Explain(set, Nano(10)); };
  EXPECT_EQ(explain().kind, HoldResult::kUnavailable);  // Nothing was answered yet.
  auto answer = [&](const Account* account, LeaseShortage shortage) {
    pool_->Grant(*account, Nano(0), clock_.Monotonic() + absl::Seconds(60), shortage, Nano(0));
  };
  answer(wallet_, LeaseShortage::kExhausted);
  EXPECT_EQ(explain().kind, HoldResult::kInsufficientBalance);
  answer(wallet_, LeaseShortage::kReserved);
  EXPECT_EQ(explain().kind, HoldResult::kTemporarilyReserved);
  EXPECT_GT(explain().retry_after, absl::ZeroDuration());
  answer(wallet_, LeaseShortage::kUnknownAccount);
  EXPECT_EQ(explain().kind, HoldResult::kInsufficientBalance);
  pool_->SetConnected(false);
  EXPECT_EQ(explain().kind, HoldResult::kUnavailable);
  pool_->SetConnected(true);
  Grant(wallet_, 100);
  answer(budget_, LeaseShortage::kExhausted);
  EXPECT_EQ(explain().kind, HoldResult::kBudgetExceeded);
  EXPECT_EQ(explain().account, budget_);
}

TEST_F(LeasePoolTest, WhatOthersHoldUnspentMayComeBackToARequestThatFits) {
  const AccountSet set = SetOf({wallet_});
  // Too little for all that waited here, which is what billing was asked for.
  pool_->Grant(*wallet_, Nano(0), std::nullopt, LeaseShortage::kExhausted, Nano(50));
  EXPECT_EQ(pool_->Explain(set, Nano(50)).kind, HoldResult::kTemporarilyReserved);
  EXPECT_EQ(pool_->Explain(set, Nano(51)).kind, HoldResult::kInsufficientBalance);
}

TEST_F(LeasePoolTest, WhatThisNodesRequestsHoldMayComeBack) {
  const AccountSet set = SetOf({wallet_});
  Grant(wallet_, 100);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(100), &hold).kind, HoldResult::kHeld);
  pool_->Grant(*wallet_, Nano(100), std::nullopt, LeaseShortage::kExhausted, Nano(0));
  EXPECT_EQ(pool_->Explain(set, Nano(10)).kind, HoldResult::kTemporarilyReserved);
  pool_->Settle(std::move(hold), Nano(100));
  EXPECT_EQ(pool_->Explain(set, Nano(10)).kind, HoldResult::kInsufficientBalance);
}

TEST_F(LeasePoolTest, AWaiterIsCalledOnceAndTheKeeperToldWhatItNeeds) {
  int woken = 0;
  int attention = 0;
  pool_->SetWake([&] { ++attention; });
  Grant(budget_, 100);
  const AccountSet set = SetOf({wallet_, budget_});
  pool_->Wait(set, Nano(10), [&] { ++woken; });
  const auto second = pool_->Wait(set, Nano(5), [&] { woken += 100; });
  EXPECT_EQ(attention, 1);
  EXPECT_EQ(pool_->TakeAttention(), std::vector<const Account*>{wallet_});
  EXPECT_EQ(pool_->View(*wallet_).need, Nano(15));
  EXPECT_EQ(pool_->View(*budget_).need, Money::Zero());
  pool_->Forget(second);
  EXPECT_EQ(pool_->View(*wallet_).need, Nano(10));
  Grant(wallet_, 4);
  EXPECT_EQ(woken, 1);
  Grant(wallet_, 10);
  EXPECT_EQ(woken, 1);
}

TEST_F(LeasePoolTest, ASettlementWakesThoseWhoWaitForIt) {
  const AccountSet set = SetOf({wallet_});
  Grant(wallet_, 10);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(10), &hold).kind, HoldResult::kHeld);
  bool woken = false;
  pool_->Wait(set, Nano(5), [&] { woken = true; });
  pool_->Settle(std::move(hold), Nano(1));
  EXPECT_TRUE(woken);
}

// ---- Restarts -----------------------------------------------------------------------------------

// At each point of a lease's life the file is taken as a crash would leave it: what the next
// incarnation can spend is what is left after everything that was held or charged.
TEST_F(LeasePoolTest, ACrashBetweenAnyTwoStepsMakesNoMoney) {
  const AccountSet set = SetOf({wallet_});
  std::vector<std::pair<std::string, std::int64_t>> crashes;  // File and what may be spendable.
  auto crash = [&](std::int64_t spendable) {
    const std::string copy = dir_.File("copy" + std::to_string(crashes.size()));
    ASSERT_OK(RealFileSystem().WriteFileAtomically(
        copy, *RealFileSystem().ReadFile(dir_.File("leases")), kModePrivate));
    crashes.emplace_back(copy, spendable);
  };
  crash(0);
  Grant(wallet_, 100);
  crash(100);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(30), &hold).kind, HoldResult::kHeld);
  crash(70);
  ASSERT_EQ(pool_->Extend(&hold, Nano(10)).kind, HoldResult::kHeld);
  crash(60);
  pool_->ReleaseIdle(*wallet_, Nano(20));
  crash(40);
  pool_->Settle(std::move(hold), Nano(25));
  crash(55);
  for (const auto& [path, spendable] : crashes) {
    Start(2, path);
    EXPECT_EQ(pool_->MostAffordable(SetOf({wallet_})), Nano(spendable)) << path;
  }
}

TEST_F(LeasePoolTest, ARestartedNodeServesFromWhatItInherits) {
  Grant(wallet_, 100);
  Start(2);
  const AccountSet set = SetOf({wallet_});
  EXPECT_EQ(pool_->FormerIncarnations(), std::vector<std::uint64_t>{1});
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(30), &hold).kind, HoldResult::kHeld);
  EXPECT_EQ(hold[0].lease_incarnation, 1u);
  // While nothing has replaced it, it stays.
  pool_->RetireInherited(false);
  EXPECT_FALSE(pool_->Retired(1));
  // A lease of its own does: new holds draw on that, the running one ends on the old.
  Grant(wallet_, 50);
  pool_->RetireInherited(false);
  Hold fresh;
  ASSERT_EQ(pool_->TryHold(set, Nano(40), &fresh).kind, HoldResult::kHeld);
  EXPECT_EQ(fresh[0].lease_incarnation, 2u);
  Hold none;
  EXPECT_EQ(pool_->TryHold(set, Nano(40), &none).kind, HoldResult::kShort);
  EXPECT_FALSE(pool_->Retired(1));
  EXPECT_EQ(pool_->Extend(&hold, Nano(5)).kind, HoldResult::kHeld);
  pool_->Settle(std::move(hold), Nano(35));
  EXPECT_TRUE(pool_->Retired(1));
  pool_->Settle(std::move(fresh), Nano(0));
  pool_->ForgetIncarnation(1);
  EXPECT_TRUE(pool_->FormerIncarnations().empty());
  EXPECT_EQ(Remaining(wallet_), 50);
}

TEST_F(LeasePoolTest, AnInheritedLeaseEndsAtItsOwnDeadline) {
  Grant(wallet_, 100);
  Start(2);
  const AccountSet set = SetOf({wallet_});
  clock_.Advance(absl::Seconds(60));
  Hold hold;
  EXPECT_EQ(pool_->TryHold(set, Nano(1), &hold).kind, HoldResult::kShort);
  pool_->RetireInherited(false);
  EXPECT_TRUE(pool_->Retired(1));
}

TEST_F(LeasePoolTest, ARetiredLeaseStaysRetiredOverARestart) {
  Grant(wallet_, 100);
  Start(2);
  pool_->RetireInherited(true);
  Start(3);
  Hold hold;
  EXPECT_EQ(pool_->TryHold(SetOf({wallet_}), Nano(1), &hold).kind, HoldResult::kShort);
}

// A slot that was given back and taken by another account is not drawn on by the former one.
TEST_F(LeasePoolTest, AForgottenSlotServesOnlyItsNewAccount) {
  Grant(wallet_, 100);
  Start(2);
  pool_->RetireInherited(true);
  pool_->ForgetIncarnation(1);
  std::vector<const Account*> others;
  for (int i = 0; i < 8; ++i) {
    others.push_back(
        pool_->Open("wallet/other" + std::to_string(i), "", true, absl::InfiniteFuture()));
    Grant(others.back(), 1000);
  }
  Hold hold;
  EXPECT_EQ(pool_->TryHold(SetOf({wallet_}), Nano(1), &hold).kind, HoldResult::kShort);
  EXPECT_EQ(pool_->MostAffordable(SetOf({wallet_})), Money::Zero());
}

TEST_F(LeasePoolTest, AnEndedPeriodIsForgottenOnceEmptyAndNeverOpenedAgain) {
  const absl::Time end = clock_.Wall() + absl::Hours(1);
  const Account* day = pool_->Open("budget/bud_3/day", "bud_3", true, end);
  Grant(day, 100);
  const AccountSet set = SetOf({day});
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set, Nano(10), &hold).kind, HoldResult::kHeld);
  pool_->ReleaseIdle(*day, Money::Max());
  EXPECT_FALSE(pool_->CloseEnded(*day, end - absl::Seconds(1)));
  EXPECT_FALSE(pool_->CloseEnded(*day, end));  // In use.
  pool_->Settle(std::move(hold), Nano(10));
  EXPECT_TRUE(pool_->CloseEnded(*day, end));
  EXPECT_EQ(pool_->Find("budget/bud_3/day"), nullptr);
  // Its totals are forgotten: a grant to a second life would count what the first one spent.
  EXPECT_EQ(pool_->Open("budget/bud_3/day", "bud_3", true, end), nullptr);
  Hold late;
  EXPECT_EQ(pool_->TryHold(set, Nano(1), &late).kind, HoldResult::kShort);
}

// ---- Threads ------------------------------------------------------------------------------------

// Workers hold, extend and settle while a keeper grants and takes back; an observer reads the
// file's counters as a crash would find them.
TEST_F(LeasePoolTest, ThreadsNeitherMakeNorLoseMoney) {
  constexpr int kThreads = 4;
  constexpr int kSteps = 4000;
  std::atomic<std::int64_t> charged{0};
  std::atomic<bool> done{false};
  Grant(wallet_, 10'000);
  Grant(budget_, 10'000);
  std::vector<std::thread> workers;
  for (int t = 0; t < kThreads; ++t) {
    workers.emplace_back([&, t] {
      SeededRandom random(static_cast<std::uint64_t>(t));
      std::vector<Hold> holds;
      for (int step = 0; step < kSteps; ++step) {
        Hold hold;
        const auto amount = static_cast<std::int64_t>(random.Below(500));
        if (pool_->TryHold(both_, Nano(amount), &hold).kind == HoldResult::kHeld) {
          holds.push_back(std::move(hold));
        } else if (random.Below(4) == 0) {
          pool_->Forget(pool_->Wait(both_, Nano(amount), [] {}));
        }
        if (holds.size() > 8 || (random.Below(2) == 0 && !holds.empty())) {
          Hold last = std::move(holds.back());
          holds.pop_back();
          (void)pool_->Extend(&last, Nano(7));
          const auto charge = static_cast<std::int64_t>(
              random.Below(static_cast<std::uint64_t>(last[0].amount.nano_usd()) + 1));
          charged += charge;
          pool_->Settle(std::move(last), Nano(charge));
        }
      }
      for (Hold& hold : holds) pool_->Release(std::move(hold));
    });
  }
  std::int64_t granted = 10'000;
  std::thread keeper([&] {
    SeededRandom random(99);
    while (!done) {
      granted += static_cast<std::int64_t>(random.Below(300));
      Grant(wallet_, granted);
      Grant(budget_, granted);
      pool_->ReleaseIdle(*wallet_, Nano(static_cast<std::int64_t>(random.Below(100))));
      pool_->TakeAttention();
      std::this_thread::yield();
    }
  });
  std::thread observer([&] {
    const LeaseSlot& slot = table_->slot(0);
    while (!done) {
      const std::int64_t released = slot.released.load();
      const std::int64_t remaining = slot.remaining.load();
      EXPECT_LE(remaining + released, slot.granted.load());
      EXPECT_GE(remaining, 0);
      std::this_thread::yield();
    }
  });
  for (std::thread& worker : workers) worker.join();
  done = true;
  keeper.join();
  observer.join();
  const AccountView wallet = pool_->View(*wallet_);
  EXPECT_EQ(wallet.granted - wallet.released - wallet.remaining, Nano(charged));
  const AccountView budget = pool_->View(*budget_);
  EXPECT_EQ(budget.granted - budget.released - budget.remaining, Nano(charged));
  EXPECT_EQ(wallet.spent_total, Nano(charged));
  EXPECT_FALSE(wallet.holds_in_flight);
}

}  // namespace
}  // namespace tollgate::dataplane
