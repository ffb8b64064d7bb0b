#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/status_reason.h"
#include "tests/dataplane/budget/lease_keeper_fixture.h"

namespace tollgate::dataplane {
namespace {

using LeaseKeeperTest = LeaseKeeperFixture;

TEST_F(LeaseKeeperTest, AsksForWhatWaitersNeedAndWakesThem) {
  ASSERT_TRUE(peer_.sent.front().has_hello());
  EXPECT_EQ(peer_.sent.front().hello().incarnation(), 1u);
  EXPECT_EQ(peer_.sent.front().hello().session(), "s");
  LastWant();
  bool woken = false;
  pool_->Wait(set_, Nano(100), [&] { woken = true; });
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  EXPECT_EQ(want->account(), "wallet/ws_1");
  EXPECT_EQ(want->need_nano_usd(), 100);
  EXPECT_GE(want->want_nano_usd(), 100);
  Answer(*want, 400);
  EXPECT_TRUE(woken);
  Hold hold;
  EXPECT_EQ(pool_->TryHold(set_, Nano(100), &hold).kind, HoldResult::kHeld);
  pool_->Release(std::move(hold));
}

TEST_F(LeaseKeeperTest, TheDeadlineCountsFromTheQuestionLessDrift) {
  LastWant();
  pool_->Wait(set_, Nano(100), [] {});
  executor_.RunReady();
  const auto want = LastWant();
  const MonotonicTime asked = clock_.Monotonic();
  executor_.Advance(absl::Seconds(2));
  Answer(*want, 100);
  EXPECT_EQ(pool_->View(*wallet_).deadline, asked + absl::Seconds(60) * 980 / 1000);
}

TEST_F(LeaseKeeperTest, AnAnswerToAnotherQuestionMovesNoDeadlineButItsMoneyCounts) {
  LastWant();
  pool_->Wait(set_, Nano(100), [] {});
  executor_.RunReady();
  auto want = *LastWant();
  want.set_nonce(want.nonce() + 77);
  Answer(want, 100);
  EXPECT_EQ(pool_->View(*wallet_).granted, Nano(100));
  EXPECT_EQ(pool_->MostAffordable(set_), Money::Zero());
}

TEST_F(LeaseKeeperTest, RenewsAtHalfTimeWhileInUse) {
  LastWant();
  pool_->Wait(set_, Nano(100), [] {});
  executor_.RunReady();
  while (const auto want = LastWant()) {
    Answer(*want, want->granted_nano_usd() + std::max<std::int64_t>(want->want_nano_usd(), 1000));
  }
  std::vector<int> asked_at_s;
  for (int second = 1; second <= 40; ++second) {
    Hold hold;
    if (pool_->TryHold(set_, Nano(1), &hold).kind == HoldResult::kHeld) {
      pool_->Release(std::move(hold));
    }
    executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
    const auto want = LastWant();
    if (!want.has_value()) continue;
    EXPECT_EQ(want->need_nano_usd(), 0);
    asked_at_s.push_back(second);
    Answer(*want, want->granted_nano_usd() + want->want_nano_usd());
  }
  ASSERT_EQ(asked_at_s.size(), 1u);
  EXPECT_GE(asked_at_s[0], 29);
  EXPECT_LE(asked_at_s[0], 31);
}

// Each use below the low water asks the keeper for a look: not while it could do nothing.
TEST_F(LeaseKeeperTest, UsesOfALowLeaseAskForALookOnlyWhenMoreCanBeAskedFor) {
  Fund(220);  // Four holds should have room.
  const auto use = [this] {
    Hold hold;
    ASSERT_EQ(pool_->TryHold(set_, Nano(100), &hold).kind, HoldResult::kHeld);
    pool_->Settle(std::move(hold), Nano(1));
  };
  for (int i = 0; i < 30; ++i) {
    use();
    executor_.Advance(absl::Milliseconds(100), absl::Milliseconds(100));
    if (const auto want = LastWant()) Answer(*want, want->granted_nano_usd());
  }
  LastWant();
  int looks = 0;
  int asked = 0;
  pool_->SetWake([&looks] { ++looks; });
  for (int i = 0; i < 50; ++i) {
    use();
    executor_.Advance(absl::Milliseconds(20), absl::Milliseconds(20));
    if (const auto want = LastWant()) {
      ++asked;
      Answer(*want, want->granted_nano_usd() + 1);
    }
  }
  EXPECT_GE(asked, 2) << "it stays low, and asks as often as it may";
  EXPECT_LE(looks, asked + 1);
}

TEST_F(LeaseKeeperTest, ARecallGivesBackWhatIsIdle) {
  Fund(1000);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set_, Nano(300), &hold).kind, HoldResult::kHeld);
  LeaseResponse recall;
  recall.mutable_recall()->set_account("wallet/ws_1");
  peer_.Say(recall);
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  EXPECT_EQ(want->released_nano_usd(), 700);
  EXPECT_EQ(want->granted_nano_usd(), 1000);
  EXPECT_EQ(want->want_nano_usd(), 0);
  pool_->Settle(std::move(hold), Nano(300));
}

