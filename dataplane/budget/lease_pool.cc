#include "dataplane/budget/lease_pool.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "base/check.h"
#include "base/seeded_bug.h"
#include "base/string_views.h"
#include "dataplane/budget/account_state.h"

namespace tollgate::dataplane {
namespace {

// What one waiter counts for at most: a million dollars, so that sums cannot overflow.
constexpr std::int64_t kAwaitedMax = 1'000'000 * kNanoUsdPerUsd;

}  // namespace

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
    case HoldResult::kUnknownRun:
      return "unknown_run";
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
      runtime_((table.size() + kRuntimeChunk - 1) / kRuntimeChunk) {
  // No further than the last one in use: a page that is looked at is memory that is used.
  for (std::uint32_t i = 0, left = static_cast<std::uint32_t>(table_.used()); left > 0; ++i) {
    LeaseSlot& slot = table_.slot(i);
    if (slot.state.load(std::memory_order_acquire) == LeaseSlot::kFree) continue;
    --left;
    if (!options_.inherit) slot.state.store(LeaseSlot::kRetired);
    MakeRuntime(i);
    former_slots_[std::string(slot.account_name())].push_back(i);
  }
}

LeasePool::~LeasePool() {
  for (std::atomic<Runtime*>& chunk : runtime_) delete[] chunk.load();
}

// REQUIRED: accounts_mutex_, or nobody else knows this yet.
void LeasePool::MakeRuntime(std::uint32_t slot) {
  std::atomic<Runtime*>& chunk = runtime_[slot / kRuntimeChunk];
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    chunk.store(new Runtime[kRuntimeChunk], std::memory_order_release);
  }
}

LeasePool::Runtime& LeasePool::RuntimeOf(std::uint32_t slot) const {
  return runtime_[slot / kRuntimeChunk].load(std::memory_order_acquire)[slot % kRuntimeChunk];
}

// ---- Accounts -----------------------------------------------------------------------------------

const Account* LeasePool::Open(std::string_view name, std::string_view budget_id, bool hard,
                               absl::Time period_end, std::string_view scope) {
  std::lock_guard lock(accounts_mutex_);
  auto known = accounts_.find(AbslView(name));
  if (known != accounts_.end() && known->second->hard == hard) return known->second.get();
  // A budget that turned hard or soft becomes another account object of the same name; its lease,
  // if it has one, stays with the state.
  auto account = std::make_unique<Account>();
  account->name = std::string(name);
  account->budget_id = std::string(budget_id);
  account->scope = std::string(scope);
  account->hard = hard;
  account->period_end = period_end;
  if (known != accounts_.end() && known->second->state != nullptr) {
    account->state_owner = known->second->state_owner;
  } else if (hard) {
    if (closed_names_.contains(absl::Hash<absl::string_view>{}(AbslView(name)))) return nullptr;
    const std::optional<std::uint32_t> slot = table_.Allocate(name, options_.incarnation);
    if (!slot.has_value()) return nullptr;
    MakeRuntime(*slot);
    auto state = std::make_shared<AccountState>();
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
    account->state_owner = std::move(state);
  }
  account->state = account->state_owner.get();
  if (account->state != nullptr) account->state->account.store(account.get());
  const Account* result = account.get();
  if (known != accounts_.end()) {
    closed_.push_back({std::exchange(known->second, std::move(account)), clock_.Monotonic()});
  } else {
    accounts_.emplace(std::string(name), std::move(account));
  }
  return result;
}

void LeasePool::StateCap(const Account& account, Money cap) {
  std::atomic<std::int64_t>& stated = account.state->stated_cap;
  std::int64_t present = stated.load(std::memory_order_relaxed);
  while ((present == 0 || cap.nano_usd() < present) &&
         !stated.compare_exchange_weak(present, cap.nano_usd(), std::memory_order_relaxed)) {
  }
}

bool LeasePool::Closed(const Account& account) {
  return account.state != nullptr && account.state->closed.load(std::memory_order_relaxed);
}

