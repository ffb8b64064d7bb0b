#include "dataplane/budget/lease_pool.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "absl/hash/hash.h"
#include "base/check.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

constexpr std::uint32_t kNoSlot = std::numeric_limits<std::uint32_t>::max();
// Leases of former incarnations that one account draws on; a node that crashed oftener before it
// reached billing leaves the others to be closed.
constexpr std::size_t kInheritedMax = 4;

}  // namespace

// What a slot has beyond the table, on a cache line of its own.
struct alignas(64) LeasePool::Runtime {
  std::atomic<std::int64_t> in_flight{0};  // Holds drawn on it and not ended.
};

// What the pool keeps of one hard account.
struct AccountState {
  const Account* account = nullptr;
  std::uint32_t own_slot = kNoSlot;
  std::array<std::uint32_t, kInheritedMax> inherited;  // Fixed when the account is opened.
  std::size_t inherited_count = 0;
  std::atomic<bool> closed{false};  // Its period is over and its slot is given back.

  alignas(64) std::atomic<std::int64_t> spent_total{0};
  std::atomic<std::int64_t> largest_hold{0};
  std::atomic<std::int64_t> last_use_ns{std::numeric_limits<std::int64_t>::min()};
  std::atomic<std::int64_t> low_water{0};
  std::atomic<bool> wants_attention{false};
  std::atomic<bool> answered{false};
  std::atomic<int> shortage{0};
  std::atomic<std::int64_t> unsettled{std::numeric_limits<std::int64_t>::max()};
};

std::string_view HoldResultName(HoldResult::Kind kind) {
  switch (kind) {
    case HoldResult::kHeld:
      return "held";
    case HoldResult::kShort:
      return "short";
    case HoldResult::kInsufficientBalance:
      return "insufficient_balance";
    case HoldResult::kBudgetExceeded:
      return "budget_exceeded";
    case HoldResult::kTemporarilyReserved:
      return "temporarily_reserved";
    case HoldResult::kUnavailable:
      return "unavailable";
  }
  return "unavailable";
}

LeasePool::LeasePool(LeaseTable& table, const Clock& clock, LeasePoolOptions options)
    : table_(table),
      clock_(clock),
      options_(options),
      runtime_(std::make_unique<Runtime[]>(table.size())) {
  for (std::uint32_t i = 0; i < table_.size(); ++i) {
    LeaseSlot& slot = table_.slot(i);
    if (slot.state.load(std::memory_order_acquire) == LeaseSlot::kFree) continue;
    if (!options_.inherit) slot.state.store(LeaseSlot::kRetired);
    former_slots_[std::string(slot.account_name())].push_back(i);
  }
}

LeasePool::~LeasePool() = default;

// ---- Accounts -----------------------------------------------------------------------------------

const Account* LeasePool::Open(std::string_view name, std::string_view budget_id, bool hard,
                               absl::Time period_end) {
  std::lock_guard lock(accounts_mutex_);
  auto known = accounts_.find(AbslView(name));
  if (known != accounts_.end() && known->second->hard == hard) return known->second.get();
  // A budget that turned hard or soft becomes another account object of the same name; its lease,
  // if it has one, stays with the state.
  auto account = std::make_unique<Account>();
  account->name = std::string(name);
  account->budget_id = std::string(budget_id);
  account->hard = hard;
  account->period_end = period_end;
  if (known != accounts_.end() && known->second->state != nullptr) {
    account->state = known->second->state;
  } else if (hard) {
    if (closed_names_.contains(absl::Hash<absl::string_view>{}(AbslView(name)))) return nullptr;
    const std::optional<std::uint32_t> slot = table_.Allocate(name, options_.incarnation);
    if (!slot.has_value()) return nullptr;
    auto state = std::make_unique<AccountState>();
    state->account = account.get();
    state->own_slot = *slot;
    if (auto former = former_slots_.find(AbslView(name)); former != former_slots_.end()) {
      for (std::uint32_t i : former->second) {
        if (table_.slot(i).state.load() != LeaseSlot::kOpen) continue;
        if (state->inherited_count < kInheritedMax) {
          state->inherited[state->inherited_count++] = i;
        } else {
          table_.slot(i).state.store(LeaseSlot::kRetired);
        }
      }
    }
    account->state = state.get();
    states_.push_back(std::move(state));
  }
  const Account* result = account.get();
  if (known != accounts_.end()) {
    closed_.push_back(std::exchange(known->second, std::move(account)));
  } else {
    accounts_.emplace(std::string(name), std::move(account));
  }
  return result;
}

std::vector<const Account*> LeasePool::Accounts() const {
  std::lock_guard lock(accounts_mutex_);
  std::vector<const Account*> accounts;
  accounts.reserve(accounts_.size());
  for (const auto& [name, account] : accounts_) {
    if (account->state != nullptr) accounts.push_back(account.get());
  }
  std::ranges::sort(accounts, {}, [](const Account* a) { return a->state->own_slot; });
  return accounts;
}