TEST_F(LeaseKeeperTest, AnIdleLeaseIsGivenBack) {
  Fund(1000);
  std::optional<LeaseRequest::Want> last;
  for (int i = 0; i < 50; ++i) {
    executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
    if (const auto want = LastWant()) {
      last = want;
      Answer(*want, want->granted_nano_usd());
    }
  }
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->released_nano_usd(), last->granted_nano_usd());
  EXPECT_EQ(pool_->View(*wallet_).remaining, Money::Zero());
}

TEST_F(LeaseKeeperTest, ANewConnectionStatesTheTotalsAgain) {
  Fund(1000);
  pool_->ReleaseIdle(*wallet_, Nano(100));
  peer_.Close(absl::UnavailableError("gone"));
  EXPECT_FALSE(pool_->connected());
  // What is leased can be spent meanwhile.
  Hold hold;
  EXPECT_EQ(pool_->TryHold(set_, Nano(900), &hold).kind, HoldResult::kHeld);
  executor_.Advance(absl::Seconds(1));
  ASSERT_GE(peer_.opened, 2);
  ASSERT_TRUE(peer_.sent.front().has_hello());
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  EXPECT_EQ(want->granted_nano_usd(), 1000);
  EXPECT_EQ(want->released_nano_usd(), 100);
  // The same total again is no new money.
  Answer(*want, 1000);
  EXPECT_TRUE(pool_->connected());
  EXPECT_EQ(pool_->View(*wallet_).remaining, Money::Zero());
  pool_->Settle(std::move(hold), Nano(900));
}

TEST_F(LeaseKeeperTest, ALeaseOfItsOwnReplacesTheInheritedOne) {
  Fund(1000);
  Boot(2);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set_, Nano(10), &hold).kind, HoldResult::kHeld);
  EXPECT_EQ(hold[0].lease_incarnation, 1u);
  std::optional<LeaseRequest::Want> want = LastWant();
  // The connection began before the account was in use: that question was about nothing.
  for (int i = 0; i < 70 && !(want.has_value() && want->want_nano_usd() > 0); ++i) {
    executor_.Advance(absl::Milliseconds(100));
    if (const auto next = LastWant()) want = next;
    if (want.has_value() && want->want_nano_usd() == 0) Answer(*want, 0);
  }
  EXPECT_TRUE(want.has_value() && want->want_nano_usd() > 0) << "no lease of its own was wanted";
  Answer(*want, 500);
  executor_.Advance(absl::Seconds(2));
  EXPECT_FALSE(pool_->Retired(1));  // One hold runs.
  pool_->Settle(std::move(hold), Nano(10));
  EXPECT_TRUE(pool_->Retired(1));
}

TEST_F(LeaseKeeperTest, WhatNobodyUsesIsRetiredOnceBillingIsThere) {
  Fund(1000);
  Boot(2);
  executor_.Advance(absl::Milliseconds(500));
  EXPECT_FALSE(pool_->Retired(1));  // Not before billing is known to be there.
  Answer(*LastWant(), 0);
  executor_.Advance(absl::Seconds(2));
  EXPECT_TRUE(pool_->Retired(1));
}

TEST_F(LeaseKeeperTest, ALoweredCapStopsNewHoldsAtOnce) {
  Fund(1000);
  LeaseResponse response;
  response.mutable_grant()->set_account("wallet/ws_1");
  response.mutable_grant()->set_granted_nano_usd(1000);
  peer_.Say(response);
  Hold hold;
  EXPECT_EQ(pool_->TryHold(set_, Nano(1), &hold).kind, HoldResult::kShort);
}

