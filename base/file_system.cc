#include "base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

absl::Status ErrnoStatus(int error, const char* action, const std::string& path) {
  const std::string message =
      absl::StrCat("cannot ", action, " ", path, ": ", std::generic_category().message(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case EEXIST:
      return absl::AlreadyExistsError(message);
    default:
      return absl::InternalError(message);
  }
}

// A failed sync is of a kind of its own, whatever errno says, except that the disk was full.
absl::Status SyncStatus(int error, const std::string& path) {
  if (error == ENOSPC || error == EDQUOT) return ErrnoStatus(error, "sync", path);
  return absl::DataLossError(
      absl::StrCat("cannot sync ", path, ": ", std::generic_category().message(error)));
}

// Owns a descriptor; -1 = none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

absl::StatusOr<Descriptor> Open(const std::string& path, int flags, unsigned mode = kModePrivate) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return Descriptor(fd);
    if (errno != EINTR) return ErrnoStatus(errno, "open", path);
  }
}

absl::Status WriteAll(int fd, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "write", path);
    }
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> SizeOf(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return ErrnoStatus(errno, "stat", path);
  return static_cast<std::uint64_t>(info.st_size);
}

std::string ParentOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class RealFileLock final : public FileLock {
 public:
  explicit RealFileLock(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;  // Closing it gives the lock back.
};

class RealAppendFile final : public AppendFile {
 public:
  RealAppendFile(Descriptor file, std::string path, std::uint64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}

  absl::Status Append(std::string_view data) override {
    CHECK_GE(file_.get(), 0) << "append after close of " << path_;
    TG_RETURN_IF_ERROR(WriteAll(file_.get(), data, path_));
    size_ += data.size();
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    CHECK_GE(file_.get(), 0) << "sync after close of " << path_;
    if (::fdatasync(file_.get()) != 0) return SyncStatus(errno, path_);
    return absl::OkStatus();
  }

  absl::Status Close() override {
    const int fd = file_.Release();
    CHECK_GE(fd, 0) << "second close of " << path_;
    if (::close(fd) != 0 && errno != EINTR) return ErrnoStatus(errno, "close", path_);
    return absl::OkStatus();
  }

  std::uint64_t size() const override { return size_; }

 private:
  Descriptor file_;
  const std::string path_;
  std::uint64_t size_;
};

struct Range {
  std::size_t begin;
  std::size_t end;
};

// A file of more pieces than that is taken for one piece from there on.
constexpr std::size_t kRangesMax = 64;

// What of the file may have been written.  To be asked before the file is mapped: a look at one
// page has the kernel read those around it, and what it read counts as written.
std::vector<Range> WrittenRanges(int fd, std::size_t bytes) {
  std::vector<Range> ranges;
  for (std::size_t at = 0; at < bytes;) {
    const off_t begin = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (begin < 0 && errno == ENXIO) break;  // Nothing more.
    const off_t end = begin < 0 || ranges.size() == kRangesMax ? -1 : ::lseek(fd, begin, SEEK_HOLE);
    if (end < 0) {
      ranges.push_back({at, bytes});
      break;
    }
    at = std::min(static_cast<std::size_t>(end), bytes);
    ranges.push_back({static_cast<std::size_t>(begin), at});
  }
  return ranges;
}

class RealMappedFile final : public MappedFile {
 public:
  RealMappedFile(std::span<std::byte> bytes, std::vector<Range> written, std::string path)
      : bytes_(bytes), written_(std::move(written)), path_(std::move(path)) {}
  ~RealMappedFile() override { ::munmap(bytes_.data(), bytes_.size()); }

  std::span<std::byte> bytes() override { return bytes_; }

  absl::Status Sync(std::size_t offset, std::size_t length) override {
    if (offset > bytes_.size() || length > bytes_.size() - offset) {
      return absl::OutOfRangeError(
          absl::StrCat("sync of ", offset, "+", length, " beyond the end of ", path_));
    }
    if (length == 0) return absl::OkStatus();
    const std::size_t page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t start = offset / page_bytes * page_bytes;
    if (::msync(bytes_.data() + start, offset + length - start, MS_SYNC) != 0) {
      return SyncStatus(errno, path_);
    }
    return absl::OkStatus();
  }

  std::size_t NextData(std::size_t offset) const override {
    for (const Range& range : written_) {
      if (range.end > offset) return std::max(range.begin, offset);
    }
    return bytes_.size();
  }

 private:
  const std::span<std::byte> bytes_;
  const std::vector<Range> written_;  // All that may be, in order.
  const std::string path_;
};

// Allocates the blocks and maps `bytes` of the file.
absl::StatusOr<std::unique_ptr<MappedFile>> Map(int fd, std::size_t bytes,
                                                std::vector<Range> written,
                                                const std::string& path) {
  if (const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes)); error != 0) {
    return ErrnoStatus(error, "allocate", path);
  }
  void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) return ErrnoStatus(errno, "map", path);
  return std::make_unique<RealMappedFile>(std::span(static_cast<std::byte*>(address), bytes),
                                          std::move(written), path);
}

