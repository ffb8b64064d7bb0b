// All resources in memory, and who refers to whom.
#ifndef TOLLGATE_CONTROLPLANE_RESOURCE_WORLD_H_
#define TOLLGATE_CONTROLPLANE_RESOURCE_WORLD_H_

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

using RecordPtr = std::shared_ptr<const Record>;

// Not thread-safe; records are immutable and may outlive it.
class World {
 public:
  using Rows = std::map<std::string, RecordPtr, std::less<>>;

  // The record; nullptr when there is none.
  RecordPtr Find(KindId kind, std::string_view id) const;

  // Adds or replaces the record by its id.
  void Put(RecordPtr record);

  // Removes a record; nothing happens when there is none.
  void Remove(KindId kind, std::string_view id);

  // All of a kind, by id.
  const Rows& All(KindId kind) const { return rows_[Index(kind)]; }
  std::size_t Count(KindId kind) const { return rows_[Index(kind)].size(); }

  // Up to `limit` records of the kind that `matches`, by id, beginning behind `after`.
  std::vector<RecordPtr> List(KindId kind, std::string_view after, std::size_t limit,
                              const std::function<bool(const Message&)>& matches) const;

  // How many resources refer to this one.
  std::size_t ReferrersOf(KindId kind, std::string_view id) const;

 private:
  static std::size_t Index(KindId kind) { return static_cast<std::size_t>(kind) - 1; }

  // Adds `step` (1 or -1) to the counts of all that the record refers to.
  void CountReferences(const Record& record, int step);

  std::array<Rows, kKinds> rows_;
  std::unordered_map<std::string, std::size_t> referrers_;  // By "<kind>/<id>"; no zeros.
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_RESOURCE_WORLD_H_
