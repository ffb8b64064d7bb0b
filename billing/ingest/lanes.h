// The watermarks of all lanes: what makes a record count exactly once.  A pure machine.
//
// A lane's records are numbered from 1 without gaps, so one number says everything: what is at or
// below the watermark has been applied, the next one is watermark + 1, anything beyond is a gap.
// The digests of the last records let a repeated id with other contents be recognized, which no
// honest node sends.
#ifndef TOLLGATE_BILLING_INGEST_LANES_H_
#define TOLLGATE_BILLING_INGEST_LANES_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "billing/ingest/usage_record.h"

namespace tollgate::billing {

// How many digests a lane remembers: more than the records that one batch carries, since what is
// sent again is what was not acknowledged, and a node has one batch per lane under way.
inline constexpr std::uint32_t kLaneDigestsMax = 1024;

// The first half of a SHA-256: enough to tell contents apart that nobody chose to collide.
using ShortDigest = std::array<std::uint8_t, 16>;
ShortDigest Shorten(const Sha256Digest& digest);

struct LaneRow {
  LaneKey lane;
  std::uint64_t watermark = 0;

  friend bool operator==(const LaneRow&, const LaneRow&) = default;
};

// The digest of one recent record.  A lane has kLaneDigestsMax slots; sequence s lies in slot
// s modulo that, so that a new one overwrites the oldest.
struct DigestRow {
  RecordKey record;
  ShortDigest digest;

  friend bool operator==(const DigestRow&, const DigestRow&) = default;
};

// The digests of consecutive records of one lane.
struct DigestRun {
  LaneKey lane;
  std::uint64_t first_sequence = 0;
  std::vector<ShortDigest> digests;

  friend bool operator==(const DigestRun&, const DigestRun&) = default;
};

struct LaneEffects {
  std::map<LaneKey, LaneRow> lanes;
  std::vector<DigestRun> digests;
  std::vector<LaneKey> forgotten_digests;  // Lanes whose digests are of no use any more.
};

// What a record with a certain sequence is to its lane.
enum class Arrival {
  kNext,         // Apply it.
  kRepeated,     // Applied before; acknowledge again.
  kContradicts,  // Its id was applied with other contents: quarantine.
  kGap,          // Records before it are missing.
};

class Lanes {
 private:
  struct Slot {
    std::uint64_t sequence = 0;
    ShortDigest digest{};
  };
  struct Lane {
    std::uint64_t watermark = 0;
    std::vector<Slot> slots;  // Grows up to kLaneDigestsMax.
  };

 public:
  void Restore(const std::vector<LaneRow>& lanes, const std::vector<DigestRow>& digests);

  // 0 for a lane that was never heard of.
  std::uint64_t Watermark(const LaneKey& lane) const;

  // The watermarks of all lanes of one incarnation of a node.
  std::vector<LaneRow> OfIncarnation(const std::string& node_id, std::uint64_t incarnation) const;

  // The records of one batch, in order of sequence.
  class Arrivals {
   public:
    // Judges a record; changes nothing.
    Arrival Judge(std::uint64_t sequence, const Sha256Digest& digest) const;

    // Raises the watermark to a record's sequence.  REQUIRED: Judge() said kNext.
    void Advance(std::uint64_t sequence, const Sha256Digest& digest);

    std::uint64_t watermark() const { return lane_.watermark; }

   private:
    friend class Lanes;
    Arrivals(const LaneKey& key, Lanes& lanes);

    Lanes& lanes_;
    Lane& lane_;
    DigestRun run_;
  };

  // Begins to take the records of a lane; until End() nobody else may use the lanes.
  Arrivals Begin(const LaneKey& lane) { return Arrivals(lane, *this); }
  void End(Arrivals arrivals);

  // Drops the digests of a closed incarnation; its watermarks stay, for they are what keeps its
  // records from counting twice.
  void ForgetDigests(const std::string& node_id, std::uint64_t incarnation);

  LaneEffects TakeEffects() { return std::exchange(effects_, {}); }

 private:
  static void Remember(Lane& lane, std::uint64_t sequence, const ShortDigest& digest);

  std::map<LaneKey, Lane> lanes_;
  LaneEffects effects_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_INGEST_LANES_H_
