#include "billing/store/row_chunk.h"

#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

using testing::ElementsAre;

TEST(RowChunkTest, RowsComeBackByTheirNumbers) {
  RowChunk chunk;
  EXPECT_TRUE(chunk.empty());
  for (const char* row : {"first", "", "third"}) chunk.Add(row);
  const std::string stored = chunk.Take();
  EXPECT_TRUE(chunk.empty());
  EXPECT_THAT(ReadRows(stored), IsOkAndHolds(ElementsAre("first", "", "third")));
  EXPECT_THAT(ReadRow(stored, 9, 7), IsOkAndHolds("first"));
  EXPECT_THAT(ReadRow(stored, 9, 9), IsOkAndHolds("third"));
  EXPECT_THAT(ReadRow(stored, 9, 6), StatusIs(absl::StatusCode::kNotFound));
  chunk.Add("next");
  EXPECT_THAT(ReadRows(chunk.Take()), IsOkAndHolds(ElementsAre("next")));
}

TEST(RowChunkTest, IsFullAtItsLimit) {
  RowChunk chunk;
  for (std::size_t i = 0; i < kChunkRowsMax; ++i) {
    EXPECT_FALSE(chunk.full());
    chunk.Add("row");
  }
  EXPECT_TRUE(chunk.full());
  EXPECT_EQ(ReadRows(chunk.Take())->size(), kChunkRowsMax);
}

TEST(RowChunkTest, NumbersComeBack) {
  EXPECT_THAT(DecodeNumbers(EncodeNumbers({1, 256, 1ull << 60})),
              IsOkAndHolds(ElementsAre(1u, 256u, 1ull << 60)));
}

TEST(RowChunkTest, WhatNoEncoderMadeIsDataLoss) {
  const auto kLoss = absl::StatusCode::kDataLoss;
  RowChunk chunk;
  chunk.Add("row");
  const std::string stored = chunk.Take();
  EXPECT_THAT(ReadRows(""), StatusIs(kLoss));
  EXPECT_THAT(ReadRows(stored.substr(0, stored.size() - 1)), StatusIs(kLoss));
  EXPECT_THAT(ReadRow(stored, 0, 0), StatusIs(kLoss)) << "more rows than numbers from 1";
  EXPECT_THAT(ReadRow(stored, 5, 6), StatusIs(kLoss));
  EXPECT_THAT(DecodeNumbers(""), StatusIs(kLoss));
  EXPECT_THAT(DecodeNumbers("1234567"), StatusIs(kLoss));
}

}  // namespace
}  // namespace tollgate::billing