std::vector<const Account*> LeasePool::Accounts() const {
  std::lock_guard lock(accounts_mutex_);
  std::vector<const Account*> accounts;
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
  RuntimeOf(index).in_flight.fetch_add(1);
  if (Usable(state, index) && now_ns < slot.deadline_ns.load(std::memory_order_relaxed) &&
      Subtract(index, amount)) {
    return true;
  }
  RuntimeOf(index).in_flight.fetch_sub(1);
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
  if (TG_SEEDED_BUG(kUnderReserve)) amount /= 2;
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
  RuntimeOf(index).in_flight.fetch_sub(1);
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
  if (const Account* pass = accounts.pass(); pass != nullptr) {
    // Used, so that its lease is kept in force.
    pass->state->last_use_ns.store(now_ns, std::memory_order_relaxed);
    if (!InForce(*pass)) return {.kind = HoldResult::kShort, .account = pass};
  }
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (TakePart(accounts[i], amount.nano_usd(), now_ns, hold)) continue;
    RollBack(hold);
    return {.kind = HoldResult::kShort, .account = &accounts[i]};
  }
  return {};
}

bool LeasePool::InForce(const Account& account) const {
  if (confirmed_.load(std::memory_order_relaxed)) return true;
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  const auto in_force = [&](std::uint32_t index) {
    return Usable(*account.state, index) &&
           now_ns < table_.slot(index).deadline_ns.load(std::memory_order_relaxed);
  };
  if (in_force(account.state->own_slot)) return true;
  for (std::size_t i = 0; i < account.state->inherited_count; ++i) {
    if (in_force(account.state->inherited[i])) return true;
  }
  return false;
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
    const std::int64_t drawn = std::min(charge, part.amount).nano_usd();
    EndPart(hold, i, drawn);
    AccountState* state = part.account->state;
    if (!part.leased || state == nullptr) continue;
    state->spent_total.fetch_add(drawn, std::memory_order_relaxed);
    if (state->awaited.load(std::memory_order_relaxed) > 0) WakeWaiters(*state);
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

bool LeasePool::Capped(const AccountSet& accounts) {
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (accounts[i].hard) return true;
  }
  return false;
}

Money LeasePool::ReachableOf(const AccountState& state, std::int64_t now_ns) const {
  const Money here = Money::FromNanoUsd(Available(state, now_ns));
  const Money free = Money::FromNanoUsd(state.unleased.load(std::memory_order_relaxed));
  return here.TryAdd(free).value_or(Money::Max());
}

std::pair<const Account*, Money> LeasePool::Tightest(const AccountSet& accounts) const {
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  std::pair<const Account*, Money> tightest = {nullptr, Money::Max()};
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i].hard) continue;
    const Money reachable = ReachableOf(*accounts[i].state, now_ns);
    if (tightest.first == nullptr || reachable < tightest.second) {
      tightest = {&accounts[i], reachable};
    }
  }
  return tightest;
}

Money LeasePool::Reachable(const AccountSet& accounts) const { return Tightest(accounts).second; }

// ---- Waiting ------------------------------------------------------------------------------------

LeasePool::WaiterId LeasePool::Wait(const AccountSet& accounts, Money amount,
                                    std::function<void()> on_change) {
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  WaiterId id = 0;
  {
    std::lock_guard lock(waiters_mutex_);
    id = next_waiter_++;
    const Waiter& waiter =
        waiters_.emplace(id, Waiter{accounts, amount, std::move(on_change)}).first->second;
    CountAwaited(waiter, 1);
  }
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i].hard) continue;
    AccountState& state = *accounts[i].state;
    if (Available(state, now_ns) >= amount.nano_usd()) continue;
    Used(state, amount.nano_usd(), now_ns);
    Attend(state);
  }
  if (accounts.pass() != nullptr && !InForce(*accounts.pass())) Attend(*accounts.pass()->state);
  return id;
}

void LeasePool::CountAwaited(const Waiter& waiter, int sign) {
  const std::int64_t amount = std::min(waiter.amount.nano_usd(), kAwaitedMax);
  for (std::size_t i = 0; i < waiter.accounts.size(); ++i) {
    if (AccountState* state = waiter.accounts[i].state; state != nullptr) {
      state->awaited.fetch_add(sign * amount, std::memory_order_relaxed);
    }
  }
  if (const Account* pass = waiter.accounts.pass(); pass != nullptr) {
    pass->state->passes_awaited.fetch_add(sign, std::memory_order_relaxed);
  }
}

void LeasePool::Forget(WaiterId waiter) {
  std::lock_guard lock(waiters_mutex_);
  const auto found = waiters_.find(waiter);
  if (found == waiters_.end()) return;
  CountAwaited(found->second, -1);
  waiters_.erase(found);
}

