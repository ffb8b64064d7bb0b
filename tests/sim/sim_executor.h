// A node process's one thread: tasks and timers in simulated time, until the process dies.
#ifndef TOLLGATE_TESTS_SIM_SIM_EXECUTOR_H_
#define TOLLGATE_TESTS_SIM_SIM_EXECUTOR_H_

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "dataplane/link/executor.h"
#include "tests/sim/network.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/sim_clock.h"

namespace tollgate::sim {

class SimExecutor final : public dataplane::Executor {
 public:
  SimExecutor(Scheduler& scheduler, const SimClock& clock, std::shared_ptr<Life> life)
      : scheduler_(scheduler), clock_(clock), life_(std::move(life)) {}

  void Post(std::function<void()> task) override {
    PostAfterReal(absl::ZeroDuration(), std::move(task));
  }
  void PostAfter(absl::Duration delay, std::function<void()> task) override {
    PostAfterReal(clock_.Real(delay), std::move(task));
  }

  // Whether Run() would run a task now.
  bool runs() const { return life_->alive && !stalled_; }
  // Runs a task now, or when the process goes on.
  void Run(std::function<void()> task) {
    if (!life_->alive) return;
    if (stalled_) return backlog_.push_back(std::move(task));
    task();
  }

  // SIGSTOP and SIGCONT.
  void Stall() { stalled_ = true; }
  void GoOn() {
    stalled_ = false;
    while (!stalled_ && life_->alive && !backlog_.empty()) {
      const std::function<void()> task = std::move(backlog_.front());
      backlog_.pop_front();
      task();
    }
  }

 private:
  void PostAfterReal(absl::Duration delay, std::function<void()> task) {
    if (!life_->alive) return;
    // Its life is asked first: without it this object is gone.
    scheduler_.After(delay, [this, life = life_, task = std::move(task)]() mutable {
      if (life->alive) Run(std::move(task));
    });
  }

  Scheduler& scheduler_;
  const SimClock& clock_;
  const std::shared_ptr<Life> life_;
  bool stalled_ = false;
  std::deque<std::function<void()>> backlog_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_EXECUTOR_H_
