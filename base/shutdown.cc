#include "base/shutdown.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace tollgate {

class ShutdownSignal::Impl {
 public:
  Impl() {
    std::signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_), 0);
    signal_fd_ = signalfd(-1, &signals_, SFD_CLOEXEC);
    stop_fd_ = eventfd(0, EFD_CLOEXEC);
    CHECK_GE(signal_fd_, 0);
    CHECK_GE(stop_fd_, 0);
    thread_ = std::thread([this] { Listen(); });
  }

  ~Impl() {
    const std::uint64_t one = 1;
    CHECK_EQ(write(stop_fd_, &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
    thread_.join();
    close(signal_fd_);
    close(stop_fd_);
    // One that came since would kill the process the moment it is let through.
    const timespec no_wait{};
    while (sigtimedwait(&signals_, nullptr, &no_wait) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return requested_; });
  }

  bool requested() const {
    std::lock_guard lock(mutex_);
    return requested_;
  }

  void Request() {
    std::lock_guard lock(mutex_);
    requested_ = true;
    changed_.notify_all();
  }

 private:
  void Listen() {
    std::array<pollfd, 2> watched = {pollfd{signal_fd_, POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    for (;;) {
      if (poll(watched.data(), watched.size(), -1) < 0) {
        CHECK_EQ(errno, EINTR);
        continue;
      }
      if (watched[1].revents != 0) return;
      signalfd_siginfo info{};
      if (read(signal_fd_, &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) continue;
      if (info.ssi_signo == SIGINT && requested()) _exit(130);
      Request();
    }
  }

  sigset_t signals_;
  sigset_t mask_before_;
  int signal_fd_ = -1;
  int stop_fd_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

ShutdownSignal::ShutdownSignal() : impl_(std::make_unique<Impl>()) {}
ShutdownSignal::~ShutdownSignal() = default;
void ShutdownSignal::Wait() { impl_->Wait(); }
bool ShutdownSignal::requested() const { return impl_->requested(); }
void ShutdownSignal::Request() { impl_->Request(); }

void DisableCoreDumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace tollgate
