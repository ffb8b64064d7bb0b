#include "base/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tollgate {

class BufferedAccessLog::Writer {
 public:
  Writer(int fd, AccessLogOptions options)
      : fd_(fd), options_(std::move(options)), thread_([this] { Run(); }) {}

  ~Writer() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    if (fd_ != STDOUT_FILENO) ::close(fd_);
  }

  void Write(std::string_view line) {
    bool is_full = false;
    {
      std::lock_guard lock(mutex_);
      if (filling_.size() + line.size() + 1 > options_.buffer_bytes_max) {
        ++lines_dropped_;
        return;
      }
      const bool was_full = filling_.size() >= options_.flush_bytes;
      filling_ += line;
      filling_ += '\n';
      is_full = !was_full && filling_.size() >= options_.flush_bytes;
    }
    if (is_full) wake_.notify_one();
  }

  std::uint64_t lines_dropped() const {
    std::lock_guard lock(mutex_);
    return lines_dropped_;
  }

 private:
  void Run() {
    const std::chrono::nanoseconds interval = absl::ToChronoNanoseconds(options_.flush_interval);
    std::string writing;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait_for(lock, interval,
                     [this] { return stopping_ || filling_.size() >= options_.flush_bytes; });
      const bool last = stopping_;
      // The two strings change places, so that both keep their capacity.
      std::swap(filling_, writing);
      lock.unlock();
      const bool written = writing.empty() || WriteAll(writing);
      const auto lost = written ? 0 : std::count(writing.begin(), writing.end(), '\n');
      writing.clear();
      lock.lock();
      lines_dropped_ += static_cast<std::uint64_t>(lost);
      if (last && filling_.empty()) return;
    }
  }

  bool WriteAll(std::string_view data) {
    while (!data.empty()) {
      const ssize_t written = ::write(fd_, data.data(), data.size());
      if (written < 0 && errno != EINTR) return false;
      if (written > 0) data.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  const int fd_;
  const AccessLogOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::string filling_;
  std::uint64_t lines_dropped_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // Last: it uses all of the above.
};

absl::StatusOr<std::unique_ptr<BufferedAccessLog>> BufferedAccessLog::Open(
    const AccessLogOptions& options) {
  int fd = STDOUT_FILENO;
  if (!options.path.empty()) {
    fd = ::open(options.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) {
      const std::string message = absl::StrCat("cannot open the access log ", options.path, ": ",
                                               std::generic_category().message(errno));
      if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError(message);
      return absl::PermissionDeniedError(message);
    }
  }
  return std::unique_ptr<BufferedAccessLog>(
      new BufferedAccessLog(std::make_unique<Writer>(fd, options)));
}

BufferedAccessLog::BufferedAccessLog(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
BufferedAccessLog::~BufferedAccessLog() = default;
void BufferedAccessLog::Write(std::string_view line) { writer_->Write(line); }
std::uint64_t BufferedAccessLog::lines_dropped() const { return writer_->lines_dropped(); }

}  // namespace tollgate
