#include "billing/ledger/usage_poster.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.h"

namespace tollgate::billing {
namespace {

// Of a row, beside the record: room that is made once for a batch.
constexpr std::size_t kUsualRowBytes = 1'024;
constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);

UsageLine::Part PartOf(std::size_t begin, std::size_t size) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)};
}

}  // namespace

UsagePoster::UsagePoster(Ledger& ledger, std::size_t records, absl::Time now)
    : ledger_(ledger),
      now_nanos_(absl::ToUnixNanos(now)),
      last_nanos_(absl::ToUnixNanos(ledger.last_time_)) {
  run_.first_sequence = ledger.last_sequence_ + 1;
  run_.rows.reserve(records * kUsualRowBytes);
  run_.lines.reserve(records);
}

template <typename Accounts, typename Make>
Accounts& UsagePoster::Find(ById<Accounts>& by_id, std::string_view id, Make make) {
  if (by_id.last != nullptr && by_id.last_id == id) return *by_id.last;
  Accounts*& found = by_id.all[id];
  if (found == nullptr) found = &by_id.kept.emplace_back(make(id));
  by_id.last_id = id;
  by_id.last = found;
  return *found;
}

Outcome UsagePoster::Post(const UsageFacts& facts) {
  if (const Outcome texts = CheckUsageTexts(facts); texts != Outcome::kCreated) return texts;
  Workspace& workspace = Find(workspaces_, facts.workspace_id, [](std::string_view id) {
    return Workspace{{WalletAccount(id)}, {HoldsAccount(id)}, {CreditAccount(id)}};
  });
  Account& revenue = Find(models_, facts.model_id,
                          [](std::string_view id) { return Account{RevenueAccount(id)}; });
  Provider& provider = Find(providers_, facts.provider_id, [](std::string_view id) {
    return Provider{{CostAccount(id)}, {PayableAccount(id)}};
  });
  // First what would be, then what is: a refusal must leave no trace.
  std::array<Sum, 7> sums{{{&workspace.holds, -facts.leased}, {&revenue, facts.charge}}};
  std::size_t count = 2;
  const Money overrun = facts.charge - facts.leased;
  if (!overrun.is_zero()) sums[count++] = {&overrun_, -overrun};
  if (!facts.cost.is_zero()) {
    sums[count++] = {&provider.cost, -facts.cost};
    sums[count++] = {&provider.payable, facts.cost};
  }
  if (!facts.credit.is_zero()) {
    sums[count++] = {&workspace.credit, -facts.credit};
    sums[count++] = {&unspent_, facts.credit};
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<Money> sum = BalanceOf(*sums[i].account).TryAdd(sums[i].amount);
    if (!sum.has_value()) return Outcome::kBalanceOverflow;
    sums[i].amount = *sum;
  }
  for (const Account* bounded : {&workspace.holds, &workspace.credit}) {
    for (std::size_t i = 0; i < count; ++i) {
      if (sums[i].account == bounded && sums[i].amount.is_negative()) {
        return Outcome::kInsufficientBalance;
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) Set(sums[i]);
  Append(facts,
         BalanceOf(workspace.wallet).TryAdd(BalanceOf(workspace.holds)).value_or(Money::Max()));
  return Outcome::kCreated;
}

Money UsagePoster::BalanceOf(Account& account) {
  if (account.balance == nullptr) {
    const auto found = ledger_.balances_.find(account.name);
    if (found == ledger_.balances_.end()) return Money::Zero();
    account.balance = &found->second;
  }
  return *account.balance;
}

void UsagePoster::Set(const Sum& sum) {
  Account& account = *sum.account;
  if (account.balance == nullptr) account.balance = &ledger_.balances_[account.name];
  *account.balance = sum.amount;
  account.changed = true;
}

void UsagePoster::Append(const UsageFacts& facts, Money balance) {
  CHECK_LT(last_nanos_, std::numeric_limits<std::int64_t>::max());
  last_nanos_ = std::max(now_nanos_, last_nanos_ + 1);
  UsageContents contents(facts, ++ledger_.last_sequence_, last_nanos_, balance);
  ledger_.last_hash_ = contents.Chain(ledger_.last_hash_);
  const std::string_view head = contents.stored();
  const std::size_t begin = run_.rows.size();
  const std::uint32_t length =
      __builtin_bswap32(static_cast<std::uint32_t>(head.size() + facts.record.size()));
  run_.rows.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  run_.rows.append(head);
  run_.rows.append(facts.record);
  CHECK_LE(run_.rows.size(), std::numeric_limits<std::uint32_t>::max());
  UsageLine& line = run_.lines.emplace_back();
  line.row = PartOf(begin, run_.rows.size() - begin);
  // The texts stand one after another, each behind its length, before the digest.
  std::size_t at = begin + kLengthBytes + head.size() - facts.digest.size() -
                   facts.provider_id.size() - 1 - facts.model_id.size() - 1 -
                   facts.generation_id.size();
  line.generation_id = PartOf(at, facts.generation_id.size());
  at -= facts.key_id.size() + 1;
  line.key_id = PartOf(at, facts.key_id.size());
  at -= facts.workspace_id.size() + 1;
  line.workspace_id = PartOf(at, facts.workspace_id.size());
  line.attempt = facts.attempt;
}

void UsagePoster::Finish(LedgerEffects* effects) {
  if (run_.lines.empty()) return;
  ledger_.last_time_ = absl::FromUnixNanos(last_nanos_);
  const auto note = [effects](const Account& account) {
    if (account.changed) effects->balances.insert_or_assign(account.name, *account.balance);
  };
  for (const Workspace& workspace : workspaces_.kept) {
    note(workspace.holds);
    note(workspace.credit);
  }
  for (const Account& revenue : models_.kept) note(revenue);
  for (const Provider& provider : providers_.kept) {
    note(provider.cost);
    note(provider.payable);
  }
  note(overrun_);
  note(unspent_);
  effects->runs.push_back(std::move(run_));
}

}  // namespace tollgate::billing
