#include "billing/store/generation_index.h"

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

// Calls `row` with what follows the bucket of each id, its attempt and its sequence.
template <typename Row>
absl::Status Walk(std::string_view key, std::string_view value, const Row& row) {
  TG_ASSIGN_OR_RETURN(const std::uint64_t last, SequenceAtEnd(key));
  std::uint64_t sequence = 0;
  BinaryReader in(value);
  while (!in.rest().empty()) {
    const std::string_view rest = in.Bytes(in.U8());
    const std::uint32_t attempt = in.U32();
    sequence = in.U64();
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
  return GenerationBucketPrefix(workspace_id, key_id, bucket) + SequenceKey(last_sequence);
}

void GenerationIndex::Add(const UsageRun& run) {
  for (std::size_t i = 0; i < run.lines.size(); ++i) {
    const UsageLine& line = run.lines[i];
    const std::string_view id = run.View(line.generation_id);
    const std::string_view workspace_id = run.View(line.workspace_id);
    const std::string_view key_id = run.View(line.key_id);
    const std::string_view bucket = GenerationBucket(id);
    AddTo({workspace_id, {}, bucket}, id, line.attempt, run.SequenceOf(i));
    if (!key_id.empty()) {
      AddTo({workspace_id, key_id, bucket}, id, line.attempt, run.SequenceOf(i));
    }
  }
}

void GenerationIndex::AddTo(const Place& place, std::string_view id, std::uint32_t attempt,
                            std::uint64_t sequence) {
  const auto [found, is_new] = places_.try_emplace(place, rows_.size());
  if (is_new) {
    const auto& [workspace_id, key_id, bucket] = place;
    rows_.push_back({workspace_id, key_id, bucket, 0, {}});
  }
  Row& row = rows_[found->second];
  row.last_sequence = sequence;
  const std::string_view rest = id.substr(row.bucket.size());
  BinaryWriter out(std::move(row.value));
  out.U8(static_cast<std::uint8_t>(rest.size()));
  out.Bytes(rest);
  out.U32(attempt);
  out.U64(sequence);
  row.value = out.Take();
}

}  // namespace tollgate::billing
