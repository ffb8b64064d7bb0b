// One run: a small installation under simulated time, network and disks, from one seed.
#ifndef TOLLGATE_TESTS_SIM_WORLD_H_
#define TOLLGATE_TESTS_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "billing/books/books.h"
#include "tests/sim/auditor.h"
#include "tests/sim/dice.h"
#include "tests/sim/network.h"
#include "tests/sim/oracle.h"
#include "tests/sim/report.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/sim_billing.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_control.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/swarm.h"

namespace tollgate::sim {

// What a run counted.
struct RunCounts {
  std::uint64_t events = 0;
  std::int64_t simulated_ns = 0;
  std::uint64_t requests = 0;
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
  std::uint64_t interrupted = 0;
  std::uint64_t growths = 0;       // Of holds.
  std::uint64_t leases_ended = 0;     // That were idle.
  std::uint64_t resolved_living = 0;  // Leases that living nodes gave up for an operator.
  std::uint64_t kills = 0;
  std::uint64_t entries = 0;
};

class World {
 public:
  // `expected`: see Report.
  World(std::uint64_t seed, bool traced, const std::string& expected);
  ~World();

  // Load and faults, then the end: everything heals and must drain.  Stops at a violation.
  void Run();

  const Report& report() const { return report_; }
  const Swarm& swarm() const { return swarm_; }
  RunCounts counts() const;
  // What tells two runs apart: their events, how many tasks ran and numbers were drawn, and the
  // journal; in hexadecimal.  REQUIRED: traced.
  std::string Digest() const;

 private:
  // Lets events happen until `done` or for `limit`; false when it was not done by then.
  bool RunUntil(const std::function<bool()>& done, absl::Duration limit);
  // Calls `happen` at random times, on average once per `interval`; never when that is zero.
  void Every(absl::Duration interval, std::function<void()> happen);
  SimNode& AnyNode() { return *nodes_[dice_.Index(nodes_.size())]; }

  void PlanLoad(SimNode& node);
  void PlanFaults();
  void PlanProcessFaults();
  void PlanMoney();
  // Makes an administrator's entry, again and again until it is known to be there or refused.
  using MakeEntry =
      std::function<absl::Status(billing::Books& books, billing::Now now, const std::string& id)>;
  void Enter(const std::string& request_id, const MakeEntry& make);
  void TopUp(const std::string& workspace, std::int64_t amount);
  void GrantCredit(const std::string& workspace);
  void Refund();
  std::string AnyWorkspace() { return "ws_" + std::to_string(dice_.Between(1, swarm_.workspaces)); }
  void Partition();
  void JumpOverMidnight(SimNode& node);

  // The end.
  void BeGood();
  bool Drain();
  void SpendTheRest();
  std::int64_t LastingCap(const std::string& account) const;
  std::int64_t Spendable(const SimKey& key) const;
  void ProbeUntilHeld(std::size_t key);
  // An operator resolves a lease that a lost run of a living node left.
  void ResolveOne();
  void ResolveLiving(const billing::LeaseKey& key, int tries);
  void ResolveSuspended();
  void CheckNothingIsLeft();
  std::string Unquiet() const;

  const std::uint64_t seed_;
  Scheduler scheduler_;
  Dice dice_;
  Swarm swarm_;
  Report report_;
  Network network_;
  absl::Time epoch_;
  SimClock billing_clock_;
  SimClock control_clock_;
  Oracle oracle_;
  Auditor auditor_;
  SimControl control_;
  SimBilling billing_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  bool loading_ = true;
  std::uint64_t manual_entries_ = 0;
  std::uint64_t resolved_living_ = 0;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_WORLD_H_
