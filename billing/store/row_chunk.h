// Consecutive rows of one commit, stored under one key.
//
// What RocksDB asks for a row (a place in the memtable, a frame in the log) is more than what it
// asks for the row's bytes; journal entries and usage records come in runs of consecutive numbers,
// so a run is one row.  Its key ends with the number of the last one: seeking a number finds the
// chunk that holds it.
//
// Rows of one run repeat each other's texts.  So a chunk is compressed here, before the log, the
// memtable and the tables copy it and sum it up: each of them has a quarter of the bytes then.
#ifndef TOLLGATE_BILLING_STORE_ROW_CHUNK_H_
#define TOLLGATE_BILLING_STORE_ROW_CHUNK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tollgate::billing {

// So that reading one row does not read a megabyte: 64 of some hundred bytes each.
inline constexpr std::size_t kChunkRowsMax = 64;
// Of numbers alone, 8 bytes each.
inline constexpr std::size_t kChunkNumbersMax = 512;

// Brings rows into the form in which a chunk of them is stored.
class ChunkPacker {
 public:
  // The value to store; valid until the next call.  REQUIRED: `rows` are one or more, each behind
  // its length (u32).
  std::string_view Pack(std::string_view rows);

 private:
  std::vector<char> packed_;
};

// Gathers rows.
class RowChunk {
 public:
  void Add(std::string_view row);

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == kChunkRowsMax; }

  // The value to store; the chunk is empty afterwards.
  std::string Take();

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

// The rows of a chunk, in order.
struct ChunkRows {
  std::vector<char> unpacked;          // Where they stand when they do not stand in the chunk.
  std::vector<std::string_view> rows;  // At least one.
};

// Takes a chunk apart, which must outlive the rows.  DataLoss when it is none.
absl::StatusOr<ChunkRows> ReadRows(std::string_view chunk);

// The row with this number of a chunk whose last one is `last`.  NotFound when it begins later,
// DataLoss when it is no chunk.
absl::StatusOr<std::string> ReadRow(std::string_view chunk, std::uint64_t last,
                                    std::uint64_t number);

// Ascending numbers as one value, and back; DataLoss when it is none.
std::string EncodeNumbers(const std::vector<std::uint64_t>& numbers);
absl::StatusOr<std::vector<std::uint64_t>> DecodeNumbers(std::string_view value);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_ROW_CHUNK_H_
