#include "dataplane/meter/recent_generations.h"

#include <algorithm>
#include <set>

#include "base/string_views.h"
#include "google/protobuf/io/coded_stream.h"

namespace tollgate::dataplane {
namespace {

// UsageRecord.generation_id without parsing the rest: it is field 1, and so comes first.
std::string GenerationIdOf(std::string_view record) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(record.data()),
                                               static_cast<int>(record.size()));
  std::string id;
  std::uint32_t size = 0;
  if (input.ReadTag() != 0x0a || !input.ReadVarint32(&size) ||
      size > static_cast<std::uint32_t>(record.size()) ||
      !input.ReadString(&id, static_cast<int>(size))) {
    return "";
  }
  return id;
}

}  // namespace

void RecentGenerations::Add(std::string_view record) {
  auto attempt = std::make_shared<Attempt>();
  attempt->generation_id = GenerationIdOf(record);
  if (attempt->generation_id.empty()) return;
  attempt->record = std::string(record);
  by_id_[attempt->generation_id].push_back(attempt);
  order_.push_back(std::move(attempt));
  if (order_.size() <= attempts_max_) return;
  const std::shared_ptr<Attempt> oldest = std::move(order_.front());
  order_.pop_front();
  auto it = by_id_.find(oldest->generation_id);
  std::erase(it->second, oldest);
  if (it->second.empty()) by_id_.erase(it);
}

void RecentGenerations::CatchUpLocked() {
  std::set<std::pair<std::uint64_t, std::uint32_t>> present;
  for (Lane* lane : spool_.AllLanes()) {
    const auto key = std::pair(lane->incarnation(), lane->number());
    present.insert(key);
    std::unique_ptr<LaneReader>& reader = readers_[key];
    if (reader == nullptr) reader = std::make_unique<LaneReader>(*lane);
    RecordView record;
    while (reader->Next(&record)) Add(record.text());
  }
  // A reader keeps its segment mapped: let those of forgotten lanes go.
  std::erase_if(readers_, [&present](const auto& entry) { return !present.contains(entry.first); });
}

void RecentGenerations::CatchUp() {
  std::lock_guard lock(mutex_);
  CatchUpLocked();
}

std::vector<std::string> RecentGenerations::Find(std::string_view generation_id) {
  std::lock_guard lock(mutex_);
  CatchUpLocked();
  std::vector<std::string> records;
  auto it = by_id_.find(AbslView(generation_id));
  if (it == by_id_.end()) return records;
  for (const auto& attempt : it->second) records.push_back(attempt->record);
  return records;
}

std::size_t RecentGenerations::size() const {
  std::lock_guard lock(mutex_);
  return order_.size();
}

}  // namespace tollgate::dataplane