const Account* LeasePool::Find(std::string_view name) const {
  std::lock_guard lock(accounts_mutex_);
  auto it = accounts_.find(AbslView(name));
  return it == accounts_.end() || it->second->state == nullptr ? nullptr : it->second.get();
}

// ---- Holds --------------------------------------------------------------------------------------

bool LeasePool::Subtract(std::uint32_t index, std::int64_t amount) {
  std::atomic<std::int64_t>& remaining = table_.slot(index).remaining;
  std::int64_t present = remaining.load(std::memory_order_relaxed);
  while (present >= amount) {
    if (remaining.compare_exchange_weak(present, present - amount)) return true;
  }
  return false;
}

// Whether new holds of an account may draw on a slot, deadline apart.  A slot that was given back
// may serve another account by now: an own one is known by the account's being closed, one of a
// former incarnation by its having become ours.
bool LeasePool::Usable(const AccountState& state, std::uint32_t index) const {
  const LeaseSlot& slot = table_.slot(index);
  if (slot.state.load() != LeaseSlot::kOpen) return false;
  if (index == state.own_slot) return !state.closed.load();
  return slot.incarnation.load() != options_.incarnation;
}

// The count comes before the look at the state: whoever retires the slot sets the state first and
// looks at the count afterwards, so that one of the two sees the other.
bool LeasePool::DrawFrom(const AccountState& state, std::uint32_t index, std::int64_t amount,
                         std::int64_t now_ns) {
  const LeaseSlot& slot = table_.slot(index);
  runtime_[index].in_flight.fetch_add(1);
  if (Usable(state, index) && now_ns < slot.deadline_ns.load(std::memory_order_relaxed) &&
      Subtract(index, amount)) {
    return true;
  }
  runtime_[index].in_flight.fetch_sub(1);
  return false;
}

bool LeasePool::Draw(AccountState& state, std::int64_t amount, std::int64_t now_ns,
                     std::uint32_t* slot) {
  if (DrawFrom(state, state.own_slot, amount, now_ns)) {
    *slot = state.own_slot;
    return true;
  }
  for (std::size_t i = 0; i < state.inherited_count; ++i) {
    if (DrawFrom(state, state.inherited[i], amount, now_ns)) {
      *slot = state.inherited[i];
      return true;
    }
  }
  return false;
}

void LeasePool::Used(AccountState& state, std::int64_t amount, std::int64_t now_ns) {
  state.last_use_ns.store(now_ns, std::memory_order_relaxed);
  std::int64_t largest = state.largest_hold.load(std::memory_order_relaxed);
  while (largest < amount &&
         !state.largest_hold.compare_exchange_weak(largest, amount, std::memory_order_relaxed)) {
  }
  if (table_.slot(state.own_slot).remaining.load(std::memory_order_relaxed) <
      state.low_water.load(std::memory_order_relaxed)) {
    Attend(state);
  }
}

bool LeasePool::TakePart(const Account& account, std::int64_t amount, std::int64_t now_ns,
                         Hold* hold) {
  Hold::Part& part = hold->parts_[hold->size_];
  part = {.account = &account, .amount = Money::FromNanoUsd(amount)};
  hold->slots_[hold->size_] = kNoSlot;
  if (account.hard && amount > 0) {
    std::uint32_t slot = kNoSlot;
    if (!Draw(*account.state, amount, now_ns, &slot)) return false;
    hold->slots_[hold->size_] = slot;
    part.leased = true;
    part.lease_incarnation = table_.slot(slot).incarnation.load(std::memory_order_relaxed);
    Used(*account.state, amount, now_ns);
  }
  ++hold->size_;
  return true;
}

void LeasePool::EndPart(const Hold& hold, std::size_t part, std::int64_t charge) {
  const std::uint32_t index = hold.slots_[part];
  if (index == kNoSlot) return;
  table_.slot(index).remaining.fetch_add(hold.parts_[part].amount.nano_usd() - charge);
  runtime_[index].in_flight.fetch_sub(1);
}

void LeasePool::RollBack(Hold* hold) {
  while (hold->size_ > 0) {
    EndPart(*hold, hold->size_ - 1, 0);
    --hold->size_;
  }
}

HoldResult LeasePool::TryHold(const AccountSet& accounts, Money amount, Hold* hold) {
  CHECK(!hold->open() && !amount.is_negative());
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (TakePart(accounts[i], amount.nano_usd(), now_ns, hold)) continue;
    RollBack(hold);
    return {.kind = HoldResult::kShort, .account = &accounts[i]};
  }
  return {};
}

