// The disk of one machine: files in memory, with what a crash and a power loss do to them.
//
// A crash of the process keeps what was written, mappings included.  A power loss keeps what was
// synced, and of the rest what chance decides: old or new page by page, torn within a page, a
// shorter tail of an appended file, the last changes of a folder undone.
#ifndef TOLLGATE_TESTS_SIM_SIM_FILE_SYSTEM_H_
#define TOLLGATE_TESTS_SIM_SIM_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "tests/sim/dice.h"

namespace tollgate::sim {

class SimFileSystem final : public FileSystem {
 public:
  explicit SimFileSystem(Dice& dice) : dice_(dice) {}

  // ---- Faults -------------------------------------------------------------------------------

  bool disk_full = false;
  std::int64_t sync_error_per_million = 0;

  // Calls `crash` in the middle of the so many-th call from now that changes something.
  void CrashIn(int calls, std::function<void()> crash) {
    calls_until_crash_ = calls;
    crash_ = std::move(crash);
  }

  // The process dies now: what it does to its mappings from here on changes nothing here, and its
  // other calls fail, until Thaw().
  void Freeze();
  void Thaw() { frozen_ = false; }

  // REQUIRED: frozen.
  void LosePower();
  // Flips one bit of `path`.
  void FlipBit(const std::string& path, std::size_t offset, int bit);
  // Overwrites what is there.
  void Scribble(const std::string& path, std::size_t offset, std::string_view bytes);
  // What the file holds; empty when there is none.
  std::string_view Contents(const std::string& path) const;

  // ---- FileSystem ---------------------------------------------------------------------------

  absl::Status CreateDirectories(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) override;
  bool Exists(const std::string& path) override;
  absl::StatusOr<std::uint64_t> FileSize(const std::string& path) override;
  absl::StatusOr<std::string> ReadFile(const std::string& path) override;
  absl::Status WriteFileAtomically(const std::string& path, std::string_view data,
                                   unsigned mode) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status Truncate(const std::string& path, std::uint64_t size) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> LockFile(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<MappedFile>> CreateMapped(const std::string& path,
                                                           std::size_t bytes) override;
  absl::StatusOr<std::unique_ptr<MappedFile>> OpenMapped(const std::string& path) override;

 private:
  // Bytes on pages, as a mapping needs them.
  class Pages;
  struct Inode;
  class Appender;
  class Mapping;
  class Lock;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  // Before a change: an error when the process is dead, and perhaps the end of it.  `*half`: it
  // dies in the middle of this call, so that the change may be made or not.
  absl::Status BeginChange(bool* half = nullptr);
  std::shared_ptr<Inode> Find(const std::string& path) const;
  // Notes that names changed and are not durable yet.
  void NamesChanged() { history_.push_back(names_); }

  Dice& dice_;
  Names names_;
  // The names before each change since the last sync of a folder; the first is what is durable.
  std::vector<Names> history_;
  bool locked_ = false;
  bool frozen_ = false;
  int calls_until_crash_ = 0;
  std::function<void()> crash_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_FILE_SYSTEM_H_
