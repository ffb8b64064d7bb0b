#include "billing/store/generation_index.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "billing/ledger/binary.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

absl::Status Unreadable() {
  return absl::DataLossError("the store holds an unreadable list of generations");
}

// Takes a KeyString off the front.
bool TakeText(std::string_view& key, std::string& text) {
  const std::size_t end = key.find('\0');
  if (end == std::string_view::npos) return false;
  text = key.substr(0, end);
  key.remove_prefix(end + 1);
  return true;
}

// Seven bits a byte, the lowest first; all but the last have the eighth set.  Attempts and the
// steps between sequences are small.
constexpr int kVarintBits = 7;
constexpr std::uint8_t kVarintMore = 1u << kVarintBits;

void PutVarint(std::uint64_t value, std::string& out) {
  for (; value >= kVarintMore; value >>= kVarintBits) {
    out.push_back(static_cast<char>(value | kVarintMore));
  }
  out.push_back(static_cast<char>(value));
}

// Zero beyond the end, where `in` is not ok() any more; of more than 64 bits any value.
std::uint64_t TakeVarint(BinaryReader& in) {
  std::uint64_t value = 0;
  std::uint8_t byte = kVarintMore;
  for (int shift = 0; (byte & kVarintMore) != 0 && shift < 64; shift += kVarintBits) {
    byte = in.U8();
    value |= static_cast<std::uint64_t>(byte & (kVarintMore - 1)) << shift;
  }
  return value;
}

// Calls `row` with what follows the bucket of each id, its attempt and its sequence.
template <typename Row>
absl::Status Walk(std::string_view key, std::string_view value, const Row& row) {
  TG_ASSIGN_OR_RETURN(const std::uint64_t last, SequenceAtEnd(key));
  std::uint64_t sequence = 0;
  BinaryReader in(value);
  while (!in.rest().empty()) {
    const std::string_view rest = in.Bytes(in.U8());
    const auto attempt = static_cast<std::uint32_t>(TakeVarint(in));
    sequence += TakeVarint(in);
    if (!in.ok()) return Unreadable();
    row(rest, attempt, sequence);
  }
  return sequence == last ? absl::OkStatus() : Unreadable();
}

}  // namespace

std::string_view GenerationBucket(std::string_view generation_id) {
  return generation_id.substr(0, kBucketChars);
}

std::string GenerationListPrefix(std::string_view workspace_id, std::string_view key_id) {
  return KeyString(workspace_id) + KeyString(key_id);
}

std::string GenerationBucketPrefix(std::string_view workspace_id, std::string_view key_id,
                                   std::string_view bucket) {
  return GenerationListPrefix(workspace_id, key_id) + KeyString(bucket);
}

absl::StatusOr<GenerationRow> DecodeGenerationRow(std::string_view key, std::string_view value) {
  GenerationRow row;
  if (!TakeText(key, row.workspace_id) || !TakeText(key, row.key_id) ||
      !TakeText(key, row.bucket) || key.size() != sizeof(std::uint64_t)) {
    return Unreadable();
  }
  TG_RETURN_IF_ERROR(
      Walk(key, value, [&](std::string_view rest, std::uint32_t attempt, std::uint64_t sequence) {
        row.listed.push_back({row.bucket, attempt, sequence});
        row.listed.back().id.append(rest);
      }));
  return row;
}

absl::Status FindInGenerationRow(std::string_view key, std::string_view value,
                                 std::string_view generation_id,
                                 std::vector<ListedGeneration>& found) {
  const std::string_view wanted = generation_id.substr(GenerationBucket(generation_id).size());
  return Walk(key, value,
              [&](std::string_view rest, std::uint32_t attempt, std::uint64_t sequence) {
                if (rest != wanted) return;
                found.push_back({std::string(generation_id), attempt, sequence});
              });
}

std::string GenerationIndex::Row::Key() const {
  return GenerationBucketPrefix(place.workspace_id, place.key_id, place.bucket) +
         SequenceKey(last_sequence);
}

void GenerationIndex::Add(const UsageRun& run, std::size_t begin, std::size_t end) {
  Place workspace;
  std::size_t workspace_row = 0;
  bool known = false;
  for (std::size_t i = begin; i < end; ++i) {
    const UsageLine& line = run.lines[i];
    const std::string_view id = run.View(line.generation_id);
    Place place{run.View(line.workspace_id), {}, GenerationBucket(id)};
    // Mostly that of the line before.
    if (!known || place != workspace) {
      workspace = place;
      workspace_row = RowOf(place);
      known = true;
    }
    Append(rows_[workspace_row], id, line.attempt, run.SequenceOf(i));
    place.key_id = run.View(line.key_id);
    if (place.key_id.empty()) continue;
    Append(rows_[RowOf(place)], id, line.attempt, run.SequenceOf(i));
  }
}

std::vector<GenerationIndex::Row> GenerationIndex::TakeRows() {
  places_.clear();
  std::vector<Row> rows = std::exchange(rows_, {});
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.place < b.place; });
  return rows;
}

std::size_t GenerationIndex::RowOf(const Place& place) {
  const auto [found, is_new] = places_.try_emplace(place, rows_.size());
  if (is_new) rows_.push_back({place, 0, {}});
  return found->second;
}

void GenerationIndex::Append(Row& row, std::string_view id, std::uint32_t attempt,
                             std::uint64_t sequence) {
  const std::string_view rest = id.substr(row.place.bucket.size());
  row.value.push_back(static_cast<char>(rest.size()));
  row.value.append(rest);
  PutVarint(attempt, row.value);
  PutVarint(sequence - row.last_sequence, row.value);
  row.last_sequence = sequence;
}

}  // namespace tollgate::billing
