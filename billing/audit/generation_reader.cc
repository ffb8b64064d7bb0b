#include "billing/audit/generation_reader.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

// By sequence, in which order a row has them.
bool Contains(const std::vector<ListedGeneration>& row, const ListedGeneration& attempt) {
  const auto found = std::lower_bound(
      row.begin(), row.end(), attempt,
      [](const ListedGeneration& a, const ListedGeneration& b) { return a.sequence < b.sequence; });
  return found != row.end() && *found == attempt;
}

}  // namespace

absl::StatusOr<bool> GenerationReader::Has(const std::string& workspace_id,
                                           const std::string& key_id,
                                           const ListedGeneration& attempt) {
  const std::string prefix =
      GenerationBucketPrefix(workspace_id, key_id, GenerationBucket(attempt.id));
  const auto kept = rows_.find(prefix);
  if (kept != rows_.end() && attempt.sequence >= kept->second.front().sequence &&
      attempt.sequence <= kept->second.back().sequence) {
    return Contains(kept->second, attempt);
  }
  it_->Seek(ToSlice(prefix + SequenceKey(attempt.sequence)));
  TG_RETURN_IF_ERROR(FromRocksdb(it_->status()));
  if (!it_->Valid() || !it_->key().starts_with(ToSlice(prefix))) return false;
  TG_ASSIGN_OR_RETURN(GenerationRow row,
                      DecodeGenerationRow(ToView(it_->key()), ToView(it_->value())));
  if (kept == rows_.end() && rows_.size() == kGenerationRowsKeptMax) rows_.clear();
  std::vector<ListedGeneration>& now = rows_[prefix] = std::move(row.listed);
  return Contains(now, attempt);
}

}  // namespace tollgate::billing
