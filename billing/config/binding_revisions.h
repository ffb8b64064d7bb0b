// Which configuration a node must have to spend a workspace's money.
//
// A node may be cut off from the control plane alone.  It serves on, since most changes take
// nothing from anybody; but a key may be revoked of which it does not know.  Billing knows, and
// names with each grant on the wallet the revision in which something was last taken from the
// workspace's keys (lease.proto, Grant.config_revision).
#ifndef TOLLGATE_BILLING_CONFIG_BINDING_REVISIONS_H_
#define TOLLGATE_BILLING_CONFIG_BINDING_REVISIONS_H_

#include <compare>
#include <cstdint>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace tollgate::billing {

// (epoch, number): compared in this order.
struct ConfigRevision {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;

  friend auto operator<=>(const ConfigRevision&, const ConfigRevision&) = default;
};

// From whom an update of the configuration takes something.
struct BindingChange {
  bool all = false;  // Nobody can tell: from all.
  std::set<std::string> workspaces;
};

// A value; not thread-safe.
class BindingRevisions {
 public:
  // `known_from` binds all: what changed in it and before is not known any more.
  explicit BindingRevisions(ConfigRevision known_from = {}) : all_(known_from) {}

  // REQUIRED: revisions rise from call to call.
  void Note(const BindingChange& change, ConfigRevision revision);

  ConfigRevision Of(const std::string& workspace_id) const;

 private:
  ConfigRevision all_;
  absl::flat_hash_map<std::string, ConfigRevision> workspaces_;  // Those that are above all_.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_CONFIG_BINDING_REVISIONS_H_
