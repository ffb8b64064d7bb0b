// Reads the final records of a lane in order, while its worker appends.
#ifndef TOLLGATE_DATAPLANE_METER_LANE_READER_H_
#define TOLLGATE_DATAPLANE_METER_LANE_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/meter/lane.h"
#include "dataplane/meter/segment.h"

namespace tollgate::dataplane {

// Used by one thread at a time.
class LaneReader {
 public:
  // What of the lane is read.
  enum class Reads {
    kAll,
    kShippable,  // But for what may not be shipped yet (Lane::SetShipsSyncedOnly()).
  };
  // `lane` must outlive this.
  explicit LaneReader(const Lane& lane, Reads reads = Reads::kAll)
      : lane_(&lane), synced_only_(reads == Reads::kShippable && lane.ships_synced_only()) {}

  // The next final record; false when there is none yet.  Its payload is valid until the next call.
  bool Next(RecordView* record);

  // Goes to the first record with a sequence above `sequence`.
  void SeekAfter(std::uint64_t sequence);

 private:
  bool NextSegment();

  const Lane* lane_;
  bool synced_only_;
  std::shared_ptr<Segment> segment_;
  std::size_t offset_ = 0;
  std::uint64_t after_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_LANE_READER_H_
