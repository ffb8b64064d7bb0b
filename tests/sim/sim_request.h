// One request on a node, in the order of dataplane/request: hold, intent, send, grow, final record,
// settle.  The provider is here too: it charges as time goes on, whatever the node does.
#ifndef TOLLGATE_TESTS_SIM_SIM_REQUEST_H_
#define TOLLGATE_TESTS_SIM_SIM_REQUEST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dataplane/budget/account_resolver.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/meter/lane.h"
#include "dataplane/request/attempt_record.h"
#include "tests/sim/sim_node.h"

namespace tollgate::sim {

class SimRequest {
 public:
  SimRequest(SimNode& node, std::uint64_t id, std::size_t key, std::int64_t bound);

  void Begin();
  // Sends a request that costs its bound, all of it held at once, and names no quota entity and no
  // run; `told` hears whether it was held.
  void Probe(std::function<void(bool held)> told);

  // The process is dead: what it held in memory goes, what the provider does goes on.
  void Abandon();

 private:
  // What the world knows of the request, its process dead or alive.
  struct Work {
    std::size_t attempt = 0;  // Of the oracle.
    std::int64_t target = 0;  // What it will cost when it may.
    int chunks_left = 0;
  };

  void Draw();
  bool FindAccounts();
  bool HoldNow();
  void WaitForMoney();
  void Retry();
  void Refuse(dataplane::HoldResult::Kind kind);
  void RefuseOtherwise();
  void End();

  void AppendIntent();
  void BeginRecord();
  void Send();
  static void ProviderWorks(SimNode& node, std::shared_ptr<Work> work, absl::Duration interval);
  void PlanGrowth();
  void Grow();
  void GrowAgain();
  void Grown();
  void StopWaitingToGrow();
  void Finish();
  // Runs `then` when the lane is durable up to here; `on_failure` when it cannot be.
  void WhenDurable(std::function<void()> then, std::function<void()> on_failure);
  // Runs `step` on the process's executor while the request is there.
  std::function<void()> Mine(void (SimRequest::*step)());

  SimNode& node_;
  SimNode::Process& process_;
  const std::uint64_t id_;
  const std::size_t key_;
  const std::int64_t bound_;
  dataplane::Lane& lane_;
  dataplane::AccountSet accounts_;
  std::string workspace_;
  std::string key_id_;
  std::string quota_entity_;  // That the caller names; empty for none.
  std::string run_;           // Likewise.
  std::optional<Money> run_cap_;
  std::int64_t amount_ = 0;     // Held first.
  std::int64_t extension_ = 0;  // By so much the hold grows, growths_left_ times.
  int growths_left_ = 0;
  MonotonicTime deadline_;
  std::optional<dataplane::LeasePool::WaiterId> waiter_;
  std::optional<MonotonicTime> grow_deadline_;  // While a growth waits for money.
  std::optional<dataplane::LeasePool::WaiterId> grow_waiter_;
  dataplane::Hold hold_;
  dataplane::IntentRef intent_;
  dataplane::AttemptRecord record_;
  std::size_t attempt_ = 0;
  bool added_ = false;
  std::shared_ptr<Work> work_;
  absl::Duration service_time_;
  absl::Duration growth_interval_;
  std::function<void(bool)> told_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_REQUEST_H_
