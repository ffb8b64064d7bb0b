// What happened in a run: its last events, and the first violation of what is looked for.
#ifndef TOLLGATE_TESTS_SIM_REPORT_H_
#define TOLLGATE_TESTS_SIM_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tests/sim/scheduler.h"

namespace tollgate::sim {

// How many of the last events are kept; --events changes it.
inline std::size_t last_events_max = 200;

class Report {
 public:
  // `traced`: whether events are kept, which costs time.  `expected`: the only invariant whose
  // violation ends the run; empty for any.
  Report(const Scheduler& scheduler, bool traced, std::string expected)
      : scheduler_(scheduler), traced_(traced), expected_(std::move(expected)) {}

  // Notes an event: "who", and the pieces of what.  The violation that ends the run is the last.
  template <typename... Pieces>
  void Event(std::string_view who, const Pieces&... pieces) {
    if (traced_ && !violated()) Keep(who, absl::StrCat(pieces...));
  }

  template <typename... Pieces>
  void Violation(std::string_view invariant, const Pieces&... pieces) {
    const std::string text = absl::StrCat(pieces...);
    Event("VIOLATION", absl::string_view(invariant.data(), invariant.size()), ": ", text);
    if (first_.empty()) first_ = std::string(invariant);
    if (violated() || (!expected_.empty() && expected_ != invariant)) return;
    invariant_ = std::string(invariant);
    text_ = text;
  }

  bool violated() const { return !invariant_.empty(); }
  const std::string& invariant() const { return invariant_; }
  const std::string& text() const { return text_; }
  // The first invariant that was violated, expected or not; empty for none.
  const std::string& first() const { return first_; }
  const std::deque<std::string>& events() const { return events_; }
  // Of all events so far, when they are kept: when, who and what.
  std::uint64_t digest() const { return digest_; }

 private:
  void Keep(std::string_view who, std::string what) {
    Mix(absl::StrCat(scheduler_.now_ns(), " ", absl::string_view(who.data(), who.size()), " ", what,
                     "\n"));
    if (!events_.empty() && what == last_) return;  // Again and again is said once.
    last_ = what;
    const std::int64_t us = scheduler_.now_ns() / 1000;
    const std::int64_t fraction = us % 1'000'000 + 1'000'000;
    events_.push_back(absl::StrCat(us / 1'000'000, ".",
                                   absl::string_view(absl::StrCat(fraction)).substr(1), "  ",
                                   absl::string_view(who.data(), who.size()), "  ", what));
    if (events_.size() > last_events_max) events_.pop_front();
  }

  // FNV-1a.
  void Mix(std::string_view text) {
    for (const char c : text) {
      digest_ = (digest_ ^ static_cast<std::uint8_t>(c)) * 0x100000001B3u;
    }
  }

  const Scheduler& scheduler_;
  const bool traced_;
  const std::string expected_;
  std::string invariant_;
  std::string text_;
  std::string first_;
  std::deque<std::string> events_;
  std::string last_;
  std::uint64_t digest_ = 0xCBF29CE484222325u;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_REPORT_H_
