#include "billing/ingest/lanes.h"

#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

const LaneKey kLane{"n", 1, 0};

TEST(LanesTest, OneNumberTellsNextRepeatedAndGap) {
  Lanes lanes;
  const Sha256Digest digest = Sha256("a");
  EXPECT_EQ(lanes.Judge({kLane, 1}, digest), Arrival::kNext);
  EXPECT_EQ(lanes.Judge({kLane, 2}, digest), Arrival::kGap);
  lanes.Advance({kLane, 1}, digest);
  EXPECT_EQ(lanes.Judge({kLane, 1}, digest), Arrival::kRepeated);
  EXPECT_EQ(lanes.Judge({kLane, 2}, digest), Arrival::kNext);
  EXPECT_EQ(lanes.Judge({kLane, 3}, digest), Arrival::kGap);
  EXPECT_EQ(lanes.Watermark(kLane), 1u);
  EXPECT_EQ(lanes.Watermark({"n", 1, 1}), 0u);
}

TEST(LanesTest, TheSameIdWithOtherContentsIsRecognizedAmongTheLast) {
  Lanes lanes;
  for (std::uint64_t s = 1; s <= kLaneDigestsMax + 1; ++s) {
    lanes.Advance({kLane, s}, Sha256(std::to_string(s)));
  }
  EXPECT_EQ(lanes.Judge({kLane, 2}, Sha256("2")), Arrival::kRepeated);
  EXPECT_EQ(lanes.Judge({kLane, 2}, Sha256("x")), Arrival::kContradicts);
  EXPECT_EQ(lanes.Judge({kLane, kLaneDigestsMax + 1}, Sha256("x")), Arrival::kContradicts);
  // The first is forgotten: acknowledged again, applied never.
  EXPECT_EQ(lanes.Judge({kLane, 1}, Sha256("x")), Arrival::kRepeated);
}

TEST(LanesTest, GoesOnFromItsRows) {
  Lanes first;
  for (std::uint64_t s = 1; s <= 3; ++s) first.Advance({kLane, s}, Sha256(std::to_string(s)));
  const LaneEffects effects = first.TakeEffects();
  EXPECT_TRUE(first.TakeEffects().digests.empty());
  Lanes second;
  second.Restore({effects.lanes.at(kLane)}, effects.digests);
  EXPECT_EQ(second.Watermark(kLane), 3u);
  EXPECT_EQ(second.Judge({kLane, 2}, Sha256("x")), Arrival::kContradicts);
  EXPECT_EQ(second.Judge({kLane, 4}, Sha256("x")), Arrival::kNext);
}

TEST(LanesTest, AClosedIncarnationKeepsItsWatermarksAlone) {
  Lanes lanes;
  const LaneKey other{"n", 2, 0};
  lanes.Advance({kLane, 1}, Sha256("a"));
  lanes.Advance({other, 1}, Sha256("a"));
  lanes.ForgetDigests("n", 1);
  EXPECT_EQ(lanes.TakeEffects().forgotten_digests, std::vector<LaneKey>{kLane});
  EXPECT_EQ(lanes.Judge({kLane, 1}, Sha256("x")), Arrival::kRepeated);
  EXPECT_EQ(lanes.Judge({other, 1}, Sha256("x")), Arrival::kContradicts);
  EXPECT_EQ(lanes.OfIncarnation("n", 1).size(), 1u);
}

}  // namespace
}  // namespace tollgate::billing
