#include "controlplane/publish/resource_set.h"

namespace tollgate::controlplane {

ResourcePtr ResourceSet::Find(std::string_view key) const {
  const auto it = rows_.find(key);
  return it == rows_.end() ? nullptr : it->second;
}

std::uint64_t ResourceSet::DigestAfter(const ResourceChanges& changes) const {
  std::uint64_t digest = digest_;
  for (const ResourceChange& change : changes) {
    if (const ResourcePtr former = Find(change.key)) digest -= former->hash();
    if (change.resource != nullptr) digest += change.resource->hash();
  }
  return digest;
}

void ResourceSet::Apply(const ResourceChanges& changes) {
  digest_ = DigestAfter(changes);
  for (const ResourceChange& change : changes) {
    if (change.resource == nullptr) {
      rows_.erase(change.key);
    } else {
      change.resource->ByteSizeLong();  // Is kept in the message: see rows().
      rows_[change.key] = change.resource;
    }
  }
}

}  // namespace tollgate::controlplane