HoldResult LeasePool::Extend(Hold* hold, Money amount) {
  CHECK(!amount.is_negative());
  if (amount.is_zero()) return {};
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  std::size_t done = 0;
  for (; done < hold->size_; ++done) {
    Hold::Part& part = hold->parts_[done];
    if (!part.account->hard) continue;
    if (part.leased) {
      // A hold goes on past the lease's deadline, and past its retirement: only new ones stop.
      if (!Subtract(hold->slots_[done], amount.nano_usd())) break;
    } else {
      std::uint32_t slot = kNoSlot;
      if (!Draw(*part.account->state, amount.nano_usd(), now_ns, &slot)) break;
      hold->slots_[done] = slot;
      part.leased = true;
      part.lease_incarnation = table_.slot(slot).incarnation.load(std::memory_order_relaxed);
    }
    Used(*part.account->state, amount.nano_usd(), now_ns);
  }
  if (done < hold->size_) {
    const Account* short_account = hold->parts_[done].account;
    for (std::size_t i = 0; i < done; ++i) {
      if (hold->slots_[i] != kNoSlot) {
        table_.slot(hold->slots_[i]).remaining.fetch_add(amount.nano_usd());
      }
    }
    return {.kind = HoldResult::kShort, .account = short_account};
  }
  for (std::size_t i = 0; i < hold->size_; ++i) hold->parts_[i].amount += amount;
  return {};
}

void LeasePool::Settle(Hold&& hold, Money charge) {
  for (std::size_t i = 0; i < hold.size_; ++i) {
    const Hold::Part& part = hold.parts_[i];
    EndPart(hold, i, charge.nano_usd());
    AccountState* state = part.account->state;
    if (!part.leased || state == nullptr) continue;
    state->spent_total.fetch_add(charge.nano_usd(), std::memory_order_relaxed);
    if (waiting_.load(std::memory_order_relaxed) > 0) WakeWaiters(*state);
  }
  hold.size_ = 0;
}

std::int64_t LeasePool::Available(const AccountState& state, std::int64_t now_ns) const {
  std::int64_t most = 0;
  auto look = [&](std::uint32_t index) {
    const LeaseSlot& slot = table_.slot(index);
    if (Usable(state, index) && now_ns < slot.deadline_ns.load(std::memory_order_relaxed)) {
      most = std::max(most, slot.remaining.load(std::memory_order_relaxed));
    }
  };
  look(state.own_slot);
  for (std::size_t i = 0; i < state.inherited_count; ++i) look(state.inherited[i]);
  return most;
}

Money LeasePool::MostAffordable(const AccountSet& accounts) const {
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  Money most = Money::Max();
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i].hard) continue;
    most = std::min(most, Money::FromNanoUsd(Available(*accounts[i].state, now_ns)));
  }
  return most;
}

// ---- Waiting ------------------------------------------------------------------------------------

LeasePool::WaiterId LeasePool::Wait(const AccountSet& accounts, Money amount,
                                    std::function<void()> on_change) {
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  WaiterId id = 0;
  {
    std::lock_guard lock(waiters_mutex_);
    id = next_waiter_++;
    waiters_.emplace(id, Waiter{accounts, amount, std::move(on_change)});
    waiting_.store(waiters_.size(), std::memory_order_relaxed);
  }
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i].hard) continue;
    AccountState& state = *accounts[i].state;
    if (Available(state, now_ns) >= amount.nano_usd()) continue;
    Used(state, amount.nano_usd(), now_ns);
    Attend(state);
  }
  return id;
}

void LeasePool::Forget(WaiterId waiter) {
  std::lock_guard lock(waiters_mutex_);
  waiters_.erase(waiter);
  waiting_.store(waiters_.size(), std::memory_order_relaxed);
}

// Under the lock, so that Forget() can promise what it does: the callback only posts.
void LeasePool::WakeWaiters(const AccountState& state) {
  std::lock_guard lock(waiters_mutex_);
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    bool concerned = false;
    for (std::size_t i = 0; i < it->second.accounts.size(); ++i) {
      concerned = concerned || it->second.accounts[i].state == &state;
    }
    if (!concerned) {
      ++it;
      continue;
    }
    it->second.on_change();
    it = waiters_.erase(it);
  }
  waiting_.store(waiters_.size(), std::memory_order_relaxed);
}

Money LeasePool::NeedOf(const AccountState& state, std::int64_t remaining) const {
  if (waiting_.load(std::memory_order_relaxed) == 0) return Money::Zero();
  std::lock_guard lock(waiters_mutex_);
  Money sum = Money::Zero();
  for (const auto& [id, waiter] : waiters_) {
    for (std::size_t i = 0; i < waiter.accounts.size(); ++i) {
      if (waiter.accounts[i].state != &state) continue;
      sum = sum.TryAdd(waiter.amount).value_or(Money::Max());
    }
  }
  return std::max(sum.TrySubtract(Money::FromNanoUsd(remaining)).value_or(sum), Money::Zero());
}

