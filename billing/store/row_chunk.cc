#include "billing/store/row_chunk.h"

#include <utility>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "billing/ledger/binary.h"

namespace tollgate::billing {
namespace {

constexpr std::size_t kNumberBytes = 8;

absl::Status Unreadable() { return absl::DataLossError("the store holds an unreadable chunk"); }

}  // namespace

void RowChunk::Add(std::string_view row) {
  BinaryWriter out(std::move(bytes_));
  out.String(row);
  bytes_ = out.Take();
  ++count_;
}

std::string RowChunk::Take() {
  count_ = 0;
  return std::exchange(bytes_, {});
}

absl::StatusOr<std::vector<std::string_view>> ReadRows(std::string_view chunk) {
  std::vector<std::string_view> rows;
  BinaryReader in(chunk);
  while (in.ok() && !in.complete()) rows.push_back(in.String());
  if (!in.ok() || rows.empty()) return Unreadable();
  return rows;
}

absl::StatusOr<std::string_view> ReadRow(std::string_view chunk, std::uint64_t last,
                                         std::uint64_t number) {
  TG_ASSIGN_OR_RETURN(const std::vector<std::string_view> rows, ReadRows(chunk));
  if (number > last || rows.size() > last) return Unreadable();
  const std::uint64_t first = last - rows.size() + 1;
  if (number < first) return absl::NotFoundError("no such row");
  return rows[number - first];
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
