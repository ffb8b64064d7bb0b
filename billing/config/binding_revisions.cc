#include "billing/config/binding_revisions.h"

namespace tollgate::billing {

void BindingRevisions::Note(const BindingChange& change, ConfigRevision revision) {
  if (change.all) {
    all_ = revision;
    workspaces_.clear();
    return;
  }
  for (const std::string& workspace : change.workspaces) workspaces_[workspace] = revision;
}

ConfigRevision BindingRevisions::Of(const std::string& workspace_id) const {
  const auto found = workspaces_.find(workspace_id);
  return found == workspaces_.end() ? all_ : found->second;
}

}  // namespace tollgate::billing