bool LeasePool::InUse(const AccountState& state) const {
  if (runtime_[state.own_slot].in_flight.load() > 0) return true;
  for (std::size_t i = 0; i < state.inherited_count; ++i) {
    const std::uint32_t index = state.inherited[i];
    if (table_.slot(index).incarnation.load() == options_.incarnation) continue;
    if (runtime_[index].in_flight.load() > 0) return true;
  }
  return false;
}

HoldResult LeasePool::Reason(const Account& account, Money amount) const {
  const AccountState& state = *account.state;
  HoldResult result{.kind = HoldResult::kTemporarilyReserved,
                    .account = &account,
                    .retry_after = options_.retry_after};
  if (!connected() || !state.answered.load(std::memory_order_relaxed)) {
    result.kind = HoldResult::kUnavailable;
    return result;
  }
  switch (static_cast<LeaseShortage>(state.shortage.load(std::memory_order_relaxed))) {
    case LeaseShortage::kExhausted:
    case LeaseShortage::kUnknownAccount:
      // What requests of this node hold may come back; billing cannot know.  Nor does it know of
      // single requests: all that waits here may be too much where one of them is not.
      if (InUse(state) || amount.nano_usd() <= state.unsettled.load(std::memory_order_relaxed)) {
        return result;
      }
      result.kind =
          account.is_wallet() ? HoldResult::kInsufficientBalance : HoldResult::kBudgetExceeded;
      result.resets_at = account.period_end;
      result.retry_after = absl::ZeroDuration();
      return result;
    case LeaseShortage::kReserved:
    case LeaseShortage::kNone:
      return result;
  }
  return result;
}

HoldResult LeasePool::Explain(const AccountSet& accounts, Money amount) const {
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i].hard || Available(*accounts[i].state, now_ns) >= amount.nano_usd()) continue;
    return Reason(accounts[i], amount);
  }
  return {.kind = HoldResult::kTemporarilyReserved,
          .account = accounts.size() == 0 ? nullptr : &accounts[0],
          .retry_after = options_.retry_after};
}

// ---- The keeper ---------------------------------------------------------------------------------

void LeasePool::SetWake(std::function<void()> wake) {
  std::lock_guard lock(attention_mutex_);
  wake_ = std::move(wake);
}

void LeasePool::Attend(AccountState& state) {
  // Once until the keeper has looked: the lock is off the common path.
  if (state.wants_attention.exchange(true, std::memory_order_relaxed)) return;
  std::lock_guard lock(attention_mutex_);
  attention_.push_back(state.account);
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
  view.last_use = MonotonicTime::FromNanoseconds(state.last_use_ns.load(std::memory_order_relaxed));
  view.deadline = MonotonicTime::FromNanoseconds(slot.deadline_ns.load(std::memory_order_relaxed));
  return view;
}

void LeasePool::Grant(const Account& account, Money granted_total,
                      std::optional<MonotonicTime> deadline, LeaseShortage shortage,
                      Money unsettled) {
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
  state.shortage.store(static_cast<int>(shortage), std::memory_order_relaxed);
  state.answered.store(true, std::memory_order_relaxed);
  if (waiting_.load(std::memory_order_relaxed) > 0) WakeWaiters(state);
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
  auto it = accounts_.find(account.name);
  if (it == accounts_.end() || it->second.get() != &account || account.state == nullptr) {
    return false;
  }
  AccountState& state = *account.state;
  LeaseSlot& slot = table_.slot(state.own_slot);
  if (now < account.period_end || InUse(state) || slot.remaining.load() > 0) return false;
  // Closed, then looked at again: a hold that came in between is seen here, or sees the mark.
  state.closed.store(true);
  if (InUse(state) || slot.remaining.load() > 0) {
    state.closed.store(false);
    return false;
  }
  closed_names_.insert(absl::Hash<absl::string_view>{}(account.name));
  table_.Free(state.own_slot);
  closed_.push_back(std::move(it->second));
  accounts_.erase(it);
  return true;
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

bool LeasePool::Retired(std::uint64_t incarnation) const {
  std::lock_guard lock(accounts_mutex_);
  for (const auto& [name, slots] : former_slots_) {
    for (std::uint32_t i : slots) {
      const LeaseSlot& slot = table_.slot(i);
      if (slot.incarnation.load() != incarnation) continue;
      if (slot.state.load() != LeaseSlot::kRetired || runtime_[i].in_flight.load() > 0) {
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
    if (it->second.empty()) {
      former_slots_.erase(it++);
    } else {
      ++it;
    }
  }
}

}  // namespace tollgate::dataplane
