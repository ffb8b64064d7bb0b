// The keys of a snapshot: a persistent hash table from a key's digest to what the node knows of it.
//
// Sharded by digest.  A table that is copied shares every shard with the original; an edit copies
// only the shards that it touches (about 256 keys each at a million keys), so that revoking one key
// among a million costs microseconds.  A key takes about 130 bytes, strings included; one that has
// a project, a member or limits as much more as their text, and 24 bytes for limits.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_KEY_TABLE_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_KEY_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/digest.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// What one key's resource says, on its way into the table.
struct KeyFacts {
  std::string_view id;          // "key_…", at most 255 bytes.
  Sha256Digest digest{};        // HMAC-SHA-256(pepper, key).
  std::uint32_t workspace = 0;  // Index of its workspace within the snapshot.
  absl::Time expire_time = absl::InfiniteFuture();
  bool revoked = false;
  std::vector<std::string_view> allowed_models;  // Empty = all.
  std::string_view project_id;                   // Empty = none.
  std::string_view member_id;                    // Empty = a service key.
  RateLimits limits;
  bool manages_quotas = false;
  std::uint64_t resource_hash = 0;               // Resource.hash, for the digest of the whole.
};

namespace key_table_internal {
struct Record;
struct Shard;
struct IdShard;
}  // namespace key_table_internal

// A key within a table; valid as long as the table (the snapshot) lives.
class KeyRef {
 public:
  std::string_view id() const;
  std::uint32_t workspace() const;
  bool revoked() const;
  bool ExpiredAt(absl::Time now) const;
  absl::Time expire_time() const;  // InfiniteFuture = never.
  std::uint64_t resource_hash() const;
  const Sha256Digest& digest() const;
  std::string_view project_id() const;
  std::string_view member_id() const;
  RateLimits limits() const;
  bool manages_quotas() const;

  // Whether its allow-list admits `name`, a model id or an alias.  An entry that ends with "*"
  // matches any rest.  True for an empty list.
  bool Allows(std::string_view name) const;
  // Whether it may call everything.
  bool allows_all() const;
  // The allow-list, as strings; for diagnosis.
  std::vector<std::string> AllowedModels() const;

 private:
  friend class KeyTable;
  KeyRef(const key_table_internal::Shard* shard, const key_table_internal::Record* record)
      : shard_(shard), record_(record) {}

  const key_table_internal::Shard* shard_;
  const key_table_internal::Record* record_;
};

// Copyable at the price of some thousand pointers.  Const members are safe from several threads;
// edits are for one thread, on a table that nobody else has yet.
class KeyTable {
 public:
  KeyTable();

  // The key with `digest`, or nullopt.  No allocation.  The last comparison is constant-time.
  std::optional<KeyRef> Find(const Sha256Digest& digest) const;

  // The key with this public id, or nullopt.
  std::optional<KeyRef> FindById(std::string_view id) const;

  std::size_t size() const { return size_; }

  // Begins a series of edits: shards that were shared before are copied when first touched.
  void BeginEdit();

  // Adds a key, or replaces the one with the same id.  False, and no change, when another id
  // already has this digest.  REQUIRED: BeginEdit() since the table was last copied.
  bool Upsert(const KeyFacts& facts);

  // Removes the key with this id; false when there is none.  REQUIRED: as Upsert().
  bool Remove(std::string_view id);

  // ---- A whole configuration: Expect(), Append()…, Index().  Much quicker than Upsert() --------

  // Says that about `keys` will be appended, so that memory is taken once.  REQUIRED: empty.
  void Expect(std::size_t keys);

  // Adds a key that no lookup finds before Index().  REQUIRED: the table was empty before the
  // first, and nothing else is called before Index().
  void Append(const KeyFacts& facts);

  // Makes lookups find what was appended.  Returns a key whose id or digest another has too, which
  // makes the table useless; nullopt when all are different.
  std::optional<KeyRef> Index();

  // Memory in bytes, shards shared with other tables included.
  std::size_t MemoryBytes() const;

 private:
  friend class KeyRef;
  static constexpr std::size_t kShards = 4096;  // 1,000,000 keys: 244 a shard, 25 KiB to copy.

  std::optional<KeyRef> IndexDigests();
  std::optional<KeyRef> IndexIds();
  key_table_internal::Shard& Editable(std::size_t shard);
  key_table_internal::IdShard& EditableIds(std::size_t shard);

  std::vector<std::shared_ptr<key_table_internal::Shard>> shards_;       // By digest; null = empty.
  std::vector<std::shared_ptr<key_table_internal::IdShard>> id_shards_;  // By hash of the id.
  std::size_t size_ = 0;
  std::size_t expected_in_shard_ = 0;  // By Expect().
  std::uint64_t edit_ = 0;             // Shards with this number are ours alone.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_KEY_TABLE_H_
