// What is true, kept outside the machines under test: the provider's own books.
//
// Every attempt that was sent to the provider is here, with what it has cost so far, what its node
// had set aside for it, and how often billing has charged it.  From that follow, at any moment:
//
//   CAP       what providers charged for an account ≤ its cap, or what was granted before it fell
//   LEASE     what was spent of a lease and is not posted yet ≤ what billing holds for that lease;
//             nothing is left when it is closed
//   ONCE      no attempt is posted twice
//   PRICE     an attempt is posted with what it cost, or, when its node died, with what it held
//   COMPLETE  at the end every attempt is posted, but for those whose records were lost in a way
//             that leaves their money suspended
#ifndef TOLLGATE_TESTS_SIM_ORACLE_H_
#define TOLLGATE_TESTS_SIM_ORACLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "billing/lease/lease.h"
#include "tests/sim/report.h"

namespace tollgate::sim {

// One process run of a node.
using RunKey = std::pair<std::string, std::uint64_t>;  // Node id, incarnation.

struct Attempt {
  RunKey run;
  std::string workspace;
  std::vector<billing::LeaseKey> leases;  // What it draws on.
  std::int64_t held = 0;                  // What the provider was allowed to charge.
  std::int64_t held_next = 0;             // The same with an extension that is under way.
  std::int64_t spent = 0;                 // What it has charged.
  bool running = false;
  std::optional<std::int64_t> charge;  // What its node wrote into the final record.
  bool settled = false;                // The rest of what it held was free again.
  bool orphaned = false;               // Its node died before the final record was safe.
  int postings = 0;
  std::int64_t posted = 0;  // What it was charged with.
};

class Oracle {
 public:
  explicit Oracle(Report& report) : report_(report) {}

  // An attempt is about to be sent; its number, which names its generation.
  std::size_t Add(Attempt attempt);
  static std::string GenerationOf(std::size_t number);

  // The provider charges more.
  void Spend(std::size_t number, std::int64_t more);
  Attempt& attempt(std::size_t number) { return attempts_[number]; }
  std::size_t size() const { return attempts_.size(); }

  // ---- What billing made durable ------------------------------------------------------------

  void SetBound(const std::string& account, std::int64_t bound);
  void SetOutstanding(const billing::LeaseKey& lease, std::int64_t outstanding, bool closed);
  // The lease is forgotten with nothing outstanding; one of that name may begin anew.
  void EndLease(const billing::LeaseKey& lease);
  // The account is forgotten, a run's: what comes under its name begins at zero.
  void EndAccount(const std::string& account);
  void Posted(std::string_view generation, std::int64_t charge);
  // Whether an attempt on the lease that had been settled was posted with its hold: its final
  // record was not synced when the power went.  What it had given back may have been spent by
  // another, and then the lease does not cover both (docs/simulation.md).
  bool Inexact(const billing::LeaseKey& lease) const;

  // ---- Losses that are stated ----------------------------------------------------------------

  // Records of this run may be lost: its leases stay suspended.
  void MayLose(const RunKey& run) { lossy_.insert(run); }
  bool lossy() const { return !lossy_.empty(); }
  bool MayHaveLost(const RunKey& run) const { return lossy_.contains(run); }
  // Final records of these runs that are not posted yet may be gone, their intents are not.
  void LostFinals(const std::set<RunKey>& runs);
  // An operator takes over what was spent of a lease and never posted.
  void WriteOff(const billing::LeaseKey& lease);

  // The end: COMPLETE.
  void CheckComplete();

  std::int64_t SpentOn(const std::string& account) const;
  static std::optional<std::size_t> NumberOf(std::string_view generation);
  std::uint64_t interrupted() const { return interrupted_; }
  std::uint64_t leases_ended() const { return leases_ended_; }  // By EndLease().

 private:
  struct AccountTruth {
    std::int64_t spent = 0;
    std::int64_t bound = 0;
  };
  struct LeaseTruth {
    std::int64_t unposted = 0;
    std::int64_t outstanding = 0;
    bool closed = false;
    bool written_off = false;
    bool inexact = false;  // See Inexact().
  };

  void CheckAccount(const std::string& name, const AccountTruth& account);
  void CheckLease(const billing::LeaseKey& key, const LeaseTruth& lease);

  Report& report_;
  std::vector<Attempt> attempts_;
  std::map<std::string, AccountTruth> accounts_;
  std::map<billing::LeaseKey, LeaseTruth> leases_;
  std::set<RunKey> lossy_;
  std::uint64_t interrupted_ = 0;
  std::uint64_t leases_ended_ = 0;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_ORACLE_H_
