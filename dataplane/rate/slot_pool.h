// This node's slots of limits that are too small to be divided among nodes.
//
// A limit of two requests at the same time, shared by three nodes, cannot be three shares: billing
// lends its slots to whoever has requests (lease.proto, SlotWant).  A slot stays with the node for
// a while when it is idle, so that one request after the other asks nobody, and goes back at once
// when others wait.
#ifndef TOLLGATE_DATAPLANE_RATE_SLOT_POOL_H_
#define TOLLGATE_DATAPLANE_RATE_SLOT_POOL_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace tollgate::dataplane {

// What billing is to hear of one limit; lease.proto, SlotWant.
struct SlotWant {
  std::string subject;
  std::int64_t limit = 0;  // 0: as was said before.
  std::int64_t in_use = 0;
  std::int64_t returned = 0;
  std::int64_t wanted = 0;
};

// Thread-safe.
class SlotPool {
 public:
  // How long an idle slot stays here.
  static constexpr absl::Duration kIdle = absl::Seconds(2);

  // ---- Workers --------------------------------------------------------------------------------

  // Whether billing lends slots now.
  bool connected() const { return connected_.load(std::memory_order_relaxed); }

  // A request passed a limit below the number of nodes while nobody could lend it a slot.
  void CountUnlent() { unlent_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t unlent() const { return unlent_.load(std::memory_order_relaxed); }

  // Takes an idle slot of the limit that is here; false when there is none: Wait().
  bool Take(const std::string& subject, std::int64_t limit);

  // A slot that was taken is free again, at `at`.
  void Return(const std::string& subject, MonotonicTime at, MonotonicTime now);

  using WaiterId = std::uint64_t;

  // Asks for one more slot, and calls `on_change` once (on any thread; it must only post) when it
  // is worth trying Take() again.  The caller bounds the wait, and calls Forget() in any case.
  WaiterId Wait(const std::string& subject, std::int64_t limit, std::function<void()> on_change);

  // Unregisters.  After it returns, `on_change` is not called any more.
  void Forget(WaiterId waiter);

  // ---- The lease keeper -----------------------------------------------------------------------

  // Calls `wake` (on any thread; it must only post) when there are news that cannot wait for the
  // next look.
  void SetWake(std::function<void()> wake);

  // A stream is open, or is not.  What is in use stays so; what is idle was of the former stream.
  void SetConnected(bool connected);

  // What billing is to hear, in order; empty while no stream is open.
  std::vector<SlotWant> TakeWants(MonotonicTime now);

  // lease.proto, SlotGrant.
  void Grant(const std::string& subject, std::int64_t granted, bool recalled);

 private:
  struct Slots {
    std::int64_t limit = 0;
    std::int64_t held = 0;
    std::int64_t in_use = 0;
    std::int64_t waiting = 0;      // Requests.
    std::int64_t told_wanted = 0;  // Of them, as billing knows.
    bool told_in_use = true;       // The present stream knows what is in use.
    bool recalled = false;
    MonotonicTime last_use = MonotonicTime::InfinitePast();
    std::deque<MonotonicTime> due;  // When slots in use will be free, those that have a time.
  };
  struct Waiter {
    std::string subject;
    std::function<void()> on_change;
  };

  void WakeOne(const std::string& subject);
  void WakeKeeper();
  bool Tell(Slots& slots, MonotonicTime now, SlotWant* news);

  std::atomic<bool> connected_{false};
  std::atomic<std::uint64_t> unlent_{0};
  mutable std::mutex mutex_;  // Guards all that follows.
  absl::flat_hash_map<std::string, Slots> slots_;
  std::map<WaiterId, Waiter> waiters_;  // Those that were not called yet.
  WaiterId next_waiter_ = 1;
  absl::flat_hash_map<WaiterId, std::string> counted_;  // Whose `waiting` a waiter counts in.
  std::function<void()> wake_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_RATE_SLOT_POOL_H_
