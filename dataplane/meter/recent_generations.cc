#include "dataplane/meter/recent_generations.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "absl/hash/hash.h"
#include "base/string_views.h"
#include "google/protobuf/io/coded_stream.h"

namespace tollgate::dataplane {
namespace {

// UsageRecord.generation_id without parsing the rest: it is field 1, and so comes first.
std::string_view GenerationIdOf(std::string_view record) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(record.data()),
                                               static_cast<int>(record.size()));
  std::uint32_t size = 0;
  if (input.ReadTag() != 0x0a || !input.ReadVarint32(&size)) return {};
  const auto at = static_cast<std::size_t>(input.CurrentPosition());
  return size > record.size() - at ? std::string_view() : record.substr(at, size);
}

}  // namespace

// Some hundred records, in the order in which they came, and where each is.
class RecentGenerations::Block {
 public:
  explicit Block(std::uint64_t first) : first_(first) {}

  // Forgets what it has and begins anew, in the same memory.
  void Restart(std::uint64_t first) {
    first_ = first;
    used_ = 0;
    count_ = 0;
    slots_.fill(0);
  }

  // Number of the first attempt in it.
  std::uint64_t first() const { return first_; }
  std::uint64_t end() const { return first_ + count_; }
  bool HasRoomFor(std::string_view record) const {
    return count_ < kRecords && record.size() <= kBytes - used_;
  }

  // REQUIRED: room.
  void Add(std::string_view record) {
    std::memcpy(bytes_.get() + used_, record.data(), record.size());
    places_[count_] = {used_, static_cast<std::uint32_t>(record.size())};
    used_ += static_cast<std::uint32_t>(record.size());
    std::size_t slot = SlotOf(GenerationIdOf(record));
    while (slots_[slot] != 0) slot = (slot + 1) % kSlots;
    slots_[slot] = static_cast<std::uint16_t>(++count_);
  }

  // Appends the records of a generation whose number is `oldest` or above, in order.
  void Find(std::string_view generation_id, std::uint64_t oldest,
            std::vector<std::string>& records) const {
    // Records of one generation follow each other: they look for a free slot from the same one on.
    for (std::size_t slot = SlotOf(generation_id); slots_[slot] != 0; slot = (slot + 1) % kSlots) {
      const std::size_t index = slots_[slot] - 1u;
      const std::string_view record(bytes_.get() + places_[index].at, places_[index].size);
      if (first_ + index >= oldest && GenerationIdOf(record) == generation_id) {
        records.emplace_back(record);
      }
    }
  }

 private:
  struct Place {
    std::uint32_t at;
    std::uint32_t size;
  };

  static constexpr std::size_t kBytes = std::size_t{1} << 20;
  static constexpr std::size_t kRecords = 1024;
  static constexpr std::size_t kSlots = 2 * kRecords;

  static std::size_t SlotOf(std::string_view generation_id) {
    return absl::HashOf(AbslView(generation_id)) % kSlots;
  }

  std::uint64_t first_;
  std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(kBytes);
  std::uint32_t used_ = 0;
  std::size_t count_ = 0;
  std::array<Place, kRecords> places_;
  std::array<std::uint16_t, kSlots> slots_{};  // Index of a record plus one; 0 = free.
};

RecentGenerations::RecentGenerations(Spool& spool, std::size_t attempts_max)
    : spool_(spool), attempts_max_(attempts_max) {}

RecentGenerations::~RecentGenerations() = default;

void RecentGenerations::Add(std::string_view record) {
  if (GenerationIdOf(record).empty()) return;
  if (blocks_.empty() || !blocks_.back()->HasRoomFor(record)) AddBlock();
  blocks_.back()->Add(record);
  ++added_;
}

// Fresh memory costs more than what is copied into it, so the oldest block becomes the newest.
void RecentGenerations::AddBlock() {
  if (blocks_.empty() || blocks_.front()->end() + attempts_max_ > added_) {
    blocks_.push_back(std::make_unique<Block>(added_));
    return;
  }
  blocks_.front()->Restart(added_);
  blocks_.push_back(std::move(blocks_.front()));
  blocks_.pop_front();
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
  const std::uint64_t oldest = added_ - std::min<std::uint64_t>(added_, attempts_max_);
  std::vector<std::string> records;
  for (const auto& block : blocks_) block->Find(generation_id, oldest, records);
  return records;
}

std::size_t RecentGenerations::size() const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::min<std::uint64_t>(added_, attempts_max_));
}

}  // namespace tollgate::dataplane