// Under the lock, so that Forget() can promise what it does: the callback only posts.
void LeasePool::WakeWaiters(const AccountState& state) {
  std::lock_guard lock(waiters_mutex_);
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const Account* pass = it->second.accounts.pass();
    bool concerned = pass != nullptr && pass->state == &state;
    for (std::size_t i = 0; i < it->second.accounts.size(); ++i) {
      concerned = concerned || it->second.accounts[i].state == &state;
    }
    if (!concerned) {
      ++it;
      continue;
    }
    it->second.on_change();
    CountAwaited(it->second, -1);
    it = waiters_.erase(it);
  }
}

void LeasePool::WakeAnyWaiters(const AccountState& state) {
  if (state.awaited.load(std::memory_order_relaxed) > 0 ||
      state.passes_awaited.load(std::memory_order_relaxed) > 0) {
    WakeWaiters(state);
  }
}

Money LeasePool::NeedOf(const AccountState& state, std::int64_t remaining) const {
  const std::int64_t awaited = state.awaited.load(std::memory_order_relaxed);
  if (awaited == 0) return Money::Zero();
  return Money::FromNanoUsd(std::max<std::int64_t>(awaited - remaining, 0));
}

bool LeasePool::InUse(const AccountState& state) const {
  if (RuntimeOf(state.own_slot).in_flight.load() > 0) return true;
  for (std::size_t i = 0; i < state.inherited_count; ++i) {
    const std::uint32_t index = state.inherited[i];
    if (table_.slot(index).incarnation.load() == options_.incarnation) continue;
    if (RuntimeOf(index).in_flight.load() > 0) return true;
  }
  return false;
}

HoldResult LeasePool::Exhausted(const Account& account) {
  if (account.is_run() && static_cast<LeaseShortage>(account.state->shortage.load(
                              std::memory_order_relaxed)) == LeaseShortage::kUnknownAccount) {
    return {.kind = HoldResult::kUnknownRun, .account = &account};
  }
  return {
      .kind = account.is_wallet() ? HoldResult::kInsufficientBalance : HoldResult::kBudgetExceeded,
      .account = &account,
      .resets_at = account.period_end};
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
      return Exhausted(account);
    case LeaseShortage::kNone:
      // There may be enough, but it is too old to be drawn on and was not renewed.
      if (clock_.Monotonic().nanoseconds() >= table_.slot(state.own_slot).deadline_ns.load()) {
        result.kind = HoldResult::kUnavailable;
      }
      return result;
    case LeaseShortage::kReserved:
      return result;
  }
  return result;
}

HoldResult LeasePool::ExplainExtension(const Account& account) const {
  const AccountState& state = *account.state;
  const auto shortage = static_cast<LeaseShortage>(state.shortage.load(std::memory_order_relaxed));
  if (connected() && state.answered.load(std::memory_order_relaxed) &&
      (shortage == LeaseShortage::kExhausted || shortage == LeaseShortage::kUnknownAccount)) {
    return Exhausted(account);
  }
  // Zero: what the request itself holds does not count as held by others.
  return Reason(account, Money::Zero());
}

HoldResult LeasePool::Explain(const AccountSet& accounts, Money amount) const {
  std::optional<HoldResult> unavailable;
  const std::int64_t now_ns = clock_.Monotonic().nanoseconds();
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (!accounts[i].hard || Available(*accounts[i].state, now_ns) >= amount.nano_usd()) continue;
    const HoldResult reason = Reason(accounts[i], amount);
    // What is only too old may be renewed any moment; what else is short says more.
    if (reason.kind != HoldResult::kUnavailable) return reason;
    if (!unavailable.has_value()) unavailable = reason;
  }
  if (const Account* pass = accounts.pass();
      !unavailable.has_value() && pass != nullptr && !InForce(*pass)) {
    unavailable = {.kind = HoldResult::kUnavailable,
                   .account = pass,
                   .retry_after = options_.retry_after};
  }
  if (unavailable.has_value()) return *unavailable;
  return {.kind = HoldResult::kTemporarilyReserved,
          .account = accounts.size() == 0 ? nullptr : &accounts[0],
          .retry_after = options_.retry_after};
}

}  // namespace tollgate::dataplane