// Else nobody could spend it while requests keep coming: billing takes what is too much from what
// comes back, and grants the rest again.
TEST_F(LeaseKeeperTest, WhatIsNotRenewedIsGivenBackThoughRequestsWait) {
  Fund(1000);
  pool_->Wait(set_, Nano(1001), [] {});
  executor_.RunReady();
  Answer(*LastWant(), 1000, lease::v1::SHORTAGE_RESERVED, /*ttl_s=*/0);
  const auto back = LastWant();
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->released_nano_usd(), 1000);
  EXPECT_EQ(pool_->View(*wallet_).remaining, Nano(0));
  // It waits on.
  const auto waiter = pool_->Wait(set_, Nano(1001), [] {});
  Answer(*back, 1000);
  executor_.Advance(absl::Milliseconds(100), absl::Milliseconds(20));
  const auto again = LastWant();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->need_nano_usd(), 1001);
  pool_->Forget(waiter);
}

// A rate that fades must not keep the last cent from another node.
TEST_F(LeaseKeeperTest, ARecallKeepsNothingWhereNothingWasSpentInTheLastSecond) {
  Fund(10'000);
  for (int i = 0; i < 3; ++i) {
    Hold hold;
    ASSERT_EQ(pool_->TryHold(set_, Nano(1000), &hold).kind, HoldResult::kHeld);
    pool_->Settle(std::move(hold), Nano(1000));
    executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
    while (const auto want = LastWant()) Answer(*want, want->granted_nano_usd());
  }
  const auto recall = [this] {
    LeaseResponse response;
    response.mutable_recall()->set_account("wallet/ws_1");
    peer_.Say(response);
    return pool_->View(*wallet_).remaining;
  };
  EXPECT_GT(recall(), Nano(0));
  executor_.Advance(absl::Seconds(3), absl::Milliseconds(100));
  EXPECT_EQ(recall(), Nano(0));
}

// Answers that satisfy nothing must not be asked for again as fast as they come.
TEST_F(LeaseKeeperTest, AsksAtAMeasuredPaceWhenItGetsNothing) {
  for (const std::int64_t ttl_s : {0, 60}) {
    int asked = 0;
    pool_->Forget(pool_->Wait(set_, Nano(100), [] {}));
    for (int second = 0; second < 10; ++second) {
      executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
      while (const auto want = LastWant()) {
        ASSERT_LT(++asked, 50);
        Answer(*want, 0, lease::v1::SHORTAGE_UNSPECIFIED, ttl_s);
      }
    }
    EXPECT_GT(asked, 0);
  }
}

TEST_F(LeaseKeeperTest, SaysWhenAnotherProcessLeasesAsThisNode) {
  peer_.Close(ErrorWithReason(absl::StatusCode::kFailedPrecondition, "STALE_INCARNATION", "x"));
  EXPECT_TRUE(keeper_->status().fenced);
}

TEST_F(LeaseKeeperTest, AnUnansweredQuestionEndsTheConnection) {
  LastWant();
  pool_->Wait(set_, Nano(100), [] {});
  executor_.RunReady();
  executor_.Advance(absl::Seconds(8), absl::Milliseconds(50));
  EXPECT_GE(peer_.opened, 2);
}

TEST_F(LeaseKeeperTest, AnEndedPeriodIsReleasedAndForgotten) {
  const Account* day =
      pool_->Open("budget/bud_1/day", "bud_1", true, clock_.Wall() + absl::Seconds(20));
  AccountSet set;
  set.Add(day);
  LastWant();
  const auto waiter = pool_->Wait(set, Nano(100), [] {});
  executor_.RunReady();
  Answer(*LastWant(), 100);
  pool_->Forget(waiter);
  for (int i = 0; i < 30; ++i) {
    executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
    while (!peer_.sent.empty()) {
      const LeaseRequest request = peer_.Take();
      if (request.has_want()) Answer(request.want(), request.want().granted_nano_usd());
    }
  }
  EXPECT_EQ(pool_->Find("budget/bud_1/day"), nullptr);
}

TEST_F(LeaseKeeperTest, AtTheEndEverythingIdleGoesBack) {
  Fund(1000);
  keeper_->ReleaseAll();
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  EXPECT_EQ(want->released_nano_usd(), 1000);
}

TEST_F(LeaseKeeperTest, AnAccountThatWasIdleForLongIsForgottenOnBothSides) {
  Fund(100);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set_, Nano(60), &hold).kind, HoldResult::kHeld);
  pool_->Settle(std::move(hold), Nano(40));
  std::optional<LeaseRequest::Want> close;
  for (int s = 0; s < 400 && !close.has_value(); ++s) {
    executor_.Advance(absl::Seconds(1));
    while (!peer_.sent.empty()) {
      const LeaseRequest request = peer_.Take();
      if (!request.has_want()) continue;
      if (request.want().close()) {
        close = request.want();
      } else {
        Answer(request.want(), 100);
      }
    }
  }
  ASSERT_TRUE(close.has_value());
  EXPECT_EQ(close->need_nano_usd(), 0);
  EXPECT_EQ(close->granted_nano_usd(), 100);
  EXPECT_EQ(close->released_nano_usd(), 60);
  // Somebody comes while billing makes up its mind: nothing else is asked about the account.
  const auto waiter = pool_->Wait(set_, Nano(10), [] {});
  executor_.RunReady();
  EXPECT_FALSE(LastWant().has_value());
  LeaseResponse response;
  response.mutable_grant()->set_account(close->account());
  response.mutable_grant()->set_granted_nano_usd(100);
  response.mutable_grant()->set_nonce(close->nonce());
  response.mutable_grant()->set_closed(true);
  peer_.Say(response);
  EXPECT_EQ(pool_->Find("wallet/ws_1"), nullptr);
  EXPECT_TRUE(LeasePool::Closed(*wallet_));
  EXPECT_EQ(table_->used(), 0u);
  pool_->Forget(waiter);

  // A new life begins with totals of zero; what was said about the former one is not heard.
  wallet_ = pool_->Open("wallet/ws_1", "", true, absl::InfiniteFuture());
  set_ = AccountSet();
  set_.Add(wallet_);
  const auto again = pool_->Wait(set_, Nano(10), [] {});
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  EXPECT_EQ(want->granted_nano_usd(), 0);
  EXPECT_EQ(want->released_nano_usd(), 0);
  response.mutable_grant()->set_closed(false);
  peer_.Say(response);
  EXPECT_EQ(pool_->View(*wallet_).remaining, Money::Zero());
  Answer(*want, 25);
  EXPECT_EQ(pool_->View(*wallet_).remaining, Nano(25));
  pool_->Forget(again);
}

