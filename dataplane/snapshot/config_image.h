// Builds snapshots from published resources, and the next one from a change.
//
// An image is a value: copying it is cheap, and a copy that turns out invalid is thrown away, so a
// bad resource refuses a whole change.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_CONFIG_IMAGE_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_CONFIG_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/seal.h"
#include "dataplane/snapshot/key_reader.h"
#include "dataplane/snapshot/snapshot.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::dataplane {

// Not thread-safe.
class ConfigImage {
 public:
  // An empty one.  `sealer` opens credentials; it must outlive this and its copies.
  explicit ConfigImage(const Sealer& sealer);

  // Checks one resource (proto/validate) and puts it in, new or in place of the one with its key.
  // InvalidArgument naming the resource; then the image is of no further use.
  absl::Status Upsert(const config::v1::Resource& resource);

  // Says that about `keys` are going to be loaded.  For an empty image.
  void Expect(std::size_t keys) { keys_.Expect(keys); }

  // As Upsert(), from a serialized resource; the quick way to a whole configuration in an image
  // that was empty.  InvalidArgument too when the bytes are no resource.  A key that comes twice,
  // or has the digest of another, is refused by what follows the last Load(): Upsert(), Remove()
  // or Finish(), with reason DUPLICATE_RESOURCE.
  absl::Status Load(std::string_view resource);

  // Takes the resource with this key out; OK when there is none.
  absl::Status Remove(std::string_view key);

  // Checks that what was changed since the last Finish() refers only to what is there, and that
  // nothing that is left refers to what was removed; then makes the snapshot.
  // InvalidArgument with reason DANGLING_REFERENCE or DUPLICATE_RESOURCE, naming the resource.
  absl::StatusOr<std::shared_ptr<const Snapshot>> Finish(const ConfigRevision& revision);

  std::uint64_t digest() const { return digest_; }
  std::size_t resource_count() const { return resource_count_; }

 private:
  using Resource = config::v1::Resource;

  // While a configuration is loaded.
  struct Loading {
    WireKey key;                                                 // Its memory is used again.
    absl::flat_hash_map<std::string, std::uint32_t> workspaces;  // Index by id.
  };

  void BeginEdit();
  absl::Status EndLoading();
  void LoadKey(WireKey& key);
  absl::Status UpsertKey(const WireKey& key);
  absl::Status UpsertOther(const Resource& resource);
  absl::Status Prepare(const Resource& resource);
  void Put(const Resource& resource);
  void Drop(const Resource& resource);
  bool RemoveKey(std::string_view id);
  std::uint32_t InternWorkspace(std::string_view id, std::string_view needed_by);
  void AwaitMember(std::string_view id, std::string_view needed_by);
  void PutBudget(const config::v1::Budget& budget);
  void DropBudget(const config::v1::Budget& budget);
  void CountReferences(const Resource& resource, std::int64_t delta);
  absl::Status CheckTouched() const;
  absl::Status CheckRemoved() const;
  bool Has(std::string_view key) const;

  const Sealer* sealer_;
  std::uint64_t digest_ = 0;
  std::size_t resource_count_ = 0;
  KeyTable keys_;
  CowVector<Workspace> workspaces_;
  CowVector<std::int64_t> keys_of_workspace_;  // How many keys each has; by the same index.
  CowMap<std::uint32_t> workspace_index_;      // By id.
  CowMap<std::vector<std::shared_ptr<const Budget>>> budgets_;
  CowMap<Member> members_;                                    // By id.
  CowMap<Resource> kept_;                                     // All but keys, by resource key.
  CowMap<std::vector<std::shared_ptr<const Price>>> prices_;  // Of offerings, by resource key.
  CowMap<std::int64_t> references_;  // How many of kept_ refer to a resource key.
  std::shared_ptr<const Catalog> catalog_;
  bool catalog_stale_ = true;
  bool editing_ = false;
  std::optional<Loading> loading_;
  // Since the last Finish(): what to check there.
  absl::flat_hash_set<std::string> touched_;
  absl::flat_hash_set<std::string> removed_;
  absl::flat_hash_map<std::string, std::string> awaited_workspaces_;  // Id → a key that names it.
  absl::flat_hash_map<std::string, std::string> awaited_members_;     // Likewise; may be there.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_CONFIG_IMAGE_H_
