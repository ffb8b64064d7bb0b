// The control plane: the real publisher and subscriber sessions, under a small administration.
#ifndef TOLLGATE_TESTS_SIM_SIM_CONTROL_H_
#define TOLLGATE_TESTS_SIM_SIM_CONTROL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/api_key.h"
#include "controlplane/publish/publisher.h"
#include "controlplane/publish/subscriber_session.h"
#include "tests/sim/network.h"
#include "tests/sim/pipe.h"
#include "tests/sim/sim_clock.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::sim {

using ConfigPipe = Pipe<config::v1::SubscribeRequest, config::v1::SubscribeResponse>;

// A key of the simulated world: its text is what a client sends.
struct SimKey {
  std::string id;
  std::string workspace;
  std::string project;
  std::string member;
  std::string text;
  bool revoked = false;
  // While it is revoked: the revision that says so, and since when billing has it, in simulated
  // nanoseconds.
  std::optional<config::v1::Revision> revoked_in = {};
  std::optional<std::int64_t> bound_ns = {};
};

struct SimBudget {
  std::string id;
  config::v1::ScopeKind scope_kind = config::v1::SCOPE_KIND_KEY;
  std::string scope;
  std::int64_t limit = 0;
  config::v1::Period period = config::v1::PERIOD_NONE;
  bool hard = true;
  bool disabled = false;
  config::v1::ScopeKind each = config::v1::SCOPE_KIND_UNSPECIFIED;  // Of a template.
  std::int64_t raise = 0;
  absl::Time raised_until;
};

class SimControl {
 public:
  SimControl(Network& network, const Swarm& swarm, SimClock& clock);

  void Start();
  void Kill();
  bool running() const { return process_ != nullptr; }

  std::shared_ptr<Life> life() const { return process_ == nullptr ? nullptr : process_->life; }
  absl::Status Accept(const std::shared_ptr<ConfigPipe>& pipe);
  void CutOne();

  // What an administrator does; nothing while the process is down.
  void ChangeBudget();
  void ChangeKey();
  // The end: the keys that are revoked are allowed again, budgets stay.
  void AllowAllKeys();

  // Billing has this configuration: what it revokes binds from now on.
  void NoteBillingHas(const config::v1::Revision& revision);
  // REVOKED: a request of the key begins, on whatever node; within a lease's time it must not.
  void CheckMayBegin(const SimKey& key) const;

  void BeGood() { good_ = true; }
  const std::vector<SimKey>& keys() const { return keys_; }
  // The hard budget accounts that a request of `key` draws on at `now`, when it names no quota
  // entity.
  std::vector<std::string> HardAccounts(const SimKey& key, absl::Time now) const;
  const Peppers& peppers() const { return peppers_; }
  // Of what every node should have in the end.  REQUIRED: running().
  std::uint64_t digest() const;

 private:
  struct Stream {
    std::shared_ptr<ConfigPipe> pipe;
    std::unique_ptr<controlplane::SubscriberSession> session;
    MonotonicTime last_write;
  };
  struct Process {
    std::shared_ptr<Life> life = std::make_shared<Life>();
    std::unique_ptr<controlplane::Publisher> publisher;
    std::map<std::uint64_t, Stream> streams;
    std::uint64_t last_stream = 0;
  };
  // All that a backup holds.
  struct State {
    controlplane::ResourceSet resources;
    controlplane::ResourceSet billing;
    controlplane::RevisionLog log;
    std::uint64_t number = 0;
  };

  void Take(std::uint64_t id, const config::v1::SubscribeRequest& request);
  void Pump(std::uint64_t id);
  void PumpAll();
  void Tick(const std::shared_ptr<Life>& life);
  void Publish(const std::vector<config::v1::Resource>& changed);
  void MakeWorkspace(int number, std::vector<config::v1::Resource>* resources);
  void AddBudget(config::v1::ScopeKind kind, const std::string& scope,
                 config::v1::ScopeKind each = config::v1::SCOPE_KIND_UNSPECIFIED);
  config::v1::Resource ResourceOf(const SimKey& key) const;
  static config::v1::Resource ResourceOf(const SimBudget& budget);

  Network& network_;
  const Swarm& swarm_;
  SimClock& clock_;
  Report& report_;
  Dice& dice_;
  Peppers peppers_;
  std::vector<SimKey> keys_;
  std::vector<SimBudget> budgets_;
  std::uint64_t epoch_ = 1;
  int starts_ = 0;
  State state_;
  State backup_;
  std::unique_ptr<Process> process_;
  bool good_ = false;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_CONTROL_H_
