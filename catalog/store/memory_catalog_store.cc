#include "catalog/store/memory_catalog_store.h"

#include "absl/strings/str_cat.h"
#include "catalog/model/merge.h"

namespace tollgate::catalog {

absl::Status MemoryCatalogStore::Write(const StoreBatch& batch) {
  for (const SourcedPriceVersion& sourced : batch.price_versions) {
    const auto kept = stored_.state.price_versions.find(sourced.version.id);
    if (kept != stored_.state.price_versions.end() && !SamePriceVersion(kept->second, sourced)) {
      return absl::FailedPreconditionError(
          absl::StrCat("price version ", sourced.version.id, " exists with other contents"));
    }
  }
  Change change;
  change.facts = batch.facts;
  change.price_versions = batch.price_versions;
  Apply(change, stored_.state);
  if (batch.seed_digest) stored_.seed_digest = *batch.seed_digest;
  return absl::OkStatus();
}

}  // namespace tollgate::catalog
