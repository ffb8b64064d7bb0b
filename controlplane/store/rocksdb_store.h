// A ConfigStore in a folder: RocksDB, one column family per table.
#ifndef TOLLGATE_CONTROLPLANE_STORE_ROCKSDB_STORE_H_
#define TOLLGATE_CONTROLPLANE_STORE_ROCKSDB_STORE_H_

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "controlplane/store/config_store.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace tollgate::controlplane {

// See the interface.  Every write is synced; reads are checksummed.
class RocksdbStore final : public ConfigStore {
 public:
  // Opens the folder, making it when it is missing.  FailedPrecondition when another process has it
  // open; DataLoss when it is damaged; Unavailable for what the disk refuses.
  static absl::StatusOr<std::unique_ptr<RocksdbStore>> Open(const std::string& path);
  ~RocksdbStore() override;

  absl::Status Write(const StoreBatch& batch) override;
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key) override;
  absl::StatusOr<std::vector<StoreEntry>> Scan(Table table, const ScanOptions& options) override;

 private:
  RocksdbStore();

  rocksdb::ColumnFamilyHandle* Family(Table table) const;

  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kTables> families_{};  // Owned by db_.
  std::atomic<bool> poisoned_{false};  // A write failed: see ConfigStore::Write().
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_STORE_ROCKSDB_STORE_H_
