#include "base/backoff.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace tollgate {
namespace {

constexpr BackoffOptions kOptions{.delay_initial = absl::Milliseconds(100),
                                  .delay_max = absl::Seconds(1)};

TEST(BackoffTest, TheCeilingDoublesUpToTheMaximum) {
  EXPECT_EQ(BackoffCeiling(kOptions, 0), absl::Milliseconds(100));
  EXPECT_EQ(BackoffCeiling(kOptions, 1), absl::Milliseconds(200));
  EXPECT_EQ(BackoffCeiling(kOptions, 3), absl::Milliseconds(800));
  EXPECT_EQ(BackoffCeiling(kOptions, 4), absl::Seconds(1));
  EXPECT_EQ(BackoffCeiling(kOptions, 1'000'000), absl::Seconds(1));
}

TEST(BackoffTest, JittersOverTheWholeRange) {
  SeededRandom random(5);
  absl::Duration least = absl::InfiniteDuration();
  absl::Duration most = absl::ZeroDuration();
  for (int i = 0; i < 1'000; ++i) {
    Backoff backoff(kOptions);
    const absl::Duration delay = backoff.Next(random);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, absl::ZeroDuration());
  EXPECT_LT(least, absl::Milliseconds(5));
  EXPECT_GT(most, absl::Milliseconds(95));
  EXPECT_LE(most, absl::Milliseconds(100));
}

TEST(BackoffTest, CountsFailuresAndBeginsAnew) {
  SeededRandom random(5);
  Backoff backoff(kOptions);
  for (int i = 0; i < 10; ++i) EXPECT_LE(backoff.Next(random), BackoffCeiling(kOptions, i));
  EXPECT_EQ(backoff.retries(), 10);
  backoff.Reset();
  EXPECT_EQ(backoff.retries(), 0);
  EXPECT_LE(backoff.Next(random), absl::Milliseconds(100));
}

}  // namespace
}  // namespace tollgate
