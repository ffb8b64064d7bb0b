#include "billing/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "billing/ledger/entry_codec.h"

namespace tollgate::billing {
namespace {

// Whose balance may not be negative.
bool IsBoundedBelow(const std::string& account) {
  return account.starts_with("wallet/") || account.starts_with("holds/");
}

// Sums of postings stay far inside 128 bits.
bool SumsToZero(const std::vector<Posting>& postings) {
  __int128 sum = 0;
  for (const Posting& posting : postings) sum += posting.amount.nano_usd();
  return sum == 0;
}

}  // namespace

bool RemembersKey(EntryKind kind) {
  return kind == EntryKind::kTopUp || kind == EntryKind::kAdjustment || kind == EntryKind::kLoss;
}

Ledger::Ledger(LedgerState state)
    : last_sequence_(state.last_sequence),
      last_time_(state.last_time),
      last_hash_(state.last_hash) {
  for (auto& [account, balance] : state.balances) balances_.emplace(account, balance);
  for (AppliedKey& key : state.keys) {
    keys_.emplace(std::move(key.idempotency_key), Known{key.sequence, key.contents});
  }
}

Outcome Ledger::Validate(const Transfer& transfer) const {
  if (transfer.idempotency_key.empty() ||
      transfer.idempotency_key.size() > kIdempotencyKeyBytesMax) {
    return Outcome::kIdempotencyKeyInvalid;
  }
  if (transfer.postings.size() < 2 || transfer.postings.size() > kPostingsMax) {
    return Outcome::kPostingsCountInvalid;
  }
  for (const Posting& posting : transfer.postings) {
    if (!IsValidAccountName(posting.account)) return Outcome::kAccountInvalid;
  }
  if (transfer.description.size() > kDescriptionBytesMax) return Outcome::kTextTooLong;
  if (!SumsToZero(transfer.postings)) return Outcome::kPostingsUnbalanced;
  if (transfer.kind != EntryKind::kUsage &&
      std::any_of(transfer.postings.begin(), transfer.postings.end(),
                  [](const Posting& posting) { return posting.amount.is_zero(); })) {
    return Outcome::kAmountZero;
  }
  return Outcome::kCreated;
}

Ledger::Result Ledger::Apply(const Transfer& transfer, absl::Time now, LedgerEffects* effects) {
  const Outcome validity = Validate(transfer);
  if (validity != Outcome::kCreated) return {validity};

  Sha256Digest contents{};
  if (RemembersKey(transfer.kind)) {
    contents = ContentsDigest(transfer);
    const auto known = keys_.find(transfer.idempotency_key);
    if (known != keys_.end()) {
      if (known->second.contents != contents) return {Outcome::kExistsWithDifferentContents};
      return {Outcome::kExists, known->second.sequence};
    }
  }

  // First what would be, then what is: a refusal must leave no trace.
  std::map<std::string, Money> after;
  for (const Posting& posting : transfer.postings) {
    Money& balance = after.try_emplace(posting.account, Balance(posting.account)).first->second;
    const std::optional<Money> sum = balance.TryAdd(posting.amount);
    if (!sum.has_value()) return {Outcome::kBalanceOverflow};
    balance = *sum;
  }
  for (const auto& [account, balance] : after) {
    if (balance.is_negative() && IsBoundedBelow(account)) return {Outcome::kInsufficientBalance};
  }

  for (const auto& [account, balance] : after) {
    CHECK(!balance.is_negative() || !IsBoundedBelow(account)) << account;
    balances_[account] = balance;
    effects->balances[account] = balance;
  }
  Entry entry;
  entry.sequence = ++last_sequence_;
  entry.time =
      std::max(absl::FromUnixNanos(absl::ToUnixNanos(now)), last_time_ + absl::Nanoseconds(1));
  CHECK(entry.time > last_time_);
  entry.transfer = transfer;
  entry.balance = WorkspaceBalance(transfer.workspace_id);
  entry.hash = ChainHash(last_hash_, EncodeEntryContents(entry));
  last_time_ = entry.time;
  last_hash_ = entry.hash;
  if (RemembersKey(transfer.kind)) {
    keys_.emplace(transfer.idempotency_key, Known{entry.sequence, contents});
    effects->keys.push_back({transfer.idempotency_key, entry.sequence, contents});
  }
  effects->entries.push_back(std::move(entry));
  return {Outcome::kCreated, last_sequence_};
}

Money Ledger::Balance(const std::string& account) const {
  const auto found = balances_.find(account);
  return found == balances_.end() ? Money::Zero() : found->second;
}

Money Ledger::WorkspaceBalance(const std::string& workspace_id) const {
  // Both are parts of what was credited, which the overflow check of the wallet bounds.
  return Balance(WalletAccount(workspace_id))
      .TryAdd(Balance(HoldsAccount(workspace_id)))
      .value_or(Money::Max());
}

}  // namespace tollgate::billing
