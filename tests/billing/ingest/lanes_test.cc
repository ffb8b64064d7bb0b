#include "billing/ingest/lanes.h"

#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

const LaneKey kLane{"n", 1, 0};

// One record at a time.
Arrival Judge(Lanes& lanes, const RecordKey& record, const Sha256Digest& digest) {
  Lanes::Arrivals arrivals = lanes.Begin(record.lane);
  const Arrival arrival = arrivals.Judge(record.sequence, digest);
  lanes.End(std::move(arrivals));
  return arrival;
}

void Advance(Lanes& lanes, const RecordKey& record, const Sha256Digest& digest) {
  Lanes::Arrivals arrivals = lanes.Begin(record.lane);
  arrivals.Advance(record.sequence, digest);
  lanes.End(std::move(arrivals));
}

TEST(LanesTest, OneNumberTellsNextRepeatedAndGap) {
  Lanes lanes;
  const Sha256Digest digest = Sha256("a");
  EXPECT_EQ(Judge(lanes, {kLane, 1}, digest), Arrival::kNext);
  EXPECT_EQ(Judge(lanes, {kLane, 2}, digest), Arrival::kGap);
  Advance(lanes, {kLane, 1}, digest);
  EXPECT_EQ(Judge(lanes, {kLane, 1}, digest), Arrival::kRepeated);
  EXPECT_EQ(Judge(lanes, {kLane, 2}, digest), Arrival::kNext);
  EXPECT_EQ(Judge(lanes, {kLane, 3}, digest), Arrival::kGap);
  EXPECT_EQ(lanes.Watermark(kLane), 1u);
  EXPECT_EQ(lanes.Watermark({"n", 1, 1}), 0u);
}

TEST(LanesTest, TheSameIdWithOtherContentsIsRecognizedAmongTheLast) {
  Lanes lanes;
  for (std::uint64_t s = 1; s <= kLaneDigestsMax + 1; ++s) {
    Advance(lanes, {kLane, s}, Sha256(std::to_string(s)));
  }
  EXPECT_EQ(Judge(lanes, {kLane, 2}, Sha256("2")), Arrival::kRepeated);
  EXPECT_EQ(Judge(lanes, {kLane, 2}, Sha256("x")), Arrival::kContradicts);
  EXPECT_EQ(Judge(lanes, {kLane, kLaneDigestsMax + 1}, Sha256("x")), Arrival::kContradicts);
  // The first is forgotten: acknowledged again, applied never.
  EXPECT_EQ(Judge(lanes, {kLane, 1}, Sha256("x")), Arrival::kRepeated);
}

TEST(LanesTest, GoesOnFromItsRows) {
  Lanes first;
  for (std::uint64_t s = 1; s <= 3; ++s) Advance(first, {kLane, s}, Sha256(std::to_string(s)));
  const LaneEffects effects = first.TakeEffects();
  EXPECT_TRUE(first.TakeEffects().digests.empty());
  Lanes second;
  std::vector<DigestRow> rows;
  for (const DigestRun& run : effects.digests) {
    for (std::size_t i = 0; i < run.digests.size(); ++i) {
      rows.push_back({{run.lane, run.first_sequence + i}, run.digests[i]});
    }
  }
  second.Restore({effects.lanes.at(kLane)}, rows);
  EXPECT_EQ(second.Watermark(kLane), 3u);
  EXPECT_EQ(Judge(second, {kLane, 2}, Sha256("x")), Arrival::kContradicts);
  EXPECT_EQ(Judge(second, {kLane, 4}, Sha256("x")), Arrival::kNext);
}

TEST(LanesTest, ABatchIsOneRunOfDigests) {
  Lanes lanes;
  Advance(lanes, {kLane, 1}, Sha256("1"));
  Lanes::Arrivals arrivals = lanes.Begin(kLane);
  EXPECT_EQ(arrivals.Judge(1, Sha256("1")), Arrival::kRepeated);
  arrivals.Advance(2, Sha256("2"));
  EXPECT_EQ(arrivals.Judge(2, Sha256("x")), Arrival::kContradicts);
  arrivals.Advance(3, Sha256("3"));
  EXPECT_EQ(arrivals.watermark(), 3u);
  lanes.End(std::move(arrivals));
  const LaneEffects effects = lanes.TakeEffects();
  EXPECT_EQ(effects.lanes.at(kLane).watermark, 3u);
  ASSERT_EQ(effects.digests.size(), 2u);
  EXPECT_EQ(effects.digests[1],
            (DigestRun{kLane, 2, {Shorten(Sha256("2")), Shorten(Sha256("3"))}}));
}

TEST(LanesTest, ALaneOfWhichNothingWasTakenIsNone) {
  Lanes lanes;
  EXPECT_EQ(Judge(lanes, {kLane, 2}, Sha256("a")), Arrival::kGap);
  EXPECT_TRUE(lanes.OfIncarnation("n", 1).empty());
  EXPECT_TRUE(lanes.TakeEffects().lanes.empty());
}

TEST(LanesTest, AClosedIncarnationKeepsItsWatermarksAlone) {
  Lanes lanes;
  const LaneKey other{"n", 2, 0};
  Advance(lanes, {kLane, 1}, Sha256("a"));
  Advance(lanes, {other, 1}, Sha256("a"));
  lanes.ForgetDigests("n", 1);
  EXPECT_EQ(lanes.TakeEffects().forgotten_digests, std::vector<LaneKey>{kLane});
  EXPECT_EQ(Judge(lanes, {kLane, 1}, Sha256("x")), Arrival::kRepeated);
  EXPECT_EQ(Judge(lanes, {other, 1}, Sha256("x")), Arrival::kContradicts);
  EXPECT_EQ(lanes.OfIncarnation("n", 1).size(), 1u);
}

}  // namespace
}  // namespace tollgate::billing
