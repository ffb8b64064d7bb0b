#include "dataplane/rate/slot_pool.h"

#include <algorithm>
#include <utility>

namespace tollgate::dataplane {

bool SlotPool::Take(const std::string& subject, std::int64_t limit) {
  std::lock_guard lock(mutex_);
  const auto found = slots_.find(subject);
  if (found == slots_.end()) return false;
  Slots& slots = found->second;
  slots.limit = limit;
  if (slots.in_use >= slots.held) return false;
  ++slots.in_use;
  return true;
}

void SlotPool::Return(const std::string& subject, MonotonicTime at, MonotonicTime now) {
  std::lock_guard lock(mutex_);
  Slots& slots = slots_[subject];
  if (at > now) {
    slots.due.push_back(at);
    return;
  }
  slots.in_use = std::max<std::int64_t>(slots.in_use - 1, 0);
  slots.last_use = now;
  if (slots.waiting > 0) {
    WakeOne(subject);
  } else if (slots.recalled) {
    WakeKeeper();
  }
}

SlotPool::WaiterId SlotPool::Wait(const std::string& subject, std::int64_t limit,
                                  std::function<void()> on_change) {
  std::lock_guard lock(mutex_);
  const WaiterId id = next_waiter_++;
  Slots& slots = slots_[subject];
  slots.limit = limit;
  ++slots.waiting;
  counted_.emplace(id, subject);
  waiters_.emplace(id, Waiter{subject, std::move(on_change)});
  if (slots.held > slots.in_use) WakeOne(subject);  // It came since the caller looked.
  WakeKeeper();
  return id;
}

void SlotPool::Forget(WaiterId waiter) {
  std::lock_guard lock(mutex_);
  const auto counted = counted_.find(waiter);
  if (counted == counted_.end()) return;
  Slots& slots = slots_[counted->second];
  slots.waiting = std::max<std::int64_t>(slots.waiting - 1, 0);
  counted_.erase(counted);
  waiters_.erase(waiter);
}

// Under the lock, so that Forget() can promise what it does: the callback only posts.
void SlotPool::WakeOne(const std::string& subject) {
  for (auto it = waiters_.begin(); it != waiters_.end(); ++it) {
    if (it->second.subject != subject) continue;
    it->second.on_change();
    waiters_.erase(it);
    return;
  }
}

void SlotPool::WakeKeeper() {
  if (wake_) wake_();
}

void SlotPool::SetWake(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void SlotPool::SetConnected(bool connected) {
  connected_.store(connected, std::memory_order_relaxed);
  std::lock_guard lock(mutex_);
  for (auto& [subject, slots] : slots_) {
    slots.held = slots.in_use;
    slots.told_wanted = 0;
    slots.told_in_use = slots.in_use == 0;
    slots.recalled = false;
  }
}

bool SlotPool::Tell(Slots& slots, MonotonicTime now, SlotWant* news) {
  while (!slots.due.empty() && slots.due.front() <= now) {
    slots.due.pop_front();
    slots.in_use = std::max<std::int64_t>(slots.in_use - 1, 0);
    slots.last_use = now;
  }
  if (!slots.told_in_use) news->in_use = slots.held;
  const std::int64_t idle = slots.held - slots.in_use;
  if (idle > 0 && slots.waiting == 0 && (slots.recalled || now - slots.last_use > kIdle)) {
    slots.held -= idle;
    news->returned = idle;
  }
  news->wanted = std::max<std::int64_t>(std::min(slots.waiting, slots.limit) - idle, 0);
  const bool told = !slots.told_in_use || news->returned > 0 || news->wanted != slots.told_wanted;
  slots.told_in_use = true;
  slots.told_wanted = news->wanted;
  return told;
}

std::vector<SlotWant> SlotPool::TakeWants(MonotonicTime now) {
  std::vector<SlotWant> all;
  if (!connected()) return all;
  std::lock_guard lock(mutex_);
  for (auto it = slots_.begin(); it != slots_.end();) {
    Slots& slots = it->second;
    SlotWant news{.subject = it->first, .limit = slots.limit};
    if (Tell(slots, now, &news)) all.push_back(std::move(news));
    if (slots.waiting > 0 && slots.held > slots.in_use) WakeOne(it->first);
    const auto looked_at = it++;
    if (slots.held == 0 && slots.in_use == 0 && slots.waiting == 0) slots_.erase(looked_at);
  }
  return all;
}

void SlotPool::Grant(const std::string& subject, std::int64_t granted, bool recalled) {
  if (granted < 0) return;
  std::lock_guard lock(mutex_);
  Slots& slots = slots_[subject];
  slots.held += granted;
  slots.told_wanted = std::max<std::int64_t>(slots.told_wanted - granted, 0);
  slots.recalled = recalled;
  for (std::int64_t i = 0; i < granted; ++i) WakeOne(subject);
  if (recalled) WakeKeeper();
}

}  // namespace tollgate::dataplane
