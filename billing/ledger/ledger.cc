#include "billing/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "billing/ledger/entry_codec.h"

namespace tollgate::billing {
namespace {

// Whose balance may not be negative.
bool IsBoundedBelow(const std::string& account) {
  return account.starts_with("wallet/") || account.starts_with("holds/") ||
         account.starts_with("credit/");
}

// Sums of postings stay far inside 128 bits.
bool SumsToZero(const std::vector<Posting>& postings) {
  __int128 sum = 0;
  for (const Posting& posting : postings) sum += posting.amount.nano_usd();
  return sum == 0;
}

}  // namespace

bool RemembersKey(EntryKind kind) {
  return kind == EntryKind::kTopUp || kind == EntryKind::kAdjustment || kind == EntryKind::kLoss ||
         kind == EntryKind::kRefund || kind == EntryKind::kCredit;
}

Ledger::Ledger(LedgerState state, KeyReader reader)
    : last_sequence_(state.last_sequence),
      last_time_(state.last_time),
      last_hash_(state.last_hash),
      reader_(std::move(reader)) {
  for (auto& [account, balance] : state.balances) balances_.emplace(account, balance);
  for (AppliedKey& key : state.keys) {
    keys_.emplace(std::move(key.idempotency_key), Known{key.sequence, key.contents, key.refusal});
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
  if (transfer.description.size() > kDescriptionBytesMax ||
      transfer.actor.size() > kActorBytesMax) {
    return Outcome::kTextTooLong;
  }
  if (!SumsToZero(transfer.postings)) return Outcome::kPostingsUnbalanced;
  if (!MayMoveNothing(transfer.kind) &&
      std::any_of(transfer.postings.begin(), transfer.postings.end(),
                  [](const Posting& posting) { return posting.amount.is_zero(); })) {
    return Outcome::kAmountZero;
  }
  return Outcome::kCreated;
}

std::optional<Ledger::Result> Ledger::FindKey(const std::string& key,
                                              const Sha256Digest& contents) const {
  std::optional<Known> known;
  if (const auto found = keys_.find(key); found != keys_.end()) {
    known = found->second;
  } else if (reader_) {
    const std::optional<AppliedKey> row = reader_(key);
    if (row.has_value()) known = Known{row->sequence, row->contents, row->refusal};
  }
  if (!known.has_value()) return std::nullopt;
  if (known->contents != contents) return Result{Outcome::kExistsWithDifferentContents};
  if (known->refusal != Outcome::kCreated) return Result{known->refusal};
  return Result{Outcome::kExists, known->sequence};
}

void Ledger::Refuse(const std::string& key, const Sha256Digest& contents, Outcome refusal,
                    LedgerEffects* effects) {
  keys_.emplace(key, Known{0, contents, refusal});
  effects->keys.push_back({key, 0, contents, refusal});
}

Ledger::Result Ledger::Apply(Transfer transfer, absl::Time now, LedgerEffects* effects) {
  if (!RemembersKey(transfer.kind)) return Post(nullptr, std::move(transfer), now, effects);
  const Sha256Digest contents = ContentsDigest(transfer);
  return ApplyAs(contents, std::move(transfer), now, effects);
}

Ledger::Result Ledger::ApplyAs(const Sha256Digest& contents, Transfer transfer, absl::Time now,
                               LedgerEffects* effects) {
  const std::string key = transfer.idempotency_key;
  const Result result = Post(&contents, std::move(transfer), now, effects);
  if (result.outcome == Outcome::kBalanceOverflow ||
      result.outcome == Outcome::kInsufficientBalance) {
    // A key that was refused before comes here no more: Post() has answered it by FindKey().
    if (!FindKey(key, contents).has_value()) {
      Refuse(key, contents, result.outcome, effects);
    }
  }
  return result;
}

Ledger::Result Ledger::Post(const Sha256Digest* contents, Transfer transfer, absl::Time now,
                            LedgerEffects* effects) {
  const Outcome validity = Validate(transfer);
  if (validity != Outcome::kCreated) return {validity};
  if (contents != nullptr) {
    if (const std::optional<Result> known = FindKey(transfer.idempotency_key, *contents)) {
      return *known;
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
  if (contents != nullptr) {
    keys_.emplace(entry.transfer.idempotency_key,
                  Known{entry.sequence, *contents, Outcome::kCreated});
    effects->keys.push_back(
        {entry.transfer.idempotency_key, entry.sequence, *contents, Outcome::kCreated});
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
