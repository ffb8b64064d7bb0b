// The double-entry ledger: a pure machine.  No clock, no disk, no lock, no exception.
//
// The caller serializes calls, hands in the time, and makes the effects durable before it tells
// anybody an outcome.  Invariants, which hold after every call:
//
//   the postings of every entry sum to zero, hence so do all balances
//   no wallet/…, holds/… or credit/… account is below zero
//   sequences are dense from 1, times strictly increase, each entry's hash covers the one before
//   an idempotency key of a remembered kind is applied or refused at most once, for good
//
//   Ledger ledger;
//   LedgerEffects effects;
//   const Ledger::Result result = ledger.Apply(transfer, clock.Wall(), &effects);
//   // write effects, sync, then answer result.outcome
#ifndef TOLLGATE_BILLING_LEDGER_LEDGER_H_
#define TOLLGATE_BILLING_LEDGER_LEDGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/time/time.h"
#include "billing/ledger/entry.h"
#include "billing/ledger/outcome.h"
#include "billing/ledger/usage_run.h"

namespace tollgate::billing {

// An idempotency key that was applied, or refused for what the balances were then.
struct AppliedKey {
  std::string idempotency_key;
  std::uint64_t sequence = 0;  // Of the entry; 0 when it was refused.
  Sha256Digest contents;       // ContentsDigest() of the transfer, or what the caller stated.
  Outcome refusal = Outcome::kCreated;  // Why it was refused; kCreated when it was not.

  friend bool operator==(const AppliedKey&, const AppliedKey&) = default;
};

// What Apply() changed and the caller must make durable, all or nothing.
struct LedgerEffects {
  std::vector<Entry> entries;
  std::vector<UsageRun> runs;             // Entries as well: by sequence, between the others.
  std::map<std::string, Money> balances;  // The new balance of each account touched.
  std::vector<AppliedKey> keys;           // Of remembered kinds.
};

// Finds a key that was made durable before; nullopt when there is none.
using KeyReader = std::function<std::optional<AppliedKey>(const std::string& key)>;

// Where a ledger goes on from.
struct LedgerState {
  std::uint64_t last_sequence = 0;
  absl::Time last_time = absl::UnixEpoch();
  Sha256Digest last_hash{};
  std::map<std::string, Money> balances;
  std::vector<AppliedKey> keys;
};

// Whether the ledger remembers the idempotency keys of a kind, so that a repetition is recognized
// for ever.  Entries made by hand are remembered; the others have keys that cannot repeat, since
// watermarks, lease totals and what is left of a credit already let each pass once.
bool RemembersKey(EntryKind kind);

class Ledger {
 public:
  struct Result {
    Outcome outcome = Outcome::kCreated;
    std::uint64_t sequence = 0;  // Of the entry, for kCreated and kExists.
  };

  // An empty ledger.
  Ledger() = default;
  // One that goes on from `state`.  With a `reader` keys need not be in memory: see ForgetKeys().
  explicit Ledger(LedgerState state, KeyReader reader = nullptr);

  // Applies one transfer.  A transfer of a remembered kind that the balances do not allow is
  // remembered as refused; otherwise `effects` and the ledger are unchanged unless the outcome is
  // kCreated.  The entry's time is `now`, or one nanosecond after the last entry's if that is
  // later.  The records of a batch are applied by a UsagePoster.
  Result Apply(Transfer transfer, absl::Time now, LedgerEffects* effects);

  // What became of a key with these contents: kExists, kExistsWithDifferentContents, the former
  // refusal, or nullopt for a new one.
  std::optional<Result> FindKey(const std::string& key, const Sha256Digest& contents) const;
  // Remembers a key as refused.  REQUIRED: FindKey() knows nothing of it.
  void Refuse(const std::string& key, const Sha256Digest& contents, Outcome refusal,
              LedgerEffects* effects);
  // As Apply(), under contents that the caller states: for a request that is not the transfer.
  Result ApplyAs(const Sha256Digest& contents, Transfer transfer, absl::Time now,
                 LedgerEffects* effects);

  // Drops the keys from memory when there is a reader.  REQUIRED: the effects so far are durable
  // before the next call.
  void ForgetKeys() {
    if (reader_) keys_.clear();
  }

  // Zero for an account that was never touched.
  Money Balance(const std::string& account) const;

  // wallet + holds.
  Money WorkspaceBalance(const std::string& workspace_id) const;

  std::uint64_t last_sequence() const { return last_sequence_; }
  const Sha256Digest& last_hash() const { return last_hash_; }
  const absl::node_hash_map<std::string, Money>& balances() const { return balances_; }

 private:
  friend class UsagePoster;

  // What an account that a transfer names would have.
  struct NewBalance {
    const std::string* name;  // Within the transfer.
    Money balance;
  };

  Outcome Validate(const Transfer& transfer) const;
  // First what would be, then what is: a refusal must leave no trace.
  Outcome SumUp(const Transfer& transfer, std::vector<NewBalance>* after) const;

  struct Known {
    std::uint64_t sequence;
    Sha256Digest contents;
    Outcome refusal;
  };

  Result Post(const Sha256Digest* contents, Transfer transfer, absl::Time now,
              LedgerEffects* effects);

  std::uint64_t last_sequence_ = 0;
  absl::Time last_time_ = absl::UnixEpoch();
  Sha256Digest last_hash_{};
  absl::node_hash_map<std::string, Money> balances_;  // UsagePoster points into it.
  absl::flat_hash_map<std::string, Known> keys_;
  KeyReader reader_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_LEDGER_H_
