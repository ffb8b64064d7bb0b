#include "controlplane/store/rocksdb_store.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/write_batch.h>

#include "absl/strings/str_cat.h"
#include "base/rocksdb_open.h"

namespace tollgate::controlplane {
namespace {

// Configuration is small: these keep the store's memory and its files' number low.
constexpr std::size_t kWriteBufferBytes = 8u << 20;
constexpr int kOpenFilesMax = 256;
constexpr std::size_t kInfoLogFilesMax = 3;
constexpr std::size_t kInfoLogBytesMax = 4u << 20;

absl::Status FromRocksdb(const rocksdb::Status& status, const std::string& what) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(what, ": ", status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(message);
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(message);
  }
  return absl::UnavailableError(message);
}

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

RocksdbStore::RocksdbStore() = default;

RocksdbStore::~RocksdbStore() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    if (family != nullptr) db_->DestroyColumnFamilyHandle(family);
  }
}

absl::StatusOr<std::unique_ptr<RocksdbStore>> RocksdbStore::Open(const std::string& path) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.max_open_files = kOpenFilesMax;
  options.keep_log_file_num = kInfoLogFilesMax;
  options.max_log_file_size = kInfoLogBytesMax;
  options.paranoid_checks = true;
  rocksdb::ColumnFamilyOptions family_options;
  family_options.write_buffer_size = kWriteBufferBytes;

  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options);
  for (int i = 0; i < kTables; ++i) {
    descriptors.emplace_back(std::string(TableName(static_cast<Table>(i))), family_options);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::unique_ptr<RocksdbStore> store(new RocksdbStore());
  const rocksdb::Status status = OpenRocksdb(options, path, descriptors, &handles, &store->db_);
  if (!status.ok()) return FromRocksdb(status, absl::StrCat("cannot open ", path));
  // RocksDB wants "default" opened; it stays empty.
  store->db_->DestroyColumnFamilyHandle(handles[0]);
  for (std::size_t i = 0; i < kTables; ++i) store->families_[i] = handles[i + 1];
  return store;
}

rocksdb::ColumnFamilyHandle* RocksdbStore::Family(Table table) const {
  return families_[static_cast<std::size_t>(table)];
}

absl::Status RocksdbStore::Write(const StoreBatch& batch) {
  if (poisoned_.load(std::memory_order_acquire)) {
    return absl::FailedPreconditionError(
        "an earlier write failed; restart the control plane to learn what was written");
  }
  rocksdb::WriteBatch writes;
  rocksdb::Status status;
  for (const StoreBatch::Operation& operation : batch.operations()) {
    rocksdb::ColumnFamilyHandle* family = Family(operation.table);
    status = operation.value.has_value() ? writes.Put(family, operation.key, *operation.value)
                                         : writes.Delete(family, operation.key);
    if (!status.ok()) return FromRocksdb(status, "cannot prepare a write");
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  status = db_->Write(options, &writes);
  if (!status.ok()) poisoned_.store(true, std::memory_order_release);
  return FromRocksdb(status, "cannot write configuration");
}

absl::StatusOr<std::optional<std::string>> RocksdbStore::Get(Table table, std::string_view key) {
  std::string value;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), Family(table), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return FromRocksdb(status, "cannot read configuration");
  return std::optional<std::string>(std::move(value));
}

absl::StatusOr<std::vector<StoreEntry>> RocksdbStore::Scan(Table table,
                                                           const ScanOptions& options) {
  const std::unique_ptr<rocksdb::Iterator> it(
      db_->NewIterator(rocksdb::ReadOptions(), Family(table)));
  const rocksdb::Slice after = options.after;
  if (after.empty()) {
    options.reverse ? it->SeekToLast() : it->SeekToFirst();
  } else {
    options.reverse ? it->SeekForPrev(after) : it->Seek(after);
    if (it->Valid() && it->key() == after) options.reverse ? it->Prev() : it->Next();
  }
  std::vector<StoreEntry> entries;
  while (it->Valid() && (options.limit == 0 || entries.size() < options.limit)) {
    entries.push_back({it->key().ToString(), it->value().ToString()});
    options.reverse ? it->Prev() : it->Next();
  }
  if (!it->status().ok()) return FromRocksdb(it->status(), "cannot read configuration");
  return entries;
}

}  // namespace tollgate::controlplane
