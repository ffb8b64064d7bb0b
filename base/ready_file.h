// The file that tells scripts and tests that a program serves, and where (`--ready-file`).
#ifndef TOLLGATE_BASE_READY_FILE_H_
#define TOLLGATE_BASE_READY_FILE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "base/file_system.h"

namespace tollgate {

// Writes a flat JSON object, atomically and with mode 0600 (it may hold a demo key): a reader sees
// no file or the whole file.  Call it when everything listens.
absl::Status WriteReadyFile(FileSystem& file_system, const std::string& path,
                            const std::map<std::string, std::string>& values);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_READY_FILE_H_