TEST_F(LeaseKeeperTest, ALeaseThatBillingWillNotEndGoesOn) {
  Fund(100);
  for (int s = 0; s < 400; ++s) {
    executor_.Advance(absl::Seconds(1));
    while (!peer_.sent.empty()) {
      const LeaseRequest request = peer_.Take();
      if (request.has_want()) Answer(request.want(), 100);  // closed: false.
    }
  }
  EXPECT_EQ(pool_->Find("wallet/ws_1"), wallet_);
  const auto waiter = pool_->Wait(set_, Nano(10), [] {});
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  EXPECT_EQ(want->need_nano_usd(), 10);
  EXPECT_EQ(want->granted_nano_usd(), 100);
  pool_->Forget(waiter);
}

TEST_F(LeaseKeeperTest, TheCapOfARunIsSaidInEveryWant) {
  const Account* run = pool_->Open("run/ws_1/run_x", "", true, absl::InfiniteFuture());
  LeasePool::StateCap(*run, Nano(700));
  AccountSet set;
  set.Add(run);
  LastWant();
  const auto waiter = pool_->Wait(set, Nano(10), [] {});
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  EXPECT_EQ(want->cap_nano_usd(), 700);
  Answer(*want, 0, lease::v1::SHORTAGE_UNKNOWN_ACCOUNT, 0);
  EXPECT_EQ(pool_->Explain(set, Nano(10)).kind, HoldResult::kUnknownRun);
  pool_->Forget(waiter);
}

}  // namespace
}  // namespace tollgate::dataplane
