#include "billing/store/row_chunk.h"

#include <string>
#include <vector>

#include "base/digest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

using testing::ElementsAre;

std::vector<std::string> Rows(const std::string& stored) {
  const absl::StatusOr<ChunkRows> read = ReadRows(stored);
  if (!read.ok()) return {std::string(read.status().message())};
  return {read->rows.begin(), read->rows.end()};
}

// Rows that look alike, as those of one commit do.
RowChunk Alike(std::size_t count) {
  RowChunk chunk;
  for (std::size_t i = 0; i < count; ++i) chunk.Add(std::string(200, 'x') + std::to_string(i));
  return chunk;
}

TEST(RowChunkTest, RowsComeBackByTheirNumbers) {
  RowChunk chunk;
  EXPECT_TRUE(chunk.empty());
  for (const char* row : {"first", "", "third"}) chunk.Add(row);
  const std::string stored = chunk.Take();
  EXPECT_TRUE(chunk.empty());
  EXPECT_THAT(Rows(stored), ElementsAre("first", "", "third"));
  EXPECT_THAT(ReadRow(stored, 9, 7), IsOkAndHolds("first"));
  EXPECT_THAT(ReadRow(stored, 9, 9), IsOkAndHolds("third"));
  EXPECT_THAT(ReadRow(stored, 9, 6), StatusIs(absl::StatusCode::kNotFound));
  chunk.Add("next");
  EXPECT_THAT(Rows(chunk.Take()), ElementsAre("next"));
}

TEST(RowChunkTest, IsFullAtItsLimit) {
  RowChunk chunk;
  for (std::size_t i = 0; i < kChunkRowsMax; ++i) {
    EXPECT_FALSE(chunk.full());
    chunk.Add("row");
  }
  EXPECT_TRUE(chunk.full());
  EXPECT_EQ(Rows(chunk.Take()).size(), kChunkRowsMax);
}

TEST(RowChunkTest, RowsThatRepeatEachOtherAreStoredOnce) {
  const std::string stored = Alike(kChunkRowsMax).Take();
  EXPECT_LT(stored.size(), 200 * kChunkRowsMax / 10);
  const std::vector<std::string> rows = Rows(stored);
  ASSERT_EQ(rows.size(), kChunkRowsMax);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i], std::string(200, 'x') + std::to_string(i));
  }
  EXPECT_THAT(ReadRow(stored, 100, 100), IsOkAndHolds(rows.back()));
  EXPECT_THAT(ReadRow(stored, 100, 100 - kChunkRowsMax + 1), IsOkAndHolds(rows.front()));
}

TEST(RowChunkTest, WhatDoesNotGetSmallerStaysAsItIs) {
  std::string row;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    row.append(DigestView(Sha256(std::to_string(i))));
  }
  RowChunk chunk;
  chunk.Add(row);
  const std::string stored = chunk.Take();
  EXPECT_NE(stored.find(row), std::string::npos);
  EXPECT_THAT(Rows(stored), ElementsAre(row));
}

TEST(RowChunkTest, APackerIsUsedAgain) {
  ChunkPacker packer;
  const std::string large = Alike(kChunkRowsMax).Take();
  std::string rows;
  for (const std::string& row : Rows(large)) {
    rows.append(3, '\0');
    rows.push_back(static_cast<char>(row.size()));
    rows.append(row);
  }
  EXPECT_EQ(packer.Pack(rows), large);
  EXPECT_THAT(Rows(std::string(packer.Pack(std::string("\0\0\0\1a", 5)))), ElementsAre("a"));
  EXPECT_EQ(packer.Pack(rows), large);
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
  EXPECT_THAT(ReadRows("\x02" + stored.substr(1)), StatusIs(kLoss)) << "an unknown form";
  const std::string packed = Alike(20).Take();
  for (const std::size_t size : {1u, 4u, 5u, 6u}) {
    EXPECT_THAT(ReadRows(packed.substr(0, size)), StatusIs(kLoss)) << size;
  }
  EXPECT_THAT(ReadRows(packed.substr(0, packed.size() - 1)), StatusIs(kLoss));
  EXPECT_THAT(ReadRows(packed + "x"), StatusIs(kLoss));
  EXPECT_THAT(ReadRows("\x01\xff\xff\xff\xff" + packed.substr(5)), StatusIs(kLoss));
  EXPECT_THAT(ReadRow(stored, 0, 0), StatusIs(kLoss)) << "more rows than numbers from 1";
  EXPECT_THAT(ReadRow(stored, 5, 6), StatusIs(kLoss));
  EXPECT_THAT(DecodeNumbers(""), StatusIs(kLoss));
  EXPECT_THAT(DecodeNumbers("1234567"), StatusIs(kLoss));
}

}  // namespace
}  // namespace tollgate::billing
