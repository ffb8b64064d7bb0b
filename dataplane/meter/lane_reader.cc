#include "dataplane/meter/lane_reader.h"

#include <vector>

namespace tollgate::dataplane {

bool LaneReader::NextSegment() {
  const std::vector<std::shared_ptr<Segment>> segments = lane_->Segments();
  for (const auto& segment : segments) {
    if (segment_ != nullptr && segment->header().index <= segment_->header().index) continue;
    segment_ = segment;
    offset_ = 0;
    return true;
  }
  return false;
}

bool LaneReader::Next(RecordView* record) {
  if (segment_ == nullptr && !NextSegment()) return false;
  while (true) {
    // In this order: what was appended before the seal is seen after it.
    const bool sealed = segment_->sealed.load(std::memory_order_acquire);
    const std::size_t synced = segment_->synced();
    std::size_t next = offset_;
    while (segment_->ReadCommitted(&next, record)) {
      if (synced_only_ && next > synced) return false;
      offset_ = next;
      if (record->type != RecordType::kFinal || record->sequence <= after_) continue;
      after_ = record->sequence;
      return true;
    }
    if (!sealed || !NextSegment()) return false;
  }
}

void LaneReader::SeekAfter(std::uint64_t sequence) {
  after_ = sequence;
  segment_ = nullptr;
  offset_ = 0;
  for (const auto& segment : lane_->Segments()) {
    if (segment_ != nullptr && segment->header().first_sequence > sequence + 1) break;
    segment_ = segment;
  }
}

}  // namespace tollgate::dataplane
