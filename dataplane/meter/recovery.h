// What a start makes of the lanes that former incarnations left.
#ifndef TOLLGATE_DATAPLANE_METER_RECOVERY_H_
#define TOLLGATE_DATAPLANE_METER_RECOVERY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/random.h"
#include "dataplane/meter/lane.h"
#include "dataplane/meter/spool.h"

namespace tollgate::dataplane {

// "<incarnation>-<lane>-<index>.spool", with leading zeros, so that names sort as their lanes do.
std::string SegmentName(std::uint64_t incarnation, std::uint32_t lane, std::uint32_t index);

// A lane of a former incarnation, ready to be shipped.
struct RecoveredLane {
  std::uint64_t incarnation = 0;
  std::unique_ptr<Lane> lane;  // Null when nothing of it is left.
  bool damaged = false;  // A corrupt segment, a gap or a missing end: its run must not be closed.
};

// Reads the lanes in `options.folder`, gives every intent without a final record one, and adds what
// it found to `report`.  Not in runs that `identity` may not close: after a power loss their final
// records may have reached billing and not the disk, and would be charged again under the sequences
// of others.  A segment that was made and never begun is removed, unless the node noted that it
// was begun: then a power loss took what was in it, none of which was promised to anybody.  One
// that was begun and is not there was deleted, and its lane is damaged.  A lane stops at a corrupt
// record: what is before is shipped, the file stays.  Idempotent: killed at any point, the
// next call completes it.
absl::StatusOr<std::vector<RecoveredLane>> RecoverLanes(FileSystem& file_system, Random& random,
                                                        const SpoolOptions& options,
                                                        const NodeIdentity& identity,
                                                        RecoveryReport& report);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_RECOVERY_H_
