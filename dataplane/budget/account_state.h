// What a LeasePool keeps of one hard account, and of one slot of the lease table.  For the pool's
// own files only.
#ifndef TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_STATE_H_
#define TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_STATE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "dataplane/budget/lease_pool.h"

namespace tollgate::dataplane {

inline constexpr std::uint32_t kNoSlot = std::numeric_limits<std::uint32_t>::max();
// Leases of former incarnations that one account draws on; a node that crashed oftener before it
// reached billing leaves the others to be closed.
inline constexpr std::size_t kInheritedMax = 4;

// What a slot has beyond the table, on a cache line of its own.
struct alignas(64) LeasePool::Runtime {
  std::atomic<std::int64_t> in_flight{0};  // Holds drawn on it and not ended.
};

// What the pool keeps of one hard account.
struct AccountState {
  std::atomic<const Account*> account{nullptr};  // The present one of that name.
  std::uint32_t own_slot = kNoSlot;
  std::array<std::uint32_t, kInheritedMax> inherited;  // Fixed when the account is opened.
  std::size_t inherited_count = 0;
  std::atomic<bool> closed{false};  // Its slot is given back: nothing is drawn here any more.
  // Of a run: the least limit that its callers stated; 0 = none.
  std::atomic<std::int64_t> stated_cap{0};

  alignas(64) std::atomic<std::int64_t> spent_total{0};
  std::atomic<std::int64_t> largest_hold{0};
  std::atomic<std::int64_t> last_use_ns{std::numeric_limits<std::int64_t>::min()};
  std::atomic<std::int64_t> low_water{0};
  std::atomic<bool> wants_attention{false};
  std::atomic<bool> answered{false};
  std::atomic<int> shortage{0};
  std::atomic<std::int64_t> unsettled{std::numeric_limits<std::int64_t>::max()};
  // What no node held when billing answered last; unknown is as much as can be.
  std::atomic<std::int64_t> unleased{std::numeric_limits<std::int64_t>::max()};
  std::atomic<std::int64_t> awaited{0};  // What all that wait here ask for; see LeasePool::Wait().
  std::atomic<int> passes_awaited{0};    // How many wait for its lease to be in force.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_STATE_H_
