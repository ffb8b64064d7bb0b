// The configuration as one node sees it: immutable, swapped whole (architecture.md §10).
//
// A request takes the snapshot of its worker once, at its start, and keeps it to its end:
//
//   std::shared_ptr<const Snapshot> snapshot = reader.Get();   // nullptr before the first one
//   auto principal = Authenticate(token, *snapshot, peppers, clock.Wall());
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_SNAPSHOT_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_SNAPSHOT_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/snapshot/catalog.h"
#include "dataplane/snapshot/cow_map.h"
#include "dataplane/snapshot/cow_vector.h"
#include "dataplane/snapshot/key_table.h"

namespace tollgate::dataplane {

// A state of the configuration; ordered.  The epoch rises when the control plane is restored.
struct ConfigRevision {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;

  friend auto operator<=>(const ConfigRevision&, const ConfigRevision&) = default;
};

// Safe to read from any thread.
class Snapshot {
 public:
  const ConfigRevision& revision() const { return revision_; }
  // The sum of the hashes of its resources.
  std::uint64_t digest() const { return digest_; }
  std::size_t resource_count() const { return resource_count_; }

  // The key with this digest.
  std::optional<KeyRef> FindKey(const Sha256Digest& digest) const { return keys_.Find(digest); }
  std::size_t key_count() const { return keys_.size(); }
  const KeyTable& keys() const { return keys_; }

  // The workspace of a key (KeyRef::workspace()).
  const Workspace& WorkspaceAt(std::uint32_t index) const { return workspaces_[index]; }
  const Workspace* FindWorkspace(std::string_view id) const;

  // nullptr when there is none.
  const Member* FindMember(std::string_view id) const { return members_.Find(id); }

  // Budgets of one scope that are in force, templates included, by id; empty when there are none.
  const std::vector<std::shared_ptr<const Budget>>& BudgetsOf(ScopeKind kind,
                                                              std::string_view scope_id) const;

  const Catalog& catalog() const { return *catalog_; }

 private:
  friend class ConfigImage;
  Snapshot() = default;

  ConfigRevision revision_;
  std::uint64_t digest_ = 0;
  std::size_t resource_count_ = 0;
  KeyTable keys_;
  CowVector<Workspace> workspaces_;
  CowMap<std::uint32_t> workspace_index_;                       // By id.
  CowMap<std::vector<std::shared_ptr<const Budget>>> budgets_;  // "<kind>/<scope id>".
  CowMap<Member> members_;                                      // By id.
  std::shared_ptr<const Catalog> catalog_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_SNAPSHOT_H_
