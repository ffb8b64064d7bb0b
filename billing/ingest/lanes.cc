#include "billing/ingest/lanes.h"

#include <algorithm>

#include "base/check.h"
#include "base/seeded_bug.h"

namespace tollgate::billing {

ShortDigest Shorten(const Sha256Digest& digest) {
  ShortDigest half;
  std::copy_n(digest.begin(), half.size(), half.begin());
  return half;
}

void Lanes::Restore(const std::vector<LaneRow>& lanes, const std::vector<DigestRow>& digests) {
  for (const LaneRow& row : lanes) lanes_[row.lane].watermark = row.watermark;
  for (const DigestRow& row : digests) {
    Remember(lanes_[row.record.lane], row.record.sequence, row.digest);
  }
}

std::uint64_t Lanes::Watermark(const LaneKey& lane) const {
  const auto found = lanes_.find(lane);
  return found == lanes_.end() ? 0 : found->second.watermark;
}

std::vector<LaneRow> Lanes::OfIncarnation(const std::string& node_id,
                                          std::uint64_t incarnation) const {
  std::vector<LaneRow> rows;
  for (auto it = lanes_.lower_bound({node_id, incarnation, 0});
       it != lanes_.end() && it->first.node_id == node_id && it->first.incarnation == incarnation;
       ++it) {
    rows.push_back({it->first, it->second.watermark});
  }
  return rows;
}

Arrival Lanes::Judge(const RecordKey& record, const Sha256Digest& digest) const {
  const auto found = lanes_.find(record.lane);
  const std::uint64_t watermark = found == lanes_.end() ? 0 : found->second.watermark;
  if (record.sequence > watermark) {
    return record.sequence == watermark + 1 ? Arrival::kNext : Arrival::kGap;
  }
  if (TG_SEEDED_BUG(kNoDedupe)) return Arrival::kNext;
  if (found == lanes_.end()) return Arrival::kRepeated;
  const std::size_t slot = record.sequence % kLaneDigestsMax;
  const std::vector<Slot>& slots = found->second.slots;
  if (slot < slots.size() && slots[slot].sequence == record.sequence &&
      slots[slot].digest != Shorten(digest)) {
    return Arrival::kContradicts;
  }
  return Arrival::kRepeated;
}

void Lanes::Advance(const RecordKey& record, const Sha256Digest& digest) {
  Lane& lane = lanes_[record.lane];
  if (TG_SEEDED_BUG(kNoDedupe)) lane.watermark = record.sequence - 1;
  CHECK_EQ(record.sequence, lane.watermark + 1) << record.lane.node_id;
  lane.watermark = record.sequence;
  const ShortDigest half = Shorten(digest);
  Remember(lane, record.sequence, half);
  effects_.lanes[record.lane] = {record.lane, lane.watermark};
  effects_.digests.push_back({record, half});
}

void Lanes::ForgetDigests(const std::string& node_id, std::uint64_t incarnation) {
  for (const LaneRow& row : OfIncarnation(node_id, incarnation)) {
    Lane& lane = lanes_.at(row.lane);
    if (lane.slots.empty()) continue;
    lane.slots = {};
    effects_.forgotten_digests.push_back(row.lane);
  }
}

void Lanes::Remember(Lane& lane, std::uint64_t sequence, const ShortDigest& digest) {
  const std::size_t slot = sequence % kLaneDigestsMax;
  if (slot >= lane.slots.size()) {
    // By doubling: most lanes of a small installation stay short.
    lane.slots.resize(
        std::min<std::size_t>(kLaneDigestsMax, std::max(slot + 1, lane.slots.size() * 2)));
  }
  lane.slots[slot] = {sequence, digest};
}

}  // namespace tollgate::billing
