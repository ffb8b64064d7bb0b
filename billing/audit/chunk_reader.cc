#include "billing/audit/chunk_reader.h"

#include <algorithm>

#include "base/status_macros.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

// Moves to the chunk that ends with `number` or later.  Whether it is one of this prefix.
absl::StatusOr<bool> FindChunk(rocksdb::Iterator& it, const std::string& prefix,
                               std::uint64_t number) {
  it.Seek(ToSlice(prefix + SequenceKey(number)));
  TG_RETURN_IF_ERROR(FromRocksdb(it.status()));
  return it.Valid() && it.key().starts_with(ToSlice(prefix)) &&
         it.key().size() == prefix.size() + SequenceKey(number).size();
}

}  // namespace

absl::StatusOr<std::string_view> ChunkReader::Read(const std::string& prefix,
                                                   std::uint64_t number) {
  const auto kept = chunks_.find(prefix);
  if (kept != chunks_.end()) {
    const auto& [bytes, read, first] = kept->second;
    if (number >= first && number - first < read.rows.size()) return read.rows[number - first];
  }
  TG_ASSIGN_OR_RETURN(const bool found, FindChunk(*it_, prefix, number));
  if (!found) return absl::NotFoundError("no such row");
  TG_ASSIGN_OR_RETURN(const std::uint64_t last, SequenceAtEnd(ToView(it_->key())));
  if (kept == chunks_.end() && chunks_.size() == kChunksKeptMax) chunks_.clear();
  Chunk& chunk = chunks_[prefix];
  chunk = {};
  chunk.bytes = std::string(ToView(it_->value()));
  TG_ASSIGN_OR_RETURN(chunk.read, ReadRows(chunk.bytes));
  const std::vector<std::string_view>& rows = chunk.read.rows;
  if (rows.size() > last) return absl::DataLossError("a chunk with more rows than numbers");
  chunk.first = last - rows.size() + 1;
  if (number < chunk.first) return absl::NotFoundError("no such row");
  return rows[number - chunk.first];
}

absl::StatusOr<bool> NumberReader::Has(const std::string& prefix, std::uint64_t number) {
  const auto kept = chunks_.find(prefix);
  if (kept != chunks_.end() && !kept->second.empty() && number >= kept->second.front() &&
      number <= kept->second.back()) {
    return std::binary_search(kept->second.begin(), kept->second.end(), number);
  }
  TG_ASSIGN_OR_RETURN(const bool found, FindChunk(*it_, prefix, number));
  if (!found) return false;
  if (kept == chunks_.end() && chunks_.size() == kChunksKeptMax) chunks_.clear();
  std::vector<std::uint64_t>& numbers = chunks_[prefix];
  TG_ASSIGN_OR_RETURN(numbers, DecodeNumbers(ToView(it_->value())));
  return std::binary_search(numbers.begin(), numbers.end(), number);
}

}  // namespace tollgate::billing
