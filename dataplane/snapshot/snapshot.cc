#include "dataplane/snapshot/snapshot.h"

#include <array>
#include <cstring>

namespace tollgate::dataplane {

const Workspace* Snapshot::FindWorkspace(std::string_view id) const {
  const std::uint32_t* index = workspace_index_.Find(id);
  return index == nullptr ? nullptr : &workspaces_[*index];
}

const std::vector<std::shared_ptr<const Budget>>& Snapshot::BudgetsOf(
    ScopeKind kind, std::string_view scope_id) const {
  static const std::vector<std::shared_ptr<const Budget>> kNone;
  if (budgets_.size() == 0) return kNone;
  std::array<char, 256> key;
  if (scope_id.size() + 2 > key.size()) return kNone;
  key[0] = static_cast<char>('0' + static_cast<int>(kind));
  key[1] = '/';
  std::memcpy(key.data() + 2, scope_id.data(), scope_id.size());
  const auto* budgets = budgets_.Find(std::string_view(key.data(), scope_id.size() + 2));
  return budgets == nullptr ? kNone : *budgets;
}

}  // namespace tollgate::dataplane
