// The journal, entry by entry, folded into what everything else must agree with.
//
// A pure machine like the ledger, and written apart from it: it shares the encoding of entries with
// it and none of the arithmetic, so that a mistake in one is a difference and not an agreement.
#ifndef TOLLGATE_BILLING_AUDIT_JOURNAL_FOLD_H_
#define TOLLGATE_BILLING_AUDIT_JOURNAL_FOLD_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "billing/audit/audit_report.h"
#include "billing/lease/lease.h"
#include "billing/ledger/entry.h"

namespace tollgate::billing {

class JournalFold {
 public:
  // What a workspace's wallet has seen.
  struct Wallet {
    Money credited;  // Top-ups and adjustments.
    Money settled;   // Charges that its leases covered.
  };

  explicit JournalFold(AuditReport& report) : report_(report) {}

  // Takes the next entry, in the order of the journal.
  void Add(const Entry& entry);

  // Attributes what a usage entry took out of holds to the lease that its record names.
  void Settle(const LeaseKey& lease, Money amount);

  std::uint64_t last_sequence() const { return last_sequence_; }
  const std::map<std::string, Money>& balances() const { return balances_; }
  const std::map<std::string, Wallet>& wallets() const { return wallets_; }  // By workspace.
  const std::map<LeaseKey, LeaseTotals>& leases() const { return leases_; }  // Of wallets.
  // How many entries are of kinds whose keys the ledger remembers.
  std::uint64_t remembered_keys() const { return remembered_keys_; }
  bool HasKey(std::string_view idempotency_key) const;

 private:
  using KeyDigest = std::array<std::uint8_t, 16>;
  static KeyDigest DigestOfKey(std::string_view idempotency_key);

  void CheckChain(const Entry& entry);
  void CheckPostings(const Entry& entry);
  void Post(const Entry& entry);
  void MoveLease(const Entry& entry);
  Money AmountOn(const Entry& entry, const std::string& account) const;

  AuditReport& report_;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t remembered_keys_ = 0;
  absl::Time last_time_ = absl::InfinitePast();
  Sha256Digest last_hash_{};
  std::map<std::string, Money> balances_;
  std::map<std::string, Wallet> wallets_;
  std::map<LeaseKey, LeaseTotals> leases_;
  absl::flat_hash_set<KeyDigest> keys_;  // Halves of SHA-256: a collision is out of reach.
};

// Granted less released less settled, within the range of Money whatever the totals are.
Money OutstandingOf(const LeaseTotals& totals);

// "entry 17", and with an account "entry 17, account wallet/ws_1".
std::string EntryPlace(const Entry& entry, std::string_view account = {});

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_JOURNAL_FOLD_H_
