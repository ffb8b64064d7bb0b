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
  bucket.Correct(-40, share, At(0));
  EXPECT_EQ(bucket.Left(share, At(0)).remaining, 540);
  bucket.Correct(1140, share, At(0));
  EXPECT_EQ(bucket.Left(share, At(0)).remaining, 0);
  EXPECT_EQ(bucket.Take(10, share, At(0)), absl::Seconds(61))
      << "what was used too much is waited for";
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
  other.Correct(std::int64_t{1} << 62, tiny, At(0));
  EXPECT_GT(other.Take(1, tiny, At(0)), absl::Hours(20));
}

}  // namespace
}  // namespace tollgate::dataplane
