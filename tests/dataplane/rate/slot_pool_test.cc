#include "dataplane/rate/slot_pool.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace tollgate::dataplane {
namespace {

constexpr const char* kKey = "concurrent/key/key_1";

class SlotPoolTest : public testing::Test {
 protected:
  SlotPoolTest() { pool_.SetConnected(true); }

  // The news as "in use/returned/wanted"; "" for none.
  std::string News() {
    std::string text;
    for (const SlotWant& news : pool_.TakeWants(clock_.Monotonic())) {
      EXPECT_EQ(news.subject, kKey);
      if (news.wanted > 0) EXPECT_EQ(news.limit, 2);
      text += std::to_string(news.in_use) + "/" + std::to_string(news.returned) + "/" +
              std::to_string(news.wanted);
    }
    return text;
  }
  SlotPool::WaiterId Wait() {
    return pool_.Wait(kKey, 2, [this] { ++woken_; });
  }
  void Return() { pool_.Return(kKey, clock_.Monotonic(), clock_.Monotonic()); }

  FakeClock clock_;
  SlotPool pool_;
  int woken_ = 0;
};

TEST_F(SlotPoolTest, ASlotIsBorrowedAndStaysForAWhile) {
  EXPECT_FALSE(pool_.Take(kKey, 2));
  const auto waiter = Wait();
  EXPECT_EQ(News(), "0/0/1");
  EXPECT_EQ(News(), "") << "said once";
  pool_.Grant(kKey, 1, false);
  EXPECT_EQ(woken_, 1);
  pool_.Forget(waiter);
  EXPECT_TRUE(pool_.Take(kKey, 2));
  EXPECT_FALSE(pool_.Take(kKey, 2));
  Return();
  EXPECT_EQ(News(), "");
  EXPECT_TRUE(pool_.Take(kKey, 2)) << "the next request asks nobody";
  Return();
  clock_.Advance(SlotPool::kIdle + absl::Milliseconds(1));
  EXPECT_EQ(News(), "0/1/0");
  EXPECT_FALSE(pool_.Take(kKey, 2));
  EXPECT_EQ(News(), "");
}

TEST_F(SlotPoolTest, WhatOthersWaitForGoesBackAtOnce) {
  int keeper_woken = 0;
  pool_.SetWake([&] { ++keeper_woken; });
  const auto waiter = Wait();
  EXPECT_EQ(keeper_woken, 1);
  News();
  pool_.Grant(kKey, 1, false);
  pool_.Forget(waiter);
  ASSERT_TRUE(pool_.Take(kKey, 2));
  pool_.Grant(kKey, 0, /*recalled=*/true);
  EXPECT_EQ(News(), "") << "it is in use";
  keeper_woken = 0;
  Return();
  EXPECT_EQ(keeper_woken, 1);
  EXPECT_EQ(News(), "0/1/0");
}

TEST_F(SlotPoolTest, OwnRequestsThatWaitComeFirst) {
  const auto first = Wait();
  News();
  pool_.Grant(kKey, 1, false);
  pool_.Forget(first);
  ASSERT_TRUE(pool_.Take(kKey, 2));
  const auto second = Wait();
  EXPECT_EQ(News(), "0/0/1");
  pool_.Grant(kKey, 0, true);
  woken_ = 0;
  Return();
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(News(), "0/0/0") << "what it has is enough";
  ASSERT_TRUE(pool_.Take(kKey, 2));
  pool_.Forget(second);
  Return();
  EXPECT_EQ(News(), "0/1/0");
}

TEST_F(SlotPoolTest, WhoGivesUpWaitingIsNotCalled) {
  const auto waiter = Wait();
  EXPECT_EQ(News(), "0/0/1");
  pool_.Forget(waiter);
  EXPECT_EQ(News(), "0/0/0");
  pool_.Grant(kKey, 1, false);
  EXPECT_EQ(woken_, 0);
  EXPECT_EQ(News(), "0/1/0") << "the grant that crossed it goes back";
}

TEST_F(SlotPoolTest, ANewStreamHearsWhatIsInUseAndOwesNothingElse) {
  const auto one = Wait();
  const auto two = Wait();
  News();
  pool_.Grant(kKey, 2, false);
  pool_.Forget(one);
  pool_.Forget(two);
  ASSERT_TRUE(pool_.Take(kKey, 2));
  pool_.SetConnected(false);
  EXPECT_EQ(News(), "");
  EXPECT_FALSE(pool_.Take(kKey, 2)) << "the idle one was of the former stream";
  pool_.SetConnected(true);
  EXPECT_EQ(News(), "1/0/0");
  Return();
  clock_.Advance(SlotPool::kIdle + absl::Milliseconds(1));
  EXPECT_EQ(News(), "0/1/0");
}

TEST_F(SlotPoolTest, ASlotForAMinuteIsFreeAfterIt) {
  const auto waiter = Wait();
  News();
  pool_.Grant(kKey, 1, false);
  pool_.Forget(waiter);
  ASSERT_TRUE(pool_.Take(kKey, 2));
  pool_.Return(kKey, clock_.Monotonic() + absl::Minutes(1), clock_.Monotonic());
  clock_.Advance(absl::Seconds(59));
  EXPECT_EQ(News(), "");
  EXPECT_FALSE(pool_.Take(kKey, 2));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(News(), "");
  EXPECT_TRUE(pool_.Take(kKey, 2));
}

}  // namespace
}  // namespace tollgate::dataplane
