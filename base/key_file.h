// Reading files that hold secrets: refuses one that anybody but its owner and group may read.
#ifndef TOLLGATE_BASE_KEY_FILE_H_
#define TOLLGATE_BASE_KEY_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/secret.h"

namespace tollgate {

// Largest key file: a handful of peppers of a hundred characters each.
inline constexpr std::size_t kKeyFileBytesMax = 64 * 1024;

// The contents of `path`.  NotFound when missing; PermissionDenied, with the chmod that mends it,
// when others may read or anybody but the owner may write it; InvalidArgument when it is no
// regular file, empty, or larger than kKeyFileBytesMax.
absl::StatusOr<Secret> ReadKeyFile(const std::string& path);

// Writes a new key file with mode 0600, durably.  AlreadyExists when the path is taken: a key is
// never overwritten, since what it sealed would be lost with it.
absl::Status WriteNewKeyFile(const std::string& path, std::string_view contents);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_KEY_FILE_H_
