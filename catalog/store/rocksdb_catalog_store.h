// The catalog in RocksDB; the key format is in docs/formats/catalog-store.md.
#ifndef TOLLGATE_CATALOG_STORE_ROCKSDB_CATALOG_STORE_H_
#define TOLLGATE_CATALOG_STORE_ROCKSDB_CATALOG_STORE_H_

#include <memory>
#include <string>

#include "catalog/store/catalog_store.h"

namespace tollgate::catalog {

class RocksdbCatalogStore final : public CatalogStore {
 public:
  // Opens the folder, creating it when missing.  FailedPrecondition when another process holds it
  // or when it was written by a version with another format; DataLoss when it is damaged;
  // Unavailable for other errors of the disk.
  static absl::StatusOr<std::unique_ptr<RocksdbCatalogStore>> Open(const std::string& folder);
  ~RocksdbCatalogStore() override;

  absl::StatusOr<StoredCatalog> Load() override;
  absl::Status Write(const StoreBatch& batch) override;

 private:
  class Impl;
  explicit RocksdbCatalogStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_STORE_ROCKSDB_CATALOG_STORE_H_
