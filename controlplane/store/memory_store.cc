#include "controlplane/store/memory_store.h"

namespace tollgate::controlplane {
namespace {

template <typename Iterator>
std::vector<StoreEntry> Take(Iterator begin, Iterator end, std::size_t limit) {
  std::vector<StoreEntry> entries;
  for (Iterator it = begin; it != end && (limit == 0 || entries.size() < limit); ++it) {
    entries.push_back({it->first, it->second});
  }
  return entries;
}

}  // namespace

absl::Status MemoryStore::Write(const StoreBatch& batch) {
  std::lock_guard lock(mutex_);
  for (const StoreBatch::Operation& operation : batch.operations()) {
    Rows& rows = tables_[static_cast<std::size_t>(operation.table)];
    if (operation.value.has_value()) {
      rows[operation.key] = *operation.value;
    } else {
      rows.erase(operation.key);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> MemoryStore::Get(Table table, std::string_view key) {
  std::lock_guard lock(mutex_);
  const Rows& rows = tables_[static_cast<std::size_t>(table)];
  const auto it = rows.find(key);
  if (it == rows.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

absl::StatusOr<std::vector<StoreEntry>> MemoryStore::Scan(Table table, const ScanOptions& options) {
  std::lock_guard lock(mutex_);
  const Rows& rows = tables_[static_cast<std::size_t>(table)];
  if (options.reverse) {
    const auto end = options.after.empty() ? rows.end() : rows.lower_bound(options.after);
    return Take(std::make_reverse_iterator(end), rows.rend(), options.limit);
  }
  const auto begin = options.after.empty() ? rows.begin() : rows.upper_bound(options.after);
  return Take(begin, rows.end(), options.limit);
}

}  // namespace tollgate::controlplane
