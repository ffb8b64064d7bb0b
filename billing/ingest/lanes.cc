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

Lanes::Arrivals::Arrivals(const LaneKey& key, Lanes& lanes)
    : lanes_(lanes), lane_(lanes.lanes_[key]), run_{key, lane_.watermark + 1, {}} {}

Arrival Lanes::Arrivals::Judge(std::uint64_t sequence, const Sha256Digest& digest) const {
  if (sequence > lane_.watermark) {
    return sequence == lane_.watermark + 1 ? Arrival::kNext : Arrival::kGap;
  }
  if (TG_SEEDED_BUG(kNoDedupe)) return Arrival::kNext;
  const std::size_t slot = sequence % kLaneDigestsMax;
  if (slot < lane_.slots.size() && lane_.slots[slot].sequence == sequence &&
      lane_.slots[slot].digest != Shorten(digest)) {
    return Arrival::kContradicts;
  }
  return Arrival::kRepeated;
}

void Lanes::Arrivals::Advance(std::uint64_t sequence, const Sha256Digest& digest) {
  if (TG_SEEDED_BUG(kNoDedupe) && sequence <= lane_.watermark) {
    lane_.watermark = sequence - 1;
    lanes_.effects_.digests.push_back(std::exchange(run_, {run_.lane, sequence, {}}));
  }
  CHECK_EQ(sequence, lane_.watermark + 1) << run_.lane.node_id;
  lane_.watermark = sequence;
  run_.digests.push_back(Shorten(digest));
  Remember(lane_, sequence, run_.digests.back());
}

void Lanes::End(Arrivals arrivals) {
  DigestRun& run = arrivals.run_;
  if (run.digests.empty()) {
    // A lane of which nothing was taken is none.
    if (arrivals.lane_.watermark == 0) lanes_.erase(run.lane);
    return;
  }
  effects_.lanes[run.lane] = {run.lane, arrivals.lane_.watermark};
  effects_.digests.push_back(std::move(run));
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
