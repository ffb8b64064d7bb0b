// LeaseBook's accounts: caps and what changes them, what is kept in memory, alerts.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/budget_period.h"
#include "base/check.h"
#include "base/seeded_bug.h"
#include "billing/lease/lease_book.h"

namespace tollgate::billing {
namespace {

// Between two looks at which accounts are idle: each reads over all of them.
constexpr absl::Duration kSweepInterval = absl::Minutes(1);

}  // namespace

Money BudgetTerms::CapAt(absl::Time now) const {
  Money cap = limit;
  for (const BudgetRaise& raise : raises) {
    if (now < raise.until) cap = cap.TryAdd(raise.amount).value_or(Money::Max());
  }
  return cap;
}

LeaseBook::Account* LeaseBook::Find(const AccountRef& ref, const std::string& name) {
  const auto found = accounts_.find(name);
  if (found != accounts_.end()) {
    found->second.last_used = monotonic_;
    return &found->second;
  }
  if (!reader_ || ref.kind != AccountKind::kBudget) return nullptr;
  const std::optional<AccountRow> row = reader_(name);
  if (!row.has_value()) return nullptr;
  Account& account = accounts_[name];
  account.ref = ref;
  account.settled = row->settled;
  account.alerted_percent = row->alerted_percent;
  account.last_used = monotonic_;
  return &account;
}

LeaseBook::Account& LeaseBook::AccountOf(const AccountRef& ref, const std::string& name) {
  if (Account* known = Find(ref, name)) return *known;
  Account& account = accounts_[name];
  account.ref = ref;
  account.last_used = monotonic_;
  if (ref.kind == AccountKind::kRun) ++runs_;
  return account;
}

const BudgetTerms* LeaseBook::TermsOf(const AccountRef& ref) const {
  const auto terms = budgets_.find(ref.id);
  if (terms == budgets_.end() || terms->second.each == ref.instance.empty()) return nullptr;
  return &terms->second;
}

std::optional<Money> LeaseBook::Cap(const Account& account) const {
  switch (account.ref.kind) {
    case AccountKind::kWallet:
      return account.credited;
    case AccountKind::kRun:
      return account.cap;
    case AccountKind::kBudget:
      break;
  }
  const BudgetTerms* terms = TermsOf(account.ref);
  if (terms == nullptr) return std::nullopt;
  return terms->CapAt(wall_);
}

Money LeaseBook::Available(const Account& account) const {
  // What is settled saturates, and a lowered cap may lie far below: 128 bits hold the difference.
  const __int128 available =
      static_cast<__int128>(Cap(account).value_or(Money::Zero()).nano_usd()) -
      account.settled.nano_usd() - account.outstanding.nano_usd();
  return Money::FromNanoUsd(static_cast<std::int64_t>(
      std::max<__int128>(available, std::numeric_limits<std::int64_t>::min())));
}

void LeaseBook::NoteTime(Now now) {
  wall_ = now.wall;
  monotonic_ = now.monotonic;
}

// Raises end by the wall clock; it is looked at again when the nearest end should have come.
void LeaseBook::PlanRaiseEnd(Now now) {
  raise_end_ = MonotonicTime::InfiniteFuture();
  for (const auto& [id, terms] : budgets_) {
    for (const BudgetRaise& raise : terms.raises) {
      if (raise.until <= now.wall) continue;
      raise_end_ = std::min(raise_end_, now.monotonic + (raise.until - now.wall));
    }
  }
}

// Holders of a cap that is lower than what they hold give back what is idle.
void LeaseBook::RecallLowered(Now now) {
  for (auto& [name, account] : accounts_) {
    if (account.ref.kind != AccountKind::kBudget || account.outstanding.is_zero()) continue;
    if (!Cap(account).has_value() || Available(account).is_negative()) {
      RecallFrom(account, name, /*except_node=*/"", now);
    }
  }
}

void LeaseBook::Expire(Now now) {
  NoteTime(now);
  if (std::exchange(fresh_, false)) {
    for (auto& [name, account] : accounts_) account.last_used = now.monotonic;
    PlanRaiseEnd(now);
  }
  if (now.monotonic >= raise_end_) {
    PlanRaiseEnd(now);
    RecallLowered(now);
  }
  ForgetIdle(now);
  for (auto& [name, account] : accounts_) {
    if (!TG_SEEDED_BUG(kReclaimByTime)) break;
    for (auto& [holder, lease] : account.leases) {
      if (now.monotonic - lease.recalled_at < options_.ttl) continue;
      Free({name, holder.first, holder.second}, account, lease, lease.totals.outstanding(),
           HoldMove::Kind::kRelease);
    }
  }
  const std::set<std::string> names = waiting_accounts_;
  for (const std::string& name : names) RetryWaiting(name, now);
}

MonotonicTime LeaseBook::NextDeadline() const {
  MonotonicTime next = raise_end_;
  for (const std::string& name : waiting_accounts_) {
    for (const Waiting& waiting : accounts_.at(name).waiting) {
      next = std::min(next, waiting.deadline);
    }
  }
  return next;
}

// What has no lease has nothing that could still be spent or come back, so only a late record of a
// soft budget can need it again, and that reads it.
void LeaseBook::ForgetIdle(Now now) {
  if (now.monotonic < next_sweep_) return;
  next_sweep_ = now.monotonic + kSweepInterval;
  for (auto it = accounts_.begin(); it != accounts_.end();) {
    const Account& account = it->second;
    const bool run = account.ref.kind == AccountKind::kRun;
    const bool kept = account.ref.kind == AccountKind::kWallet || (!run && !reader_);
    if (kept || !account.leases.empty() || !account.waiting.empty() ||
        now.monotonic - account.last_used < options_.idle) {
      ++it;
      continue;
    }
    if (run) {
      --runs_;
      effects_.accounts.erase(it->first);
      effects_.removed_accounts.push_back(it->first);
    }
    it = accounts_.erase(it);
  }
}

void LeaseBook::NoteSpending(const std::string& name, Account& account,
                             const BudgetTerms* terms) {
  account.last_used = monotonic_;
  if (terms == nullptr || account.settled.is_zero()) return;
  if (terms->alert_percents.empty() || account.alerted_percent >= terms->alert_percents.back()) {
    return;
  }
  const Money cap = terms->CapAt(wall_);
  for (const std::uint32_t percent : terms->alert_percents) {
    const bool reached = static_cast<__int128>(account.settled.nano_usd()) * 100 >=
                         static_cast<__int128>(cap.nano_usd()) * percent;
    if (!reached) break;
    if (percent <= account.alerted_percent) continue;
    account.alerted_percent = percent;
    alerts_.push_back({name, account.ref, percent, cap, account.settled});
  }
}

void LeaseBook::NoteReachedShares(Now now) {
  NoteTime(now);
  for (auto& [name, account] : accounts_) {
    if (account.ref.kind != AccountKind::kBudget) continue;
    const BudgetTerms* terms = TermsOf(account.ref);
    if (terms == nullptr || BudgetPeriodOf(terms->period, now.wall) != account.ref.period) continue;
    const std::uint32_t before = account.alerted_percent;
    const MonotonicTime last_used = account.last_used;
    NoteSpending(name, account, terms);
    account.last_used = last_used;  // Nobody used it.
    if (account.alerted_percent != before) MarkAccount(name, account);
  }
}

void LeaseBook::SetDue(const std::string& wallet, Money due, Now now) {
  const auto found = accounts_.find(wallet);
  CHECK(found != accounts_.end() && !due.is_negative()) << wallet;
  NoteTime(now);
  Account& account = found->second;
  const Money rise = due - account.due;
  account.due = due;
  if (rise <= Money::Zero()) return;
  LetDueLeave(wallet, account, rise);
  CHECK(account.due <= account.outstanding) << wallet;
  if (!account.due.is_zero()) RecallFrom(account, wallet, /*except_node=*/"", now);
}

void LeaseBook::RestoreDue(const std::string& wallet, Money due) {
  const auto found = accounts_.find(wallet);
  CHECK(found != accounts_.end() && due <= found->second.outstanding) << wallet;
  found->second.due = due;
}

// At most what has just become due or come back: other money in the wallet is not that of a credit.
void LeaseBook::LetDueLeave(const std::string& name, Account& account, Money most) {
  const Money leaves = std::min({account.due, most, Available(account)});
  if (leaves <= Money::Zero()) return;
  account.due -= leaves;
  account.credited -= leaves;
  effects_.moves.push_back(
      {HoldMove::Kind::kExpiry, {name, "", 0}, account.ref.id, leaves, Money::Zero()});
  MarkAccount(name, account);
}

// A run's account begins with the first stated cap; nullopt when it is there now.
std::optional<Shortage> LeaseBook::OpenRun(const AccountRef& ref, const WantRequest& request) {
  Account* known = Find(ref, request.account);
  if (known == nullptr) {
    if (request.cap <= Money::Zero()) return Shortage::kUnknownAccount;
    if (runs_ >= options_.runs_max) return Shortage::kReserved;
    known = &AccountOf(ref, request.account);
    known->cap = request.cap;
  } else if (request.cap > Money::Zero() && request.cap < known->cap) {
    known->cap = request.cap;
  } else {
    return std::nullopt;
  }
  MarkAccount(request.account, *known);
  return std::nullopt;
}

}  // namespace tollgate::billing
