// The generations that this node served of late, for GET /v1/generation at once.
//
// Filled from the spool, off the request path: a lookup first reads what was appended since.  Every
// record of the node comes through here and next to none is ever asked for, so taking one in is a
// copy into a large block and an entry in the block's small hash table.
#ifndef TOLLGATE_DATAPLANE_METER_RECENT_GENERATIONS_H_
#define TOLLGATE_DATAPLANE_METER_RECENT_GENERATIONS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/meter/lane_reader.h"
#include "dataplane/meter/spool.h"

namespace tollgate::dataplane {

// Thread-safe.
class RecentGenerations {
 public:
  // Keeps at most so many attempts, and drops the oldest.  `spool` must outlive this.
  RecentGenerations(Spool& spool, std::size_t attempts_max);
  ~RecentGenerations();

  // Reads what was appended since; the shipper does it on each tick, before segments go.
  void CatchUp();

  // The serialized UsageRecords of a generation's attempts, in order; empty when it is not (or no
  // longer) known here.  The caller checks that it belongs to who asks.
  std::vector<std::string> Find(std::string_view generation_id);

  // How many attempts are kept.
  std::size_t size() const;

 private:
  class Block;

  void CatchUpLocked();
  void Add(std::string_view record);
  void AddBlock();

  Spool& spool_;
  const std::size_t attempts_max_;

  mutable std::mutex mutex_;  // Guards what follows.
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::unique_ptr<LaneReader>> readers_;
  std::deque<std::unique_ptr<Block>> blocks_;  // Oldest first.
  std::uint64_t added_ = 0;                    // Attempts; the last attempts_max_ of them are kept.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_RECENT_GENERATIONS_H_
