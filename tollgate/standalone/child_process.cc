#include "tollgate/standalone/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

extern char** environ;

namespace tollgate {
namespace {

constexpr char kSelf[] = "/proc/self/exe";
constexpr std::size_t kLineBytesMax = 4'096;

// Reads up to the first line end.
std::string ReadLine(int fd) {
  std::string line;
  char c = 0;
  while (line.size() < kLineBytesMax) {
    const ssize_t size = ::read(fd, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return "";
    if (c == '\n') return line;
    line += c;
  }
  return "";
}

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& arguments, int stdout_fd) {
  std::vector<char*> argv = {const_cast<char*>("tollgate")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, stdout_fd, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, kSelf, &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::UnavailableError(absl::StrCat("cannot start: ", strerror(error)));
  return pid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot make a pipe: ", strerror(errno)));
  }
  const absl::StatusOr<pid_t> pid = Spawn(arguments, ends[1]);
  ::close(ends[1]);
  if (!pid.ok()) {
    ::close(ends[0]);
    return pid.status();
  }
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(*pid, ends[0], arguments.empty() ? "" : arguments.front()));
}

absl::StatusOr<std::string> ChildProcess::FirstLine() {
  if (stdout_fd_ >= 0) {
    first_line_ = ReadLine(stdout_fd_);
    CloseStdout();
  }
  if (!first_line_.empty()) return first_line_;
  return absl::UnavailableError(
      absl::StrCat("`tollgate ", name_, "` ended before it served; its message is above"));
}

void ChildProcess::CloseStdout() {
  if (stdout_fd_ >= 0) ::close(stdout_fd_);
  stdout_fd_ = -1;
}

ChildProcess::~ChildProcess() {
  Stop();
  CloseStdout();
}

void ChildProcess::Stop() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGTERM);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace tollgate
