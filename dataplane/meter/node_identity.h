// Who this node is: its random id, and the number of this run (its incarnation).
//
// Kept in one small file of the data folder, which a lock lets one process use at a time.  The
// incarnation is raised and synced before anything is written under it.
#ifndef TOLLGATE_DATAPLANE_METER_NODE_IDENTITY_H_
#define TOLLGATE_DATAPLANE_METER_NODE_IDENTITY_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/random.h"

namespace tollgate::dataplane {

// When a record counts as written.
enum class Durability {
  kProcess,  // In the page cache: survives any crash of the process.
  kDisk,     // Synced: survives power loss.
};

// A run of this node that billing may still hold money for.
struct FormerIncarnation {
  std::uint64_t number = 0;
  std::string boot_id;  // In which boot of the machine it ran.
  Durability durability = Durability::kProcess;
  std::uint32_t lanes = 0;  // How many lanes it wrote.
  // The index of the last segment that each of them is known to have begun, which stays until the
  // run is closed; empty when that was not noted.
  std::vector<std::uint32_t> begun = {};

  friend bool operator==(const FormerIncarnation&, const FormerIncarnation&) = default;
};

// Where the spool of a data folder has its segments.
std::string SpoolFolder(const std::string& data_folder);

// NoteBegun() is thread-safe; the rest is for one thread.
class NodeIdentity {
 public:
  // Takes the lock of `folder` (created when missing), reads or makes the identity, and begins a
  // new incarnation with `lanes` lanes.  FailedPrecondition when another process has the folder;
  // DataLoss when the file is damaged, or missing while the spool has segments: starting anew would
  // make a second life of the same node, so an operator must decide (docs/formats/spool.md).
  // `boot_id` has no blanks.
  static absl::StatusOr<NodeIdentity> Begin(FileSystem& file_system, const std::string& folder,
                                            std::string_view boot_id, Durability durability,
                                            std::uint32_t lanes, Random& random);

  const std::string& node_id() const { return node_id_; }  // 32 hexadecimal digits.
  std::uint64_t incarnation() const { return incarnation_; }
  const std::string& boot_id() const { return boot_id_; }

  // Former runs that are not closed yet, ascending.
  const std::vector<FormerIncarnation>& former() const { return former_; }

  // Whether billing may free what `former` held, once all its records are acknowledged: not when
  // the machine has booted since and it did not sync, for then records may be lost.
  bool MayClose(const FormerIncarnation& former) const {
    return former.boot_id == boot_id_ || former.durability == Durability::kDisk;
  }

  // Notes which segment each lane of this run began last, so that the next run misses one that is
  // gone.  Indexes only grow; lower ones are ignored.  After an error it is not noted.
  absl::Status NoteBegun(const std::vector<std::uint32_t>& indexes);

  // Forgets a former run: billing has closed it.  After an error it is not forgotten.
  absl::Status Closed(std::uint64_t incarnation);

 private:
  NodeIdentity() = default;

  absl::Status Save() const;  // REQUIRED: `mutex_` is held, or nobody else knows this.

  FileSystem* file_system_ = nullptr;
  std::string folder_;
  std::unique_ptr<FileLock> lock_;
  std::string node_id_;
  std::uint64_t incarnation_ = 0;
  std::string boot_id_;
  Durability durability_ = Durability::kProcess;
  std::uint32_t lanes_ = 0;
  // Guards writes of the next ones, and the file.
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  std::vector<FormerIncarnation> former_;
  std::vector<std::uint32_t> begun_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_NODE_IDENTITY_H_
