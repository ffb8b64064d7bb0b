// The real file system with faults that a test switches on.
#ifndef TOLLGATE_TESTS_DATAPLANE_SUPPORT_FAULTY_FILE_SYSTEM_H_
#define TOLLGATE_TESTS_DATAPLANE_SUPPORT_FAULTY_FILE_SYSTEM_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"

namespace tollgate::dataplane {

class FaultyFileSystem final : public FileSystem {
 public:
  std::atomic<bool> disk_full{false};   // No file can be made.
  std::atomic<bool> sync_fails{false};  // Mapped files do not sync.

  absl::Status CreateDirectories(const std::string& path) override {
    return real_.CreateDirectories(path);
  }
  absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) override {
    return real_.ListDirectory(path);
  }
  bool Exists(const std::string& path) override { return real_.Exists(path); }
  absl::StatusOr<std::uint64_t> FileSize(const std::string& path) override {
    return real_.FileSize(path);
  }
  absl::StatusOr<std::string> ReadFile(const std::string& path) override {
    return real_.ReadFile(path);
  }
  absl::Status WriteFileAtomically(const std::string& path, std::string_view data,
                                   unsigned mode) override {
    if (disk_full) return absl::ResourceExhaustedError("disk full");
    return real_.WriteFileAtomically(path, data, mode);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return real_.Rename(from, to);
  }
  absl::Status Remove(const std::string& path) override { return real_.Remove(path); }
  absl::Status Truncate(const std::string& path, std::uint64_t size) override {
    return real_.Truncate(path, size);
  }
  absl::Status SyncDirectory(const std::string& path) override { return real_.SyncDirectory(path); }
  absl::StatusOr<std::unique_ptr<FileLock>> LockFile(const std::string& path) override {
    return real_.LockFile(path);
  }
  absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    if (disk_full) return absl::ResourceExhaustedError("disk full");
    return real_.OpenAppend(path);
  }
  absl::StatusOr<std::unique_ptr<MappedFile>> CreateMapped(const std::string& path,
                                                           std::size_t bytes) override {
    if (disk_full) return absl::ResourceExhaustedError("disk full");
    return Wrap(real_.CreateMapped(path, bytes));
  }
  absl::StatusOr<std::unique_ptr<MappedFile>> OpenMapped(const std::string& path) override {
    return Wrap(real_.OpenMapped(path));
  }

 private:
  class Mapped final : public MappedFile {
   public:
    Mapped(std::unique_ptr<MappedFile> real, const FaultyFileSystem& owner)
        : real_(std::move(real)), owner_(owner) {}
    std::span<std::byte> bytes() override { return real_->bytes(); }
    absl::Status Sync(std::size_t offset, std::size_t length) override {
      if (owner_.sync_fails) return absl::DataLossError("sync failed");
      return real_->Sync(offset, length);
    }
    std::size_t NextData(std::size_t offset) const override { return real_->NextData(offset); }

   private:
    std::unique_ptr<MappedFile> real_;
    const FaultyFileSystem& owner_;
  };

  absl::StatusOr<std::unique_ptr<MappedFile>> Wrap(
      absl::StatusOr<std::unique_ptr<MappedFile>> real) {
    if (!real.ok()) return real.status();
    return std::make_unique<Mapped>(*std::move(real), *this);
  }

  FileSystem& real_ = RealFileSystem();
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_SUPPORT_FAULTY_FILE_SYSTEM_H_
