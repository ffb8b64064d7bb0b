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

Ledger::Result Ledger::Apply(Transfer transfer, absl::Time now, LedgerEffects* effects) {
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

  std::vector<NewBalance> after;
  if (const Outcome sums = SumUp(transfer, &after); sums != Outcome::kCreated) return {sums};
  for (const NewBalance& account : after) {
    CHECK(!account.balance.is_negative() || !IsBoundedBelow(*account.name)) << *account.name;
    balances_[*account.name] = account.balance;
    effects->balances[*account.name] = account.balance;
  }
  Entry entry;
  entry.sequence = ++last_sequence_;
  entry.time =
      std::max(absl::FromUnixNanos(absl::ToUnixNanos(now)), last_time_ + absl::Nanoseconds(1));
  CHECK(entry.time > last_time_);
  entry.transfer = std::move(transfer);
  entry.balance = WorkspaceBalance(entry.transfer.workspace_id);
  entry.hash = ChainHash(last_hash_, EncodeEntryContents(entry));
  last_time_ = entry.time;
  last_hash_ = entry.hash;
  if (RemembersKey(entry.transfer.kind)) {
    keys_.emplace(entry.transfer.idempotency_key, Known{entry.sequence, contents});
    effects->keys.push_back({entry.transfer.idempotency_key, entry.sequence, contents});
  }
  effects->entries.push_back(std::move(entry));
  return {Outcome::kCreated, last_sequence_};
}

Outcome Ledger::SumUp(const Transfer& transfer, std::vector<NewBalance>* after) const {
  after->reserve(transfer.postings.size());
  for (const Posting& posting : transfer.postings) {
    auto account = std::find_if(after->begin(), after->end(), [&](const NewBalance& one) {
      return *one.name == posting.account;
    });
    if (account == after->end()) {
      account = after->insert(after->end(), {&posting.account, Balance(posting.account)});
    }
    const std::optional<Money> sum = account->balance.TryAdd(posting.amount);
    if (!sum.has_value()) return Outcome::kBalanceOverflow;
    account->balance = *sum;
  }
  for (const NewBalance& account : *after) {
    if (account.balance.is_negative() && IsBoundedBelow(*account.name)) {
      return Outcome::kInsufficientBalance;
    }
  }
  return Outcome::kCreated;
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
