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
    heap_.clear();
    const std::vector<Task> dropped = std::exchange(tasks_, {});
  }

  // Tasks of one moment run in the order in which they were given.
  void At(std::int64_t time_ns, Task task) {
    if (closed_) return;
    std::size_t place = tasks_.size();
    if (free_.empty()) {
      tasks_.push_back(std::move(task));
    } else {
      place = free_.back();
      free_.pop_back();
      tasks_[place] = std::move(task);
    }
    heap_.push_back({std::max(time_ns, now_ns_), next_++, place});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }
  void After(absl::Duration delay, Task task) {
    At(now_ns_ + absl::ToInt64Nanoseconds(delay), std::move(task));
  }

  // Runs the next task; false when there is none.
  bool RunNext() {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    const Entry next = heap_.back();
    heap_.pop_back();
    const Task task = std::exchange(tasks_[next.place], nullptr);
    free_.push_back(next.place);
    now_ns_ = next.time_ns;
    ++events_;
    task();
    return true;
  }

 private:
  struct Entry {
    std::int64_t time_ns;
    std::uint64_t number;
    std::size_t place;  // Of its task.
  };
  static bool Later(const Entry& a, const Entry& b) {
    return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.number > b.number;
  }

  std::vector<Entry> heap_;
  std::vector<Task> tasks_;        // Apart from the heap, which moves its entries all the time.
  std::vector<std::size_t> free_;  // Places in tasks_.
  std::int64_t now_ns_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t events_ = 0;
  bool closed_ = false;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SCHEDULER_H_
