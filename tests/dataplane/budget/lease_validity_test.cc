// Until when leases may be drawn on: configuration, passes, and what is given up.
#include <optional>

#include "tests/dataplane/budget/lease_keeper_fixture.h"

namespace tollgate::dataplane {
namespace {

using LeaseValidityTest = LeaseKeeperFixture;

// A key may be revoked that the node does not know of: what it has runs out.
TEST_F(LeaseValidityTest, IsNotRenewedWhereItIsBehindWhatBinds) {
  Fund(1000);
  // For how many of so many seconds a request each was served.
  const auto served_for_s = [this](int seconds) {
    int served = 0;
    for (int second = 1; second <= seconds; ++second) {
      Hold hold;
      std::optional<LeasePool::WaiterId> waiter;
      if (pool_->TryHold(set_, Nano(1), &hold).kind == HoldResult::kHeld) {
        pool_->Release(std::move(hold));
        ++served;
      } else {
        waiter = pool_->Wait(set_, Nano(1), [] {});
      }
      executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
      while (const auto want = LastWant()) {
        Answer(*want, want->granted_nano_usd() + want->need_nano_usd());
      }
      if (waiter.has_value()) pool_->Forget(*waiter);
    }
    return served;
  };
  confirmed_ = false;
  EXPECT_EQ(served_for_s(200), 200) << "nothing was taken from anybody";
  ++binding_revision_;
  const int served = served_for_s(200);
  EXPECT_GE(served, 25) << "the time of the last renewal";
  EXPECT_LE(served, 60) << "and no more";
  EXPECT_EQ(pool_->Explain(set_, Nano(1)).kind, HoldResult::kUnavailable);
  ++own_revision_;
  EXPECT_GE(served_for_s(20), 19) << "and it is back with the configuration";
}

// Billing is often a few milliseconds ahead.
TEST_F(LeaseValidityTest, WhatIsGrantedForALaterConfigurationCountsFromWhenItComes) {
  ++binding_revision_;
  int woken = 0;
  const auto ask = [&] { return pool_->Wait(set_, Nano(100), [&] { ++woken; }); };
  const LeasePool::WaiterId first = ask();
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  Answer(*want, 400);
  EXPECT_EQ(woken, 1);
  Hold hold;
  EXPECT_EQ(pool_->TryHold(set_, Nano(100), &hold).kind, HoldResult::kShort);
  pool_->Forget(first);
  const LeasePool::WaiterId second = ask();
  executor_.RunReady();
  EXPECT_FALSE(LastWant().has_value()) << "not asked again in vain";
  ++own_revision_;
  executor_.Advance(absl::Milliseconds(100), absl::Milliseconds(100));
  EXPECT_EQ(woken, 2);
  pool_->Forget(second);
  ASSERT_EQ(pool_->TryHold(set_, Nano(100), &hold).kind, HoldResult::kHeld);
  pool_->Release(std::move(hold));
  int seconds = 0;
  while (seconds < 100 && pool_->TryHold(set_, Nano(100), &hold).kind == HoldResult::kHeld) {
    pool_->Release(std::move(hold));
    executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
    ++seconds;
  }
  EXPECT_EQ(seconds, 59) << "counted from when the question was sent all the same";
}

TEST_F(LeaseValidityTest, WhoIsLeftWithoutAnAnswerSaysSoWithinTwoSeconds) {
  Fund(100);
  ASSERT_TRUE(pool_->connected());
  const auto waiter = pool_->Wait(set_, Nano(500), [] {});
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_TRUE(pool_->connected());
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_FALSE(pool_->connected());
  EXPECT_EQ(pool_->Explain(set_, Nano(500)).kind, HoldResult::kUnavailable);
  Answer(*want, 600);
  EXPECT_TRUE(pool_->connected()) << "it was only late";
  pool_->Forget(waiter);
}

TEST_F(LeaseValidityTest, ALoweredCapEndsAlsoWhatWaitsForConfiguration) {
  ++binding_revision_;
  const auto waiter = pool_->Wait(set_, Nano(100), [] {});
  executor_.RunReady();
  const auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  Answer(*want, 400);
  pool_->Forget(waiter);
  LeaseRequest::Want nobody;
  nobody.set_account(want->account());
  Answer(nobody, 400, lease::v1::SHORTAGE_UNSPECIFIED, 0);
  ++own_revision_;
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  Hold hold;
  EXPECT_EQ(pool_->TryHold(set_, Nano(1), &hold).kind, HoldResult::kShort);
}

// The customer's own credential draws on nothing: the wallet's lease is its pass.
TEST_F(LeaseValidityTest, APassIsInForceWhileEitherServiceSaysSo) {
  AccountSet byok;
  byok.SetPass(wallet_);
  const auto served = [&] {
    Hold hold;
    const bool held = pool_->TryHold(byok, Nano(500), &hold).kind == HoldResult::kHeld;
    if (held) pool_->Release(std::move(hold));
    return held;
  };
  EXPECT_TRUE(served()) << "the control plane says so";
  confirmed_ = false;
  executor_.Advance(absl::Milliseconds(100), absl::Milliseconds(100));
  EXPECT_FALSE(served()) << "nobody has said so yet";
  auto want = LastWant();
  ASSERT_TRUE(want.has_value());
  Answer(*want, 0);
  for (int second = 0; second < 200; ++second) {
    executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
    while ((want = LastWant())) Answer(*want, 0);
    EXPECT_TRUE(served()) << "billing says so";
  }
  ++binding_revision_;
  int seconds = 0;
  for (; served() && seconds < 200; ++seconds) {
    executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
    while ((want = LastWant())) Answer(*want, 0);
  }
  EXPECT_GE(seconds, 25);
  EXPECT_LE(seconds, 60) << "a revoked key ends with the time of the lease";
  EXPECT_EQ(pool_->Explain(byok, Nano(500)).kind, HoldResult::kUnavailable);
  bool woken = false;
  const auto waiter = pool_->Wait(byok, Nano(500), [&] { woken = true; });
  ++own_revision_;
  executor_.Advance(absl::Milliseconds(100), absl::Milliseconds(100));
  EXPECT_TRUE(woken);
  pool_->Forget(waiter);
  EXPECT_TRUE(served());
}

TEST_F(LeaseValidityTest, GivesUpAFormerRunsLeasesOnceNothingDrawsOnThem) {
  Fund(1000);
  Boot(2);
  Hold hold;
  ASSERT_EQ(pool_->TryHold(set_, Nano(300), &hold).kind, HoldResult::kHeld) << "of the inherited";
  peer_.sent.clear();
  LeaseResponse response;
  response.mutable_give_up()->set_incarnation(1);
  peer_.Say(response);
  const auto given_up = [this] {
    bool found = false;
    while (!peer_.sent.empty()) {
      const LeaseRequest request = peer_.Take();
      if (!request.has_given_up()) continue;
      EXPECT_EQ(request.given_up().incarnation(), 1u);
      found = true;
    }
    return found;
  };
  Hold other;
  EXPECT_EQ(pool_->TryHold(set_, Nano(1), &other).kind, HoldResult::kShort) << "nothing new";
  acknowledged_ = true;
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_FALSE(given_up()) << "a request still holds some of it";
  pool_->Settle(std::move(hold), Nano(100));
  acknowledged_ = false;
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_FALSE(given_up()) << "its record is not acknowledged";
  acknowledged_ = true;
  executor_.Advance(absl::Milliseconds(100), absl::Milliseconds(100));
  EXPECT_TRUE(given_up());
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_FALSE(given_up()) << "once";

  response.mutable_give_up()->set_incarnation(2);
  peer_.Say(response);
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_FALSE(given_up()) << "the running one's are not given up";
}

}  // namespace
}  // namespace tollgate::dataplane
