// A program of ours as a child: this very executable with other arguments.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_CHILD_PROCESS_H_
#define TOLLGATE_TOLLGATE_STANDALONE_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tollgate {

// In a process group of its own, so that Ctrl-C at the terminal reaches it only through us.
// Not thread-safe.
class ChildProcess {
 public:
  // Starts /proc/self/exe with `arguments`; does not wait for anything.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      const std::vector<std::string>& arguments);

  // Stops it.
  ~ChildProcess();

  // Waits for the first line of its standard output and returns it.  Unavailable when it ends
  // without one.
  absl::StatusOr<std::string> FirstLine();

  pid_t pid() const { return pid_; }

  // SIGTERM, and waits for its end.  Idempotent.
  void Stop();

 private:
  ChildProcess(pid_t pid, int stdout_fd, std::string name)
      : pid_(pid), stdout_fd_(stdout_fd), name_(std::move(name)) {}

  void CloseStdout();

  pid_t pid_;      // 0 once it has ended.
  int stdout_fd_;  // Where its first line comes from; -1 once that was read.
  std::string name_;
  std::string first_line_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_CHILD_PROCESS_H_
