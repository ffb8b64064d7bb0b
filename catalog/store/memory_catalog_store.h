// A store that lasts as long as the process.
#ifndef TOLLGATE_CATALOG_STORE_MEMORY_CATALOG_STORE_H_
#define TOLLGATE_CATALOG_STORE_MEMORY_CATALOG_STORE_H_

#include "catalog/store/catalog_store.h"

namespace tollgate::catalog {

class MemoryCatalogStore final : public CatalogStore {
 public:
  absl::StatusOr<StoredCatalog> Load() override { return stored_; }
  absl::Status Write(const StoreBatch& batch) override;

 private:
  StoredCatalog stored_;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_STORE_MEMORY_CATALOG_STORE_H_
