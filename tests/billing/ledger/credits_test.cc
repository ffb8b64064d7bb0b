#include "billing/ledger/credits.h"

#include <gtest/gtest.h>

#include <vector>

namespace tollgate::billing {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

TEST(CreditBookTest, SpendsWhatEndsFirst) {
  CreditBook book;
  book.Add("ws_1", 1, Nano(10), kNow + absl::Hours(2));
  book.Add("ws_1", 2, Nano(10), kNow + absl::Hours(1));
  book.Add("ws_2", 3, Nano(99), kNow + absl::Hours(1));
  EXPECT_EQ(book.Share("ws_1", Nano(15)), Nano(15));
  EXPECT_EQ(book.Share("ws_1", Nano(25)), Nano(20));
  EXPECT_EQ(book.Share("ws_9", Nano(25)), Nano(0));
  book.Take("ws_1", Nano(15));
  const std::vector<CreditRow> left = book.List("ws_1");
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].sequence, 1u);
  EXPECT_EQ(left[0].remaining, Nano(5));
  EXPECT_EQ(book.Remaining("ws_2"), Nano(99));
}

TEST(CreditBookTest, WhatIsLeftAfterItsTimeIsDue) {
  CreditBook book;
  book.Add("ws_1", 1, Nano(10), kNow + absl::Hours(1));
  book.Add("ws_1", 2, Nano(20), kNow + absl::Hours(2));
  EXPECT_EQ(book.NextExpiry(), kNow + absl::Hours(1));
  EXPECT_TRUE(book.Expire(kNow).empty());
  EXPECT_EQ(book.Due("ws_1"), Nano(0));
  EXPECT_EQ(book.Expire(kNow + absl::Hours(1)), (std::vector<std::string>{"ws_1"}));
  EXPECT_EQ(book.Due("ws_1"), Nano(10));
  EXPECT_TRUE(book.Expire(kNow + absl::Hours(1)).empty());  // Once.
  book.Take("ws_1", Nano(4));                               // Spent by a request that was running.
  EXPECT_EQ(book.Due("ws_1"), Nano(6));
  EXPECT_EQ(book.Expire(kNow + absl::Hours(3)), (std::vector<std::string>{"ws_1"}));
  EXPECT_EQ(book.Due("ws_1"), Nano(26));
  EXPECT_EQ(book.NextExpiry(), absl::InfiniteFuture());
}

TEST(CreditBookTest, WhatIsDueGoesBeforeWhatWasGrantedWithTheClockSetBack) {
  CreditBook book;
  book.Add("ws_1", 1, Nano(10), kNow + absl::Hours(2));
  book.Expire(kNow + absl::Hours(2));
  // An hour and a half is taken off the clock, and a credit of half an hour granted.
  book.Add("ws_1", 2, Nano(20), kNow + absl::Hours(1));
  EXPECT_TRUE(book.Expire(kNow + absl::Minutes(30)).empty());
  EXPECT_EQ(book.Due("ws_1"), Nano(10));
  book.Take("ws_1", Nano(4));  // Leaves the wallet, or is spent.
  EXPECT_EQ(book.Due("ws_1"), Nano(6));
  EXPECT_EQ(book.Expire(kNow + absl::Hours(1)), (std::vector<std::string>{"ws_1"}));
  EXPECT_EQ(book.Due("ws_1"), Nano(26));
}

TEST(CreditBookTest, GoesOnFromItsRows) {
  CreditBook book;
  book.Add("ws_1", 1, Nano(10), kNow + absl::Hours(1));
  book.Add("ws_1", 2, Nano(20), kNow + absl::Hours(2));
  book.Expire(kNow + absl::Hours(1));
  book.Take("ws_1", Nano(3));
  CreditBook again;
  again.Restore(book.TakeEffects());
  EXPECT_EQ(again.List("ws_1"), book.List("ws_1"));
  EXPECT_EQ(again.Due("ws_1"), Nano(7));
  EXPECT_EQ(again.NextExpiry(), kNow + absl::Hours(2));
  EXPECT_TRUE(book.TakeEffects().empty());
  again.Take("ws_1", Nano(7));
  const std::vector<CreditRow> changed = again.TakeEffects();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_TRUE(changed[0].remaining.is_zero());  // To be removed.
}

}  // namespace
}  // namespace tollgate::billing
