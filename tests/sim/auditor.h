// Follows what billing makes durable and checks it, commit by commit, without billing's own code:
//
//   LEDGER  posted + held ≤ cap at every commit, or what was there before the cap fell; and no
//           charge beyond what its lease holds
//   J1      every entry sums to zero          J2  nothing written is changed
//   J3      balance = fold of the journal     J4  the sum of all accounts is zero
//   J5      no wallet and no hold below zero, no more promotional credit than both
//   J6      no idempotency key twice
//   J7      granted = settled + released + outstanding, and as the journal says, which also says
//           which leases an operator resolved
//   J8      one usage record, one entry; a lane's watermark is its last record, without gaps
//   J9      each entry's hash covers the one before   J10  times strictly increase
//
// What a commit touches is checked at that commit; CheckAll() reads everything again.
#ifndef TOLLGATE_TESTS_SIM_AUDITOR_H_
#define TOLLGATE_TESTS_SIM_AUDITOR_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "billing/books/books.h"
#include "billing/books/commit.h"
#include "billing/store/ledger_store.h"
#include "tests/sim/oracle.h"
#include "tests/sim/report.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::sim {

class Auditor {
 public:
  // `run_cap_max`: the highest cap that any caller states for a run.
  Auditor(Oracle& oracle, Report& report, std::int64_t run_cap_max)
      : oracle_(oracle), report_(report), run_cap_max_(run_cap_max) {}

  // A commit became durable; `books` say what caps were in force.
  void OnCommit(const billing::Commit& commit, const billing::Books& books);

  // Reads all that the store has.
  void CheckAll(const billing::LedgerStore& store);

  struct LeaseAudit {
    billing::LeaseTotals totals;
    bool closed = false;
    bool resolved = false;
    // As the journal says; of wallets.
    std::int64_t granted = 0;
    std::int64_t released = 0;
    // As the usage records say.
    std::int64_t settled = 0;
  };
  const std::map<billing::LeaseKey, LeaseAudit>& leases() const { return leases_; }

  std::uint64_t entries() const { return last_sequence_; }
  // Of the journal's last entry: it chains all of them.
  const Sha256Digest& last_hash() const { return last_hash_; }

 private:
  void CheckEntry(const billing::Entry& entry);
  void CheckMove(const billing::Entry& entry);
  void CheckUsage(const std::vector<billing::Entry>& entries, const billing::Commit& commit);
  void CheckDraws(const billing::Entry& entry);
  void CheckOverrun(const billing::Entry& entry, const usage::v1::UsageRecord& record);
  void CheckUsageEntry(const billing::Entry& entry);
  void CheckLanes(const billing::Commit& commit);
  // `resolutions`: the leases of which the commit's entries say that they were resolved.
  void CheckLeases(const billing::Commit& commit, std::set<std::string> resolutions);
  void CheckRemovedLeases(const billing::Commit& commit);
  void CheckAccounts(const billing::Commit& commit, const billing::Books& books);
  void CheckWallet(const billing::AccountRow& row);
  void CheckCap(const std::string& account, std::int64_t taken, bool config_changed,
                const billing::Books& books);
  // The cap of a budget's account before the configuration changed in the commit at hand.
  std::int64_t CapBefore(const std::string& account) const;

  Oracle& oracle_;
  Report& report_;
  const std::int64_t run_cap_max_;
  std::uint64_t last_sequence_ = 0;
  absl::Time last_time_ = absl::InfinitePast();
  Sha256Digest last_hash_{};
  std::map<std::string, std::int64_t> balances_;
  absl::flat_hash_set<std::string> idempotency_keys_;
  std::map<billing::LeaseKey, LeaseAudit> leases_;
  std::set<billing::LeaseKey> removed_leases_;       // That cannot come back.
  std::map<std::string, std::int64_t> outstanding_;  // By account.
  struct Bound {
    std::int64_t cap = 0;
    std::int64_t taken = 0;  // Posted and held.
  };
  std::map<std::string, Bound> bounds_;          // By account, as of the last look.
  // By budget, as of the last change of the configuration: for accounts that are not yet known.
  std::map<std::string, std::int64_t> budget_caps_;
  std::map<std::string, std::int64_t> counted_;  // By account, of the commit at hand: soft spend.
  std::map<billing::LaneKey, std::uint64_t> lanes_;
  std::map<std::string, std::int64_t> overruns_;  // Of the commit at hand, by idempotency key.
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_AUDITOR_H_