class PosixFileSystem final : public FileSystem {
 public:
  absl::Status CreateDirectories(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) override;
  bool Exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }
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
  // Keeps the temporary names of concurrent writers apart.
  std::atomic<std::uint64_t> temporary_count_{0};
};

absl::Status PosixFileSystem::CreateDirectories(const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string folder = path.substr(0, end);
    if (::mkdir(folder.c_str(), 0700) == 0) continue;
    const int error = errno;
    struct stat info {};
    if (::stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) continue;
    return ErrnoStatus(error, "create folder", folder);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> PosixFileSystem::ListDirectory(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return ErrnoStatus(errno, "list", path);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) {
      if (errno != 0) return ErrnoStatus(errno, "list", path);
      break;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::uint64_t> PosixFileSystem::FileSize(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  return static_cast<std::uint64_t>(info.st_size);
}

absl::StatusOr<std::string> PosixFileSystem::ReadFile(const std::string& path) {
  TG_ASSIGN_OR_RETURN(Descriptor file, Open(path, O_RDONLY));
  TG_ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(file.get(), path));
  std::string data;
  data.reserve(std::min(size, kReadFileBytesMax));
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof(buffer));
    if (got < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "read", path);
    }
    if (got == 0) return data;
    data.append(buffer, static_cast<std::size_t>(got));
    if (data.size() > kReadFileBytesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot read ", path, ": larger than ", kReadFileBytesMax, " bytes"));
    }
  }
}

absl::Status PosixFileSystem::WriteFileAtomically(const std::string& path, std::string_view data,
                                                  unsigned mode) {
  const std::string temporary =
      absl::StrCat(path, ".tmp.", ::getpid(), ".", temporary_count_.fetch_add(1));
  const auto write = [&]() -> absl::Status {
    TG_ASSIGN_OR_RETURN(Descriptor file, Open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode));
    // Beyond the umask: the caller's mode is what the file gets.
    if (::fchmod(file.get(), mode) != 0) return ErrnoStatus(errno, "chmod", temporary);
    TG_RETURN_IF_ERROR(WriteAll(file.get(), data, temporary));
    if (::fsync(file.get()) != 0) return SyncStatus(errno, temporary);
    return Rename(temporary, path);
  };
  if (absl::Status status = write(); !status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncDirectory(ParentOf(path));
}

absl::Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return ErrnoStatus(errno, "rename", absl::StrCat(from, " to ", to));
  }
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Remove(const std::string& path) {
  if (::remove(path.c_str()) != 0) return ErrnoStatus(errno, "remove", path);
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Truncate(const std::string& path, std::uint64_t size) {
  TG_ASSIGN_OR_RETURN(Descriptor file, Open(path, O_WRONLY));
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
    return ErrnoStatus(errno, "truncate", path);
  }
  if (::fsync(file.get()) != 0) return SyncStatus(errno, path);
  return absl::OkStatus();
}

absl::Status PosixFileSystem::SyncDirectory(const std::string& path) {
  TG_ASSIGN_OR_RETURN(Descriptor folder, Open(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.get()) != 0) return SyncStatus(errno, path);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> PosixFileSystem::LockFile(const std::string& path) {
  TG_ASSIGN_OR_RETURN(Descriptor file, Open(path, O_RDWR | O_CREAT));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot lock ", path, ": another process holds it"));
    }
    return ErrnoStatus(errno, "lock", path);
  }
  return std::make_unique<RealFileLock>(std::move(file));
}

absl::StatusOr<std::unique_ptr<AppendFile>> PosixFileSystem::OpenAppend(const std::string& path) {
  TG_ASSIGN_OR_RETURN(Descriptor file, Open(path, O_WRONLY | O_CREAT | O_APPEND));
  TG_ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(file.get(), path));
  return std::make_unique<RealAppendFile>(std::move(file), path, size);
}

absl::StatusOr<std::unique_ptr<MappedFile>> PosixFileSystem::CreateMapped(const std::string& path,
                                                                          std::size_t bytes) {
  CHECK_GT(bytes, 0u) << path;
  TG_ASSIGN_OR_RETURN(Descriptor file, Open(path, O_RDWR | O_CREAT | O_EXCL));
  absl::StatusOr<std::unique_ptr<MappedFile>> mapped = Map(file.get(), bytes, {{0, bytes}}, path);
  if (!mapped.ok()) ::unlink(path.c_str());
  return mapped;
}

absl::StatusOr<std::unique_ptr<MappedFile>> PosixFileSystem::OpenMapped(const std::string& path) {
  TG_ASSIGN_OR_RETURN(Descriptor file, Open(path, O_RDWR));
  TG_ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(file.get(), path));
  if (size == 0) {
    return absl::FailedPreconditionError(absl::StrCat("cannot map ", path, ": it is empty"));
  }
  return Map(file.get(), size, WrittenRanges(file.get(), size), path);
}

}  // namespace

FileSystem& RealFileSystem() {
  static PosixFileSystem* const file_system = new PosixFileSystem;
  return *file_system;
}

}  // namespace tollgate
