// The file system as an interface: the seam at which tests inject faults (a full disk, a failed
// sync, a crash between two steps).  Programs pass RealFileSystem().
//
// Codes, the same for every call:
//   NotFound           the path, or its folder, does not exist
//   ResourceExhausted  the disk or the quota is full
//   PermissionDenied   the process may not
//   AlreadyExists      where a call creates and says so
//   FailedPrecondition the file is in no state for the call, which says when
//   DataLoss           a sync failed: what was written since the last good sync may be lost, and
//                      syncing again proves nothing (the kernel may have dropped the dirty pages).
//                      Never retry it; abandon the file.
//   Internal           any other error of the operating system
// Messages name the path and the system's reason.
//
// A FileSystem is thread-safe.  An AppendFile or MappedFile is used by one thread at a time; a
// MappedFile may be written by one thread and synced by another when the ranges are disjoint.
#ifndef TOLLGATE_BASE_FILE_SYSTEM_H_
#define TOLLGATE_BASE_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tollgate {

// File permission bits.
inline constexpr unsigned kModePrivate = 0600;  // Secrets and journals.
inline constexpr unsigned kModePublic = 0644;   // What other users may read.

// An exclusive advisory lock on a file (flock), held until destruction or process exit.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// A file open for appending.
class AppendFile {
 public:
  // Closes without syncing and ignores errors; call Close() to learn of them.
  virtual ~AppendFile() = default;

  // Writes all of `data` at the end.  After an error the tail of the file is unknown: it may hold
  // any prefix of `data`.
  virtual absl::Status Append(std::string_view data) = 0;

  // Makes everything appended so far durable (fdatasync).
  virtual absl::Status Sync() = 0;

  // Closes; does not sync.  No other call may follow.
  virtual absl::Status Close() = 0;

  // Size in bytes, counting what was appended through this object.
  virtual std::uint64_t size() const = 0;
};

// A file mapped shared for reading and writing.  Its blocks are allocated before it is mapped, so
// that a full disk is a Status at creation and never a SIGBUS at a store.
class MappedFile {
 public:
  virtual ~MappedFile() = default;  // Unmaps without syncing.

  // The whole file.  What is stored here survives a crash of the process at once, and a crash of
  // the machine after Sync().  Valid until destruction.
  virtual std::span<std::byte> bytes() = 0;

  // Makes [offset, offset + length) durable; widened to whole pages.
  // OutOfRange when the range exceeds the file.
  virtual absl::Status Sync(std::size_t offset, std::size_t length) = 0;

  // The first position from `offset` on that may have held something else than zero bytes when the
  // file was opened; the file's size when there is none, and `offset` for a file made anew.
  // A file system that knows which blocks were never written passes over them: to look at them
  // instead would make them memory first.
  virtual std::size_t NextData(std::size_t offset) const { return offset; }
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Creates a folder and its missing parents (mode 0700 for those created).  OK when it exists.
  virtual absl::Status CreateDirectories(const std::string& path) = 0;

  // Names (not paths) of the entries, sorted; without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) = 0;

  // Whether anything is at `path`; false also when it cannot be looked at.
  virtual bool Exists(const std::string& path) = 0;

  // Size of a file in bytes.
  virtual absl::StatusOr<std::uint64_t> FileSize(const std::string& path) = 0;

  // Whole contents.  ResourceExhausted when the file is larger than kReadFileBytesMax.
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path) = 0;

  // Replaces `path` by `data`: writes a temporary file beside it, syncs, renames, syncs the folder.
  // After a crash at any point the file holds the old contents or the new, never a mixture.
  virtual absl::Status WriteFileAtomically(const std::string& path, std::string_view data,
                                           unsigned mode) = 0;

  // Renames a file, replacing what is at `to`.  Not durable before SyncDirectory().
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;

  // Removes one file or empty folder.  Not durable before SyncDirectory().
  virtual absl::Status Remove(const std::string& path) = 0;

  // Cuts a file to `size` bytes and syncs it.
  virtual absl::Status Truncate(const std::string& path, std::uint64_t size) = 0;

  // Makes creations, renames and removals within the folder durable.
  virtual absl::Status SyncDirectory(const std::string& path) = 0;

  // Takes the lock on `path`, creating the file.  Does not wait: FailedPrecondition when held.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> LockFile(const std::string& path) = 0;

  // Opens for appending; creates it (mode 0600) when missing.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) = 0;

  // Creates a file of `bytes` zero bytes (mode 0600) with all its blocks allocated, and maps it.
  // AlreadyExists when the path is taken.  On any error no file is left.  REQUIRED: bytes > 0.
  virtual absl::StatusOr<std::unique_ptr<MappedFile>> CreateMapped(const std::string& path,
                                                                   std::size_t bytes) = 0;

  // Maps an existing file at its size, after allocating the blocks of its holes.
  // FailedPrecondition when it is empty.
  virtual absl::StatusOr<std::unique_ptr<MappedFile>> OpenMapped(const std::string& path) = 0;
};

// Largest file that ReadFile() loads: snapshots and key files are far smaller.
inline constexpr std::uint64_t kReadFileBytesMax = std::uint64_t{1} << 30;

// The operating system's files.  Lives for the whole program.
FileSystem& RealFileSystem();

}  // namespace tollgate

#endif  // TOLLGATE_BASE_FILE_SYSTEM_H_
