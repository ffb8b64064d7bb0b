#include "billing/audit/chunk_reader.h"

#include <rocksdb/write_batch.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::billing {
namespace {

class ChunkReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(database_, RocksdbDatabase::Open(dir_.File("ledger")));
  }
  void Put(Family family, const std::string& key, const std::string& value) {
    rocksdb::WriteBatch batch;
    batch.Put(database_->family(family), key, value);
    ASSERT_OK(database_->Write(batch));
  }
  // Rows "<prefix><number>" from `first` to `last` in one chunk.
  void PutRows(const std::string& prefix, std::uint64_t first, std::uint64_t last) {
    RowChunk chunk;
    for (std::uint64_t number = first; number <= last; ++number) {
      chunk.Add(absl::StrCat(prefix, number));
    }
    Put(Family::kQuarantine, prefix + SequenceKey(last), chunk.Take());
  }

  TempDir dir_;
  std::unique_ptr<RocksdbDatabase> database_;
};

TEST_F(ChunkReaderTest, FindsRowsInAnyOrderAndNoneInAGap) {
  PutRows("a/", 1, 3);
  PutRows("a/", 4, 4);
  PutRows("a/", 7, 9);
  PutRows("b/", 5, 6);
  ChunkReader reader(*database_, Family::kQuarantine);
  for (const std::uint64_t number : {1, 2, 3, 4, 7, 8, 9, 1, 9, 4}) {
    ASSERT_OK_AND_ASSIGN(const std::string_view row, reader.Read("a/", number));
    EXPECT_EQ(row, absl::StrCat("a/", number));
    ASSERT_OK_AND_ASSIGN(const std::string_view other, reader.Read("b/", 5 + number % 2));
    EXPECT_EQ(other, absl::StrCat("b/", 5 + number % 2));
  }
  for (const std::uint64_t number : {5, 6, 10}) {
    EXPECT_THAT(reader.Read("a/", number), StatusIs(absl::StatusCode::kNotFound)) << number;
  }
  EXPECT_THAT(reader.Read("c/", 1), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ChunkReaderTest, GoesOverMoreRunsThanItKeeps) {
  constexpr std::size_t kRuns = kChunksKeptMax + 10;
  for (std::size_t run = 0; run < kRuns; ++run) PutRows(absl::StrCat(1000 + run, "/"), 1, 2);
  ChunkReader reader(*database_, Family::kQuarantine);
  for (const std::uint64_t number : {1, 2}) {
    for (std::size_t run = 0; run < kRuns; ++run) {
      const std::string prefix = absl::StrCat(1000 + run, "/");
      ASSERT_OK_AND_ASSIGN(const std::string_view row, reader.Read(prefix, number));
      EXPECT_EQ(row, absl::StrCat(prefix, number));
    }
  }
}

TEST_F(ChunkReaderTest, WhatIsNoChunkIsDataLoss) {
  Put(Family::kQuarantine, "a/" + SequenceKey(1), "no chunk");
  RowChunk chunk;
  chunk.Add("row");
  chunk.Add("row");
  Put(Family::kQuarantine, "b/" + SequenceKey(1), chunk.Take());
  ChunkReader reader(*database_, Family::kQuarantine);
  EXPECT_THAT(reader.Read("a/", 1), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(reader.Read("b/", 1), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ChunkReaderTest, NumbersAreListedOrNot) {
  Put(Family::kJournalByWorkspace, "a/" + SequenceKey(9), EncodeNumbers({2, 5, 9}));
  Put(Family::kJournalByWorkspace, "a/" + SequenceKey(20), EncodeNumbers({20}));
  Put(Family::kJournalByWorkspace, "b/" + SequenceKey(3), "none");
  NumberReader reader(*database_, Family::kJournalByWorkspace);
  const std::pair<std::uint64_t, bool> kNumbers[] = {{2, true},   {5, true},  {4, false},
                                                     {20, true},  {1, false}, {9, true},
                                                     {12, false}, {21, false}};
  for (const auto& [number, listed] : kNumbers) {
    ASSERT_OK_AND_ASSIGN(const bool found, reader.Has("a/", number));
    EXPECT_EQ(found, listed) << number;
  }
  EXPECT_THAT(reader.Has("b/", 3), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace tollgate::billing
