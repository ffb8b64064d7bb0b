// An executor that runs when a test says so, on a fake clock.
#ifndef TOLLGATE_TESTS_DATAPLANE_SUPPORT_MANUAL_EXECUTOR_H_
#define TOLLGATE_TESTS_DATAPLANE_SUPPORT_MANUAL_EXECUTOR_H_

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "dataplane/link/executor.h"
#include "tests/support/fake_clock.h"

namespace tollgate::dataplane {

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(FakeClock& clock) : clock_(clock) {}

  void Post(std::function<void()> task) override {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  void PostAfter(absl::Duration delay, std::function<void()> task) override {
    std::lock_guard lock(mutex_);
    timers_.emplace(clock_.Monotonic() + delay, std::move(task));
  }

  // Runs what is due, and what that posts.
  void RunReady() {
    while (std::function<void()> task = Next()) task();
  }

  // Moves the clock in steps, running what comes due at each.
  void Advance(absl::Duration duration, absl::Duration step = absl::Milliseconds(10)) {
    for (absl::Duration done; done < duration; done += step) {
      clock_.Advance(step);
      RunReady();
    }
  }

 private:
  std::function<void()> Next() {
    std::lock_guard lock(mutex_);
    if (!timers_.empty() && timers_.begin()->first <= clock_.Monotonic()) {
      tasks_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
    if (tasks_.empty()) return nullptr;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  FakeClock& clock_;
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  std::multimap<MonotonicTime, std::function<void()>> timers_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_SUPPORT_MANUAL_EXECUTOR_H_
