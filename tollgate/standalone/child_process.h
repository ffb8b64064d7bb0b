// A program of ours as a child: this very executable with other arguments.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_CHILD_PROCESS_H_
#define TOLLGATE_TOLLGATE_STANDALONE_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tollgate {

// In a process group of its own, so that Ctrl-C at the terminal reaches it only through us.
// Not thread-safe.
class ChildProcess {
 public:
  // Starts /proc/self/exe with `arguments` and waits for the first line of its standard output.
  // Unavailable when it ends without one.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      const std::vector<std::string>& arguments);

  // Stops it.
  ~ChildProcess();

  const std::string& first_line() const { return first_line_; }
  pid_t pid() const { return pid_; }

  // SIGTERM, and waits for its end.  Idempotent.
  void Stop();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // 0 once it has ended.
  std::string first_line_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_CHILD_PROCESS_H_
