// The side of a LeasePool that the lease keeper uses: grants, releases, and what former
// incarnations left.
#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/hash/hash.h"
#include "base/check.h"
#include "base/seeded_bug.h"
#include "base/string_views.h"
#include "dataplane/budget/account_state.h"
#include "dataplane/budget/lease_pool.h"

namespace tollgate::dataplane {
namespace {

// Three times as long as anybody uses an account that was closed: workers keep them for
// kAccountPointerLife, and a
// request asks again at each attempt after that time.
constexpr absl::Duration kClosedAccountLife = absl::Hours(3);
// The period of a budget that is over is not opened again while clocks may still jump back to it.
constexpr absl::Duration kClosedNameLife = absl::Hours(48);
constexpr std::size_t kClosedNamesMin = 1000;

}  // namespace

// ---- The keeper ---------------------------------------------------------------------------------

void LeasePool::SetWake(std::function<void()> wake) {
  std::lock_guard lock(attention_mutex_);
  wake_ = std::move(wake);
}

void LeasePool::Attend(AccountState& state) {
  // Once until the keeper has looked: the lock is off the common path.
  if (state.wants_attention.exchange(true, std::memory_order_relaxed)) return;
  std::lock_guard lock(attention_mutex_);
  attention_.push_back(state.account.load());
  if (attention_.size() == 1 && wake_) wake_();
}

std::vector<const Account*> LeasePool::TakeAttention() {
  std::vector<const Account*> accounts;
  std::lock_guard lock(attention_mutex_);
  accounts.swap(attention_);
  for (const Account* account : accounts) {
    account->state->wants_attention.store(false, std::memory_order_relaxed);
  }
  return accounts;
}

AccountView LeasePool::View(const Account& account) const {
  AccountState& state = *account.state;
  const LeaseSlot& slot = table_.slot(state.own_slot);
  AccountView view;
  view.account = &account;
  view.granted = Money::FromNanoUsd(slot.granted.load());
  view.released = Money::FromNanoUsd(slot.released.load());
  view.remaining = Money::FromNanoUsd(slot.remaining.load());
  view.need = NeedOf(state, slot.remaining.load());
  view.spent_total = Money::FromNanoUsd(state.spent_total.load(std::memory_order_relaxed));
  view.largest_hold = Money::FromNanoUsd(state.largest_hold.exchange(0, std::memory_order_relaxed));
  view.holds_in_flight = InUse(state);
  for (std::size_t i = 0; i < state.inherited_count; ++i) {
    view.inherited = view.inherited || Usable(state, state.inherited[i]);
  }
  view.answered = state.answered.load(std::memory_order_relaxed);
  view.shortage = static_cast<LeaseShortage>(state.shortage.load(std::memory_order_relaxed));
  view.stated_cap = Money::FromNanoUsd(state.stated_cap.load(std::memory_order_relaxed));
  view.last_use = MonotonicTime::FromNanoseconds(state.last_use_ns.load(std::memory_order_relaxed));
  view.deadline = MonotonicTime::FromNanoseconds(slot.deadline_ns.load(std::memory_order_relaxed));
  return view;
}

void LeasePool::Grant(const Account& account, Money granted_total,
                      std::optional<MonotonicTime> deadline, LeaseShortage shortage,
                      Money unsettled, Money unleased) {
  AccountState& state = *account.state;
  LeaseSlot& slot = table_.slot(state.own_slot);
  const std::int64_t more = granted_total.nano_usd() - slot.granted.load();
  if (deadline.has_value()) slot.deadline_ns.store(deadline->nanoseconds());
  if (more > 0) {
    // Noted first: a crash in between strands the grant instead of spending it twice.
    slot.granted.store(granted_total.nano_usd());
    slot.remaining.fetch_add(more);
  }
  state.unsettled.store(unsettled.nano_usd(), std::memory_order_relaxed);
  state.unleased.store(unleased.nano_usd(), std::memory_order_relaxed);
  state.shortage.store(static_cast<int>(shortage), std::memory_order_relaxed);
  state.answered.store(true, std::memory_order_relaxed);
  WakeAnyWaiters(state);
}

void LeasePool::Renew(const Account& account, MonotonicTime deadline) {
  AccountState& state = *account.state;
  table_.slot(state.own_slot).deadline_ns.store(deadline.nanoseconds());
  WakeAnyWaiters(state);
}

Money LeasePool::ReleaseIdle(const Account& account, Money amount) {
  LeaseSlot& slot = table_.slot(account.state->own_slot);
  std::int64_t present = slot.remaining.load();
  std::int64_t taken = 0;
  do {
    taken = std::clamp<std::int64_t>(amount.nano_usd(), 0, std::max<std::int64_t>(present, 0));
  } while (!slot.remaining.compare_exchange_weak(present, present - taken));
  // Taken out first: a crash in between strands it instead of spending what was given back.
  return Money::FromNanoUsd(slot.released.fetch_add(taken) + taken);
}

void LeasePool::SetLowWater(const Account& account, Money low_water) {
  account.state->low_water.store(low_water.nano_usd(), std::memory_order_relaxed);
}

void LeasePool::SetConnected(bool connected) {
  connected_.store(connected, std::memory_order_relaxed);
}

bool LeasePool::CloseEnded(const Account& account, absl::Time now) {
  std::lock_guard lock(accounts_mutex_);
  if (now < account.period_end || !Close(account)) return false;
  const std::uint64_t name = absl::Hash<absl::string_view>{}(account.name);
  if (!TG_SEEDED_BUG(kLateGrant)) closed_names_.emplace(name, now);
  return true;
}

bool LeasePool::CloseIdle(const Account& account) {
  std::lock_guard lock(accounts_mutex_);
  return Close(account);
}

// REQUIRED: accounts_mutex_.
bool LeasePool::Close(const Account& account) {
  auto it = accounts_.find(account.name);
  if (it == accounts_.end() || it->second.get() != &account || account.state == nullptr) {
    return false;
  }
  AccountState& state = *account.state;
  LeaseSlot& slot = table_.slot(state.own_slot);
  const auto in_use = [&] { return InUse(state) || slot.remaining.load() > 0; };
  if (in_use()) return false;
  // Closed, then looked at again: a hold that came in between is seen here, or sees the mark.
  state.closed.store(true);
  if (in_use()) {
    state.closed.store(false);
    return false;
  }
  table_.Free(state.own_slot);
  closed_.push_back({std::move(it->second), clock_.Monotonic()});
  accounts_.erase(it);
  return true;
}

std::size_t LeasePool::closed_count() const {
  std::lock_guard lock(accounts_mutex_);
  return closed_.size();
}

void LeasePool::FreeClosed() {
  std::lock_guard lock(accounts_mutex_);
  const MonotonicTime now = clock_.Monotonic();
  while (!closed_.empty() && now - closed_.front().at > kClosedAccountLife) closed_.pop_front();
  const absl::Time wall = clock_.Wall();
  if (closed_names_.size() < closed_names_look_at_) return;
  absl::erase_if(closed_names_,
                 [&](const auto& entry) { return wall - entry.second > kClosedNameLife; });
  closed_names_look_at_ = 2 * closed_names_.size() + kClosedNamesMin;
}

// ---- Former incarnations ------------------------------------------------------------------------

std::vector<std::uint64_t> LeasePool::FormerIncarnations() const {
  std::lock_guard lock(accounts_mutex_);
  std::set<std::uint64_t> numbers;
  for (const auto& [name, slots] : former_slots_) {
    for (std::uint32_t i : slots) numbers.insert(table_.slot(i).incarnation.load());
  }
  return {numbers.begin(), numbers.end()};
}

void LeasePool::RetireInherited(bool force) {
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  std::lock_guard lock(accounts_mutex_);
  for (const auto& [name, slots] : former_slots_) {
    auto it = accounts_.find(name);
    const AccountState* state = it == accounts_.end() ? nullptr : it->second->state;
    const bool replaced = state == nullptr || table_.slot(state->own_slot).granted.load() > 0 ||
                          state->last_use_ns.load(std::memory_order_relaxed) ==
                              std::numeric_limits<std::int64_t>::min();
    for (std::uint32_t i : slots) {
      LeaseSlot& slot = table_.slot(i);
      if (force || replaced || slot.deadline_ns.load() <= now_ns) {
        slot.state.store(LeaseSlot::kRetired);
      }
    }
  }
}

void LeasePool::RetireInheritedOf(const Account& account) {
  const AccountState& state = *account.state;
  for (std::size_t i = 0; i < state.inherited_count; ++i) {
    LeaseSlot& slot = table_.slot(state.inherited[i]);
    // Not one that was freed since: its state is somebody else's.
    std::uint32_t open = LeaseSlot::kOpen;
    if (slot.incarnation.load() != options_.incarnation) {
      slot.state.compare_exchange_strong(open, LeaseSlot::kRetired);
    }
  }
}

void LeasePool::RetireIncarnation(std::uint64_t incarnation) {
  std::lock_guard lock(accounts_mutex_);
  for (const auto& [name, slots] : former_slots_) {
    for (std::uint32_t i : slots) {
      LeaseSlot& slot = table_.slot(i);
      if (slot.incarnation.load() == incarnation) slot.state.store(LeaseSlot::kRetired);
    }
  }
}

bool LeasePool::Retired(std::uint64_t incarnation) const {
  std::lock_guard lock(accounts_mutex_);
  for (const auto& [name, slots] : former_slots_) {
    for (std::uint32_t i : slots) {
      const LeaseSlot& slot = table_.slot(i);
      if (slot.incarnation.load() != incarnation) continue;
      if (slot.state.load() != LeaseSlot::kRetired || RuntimeOf(i).in_flight.load() > 0) {
        return false;
      }
    }
  }
  return true;
}

void LeasePool::ForgetIncarnation(std::uint64_t incarnation) {
  CHECK(Retired(incarnation)) << "leases of incarnation " << incarnation << " are in use";
  std::lock_guard lock(accounts_mutex_);
  for (auto it = former_slots_.begin(); it != former_slots_.end();) {
    std::erase_if(it->second, [&](std::uint32_t i) {
      if (table_.slot(i).incarnation.load() != incarnation) return false;
      table_.Free(i);
      return true;
    });
    const auto former = it++;
    if (former->second.empty()) former_slots_.erase(former);
  }
}

}  // namespace tollgate::dataplane
