// Simulated time: a queue of what happens when.
#ifndef TOLLGATE_TESTS_SIM_SCHEDULER_H_
#define TOLLGATE_TESTS_SIM_SCHEDULER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace tollgate::sim {

class Scheduler {
 public:
  using Task = std::function<void()>;

  // Nanoseconds since the simulation began.
  std::int64_t now_ns() const { return now_ns_; }
  absl::Duration now() const { return absl::Nanoseconds(now_ns_); }
  std::uint64_t events() const { return events_; }

  // Drops all tasks, and those that come: before what they refer to goes.
  void Close() {
    closed_ = true;
    const std::vector<Entry> dropped = std::move(heap_);
    heap_.clear();
  }

  // Tasks of one moment run in the order in which they were given.
  void At(std::int64_t time_ns, Task task) {
    if (closed_) return;
    heap_.push_back({std::max(time_ns, now_ns_), next_++, std::move(task)});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }
  void After(absl::Duration delay, Task task) {
    At(now_ns_ + absl::ToInt64Nanoseconds(delay), std::move(task));
  }

  // Runs the next task; false when there is none.
  bool RunNext() {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    const Task task = std::move(heap_.back().task);
    now_ns_ = heap_.back().time_ns;
    heap_.pop_back();
    ++events_;
    task();
    return true;
  }

 private:
  struct Entry {
    std::int64_t time_ns;
    std::uint64_t number;
    Task task;
  };
  static bool Later(const Entry& a, const Entry& b) {
    return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.number > b.number;
  }

  std::vector<Entry> heap_;
  std::int64_t now_ns_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t events_ = 0;
  bool closed_ = false;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SCHEDULER_H_
