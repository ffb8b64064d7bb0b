// One request on a node, in the order of dataplane/request: hold, intent, send, extend, final
// record, settle.  The provider is here too: it charges as time goes on, whatever the node does.
#ifndef TOLLGATE_TESTS_SIM_SIM_REQUEST_H_
#define TOLLGATE_TESTS_SIM_SIM_REQUEST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dataplane/budget/lease_pool.h"
#include "dataplane/meter/lane.h"
#include "tests/sim/sim_node.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::sim {

class SimRequest {
 public:
  SimRequest(SimNode& node, std::uint64_t id, std::size_t key, std::int64_t bound);

  void Begin();
  // Sends a request that costs its bound; `told` hears whether it was held.
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

  bool FindAccounts();
  void TryToHold();
  void Retry();
  void Refuse(dataplane::HoldResult::Kind kind);
  void End();

  void AppendIntent();
  void FillRecord();
  void Send();
  static void ProviderWorks(SimNode& node, std::shared_ptr<Work> work, absl::Duration interval);
  void Extend();
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
  std::int64_t amount_ = 0;
  std::int64_t extension_ = 0;
  MonotonicTime deadline_;
  std::optional<dataplane::LeasePool::WaiterId> waiter_;
  dataplane::Hold hold_;
  dataplane::IntentRef intent_;
  usage::v1::UsageRecord record_;
  std::size_t attempt_ = 0;
  bool added_ = false;
  std::shared_ptr<Work> work_;
  absl::Duration service_time_;
  std::function<void(bool)> told_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_REQUEST_H_
