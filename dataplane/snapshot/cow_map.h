// A persistent map from strings: copying shares everything, an edit copies one shard.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_COW_MAP_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_COW_MAP_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "base/string_views.h"

namespace tollgate::dataplane {

// Values are immutable and shared.  Const members are safe from several threads; edits are for one
// thread on a map that nobody else has yet.
template <typename Value>
class CowMap {
 public:
  using Pointer = std::shared_ptr<const Value>;

  // The value, or nullptr; valid as long as this map or a copy with the same value lives.
  const Value* Find(std::string_view key) const {
    const auto& shard = shards_[ShardOf(key)];
    if (shard == nullptr) return nullptr;
    auto it = shard->find(AbslView(key));
    return it == shard->end() ? nullptr : it->second.get();
  }

  void Set(std::string_view key, Pointer value) {
    auto copy = CopyOf(ShardOf(key));
    auto [it, added] = copy->insert_or_assign(std::string(key), std::move(value));
    if (added) ++size_;
    shards_[ShardOf(key)] = std::move(copy);
  }

  // False when there was none.
  bool Erase(std::string_view key) {
    if (Find(key) == nullptr) return false;
    auto copy = CopyOf(ShardOf(key));
    copy->erase(AbslView(key));
    --size_;
    shards_[ShardOf(key)] = std::move(copy);
    return true;
  }

  // Calls visit(key, value) for each, in no order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& shard : shards_) {
      if (shard == nullptr) continue;
      for (const auto& [key, value] : *shard) visit(std::string_view(key), value);
    }
  }

  std::size_t size() const { return size_; }

 private:
  using Shard = absl::flat_hash_map<std::string, Pointer>;
  static constexpr std::size_t kShards = 1024;

  static std::size_t ShardOf(std::string_view key) {
    // The upper bits: the map within uses the lower ones.
    return (absl::Hash<absl::string_view>{}(AbslView(key)) >> 48) % kShards;
  }

  std::shared_ptr<Shard> CopyOf(std::size_t shard) const {
    return shards_[shard] == nullptr ? std::make_shared<Shard>()
                                     : std::make_shared<Shard>(*shards_[shard]);
  }

  std::array<std::shared_ptr<const Shard>, kShards> shards_{};
  std::size_t size_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_COW_MAP_H_
