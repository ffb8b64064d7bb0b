#include "base/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

// The checks hold for the very file that is then read, not for what a path names a moment later.
absl::Status CheckKeyFile(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    return absl::InternalError(
        absl::StrCat("cannot stat ", path, ": ", std::generic_category().message(errno)));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("key file ", path, " is no regular file"));
  }
  if ((info.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "key file ", path, " is readable or writable by others; run: chmod 600 ", path));
  }
  if (info.st_size == 0) {
    return absl::InvalidArgumentError(absl::StrCat("key file ", path, " is empty"));
  }
  if (static_cast<std::uint64_t>(info.st_size) > kKeyFileBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " is larger than ", kKeyFileBytesMax, " bytes"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Secret> ReadKeyFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const std::string message =
        absl::StrCat("cannot open key file ", path, ": ", std::generic_category().message(errno));
    if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError(message);
    return absl::PermissionDeniedError(message);
  }
  if (absl::Status status = CheckKeyFile(fd, path); !status.ok()) {
    ::close(fd);
    return status;
  }
  std::string contents(kKeyFileBytesMax, '\0');
  std::size_t size = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, contents.data() + size, contents.size() - size);
    if (got > 0) size += static_cast<std::size_t>(got);
  } while (got > 0 || (got < 0 && errno == EINTR));
  const int error = got < 0 ? errno : 0;
  ::close(fd);
  // Taken even on an error, so that what was read is wiped.
  contents.resize(size);
  Secret secret = Secret::Take(std::move(contents));
  if (error != 0) {
    return absl::InternalError(
        absl::StrCat("cannot read key file ", path, ": ", std::generic_category().message(error)));
  }
  return secret;
}

absl::Status WriteNewKeyFile(const std::string& path, std::string_view contents) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kModePrivate);
  if (fd < 0) {
    const std::string message =
        absl::StrCat("cannot create key file ", path, ": ", std::generic_category().message(errno));
    if (errno == EEXIST) return absl::AlreadyExistsError(message);
    if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError(message);
    return absl::PermissionDeniedError(message);
  }
  ::close(fd);
  // The empty file reserves the name; the contents then replace it whole.
  if (absl::Status status = RealFileSystem().WriteFileAtomically(path, contents, kModePrivate);
      !status.ok()) {
    ::unlink(path.c_str());
    return status;
  }
  return absl::OkStatus();
}

}  // namespace tollgate
