#include "controlplane/resource/world.h"

#include <utility>

#include "controlplane/store/schema.h"

namespace tollgate::controlplane {

RecordPtr World::Find(KindId kind, std::string_view id) const {
  const Rows& rows = All(kind);
  const auto it = rows.find(id);
  return it == rows.end() ? nullptr : it->second;
}

void World::Put(RecordPtr record) {
  const Kind& kind = KindOf(*record);
  const std::string id = IdOf(ResourceOf(kind, *record));
  Remove(kind.id, id);
  CountReferences(*record, 1);
  rows_[Index(kind.id)][id] = std::move(record);
}

void World::Remove(KindId kind, std::string_view id) {
  Rows& rows = rows_[Index(kind)];
  const auto it = rows.find(id);
  if (it == rows.end()) return;
  CountReferences(*it->second, -1);
  rows.erase(it);
}

std::vector<RecordPtr> World::List(KindId kind, std::string_view after, std::size_t limit,
                                   const std::function<bool(const Message&)>& matches) const {
  const Rows& rows = All(kind);
  std::vector<RecordPtr> found;
  for (auto it = after.empty() ? rows.begin() : rows.upper_bound(after);
       it != rows.end() && found.size() < limit; ++it) {
    if (matches(ResourceOf(KindOf(kind), *it->second))) found.push_back(it->second);
  }
  return found;
}

std::size_t World::ReferrersOf(KindId kind, std::string_view id) const {
  const auto it = referrers_.find(ResourceRowKey(KindOf(kind).name, id));
  return it == referrers_.end() ? 0 : it->second;
}

void World::CountReferences(const Record& record, int step) {
  const Kind& kind = KindOf(record);
  for (const Reference& reference : ReferencesOf(kind, ResourceOf(kind, record))) {
    const std::string key = ResourceRowKey(KindOf(reference.kind).name, reference.id);
    std::size_t& count = referrers_[key];
    count += static_cast<std::size_t>(step);
    if (count == 0) referrers_.erase(key);
  }
}

}  // namespace tollgate::controlplane
