// A data-plane node: a machine with a disk and clocks, and the process that runs on it.
#ifndef TOLLGATE_TESTS_SIM_SIM_NODE_H_
#define TOLLGATE_TESTS_SIM_SIM_NODE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "dataplane/budget/account_resolver.h"
#include "dataplane/budget/lease_keeper.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/budget/lease_table.h"
#include "dataplane/meter/node_identity.h"
#include "dataplane/meter/shipper.h"
#include "dataplane/meter/spool.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/snapshot/snapshot_disk.h"
#include "dataplane/snapshot/subscriber.h"
#include "tests/sim/network.h"
#include "tests/sim/oracle.h"
#include "tests/sim/sim_billing.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_control.h"
#include "tests/sim/sim_executor.h"
#include "tests/sim/sim_file_system.h"

namespace tollgate::sim {

class SimRequest;

// What a run counted; for the summary.
struct NodeCounts {
  std::uint64_t requests = 0;
  std::uint64_t answered = 0;
  std::uint64_t growths = 0;
  std::uint64_t refused[dataplane::HoldResult::kUnavailable + 1] = {};  // By HoldResult::Kind.
  std::uint64_t refused_otherwise = 0;
  std::uint64_t kills = 0;
};

enum class Death { kKill, kPowerLoss, kDiskLoss };

class SimNode {
 public:
  // The process: the real machines.  Members in order of dependence.
  struct Process {
    explicit Process(SimNode& node);
    ~Process();

    std::shared_ptr<Life> life = std::make_shared<Life>();
    SimExecutor executor;
    std::optional<dataplane::NodeIdentity> identity;
    std::unique_ptr<dataplane::Spool> spool;
    std::unique_ptr<dataplane::LeaseTable> table;
    std::unique_ptr<dataplane::LeasePool> pool;
    dataplane::SnapshotHolder holder;
    std::unique_ptr<dataplane::SnapshotDisk> disk;
    std::unique_ptr<dataplane::AccountResolver> resolver;
    std::unique_ptr<dataplane::Subscriber> subscriber;
    std::unique_ptr<dataplane::LeaseKeeper> keeper;
    std::unique_ptr<dataplane::Shipper> shipper;
    std::map<std::uint64_t, std::unique_ptr<SimRequest>> requests;
    std::uint64_t last_request = 0;
    bool sync_planned = false;
  };

  SimNode(int machine, Network& network, const Swarm& swarm, absl::Time epoch, SimControl& control,
          SimBilling& billing, Oracle& oracle);
  ~SimNode();

  void Start();
  // For the end of the simulation: what the process holds goes.
  void Shutdown();
  // Stays down when it dies the next time, until Start().
  void StayDown() { stays_down_ = true; }
  // The process dies; at once as far as others see it.
  void Die(Death death);
  // It died while it appended a record to a lane whose position was `before`.
  void TearLastAppend(const dataplane::Lane& lane, const dataplane::SpoolPosition& before);
  bool running() const { return process_ != nullptr && process_->life->alive; }

  // A client comes with key number `key` and a request that may cost `bound` at most.
  void Request(std::size_t key, std::int64_t bound);
  // Calls `told` with what came of the hold; the request costs its bound.
  void Probe(std::size_t key, std::int64_t bound, std::function<void(bool held)> told);
  // True so often as a step of a request is its last; then the process is dead.
  bool DiesHere();

  void PlanSync();
  void Stall(absl::Duration duration);

  // The end.
  void BeGood();
  // Why it is not quiet yet; empty when everything is shipped and closed.
  std::string Unquiet() const;

  Process& process() { return *process_; }
  SimFileSystem& files() { return *files_; }
  SimClock& clock() { return clock_; }
  Oracle& oracle() { return oracle_; }
  SimControl& control() { return control_; }
  Network& network() { return network_; }
  const Swarm& swarm() const { return swarm_; }
  NodeCounts& counts() { return counts_; }
  // A request begins with this configuration: it never goes back while a process lives.
  void Saw(const dataplane::ConfigRevision& revision);
  const std::string& name() const { return name_; }
  std::string BootId() const;

 private:
  absl::Status Build(Process& process);
  void BuildLinks(Process& process);
  template <typename PipeType, typename Req, typename Resp, typename Server>
  dataplane::LinkFactory<Req, Resp> Links(Process& process, int machine, Server& server);
  void Upkeep(const std::shared_ptr<Life>& life);
  void Bury(std::shared_ptr<Process> process);
  void NoteLosses(const std::set<RunKey>& runs);
  void FlipABit();
  void StartLater();

  const int machine_;
  const std::string name_;
  Network& network_;
  const Swarm& swarm_;
  SimControl& control_;
  SimBilling& billing_;
  Oracle& oracle_;
  Report& report_;
  Dice& dice_;
  SimClock clock_;
  std::unique_ptr<SimFileSystem> files_;
  // Disks of former lives, which dead processes may still hold.
  std::vector<std::unique_ptr<SimFileSystem>> lost_disks_;
  int boots_ = 1;
  std::set<RunKey> runs_;          // On this disk.
  std::set<RunKey> damaged_runs_;  // Those that were there when it was last damaged.
  std::optional<Death> death_;
  NodeCounts counts_;
  bool good_ = false;
  bool stays_down_ = false;
  dataplane::ConfigRevision last_revision_;  // That a request of this process saw.
  std::shared_ptr<Process> process_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_NODE_H_
