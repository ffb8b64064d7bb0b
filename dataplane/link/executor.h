// One background thread that runs what it is given, in order, and timers.
//
// The machines of the background (subscriber, lease keeper, shipper) live on one executor each and
// therefore have no locks: gRPC's callbacks post to it.
#ifndef TOLLGATE_DATAPLANE_LINK_EXECUTOR_H_
#define TOLLGATE_DATAPLANE_LINK_EXECUTOR_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"

namespace tollgate::dataplane {

// Thread-safe.
class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `task` soon, after those posted before.  Dropped when the executor is stopped.
  virtual void Post(std::function<void()> task) = 0;

  // Runs `task` after `delay` on the monotonic clock.
  virtual void PostAfter(absl::Duration delay, std::function<void()> task) = 0;
};

// An executor with a thread of its own, which ends in Stop() or the destructor.
class ThreadExecutor final : public Executor {
 public:
  // `name` (at most 15 characters) is what the thread is called.
  explicit ThreadExecutor(std::string name);
  ~ThreadExecutor() override;

  void Post(std::function<void()> task) override;
  void PostAfter(absl::Duration delay, std::function<void()> task) override;

  // Finishes the running task, drops the others and joins.  Not from a task.  Idempotent.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // Guarded by mutex_, as all.
  std::deque<std::function<void()>> tasks_;
  std::multimap<std::int64_t, std::function<void()>> timers_;  // By monotonic nanoseconds.
  std::thread thread_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_LINK_EXECUTOR_H_
