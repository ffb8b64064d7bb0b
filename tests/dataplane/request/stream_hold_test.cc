#include "dataplane/request/stream_hold.h"

#include <algorithm>

#include "dataplane/limits.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

using Coverage = StreamHold::Coverage;

TEST(StreamHoldTest, AWholeHoldNeverGrows) {
  StreamHold hold;
  hold.StartWhole(100);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(hold.Look(7), Coverage::kCovered) << i;
    EXPECT_EQ(hold.Wanted(7), 0);
    hold.Take(7);
  }
}

TEST(StreamHoldTest, AProviderBeyondItsLimitIsFoundByEventsAndBytesTogether) {
  StreamHold hold;
  hold.StartWhole(10);
  // Ten tokens of five bytes each; the eleventh is one too many.
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(hold.Look(5), Coverage::kCovered) << i;
    hold.Take(5);
  }
  EXPECT_EQ(hold.Look(0), Coverage::kCovered) << "the finish reason and the usage are welcome";
  EXPECT_EQ(hold.Look(5), Coverage::kOverLimit);

  hold.StartWhole(10);  // Ten long tokens in two events are honest.
  hold.Take(100);
  EXPECT_EQ(hold.Look(100), Coverage::kCovered);

  hold.StartWhole(10);  // So are tokens that somebody cut into single bytes.
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(hold.Look(1), Coverage::kCovered) << i;
    hold.Take(1);
  }
}

TEST(StreamHoldTest, ChunksCoverEveryByteAheadOfTime) {
  StreamHold hold;
  hold.StartInChunks(kStreamChunkTokens, 100'000);
  std::int64_t bytes = 0;
  std::int64_t events = 0;
  for (int i = 0; i < 5000; ++i) {
    if (const std::int64_t wanted = hold.Wanted(9); wanted > 0) {
      EXPECT_LT(hold.held() - bytes - events, kStreamAheadTokens + kStreamOverheadTokens + 20);
      hold.Grown(wanted);
    }
    ASSERT_EQ(hold.Look(9), Coverage::kCovered) << i;
    hold.Take(9);
    bytes += 9;
    ++events;
    ASSERT_GE(hold.held(), bytes + events);
  }
  EXPECT_EQ(hold.held() % kStreamChunkTokens, 0);
}

TEST(StreamHoldTest, WithoutGrowthItEndsWhereTheHoldEnds) {
  StreamHold hold;
  hold.StartInChunks(kStreamChunkTokens, 100'000);
  std::int64_t bytes = 0;
  while (hold.Look(9) == Coverage::kCovered) {
    hold.Take(9);
    bytes += 9;
  }
  EXPECT_EQ(hold.Look(9), Coverage::kNeedsMore);
  EXPECT_GE(hold.Wanted(9), kStreamChunkTokens);
  EXPECT_LE(bytes, kStreamChunkTokens);
  EXPECT_EQ(hold.Look(0), Coverage::kCovered) << "its usage may still come";
}

TEST(StreamHoldTest, OneLargeEventIsCoveredAtOnce) {
  StreamHold hold;
  hold.StartInChunks(kStreamChunkTokens, 1'000'000);
  ASSERT_EQ(hold.Look(50'000), Coverage::kNeedsMore);
  hold.Grown(hold.Wanted(50'000));
  EXPECT_EQ(hold.Look(50'000), Coverage::kCovered);
}

TEST(StreamHoldTest, NeverMoreThanTheModelCanWrite) {
  StreamHold hold;
  hold.StartInChunks(std::min<std::int64_t>(kStreamChunkTokens, 3000), 3000);
  while (hold.Wanted(4) == 0) {
    ASSERT_EQ(hold.Look(4), Coverage::kCovered);
    hold.Take(4);
  }
  EXPECT_EQ(hold.Wanted(4), 3000 - kStreamChunkTokens);
  hold.Grown(hold.Wanted(4));
  // Twelve thousand bytes are three thousand tokens: beyond what is held by bytes, not by tokens.
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(hold.Look(5), Coverage::kCovered) << i;
    ASSERT_EQ(hold.Wanted(5), 0);
    hold.Take(5);
  }
}

}  // namespace
}  // namespace tollgate::dataplane
