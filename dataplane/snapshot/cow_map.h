// A persistent map from strings: copying shares everything, an edit copies the shards it touches.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_COW_MAP_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_COW_MAP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "base/string_views.h"
#include "dataplane/snapshot/edit_token.h"

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
    auto it = shard->map.find(AbslView(key));
    return it == shard->map.end() ? nullptr : it->second.get();
  }

  // Begins a series of edits: shards that were there before are copied when first touched.
  // REQUIRED before edits to a map that was copied.
  void BeginEdit() { edit_ = NewEditToken(); }

  void Set(std::string_view key, Pointer value) {
    auto [it, added] = Editable(ShardOf(key)).insert_or_assign(std::string(key), std::move(value));
    if (added) ++size_;
  }

  // False when there was none.
  bool Erase(std::string_view key) {
    if (Find(key) == nullptr) return false;
    Editable(ShardOf(key)).erase(AbslView(key));
    --size_;
    return true;
  }

  // Calls visit(key, value) for each, in no order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& shard : shards_) {
      if (shard == nullptr) continue;
      for (const auto& [key, value] : shard->map) visit(std::string_view(key), value);
    }
  }

  std::size_t size() const { return size_; }

 private:
  using Map = absl::flat_hash_map<std::string, Pointer>;
  struct Shard {
    std::uint64_t edit = 0;
    Map map;
  };
  static constexpr std::size_t kShards = 1024;

  static std::size_t ShardOf(std::string_view key) {
    // The upper bits: the map within uses the lower ones.
    return (absl::Hash<absl::string_view>{}(AbslView(key)) >> 48) % kShards;
  }

  Map& Editable(std::size_t index) {
    auto& shard = shards_[index];
    if (shard == nullptr) {
      shard = std::make_shared<Shard>();
      shard->edit = edit_;
    } else if (shard->edit != edit_) {
      shard = std::make_shared<Shard>(*shard);
      shard->edit = edit_;
    }
    return shard->map;
  }

  std::array<std::shared_ptr<Shard>, kShards> shards_{};
  std::size_t size_ = 0;
  std::uint64_t edit_ = NewEditToken();  // Shards with this token are ours alone.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_COW_MAP_H_
