#include "dataplane/http/timer_wheel.h"

#include <algorithm>

namespace tollgate::dataplane {

void TimerEntry::Unlink() {
  if (slot_tick_ == kNever) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  next_ = nullptr;
  link_ = nullptr;
  slot_tick_ = kNever;
}

TimerWheel::~TimerWheel() {
  for (TimerEntry*& slot : slots_) {
    while (slot != nullptr) slot->Unlink();
  }
}

void TimerWheel::Link(TimerEntry& entry, std::int64_t tick) {
  entry.Unlink();
  TimerEntry*& slot = slots_[static_cast<std::size_t>(tick % kSlots)];
  entry.slot_tick_ = tick;
  entry.next_ = slot;
  entry.link_ = &slot;
  if (slot != nullptr) slot->link_ = &entry.next_;
  slot = &entry;
}

void TimerWheel::ArmMs(TimerEntry& entry, std::int64_t timeout_ms) {
  if (timeout_ms < 0) {
    Clear(entry);
    return;
  }
  // A part of the current tick is over already: one more makes sure that no deadline comes early.
  const std::int64_t ticks = std::min<std::int64_t>(timeout_ms / kTimerTickMs, 1'000'000'000) + 2;
  entry.deadline_tick_ = tick_ + ticks;
  const std::int64_t slot = std::min(entry.deadline_tick_, tick_ + kSlots - 1);
  if (entry.slot_tick_ == TimerEntry::kNever || entry.slot_tick_ > slot) Link(entry, slot);
}

void TimerWheel::Advance(std::int64_t now_ms) {
  const std::int64_t target = now_ms / kTimerTickMs;
  while (tick_ < target) {
    // After a long stop of the loop one round over all slots is enough: slots repeat.
    if (target - tick_ > kSlots) tick_ = target - kSlots;
    ++tick_;
    TimerEntry* due = slots_[static_cast<std::size_t>(tick_ % kSlots)];
    slots_[static_cast<std::size_t>(tick_ % kSlots)] = nullptr;
    // The detached list is headed here, so that callbacks may unlink any of its entries.
    if (due != nullptr) due->link_ = &due;
    while (due != nullptr) {
      TimerEntry& entry = *due;
      entry.Unlink();
      if (!entry.armed()) continue;
      if (entry.deadline_tick_ > tick_) {
        Link(entry, std::min(entry.deadline_tick_, tick_ + kSlots - 1));
        continue;
      }
      entry.deadline_tick_ = TimerEntry::kNever;
      entry.on_expire_();
    }
  }
}

}  // namespace tollgate::dataplane
