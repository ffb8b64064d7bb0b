#include "base/clock.h"

#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace tollgate {
namespace {

TEST(MonotonicTimeTest, AddsAndSubtracts) {
  const MonotonicTime start = MonotonicTime::FromNanoseconds(5);
  EXPECT_EQ((start + absl::Microseconds(1)).nanoseconds(), 1005);
  EXPECT_EQ((start - absl::Nanoseconds(6)).nanoseconds(), -1);
  EXPECT_EQ((start + absl::Seconds(3)) - start, absl::Seconds(3));
  EXPECT_LT(start, start + absl::Nanoseconds(1));
}

TEST(MonotonicTimeTest, Saturates) {
  const MonotonicTime start = MonotonicTime::FromNanoseconds(5);
  EXPECT_EQ(start + absl::InfiniteDuration(), MonotonicTime::InfiniteFuture());
  EXPECT_EQ(start - absl::InfiniteDuration() - absl::InfiniteDuration(),
            MonotonicTime::InfinitePast());
  EXPECT_EQ(MonotonicTime::InfiniteFuture() - absl::Seconds(1), MonotonicTime::InfiniteFuture());
  EXPECT_EQ(MonotonicTime::InfiniteFuture() - start, absl::InfiniteDuration());
  EXPECT_EQ(start - MonotonicTime::InfiniteFuture(), -absl::InfiniteDuration());
  EXPECT_EQ(MonotonicTime::InfiniteFuture() - MonotonicTime::InfiniteFuture(),
            absl::ZeroDuration());
}

TEST(RealClockTest, MonotonicNeverGoesBackAndWallIsNow) {
  const MonotonicTime first = RealClock().Monotonic();
  EXPECT_LE(first, RealClock().Monotonic());
  EXPECT_GT(RealClock().Wall(), absl::FromUnixSeconds(1'700'000'000));
}

TEST(FakeClockTest, MovesOnlyWhenTold) {
  FakeClock clock;
  const absl::Time wall = clock.Wall();
  const MonotonicTime monotonic = clock.Monotonic();
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(clock.Wall() - wall, absl::Seconds(2));
  EXPECT_EQ(clock.Monotonic() - monotonic, absl::Seconds(2));
  clock.SetWall(wall - absl::Hours(24));
  EXPECT_EQ(clock.Wall(), wall - absl::Hours(24));
  EXPECT_EQ(clock.Monotonic() - monotonic, absl::Seconds(2));
}

}  // namespace
}  // namespace tollgate
