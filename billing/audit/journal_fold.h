// The journal, entry by entry, folded into what everything else must agree with.
//
// A pure machine like the ledger, and written apart from it: it shares the encoding of entries with
// it and none of the arithmetic, so that a mistake in one is a difference and not an agreement.
#ifndef TOLLGATE_BILLING_AUDIT_JOURNAL_FOLD_H_
#define TOLLGATE_BILLING_AUDIT_JOURNAL_FOLD_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/kind_postings.h"
#include "billing/lease/lease.h"
#include "billing/ledger/entry.h"

namespace tollgate::billing {

class JournalFold {
 public:
  // What a workspace's wallet has seen.
  struct Wallet {
    Money credited;  // All that came in and did not expire.
    Money settled;   // Charges that its leases covered.
  };

  // `stored` are the leases that the store still has, and outlives this: of those that are over and
  // gone nothing is kept, or a journal of years would not fit into memory.
  JournalFold(AuditReport& report, const std::map<LeaseKey, LeaseRow>& stored)
      : report_(report), stored_(stored) {}

  // Takes the next entry, in the order of the journal.
  void Add(const Entry& entry);

  // Once the journal is read: each loss must have been somebody's word.
  void CheckLosses();

  // Attributes what a usage entry took out of holds to the lease that its record names.
  void Settle(const LeaseKey& lease, Money amount);

  std::uint64_t last_sequence() const { return last_sequence_; }
  absl::Time last_time() const { return last_time_; }
  const std::map<std::string, Money>& balances() const { return balances_; }
  const std::map<std::string, Wallet>& wallets() const { return wallets_; }  // By workspace.
  const std::map<LeaseKey, LeaseTotals>& leases() const { return leases_; }  // Of wallets.
  // What operators freed of leases, of whatever account, that the store still has; the last time.
  const std::map<LeaseKey, Money>& resolutions() const { return resolutions_; }

 private:
  void CheckChain(const Entry& entry);
  void CheckPostings(const Entry& entry, const Changes& changes);
  void Post(const Entry& entry, const Changes& changes);
  void CheckWorkspace(const Entry& entry);
  void MoveLease(const Entry& entry, const Changes& changes);
  void Resolve(const Entry& entry, const Changes& changes);
  void ForgetEvenOnes(const LeaseKey& before);
  Money BalanceOf(const std::string& account) const;

  AuditReport& report_;
  const std::map<LeaseKey, LeaseRow>& stored_;
  std::uint64_t last_sequence_ = 0;
  absl::Time last_time_ = absl::InfinitePast();
  Sha256Digest last_hash_{};
  std::map<std::string, Money> balances_;
  std::map<std::string, Wallet> wallets_;
  std::map<LeaseKey, LeaseTotals> leases_;
  struct Loss {
    std::uint64_t sequence = 0;
    Money amount;
  };
  std::map<LeaseKey, Loss> losses_;  // Those whose resolution did not come yet.
  std::map<LeaseKey, Money> resolutions_;
};

// Granted less released less settled, within the range of Money whatever the totals are.
Money OutstandingOf(const LeaseTotals& totals);

// "entry 17", and with an account "entry 17, account wallet/ws_1".
std::string EntryPlace(const Entry& entry, std::string_view account = {});

// "lease of node n_1/3 on wallet/ws_1".
std::string LeasePlace(const LeaseKey& lease);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_JOURNAL_FOLD_H_
