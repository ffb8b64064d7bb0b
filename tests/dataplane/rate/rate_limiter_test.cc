#include "dataplane/rate/rate_limiter.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const MonotonicTime kNow = MonotonicTime::FromNanoseconds(5'000'000'000'000);

class RateLimiterTest : public testing::Test {
 protected:
  // A request of a key of the workspace; ended by the caller.
  std::optional<RateRefusal> Begin(RateAdmission& admission, MonotonicTime now = kNow) {
    const std::array<RateSubject, 2> subjects = {RateSubject{"key", "key_1", key_},
                                                 RateSubject{"workspace", "ws_1", workspace_}};
    return limiter_.Begin(subjects, now, &admission);
  }

  RateLimits key_;
  RateLimits workspace_;
  RateBook book_;
  RateLimiter limiter_{book_};
};

TEST_F(RateLimiterTest, WithoutLimitsNothingIsKept) {
  RateAdmission admission;
  EXPECT_FALSE(Begin(admission).has_value());
  EXPECT_FALSE(admission.limited());
  EXPECT_TRUE(RateLimiter::Headroom(admission, kNow).empty());
  EXPECT_EQ(book_.size(), 0u);
  RateLimiter::End(0, kNow, &admission);
}

TEST_F(RateLimiterTest, TheTightestLimitRefusesAndTheOthersAreNotCharged) {
  key_.requests_per_minute = 10;
  workspace_.requests_per_minute = 2;
  for (int i = 0; i < 2; ++i) {
    RateAdmission admission;
    EXPECT_FALSE(Begin(admission).has_value());
    RateLimiter::End(0, kNow, &admission);
  }
  RateAdmission admission;
  const auto refusal = Begin(admission);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->limit, RateRefusal::kRequests);
  EXPECT_EQ(refusal->kind, "workspace");
  EXPECT_EQ(refusal->allowed, 2);
  EXPECT_EQ(refusal->retry_after, absl::Seconds(30));
  const ProviderRates left = RateLimiter::Headroom(admission, kNow);
  EXPECT_EQ(left.requests.limit, 2);
  EXPECT_EQ(left.requests.remaining, 0);
  EXPECT_EQ(left.requests.reset, absl::Seconds(60));
  EXPECT_TRUE(left.tokens.empty());
  RateLimiter::End(0, kNow, &admission);
  // The refused request did not count against the key: eight are left.
  workspace_ = RateLimits();
  for (int i = 0; i < 8; ++i) {
    RateAdmission next;
    EXPECT_FALSE(Begin(next).has_value()) << i;
    RateLimiter::End(0, kNow, &next);
  }
  EXPECT_TRUE(Begin(admission).has_value());
  RateLimiter::End(0, kNow, &admission);
}

TEST_F(RateLimiterTest, RequestsAtTheSameTime) {
  key_.concurrent_requests = 2;
  RateAdmission first;
  RateAdmission second;
  EXPECT_FALSE(Begin(first).has_value());
  EXPECT_FALSE(Begin(second).has_value());
  RateAdmission third;
  const auto refusal = Begin(third);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->limit, RateRefusal::kConcurrent);
  EXPECT_GT(refusal->retry_after, absl::ZeroDuration());
  RateLimiter::End(0, kNow, &third);
  RateLimiter::End(0, kNow, &first);
  EXPECT_FALSE(Begin(third).has_value());
  RateLimiter::End(0, kNow, &second);
  RateLimiter::End(0, kNow, &third);
  book_.SetNodes(2);
  EXPECT_FALSE(Begin(first).has_value());
  EXPECT_TRUE(Begin(second).has_value()) << "half of the limit is another node's";
  RateLimiter::End(0, kNow, &first);
  RateLimiter::End(0, kNow, &second);
}

// What billing lends is the limit, whatever the number of nodes.
TEST_F(RateLimiterTest, ASmallLimitIsBorrowedAndNotRoundedUp) {
  key_.concurrent_requests = 2;
  book_.SetNodes(3);
  RateAdmission admission;
  EXPECT_FALSE(Begin(admission).has_value()) << "without billing nobody could say";
  EXPECT_EQ(book_.slots().unlent(), 1u) << "and it is told";
  RateLimiter::End(0, kNow, &admission);
  book_.slots().SetConnected(true);
  auto refusal = Begin(admission);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->limit, RateRefusal::kConcurrent);
  EXPECT_EQ(refusal->allowed, 2);
  EXPECT_EQ(admission.awaited_slot(), "concurrent/key/key_1");
  EXPECT_EQ(admission.awaited_limit(), 2);
  RateLimiter::End(0, kNow, &admission);
  book_.slots().Grant("concurrent/key/key_1", 1, false);
  ASSERT_FALSE(Begin(admission).has_value());
  RateAdmission second;
  EXPECT_TRUE(Begin(second).has_value());
  RateLimiter::End(0, kNow, &second);
  EXPECT_TRUE(Begin(second).has_value()) << "a refused one holds none";
  RateLimiter::End(0, kNow, &second);
  RateLimiter::End(0, kNow, &admission);
  EXPECT_FALSE(Begin(second).has_value());
  RateLimiter::End(0, kNow, &second);

  key_.concurrent_requests = 12;  // Four each.
  RateAdmission running[4];
  for (RateAdmission& one : running) EXPECT_FALSE(Begin(one).has_value());
  EXPECT_TRUE(Begin(second).has_value());
  EXPECT_EQ(second.awaited_slot(), "");
  RateLimiter::End(0, kNow, &second);
  for (RateAdmission& one : running) RateLimiter::End(0, kNow, &one);
}

