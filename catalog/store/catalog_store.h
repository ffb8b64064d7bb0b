// Where the catalog is kept.
#ifndef TOLLGATE_CATALOG_STORE_CATALOG_STORE_H_
#define TOLLGATE_CATALOG_STORE_CATALOG_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// What is written in one step.
struct StoreBatch {
  // Replace those of the same id.  The histories of offerings name only price versions that are
  // kept already or that come in this batch.
  Facts facts;
  // Added for ever.
  std::vector<SourcedPriceVersion> price_versions;
  // Which seed catalog has been brought in, if that changes.
  std::optional<std::string> seed_digest;
};

// What is kept.
struct StoredCatalog {
  CatalogState state;
  std::string seed_digest;  // Empty before the first seed.
};

// One writer at a time; Load() not at the same time as Write().
class CatalogStore {
 public:
  virtual ~CatalogStore() = default;

  // Everything.  DataLoss when what is kept does not fit together (a history that names a price
  // version that is not there, a value that cannot be read).
  virtual absl::StatusOr<StoredCatalog> Load() = 0;

  // All of the batch or nothing; durable when it returns OK.  FailedPrecondition, and nothing is
  // written, when a price version is kept already under this id with other contents: price versions
  // never change.  The same contents again are accepted.  Unavailable or Internal for an error of
  // the disk, after which the outcome is unknown until the store is opened anew.
  virtual absl::Status Write(const StoreBatch& batch) = 0;
};

// Whether two price versions say the same, sources and all.
bool SamePriceVersion(const SourcedPriceVersion& a, const SourcedPriceVersion& b);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_STORE_CATALOG_STORE_H_
