#include "dataplane/rate/rate_meter.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

MonotonicTime At(double seconds) {
  return MonotonicTime::FromNanoseconds(1'000'000'000'000 +
                                        static_cast<std::int64_t>(seconds * 1e9));
}

TEST(RateBucketTest, LetsAMinutesWorthInAtOnceAndThenOneAfterAnother) {
  RateBucket bucket;
  const RateShare share{.per_minute = 6};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(bucket.Left(share, At(0)).remaining, 6 - i);
    EXPECT_EQ(bucket.Take(1, share, At(0)), absl::ZeroDuration()) << i;
  }
  EXPECT_EQ(bucket.Take(1, share, At(0)), absl::Seconds(10));
  EXPECT_EQ(bucket.Take(1, share, At(9)), absl::Seconds(1));
  EXPECT_EQ(bucket.Left(share, At(9)).remaining, 0);
  EXPECT_EQ(bucket.Take(1, share, At(10)), absl::ZeroDuration());
  EXPECT_EQ(bucket.Left(share, At(10)).reset, absl::Seconds(60));
  EXPECT_EQ(bucket.Left(share, At(1000)).remaining, 6);
  EXPECT_EQ(bucket.Left(share, At(1000)).reset, absl::ZeroDuration());
}

TEST(RateBucketTest, NodesTogetherLetInWhatTheLimitSays) {
  const RateShare share{.per_minute = 10, .nodes = 3};
  int served = 0;
  for (int node = 0; node < 3; ++node) {
    RateBucket bucket;
    while (bucket.Take(1, share, At(0)) == absl::ZeroDuration()) ++served;
  }
  EXPECT_EQ(served, 9) << "three each, and the tenth of the limit in parts";
}

TEST(RateBucketTest, ALimitBelowTheNumberOfNodesStillLetsOneInAtATime) {
  RateBucket bucket;
  const RateShare share{.per_minute = 1, .nodes = 4};
  EXPECT_EQ(bucket.Take(1, share, At(0)), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(1, share, At(0)), absl::Minutes(4));
}

TEST(RateBucketTest, WhatIsMoreThanTheBucketIsTakenWhenItIsFull) {
  RateBucket bucket;
  const RateShare share{.per_minute = 1000};
  EXPECT_EQ(bucket.Take(5000, share, At(0)), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(1, share, At(60)),
            absl::Minutes(4) - absl::Seconds(60) + absl::Milliseconds(60));
}

TEST(RateBucketTest, Corrects) {
  RateBucket bucket;
  const RateShare share{.per_minute = 600};
  EXPECT_EQ(bucket.Take(100, share, At(0)), absl::ZeroDuration());
  bucket.Settle(100, 60, share, At(0));
  EXPECT_EQ(bucket.Left(share, At(0)).remaining, 540);
  bucket.Settle(60, 1200, share, At(0));
  EXPECT_EQ(bucket.Left(share, At(0)).remaining, 0);
  EXPECT_EQ(bucket.Take(10, share, At(0)), absl::Seconds(61))
      << "what was used too much is waited for";
}

// Two tokens a minute for three nodes: a request takes far more than all of them have.
TEST(RateBucketTest, NodesKeepToALimitOfFewerTokensThanThereAreNodes) {
  const RateShare share{.per_minute = 2, .nodes = 3};
  constexpr int kTokens = 30;
  constexpr int kMinutes = 24 * 60;
  RateBucket nodes[3];
  int at_once = 0;
  int taken = 0;
  for (int minute = 0; minute < kMinutes; ++minute) {
    for (RateBucket& bucket : nodes) {
      if (bucket.Take(kTokens, share, At(60.0 * minute)) != absl::ZeroDuration()) continue;
      bucket.Settle(kTokens, kTokens + 10, share, At(60.0 * minute));
      taken += kTokens + 10;
      if (minute == 0) ++at_once;
    }
  }
  EXPECT_EQ(at_once, 3) << "one a node";
  EXPECT_LE(taken, 2 * kMinutes + 3 * (kTokens + 10));
  EXPECT_GE(taken, 2 * kMinutes - 3 * (kTokens + 10)) << "and what is allowed is let in";
}

// The estimate alone owes for longer than is ever waited for: what was used is owed all the same.
TEST(RateBucketTest, WhatWasUsedIsOwedHoweverGreatTheEstimateWas) {
  RateBucket bucket;
  const RateShare share{.per_minute = 1, .nodes = 3};
  ASSERT_EQ(bucket.Take(2000, share, At(0)), absl::ZeroDuration());
  EXPECT_EQ(bucket.Left(share, At(0)).reset, kRateOwedMax);
  bucket.Settle(2000, 100, share, At(0));
  EXPECT_EQ(bucket.Left(share, At(0)).reset, absl::Minutes(300));
  EXPECT_EQ(bucket.Take(1, share, At(0)), absl::Minutes(300));
  ASSERT_EQ(bucket.Take(1, share, At(300 * 60.0)), absl::ZeroDuration());
  bucket.Settle(1, 1'000'000, share, At(300 * 60.0));
  EXPECT_EQ(bucket.Left(share, At(300 * 60.0)).reset, kRateOwedMax) << "and no longer than a day";
}

TEST(RateBucketTest, ThreadsTogetherTakeNoMoreThanThereIs) {
  RateBucket bucket;
  const RateShare share{.per_minute = 1000};
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        if (bucket.Take(1, share, At(0)) == absl::ZeroDuration()) ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 1000);
}

TEST(RateBucketTest, HugeLimitsAndCountsDoNotOverflow) {
  RateBucket bucket;
  const RateShare huge{.per_minute = std::int64_t{1} << 62, .nodes = 1000};
  EXPECT_EQ(bucket.Take(std::int64_t{1} << 40, huge, At(0)), absl::ZeroDuration());
  EXPECT_GT(bucket.Left(huge, At(0)).remaining, 0);
  const RateShare tiny{.per_minute = 1, .nodes = 1'000'000};
  RateBucket other;
  EXPECT_EQ(other.Take(std::int64_t{1} << 62, tiny, At(0)), absl::ZeroDuration());
  other.Settle(0, std::int64_t{1} << 62, tiny, At(0));
  EXPECT_GT(other.Take(1, tiny, At(0)), absl::Hours(20));
}

}  // namespace
}  // namespace tollgate::dataplane