TEST_F(RateLimiterTest, FewerRequestsAMinuteThanNodesAreLentForAMinute) {
  key_.requests_per_minute = 2;
  workspace_.requests_per_minute = 100;
  book_.SetNodes(3);
  book_.slots().SetConnected(true);
  RateAdmission admission;
  const auto refusal = Begin(admission);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->limit, RateRefusal::kRequests);
  EXPECT_EQ(refusal->retry_after, absl::Seconds(30));
  EXPECT_EQ(admission.awaited_slot(), "requests/key/key_1");
  RateLimiter::End(0, kNow, &admission);
  book_.slots().Grant("requests/key/key_1", 1, false);
  ASSERT_FALSE(Begin(admission).has_value());
  RateLimiter::End(0, kNow, &admission);
  EXPECT_TRUE(Begin(admission, kNow + absl::Seconds(59)).has_value());
  RateLimiter::End(0, kNow, &admission);
  book_.slots().TakeWants(kNow + absl::Minutes(1));
  EXPECT_FALSE(Begin(admission, kNow + absl::Minutes(1)).has_value());
  EXPECT_EQ(RateLimiter::Headroom(admission, kNow + absl::Minutes(1)).requests.limit, 2);
  RateLimiter::End(0, kNow, &admission);
}

TEST_F(RateLimiterTest, TokensAreTakenByEstimateAndCorrected) {
  key_.tokens_per_minute = 1000;
  RateAdmission admission;
  ASSERT_FALSE(Begin(admission).has_value());
  EXPECT_FALSE(limiter_.TakeTokens(100, kNow, &admission).has_value());
  RateLimiter::End(700, kNow, &admission);
  ASSERT_FALSE(Begin(admission).has_value());
  const auto refusal = limiter_.TakeTokens(400, kNow, &admission);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->limit, RateRefusal::kTokens);
  EXPECT_EQ(refusal->retry_after, absl::Seconds(6));
  const ProviderRates left = RateLimiter::Headroom(admission, kNow);
  EXPECT_TRUE(left.requests.empty());
  EXPECT_EQ(left.tokens.limit, 1000);
  EXPECT_EQ(left.tokens.remaining, 300);
  EXPECT_EQ(left.tokens.reset, absl::Seconds(42));
  RateLimiter::End(0, kNow, &admission);
  ASSERT_FALSE(Begin(admission).has_value());
  EXPECT_FALSE(limiter_.TakeTokens(300, kNow, &admission).has_value())
      << "the refused request took nothing";
  RateLimiter::End(300, kNow, &admission);
}

// Billing is away: what is not below the number of nodes stays within the limit for all together.
TEST_F(RateLimiterTest, WithoutBillingANodeKeepsToItsShare) {
  key_.concurrent_requests = 7;
  book_.SetNodes(3);
  RateAdmission running[2];
  for (RateAdmission& one : running) EXPECT_FALSE(Begin(one).has_value());
  RateAdmission third;
  EXPECT_TRUE(Begin(third).has_value()) << "two for each of three";
  RateLimiter::End(0, kNow, &third);
  for (RateAdmission& one : running) RateLimiter::End(0, kNow, &one);
  EXPECT_EQ(book_.slots().unlent(), 0u);

  key_.concurrent_requests = 2;
  EXPECT_FALSE(Begin(running[0]).has_value());
  EXPECT_TRUE(Begin(running[1]).has_value()) << "one at a time";
  EXPECT_EQ(book_.slots().unlent(), 1u) << "refused ones are none";
  RateLimiter::End(0, kNow, &running[0]);
  RateLimiter::End(0, kNow, &running[1]);
}

TEST_F(RateLimiterTest, FewerTokensAMinuteThanNodes) {
  key_.tokens_per_minute = 2;
  book_.SetNodes(3);
  book_.slots().SetConnected(true);
  RateAdmission admission;
  ASSERT_FALSE(Begin(admission).has_value()) << "tokens are not lent";
  EXPECT_FALSE(limiter_.TakeTokens(12, kNow, &admission).has_value());
  RateLimiter::End(20, kNow, &admission);
  ASSERT_FALSE(Begin(admission).has_value());
  const auto refusal = limiter_.TakeTokens(12, kNow, &admission);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->limit, RateRefusal::kTokens);
  EXPECT_EQ(refusal->allowed, 2);
  EXPECT_EQ(refusal->retry_after, absl::Minutes(30)) << "20 tokens at two thirds a minute";
  EXPECT_EQ(RateLimiter::Headroom(admission, kNow).tokens.limit, 2);
  EXPECT_EQ(RateLimiter::Headroom(admission, kNow).tokens.remaining, 0);
  RateLimiter::End(0, kNow, &admission);
  const MonotonicTime later = kNow + absl::Minutes(30);
  ASSERT_FALSE(Begin(admission, later).has_value());
  EXPECT_FALSE(limiter_.TakeTokens(12, later, &admission).has_value());
  RateLimiter::End(12, later, &admission);
}

TEST(RateBookTest, MetersThatSayNothingAreDroppedWhenThereAreMany) {
  RateBook book(100);
  const auto held = book.Open("held", kNow);
  const auto busy = book.Open("busy", kNow);
  busy->requests.Take(1, {.per_minute = 1}, kNow);
  for (int i = 0; i < 1000; ++i) book.Open(absl::StrCat("key/", i), kNow);
  EXPECT_LE(book.size(), 200u);
  EXPECT_EQ(book.Open("held", kNow), held);
  EXPECT_EQ(book.Open("busy", kNow), busy);
}

}  // namespace
}  // namespace tollgate::dataplane
