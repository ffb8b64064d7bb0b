#include "dataplane/link/executor.h"

#include <pthread.h>

#include <chrono>

namespace tollgate::dataplane {
namespace {

std::int64_t NowNs() { return RealClock().Monotonic().nanoseconds(); }

}  // namespace

ThreadExecutor::ThreadExecutor(std::string name)
    : thread_([this, name = std::move(name)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        Run();
      }) {}

ThreadExecutor::~ThreadExecutor() { Stop(); }

void ThreadExecutor::Post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void ThreadExecutor::PostAfter(absl::Duration delay, std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    timers_.emplace(NowNs() + absl::ToInt64Nanoseconds(delay), std::move(task));
  }
  wake_.notify_one();
}

void ThreadExecutor::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  // Dropped here, not under the lock: a task's captures may do anything when they go.
  std::deque<std::function<void()>> tasks;
  std::multimap<std::int64_t, std::function<void()>> timers;
  std::lock_guard lock(mutex_);
  tasks.swap(tasks_);
  timers.swap(timers_);
}

void ThreadExecutor::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    while (!timers_.empty() && timers_.begin()->first <= NowNs()) {
      tasks_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
    if (tasks_.empty()) {
      if (timers_.empty()) {
        wake_.wait(lock);
      } else {
        const std::int64_t wait_ns = timers_.begin()->first - NowNs();
        wake_.wait_for(lock, std::chrono::nanoseconds(wait_ns));
      }
      continue;
    }
    {
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }  // The task's captures go without the lock.
    lock.lock();
  }
}

}  // namespace tollgate::dataplane
