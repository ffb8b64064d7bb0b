// The double-entry ledger: a pure machine.  No clock, no disk, no lock, no exception.
//
// The caller serializes calls, hands in the time, and makes the effects durable before it tells
// anybody an outcome.  Invariants, which hold after every call:
//
//   the postings of every entry sum to zero, hence so do all balances
//   no wallet/… and no holds/… account is below zero
//   sequences are dense from 1, times strictly increase, each entry's hash covers the one before
//   an idempotency key of a remembered kind is applied at most once
//
//   Ledger ledger;
//   LedgerEffects effects;
//   const Ledger::Result result = ledger.Apply(transfer, clock.Wall(), &effects);
//   // write effects, sync, then answer result.outcome
#ifndef TOLLGATE_BILLING_LEDGER_LEDGER_H_
#define TOLLGATE_BILLING_LEDGER_LEDGER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "billing/ledger/entry.h"
#include "billing/ledger/outcome.h"

namespace tollgate::billing {

// An idempotency key that was applied.
struct AppliedKey {
  std::string idempotency_key;
  std::uint64_t sequence = 0;
  Sha256Digest contents;  // ContentsDigest() of the transfer.

  friend bool operator==(const AppliedKey&, const AppliedKey&) = default;
};

// What Apply() changed and the caller must make durable, all or nothing.
struct LedgerEffects {
  std::vector<Entry> entries;
  std::map<std::string, Money> balances;  // The new balance of each account touched.
  std::vector<AppliedKey> keys;           // Of remembered kinds.
};

// Where a ledger goes on from.
struct LedgerState {
  std::uint64_t last_sequence = 0;
  absl::Time last_time = absl::UnixEpoch();
  Sha256Digest last_hash{};
  std::map<std::string, Money> balances;
  std::vector<AppliedKey> keys;
};

// Whether the ledger remembers the idempotency keys of a kind, so that a repetition is recognized
// for ever.  Entries made by hand are remembered, about 150 bytes each; the others have keys that
// cannot repeat, since watermarks and lease totals already let each pass once.
bool RemembersKey(EntryKind kind);

class Ledger {
 public:
  struct Result {
    Outcome outcome = Outcome::kCreated;
    std::uint64_t sequence = 0;  // Of the entry, for kCreated and kExists.
  };

  // An empty ledger.
  Ledger() = default;
  // One that goes on from `state`.
  explicit Ledger(LedgerState state);

  // Applies one transfer.  `effects` and the ledger are unchanged unless the outcome is kCreated.
  // The entry's time is `now`, or one nanosecond after the last entry's if that is later.
  Result Apply(Transfer transfer, absl::Time now, LedgerEffects* effects);

  // Zero for an account that was never touched.
  Money Balance(const std::string& account) const;

  // wallet + holds.
  Money WorkspaceBalance(const std::string& workspace_id) const;

  std::uint64_t last_sequence() const { return last_sequence_; }
  const Sha256Digest& last_hash() const { return last_hash_; }
  const absl::flat_hash_map<std::string, Money>& balances() const { return balances_; }

 private:
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
  };

  std::uint64_t last_sequence_ = 0;
  absl::Time last_time_ = absl::UnixEpoch();
  Sha256Digest last_hash_{};
  absl::flat_hash_map<std::string, Money> balances_;
  absl::flat_hash_map<std::string, Known> keys_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_LEDGER_H_
