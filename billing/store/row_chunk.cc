#include "billing/store/row_chunk.h"

#include <lz4.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "billing/ledger/binary.h"

namespace tollgate::billing {
namespace {

constexpr std::size_t kNumberBytes = 8;

// The first byte of a chunk says how its rows follow.
constexpr char kPlain = 0;  // As they are.
constexpr char kLz4 = 1;    // Their size (u32), and one LZ4 block.
constexpr std::size_t kLz4HeadBytes = 1 + sizeof(std::uint32_t);
// LZ4's own measure: in a quarter less time than with 1, and 3 % larger.
constexpr int kLz4Acceleration = 4;
// A row or two have little in common; RocksDB compresses neighbouring chunks together.
constexpr std::size_t kPackedBytesMin = 2048;
// More than kChunkRowsMax of the greatest records; beyond it a size is not believed.
constexpr std::size_t kUnpackedBytesMax = 8u << 20;

absl::Status Unreadable() { return absl::DataLossError("the store holds an unreadable chunk"); }

}  // namespace

std::string_view ChunkPacker::Pack(std::string_view rows) {
  const std::size_t head = kLz4HeadBytes;
  packed_.resize(std::max(packed_.size(), head + rows.size()));
  if (rows.size() >= kPackedBytesMin && rows.size() <= kUnpackedBytesMax) {
    // Fails when it would become no smaller.
    const int size =
        LZ4_compress_fast(rows.data(), packed_.data() + head, static_cast<int>(rows.size()),
                          static_cast<int>(rows.size() - head), kLz4Acceleration);
    if (size > 0) {
      packed_[0] = kLz4;
      const std::uint32_t unpacked = __builtin_bswap32(static_cast<std::uint32_t>(rows.size()));
      std::memcpy(packed_.data() + 1, &unpacked, sizeof(unpacked));
      return {packed_.data(), head + static_cast<std::size_t>(size)};
    }
  }
  packed_[0] = kPlain;
  std::memcpy(packed_.data() + 1, rows.data(), rows.size());
  return {packed_.data(), 1 + rows.size()};
}

void RowChunk::Add(std::string_view row) {
  BinaryWriter out(std::move(bytes_));
  out.String(row);
  bytes_ = out.Take();
  ++count_;
}

std::string RowChunk::Take() {
  count_ = 0;
  return std::string(ChunkPacker().Pack(std::exchange(bytes_, {})));
}

absl::StatusOr<ChunkRows> ReadRows(std::string_view chunk) {
  ChunkRows read;
  BinaryReader in(chunk);
  const char form = static_cast<char>(in.U8());
  if (form == kLz4) {
    read.unpacked.resize(std::min<std::size_t>(in.U32(), kUnpackedBytesMax));
    const std::string_view block = in.rest();
    const int size =
        LZ4_decompress_safe(block.data(), read.unpacked.data(), static_cast<int>(block.size()),
                            static_cast<int>(read.unpacked.size()));
    if (size < 0 || static_cast<std::size_t>(size) != read.unpacked.size()) return Unreadable();
    in = BinaryReader({read.unpacked.data(), read.unpacked.size()});
  } else if (form != kPlain) {
    return Unreadable();
  }
  while (in.ok() && !in.complete()) read.rows.push_back(in.String());
  if (!in.ok() || read.rows.empty()) return Unreadable();
  return read;
}

absl::StatusOr<std::string> ReadRow(std::string_view chunk, std::uint64_t last,
                                    std::uint64_t number) {
  TG_ASSIGN_OR_RETURN(const ChunkRows read, ReadRows(chunk));
  if (number > last || read.rows.size() > last) return Unreadable();
  const std::uint64_t first = last - read.rows.size() + 1;
  if (number < first) return absl::NotFoundError("no such row");
  return std::string(read.rows[number - first]);
}

std::string EncodeNumbers(const std::vector<std::uint64_t>& numbers) {
  BinaryWriter out;
  for (const std::uint64_t number : numbers) out.U64(number);
  return out.Take();
}

absl::StatusOr<std::vector<std::uint64_t>> DecodeNumbers(std::string_view value) {
  if (value.empty() || value.size() % kNumberBytes != 0) return Unreadable();
  std::vector<std::uint64_t> numbers;
  numbers.reserve(value.size() / kNumberBytes);
  BinaryReader in(value);
  while (!in.complete()) numbers.push_back(in.U64());
  return numbers;
}

}  // namespace tollgate::billing
