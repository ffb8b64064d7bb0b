// Bringing new facts into the catalog: what is new, what differs, and which prices changed.
#ifndef TOLLGATE_CATALOG_MODEL_MERGE_H_
#define TOLLGATE_CATALOG_MODEL_MERGE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// What an import changes.
struct Change {
  Facts facts;  // Each new or changed fact, as it is afterwards; offerings with all their history.
  std::vector<SourcedPriceVersion> price_versions;  // The new ones.
  std::int32_t created = 0;                         // Models, providers and offerings that are new.
  std::int32_t updated = 0;                         // Those that differ from before.

  bool empty() const { return created == 0 && updated == 0 && price_versions.empty(); }
};

// Compares `import` with `current` and says what would change; changes nothing itself.
//
//   * A fact that is new is added, one that differs replaces the former, what is not mentioned
//     stays.  Nothing is ever removed.
//   * A price version whose components equal those in force at its effective time changes nothing,
//     whatever its id, source and date.  Any other is a new version, named by PriceVersionId().
//   * A version without effective time (absl::InfinitePast()) holds from `now`, in whole seconds.
//   * A version for a time at which another one already begins takes its place in the history; the
//     other remains readable by its id.
//   * A stated id that is not the computed one is refused.
//
// InvalidArgument, with reason INVALID_FACT, names the first fact that is invalid, comes twice in
// the import, or refers to a model or provider that is neither known nor imported.
absl::StatusOr<Change> Merge(const CatalogState& current, const Facts& import, absl::Time now);

// `state` after the change.
void Apply(const Change& change, CatalogState& state);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_MODEL_MERGE_H_
