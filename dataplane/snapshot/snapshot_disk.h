// The last good configuration on disk, so that a node starts without its control plane.
// The format is docs/formats/snapshot.md.
//
// A snapshot file holds the whole; a log beside it the changes since, so that a change writes what
// changed.  When the log has grown to a share of the snapshot, both are merged into a new snapshot.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_SNAPSHOT_DISK_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_SNAPSHOT_DISK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "dataplane/snapshot/config_image.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::dataplane {

// Used by one thread at a time.
class SnapshotDisk {
 public:
  // `file_system` must outlive this; `folder` is created when missing.
  SnapshotDisk(FileSystem& file_system, std::string folder);
  ~SnapshotDisk();

  struct Loaded {
    ConfigRevision revision;
    std::uint64_t log_records = 0;  // Changes applied on top of the snapshot.
    bool log_cut = false;           // The log ended in something unusable: what came before holds.
  };

  // Reads what is there into `image` (empty before) and says what it is.  NotFound when there is
  // nothing; DataLoss when the snapshot file is damaged, FailedPrecondition when it is of a later
  // format: the image is of no use then, and the files are left for an operator to look at until
  // the next snapshot replaces them.
  absl::StatusOr<Loaded> Load(ConfigImage& image);

  // ---- A new snapshot: Begin, Add…, then Commit or Abandon --------------------------------------
  absl::Status Begin();
  // A serialized resource.
  absl::Status Add(std::string_view resource);
  absl::Status Commit(const ConfigRevision& revision, std::uint64_t digest);
  void Abandon();

  // Appends a change to the log and syncs it.  Merges when the log has become long.
  absl::Status Append(const config::v1::SubscribeResponse::Delta& delta);

 private:
  // What the end of a snapshot file says about it.
  struct Trailer {
    ConfigRevision revision;
    std::uint64_t digest = 0;
    std::uint64_t resources = 0;
    std::uint32_t body_crc = 0;
  };
  class Log;

  absl::StatusOr<Loaded> LoadOnce(ConfigImage& image, std::uint64_t log_records_max);
  absl::Status Flush();
  absl::Status Merge();
  absl::Status StartLog(const ConfigRevision& base);
  static absl::StatusOr<Trailer> ReadTrailer(std::string_view file);
  std::string SnapshotPath() const { return folder_ + "/snapshot"; }
  std::string TemporaryPath() const { return folder_ + "/snapshot.tmp"; }
  std::string LogPath() const { return folder_ + "/snapshot.log"; }

  FileSystem& file_system_;
  const std::string folder_;
  std::unique_ptr<AppendFile> writer_;  // Of a new snapshot.
  std::string buffer_;
  std::uint64_t resources_ = 0;  // Of a new snapshot; so is crc_.
  std::uint32_t crc_ = 0;
  std::unique_ptr<AppendFile> log_;
  std::uint64_t snapshot_bytes_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_SNAPSHOT_DISK_H_
