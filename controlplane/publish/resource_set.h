// The published resources of one audience, and their digest.
#ifndef TOLLGATE_CONTROLPLANE_PUBLISH_RESOURCE_SET_H_
#define TOLLGATE_CONTROLPLANE_PUBLISH_RESOURCE_SET_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tollgate/config/v1/config.pb.h"

namespace tollgate::controlplane {

using ResourcePtr = std::shared_ptr<const config::v1::Resource>;

// One published resource that is new, changed or (null) gone.
struct ResourceChange {
  std::string key;
  ResourcePtr resource;
};
using ResourceChanges = std::vector<ResourceChange>;

// Whether a resource's key is of a kind that the data plane does not read.
inline bool IsForBillingOnly(std::string_view key) { return key.starts_with("webhook/"); }

// Not thread-safe; resources are immutable and may outlive it.
class ResourceSet {
 public:
  using Rows = std::map<std::string, ResourcePtr, std::less<>>;

  // The resource; nullptr when there is none.
  ResourcePtr Find(std::string_view key) const;

  // Makes the changes.  REQUIRED: no key comes twice.
  void Apply(const ResourceChanges& changes);

  // The digest after such changes.
  std::uint64_t DigestAfter(const ResourceChanges& changes) const;

  // The sum of all hashes modulo 2^64 (config.proto).
  std::uint64_t digest() const { return digest_; }

  // Their sizes are computed: GetCachedSize() and SerializeWithCachedSizesToArray() may be used.
  const Rows& rows() const { return rows_; }

 private:
  Rows rows_;
  std::uint64_t digest_ = 0;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PUBLISH_RESOURCE_SET_H_
