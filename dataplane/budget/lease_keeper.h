// Keeps the leases of a LeasePool filled, renewed and not idle: the client of LeaseService.
//
// A machine on one executor: what comes in are grants, recalls, time and the pool's attention; what
// goes out are Wants.  All amounts in a Want are totals, so that a lost or repeated message changes
// nothing, and a new connection simply states them all again.
#ifndef TOLLGATE_DATAPLANE_BUDGET_LEASE_KEEPER_H_
#define TOLLGATE_DATAPLANE_BUDGET_LEASE_KEEPER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/money.h"
#include "base/random.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/link/executor.h"
#include "dataplane/link/link.h"
#include "dataplane/rate/slot_pool.h"
#include "tollgate/lease/v1/lease.pb.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate::dataplane {

struct LeaseKeeperOptions {
  std::string node_id;
  std::uint64_t incarnation = 0;
  std::string session;  // Random bytes of this process; the shipper's too.

  absl::Duration tick = absl::Milliseconds(100);  // Between looks at all leases.
  // Money asked for ahead: the rate of spend over this time.
  absl::Duration refill_horizon = absl::Seconds(10);
  // The first Want of an account asks for so many of the first hold, since there is no rate yet.
  int first_holds = 4;
  // A lease that nobody used for so long is given back but for nothing.
  absl::Duration idle_release = absl::Seconds(30);
  // One of which nothing is left is forgotten after so long, on both sides.
  absl::Duration idle_close = absl::Minutes(5);
  // What is taken off a lease's lifetime for drift of the clock, in thousandths.
  int drift_permille = 20;
  // While a Want is unanswered for so long, refusals say that billing cannot be asked.
  absl::Duration answer_late = absl::Seconds(1);
  // A connection that leaves a Want unanswered for so long is given up.
  absl::Duration answer_timeout = absl::Seconds(5);
  BackoffOptions backoff = {};
  // Whether the node's configuration is older than the one given: then a grant that names it gives
  // no time until the node has it, since a key may be revoked of which it does not know.  Empty:
  // never.
  std::function<bool(const config::v1::Revision&)> config_behind = {};
  // Whether the control plane has said of late that the node's configuration is the newest; looked
  // at each tick.  Empty: always.
  std::function<bool()> config_confirmed = {};
  // Whether every record that may have drawn on the leases of a former incarnation, which are
  // retired, is acknowledged, as far as there is one (Shipper::DrawnAcknowledged()).  Empty: never.
  std::function<bool(std::uint64_t incarnation)> drawn_acknowledged = {};
  // What is lent of small limits, which comes the same way; null for nothing.  Outlives the keeper.
  SlotPool* slots = nullptr;
};

// What is known about the connection; for /readyz and metrics.
struct LeaseKeeperStatus {
  bool connected = false;
  bool fenced = false;  // A later incarnation or another process leases as this node: fatal.
  std::string error;    // Why the last connection ended.
  std::uint64_t wants_sent = 0;
  std::uint64_t grants_received = 0;
  std::uint64_t recalls_received = 0;
};

// Used on its executor only, but where noted.
class LeaseKeeper {
 public:
  using Factory = LinkFactory<lease::v1::LeaseRequest, lease::v1::LeaseResponse>;

  // Everything must outlive this; destroy it when the executor is stopped, or from it.
  LeaseKeeper(LeasePool& pool, Executor& executor, const Clock& clock, Random& random,
              Factory factory, LeaseKeeperOptions options);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // Begins; from any thread, once.
  void Start();

  // Gives everything idle back, on the executor; for an orderly end, after the last settlement.
  // From any thread.
  void ReleaseAll();

  // From any thread.
  LeaseKeeperStatus status() const;

 private:
  struct Want;  // What is under way for one account.

  void Connect();
  void OnMessage(const lease::v1::LeaseResponse& message);
  void OnGrant(const lease::v1::Grant& grant);
  void TakeTime(const lease::v1::Grant& grant, Want& want, std::optional<MonotonicTime>& deadline);
  void TakeLateTimes();
  void OnRecall(const std::string& account);
  void OnGiveUp(std::uint64_t incarnation);
  void TellGivenUp();
  void TellSlots();
  void OnClosed(const absl::Status& status);
  void Tick();
  void Attend();
  void Look(const Account& account);
  void LookAtEnded(const AccountView& view, Want& want);
  void LookAtLive(const AccountView& view, Want& want);
  static Money HeldOf(const AccountView& view);
  void Measure(const AccountView& view, Want& want);
  void GiveBack(const AccountView& view, Want& want, Money amount);
  void AskToClose(const AccountView& view, Want& want);
  void OnClosedLease(const Account& account);
  void AskLater(const Account& account, Want& want);
  void LookLater(const Account& account, MonotonicTime at, bool Want::*planned);
  void Send(const AccountView& view, Want& want, Money need, Money more);
  Money Appetite(const AccountView& view, const Want& want) const;
  Want& WantOf(const Account& account);
  void SetConnected(bool connected);

  LeasePool& pool_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  const Factory factory_;
  const LeaseKeeperOptions options_;

  std::shared_ptr<int> alive_;  // Tasks hold it weakly.
  std::unique_ptr<Link<lease::v1::LeaseRequest>> link_;
  Backoff backoff_;
  bool connected_ = false;  // Something was answered on this connection, or it has held a while.
  int ticks_ = 0;
  bool releasing_ = false;
  MonotonicTime connected_at_;
  std::uint64_t next_nonce_ = 1;
  absl::flat_hash_map<std::string, std::unique_ptr<Want>> wants_;
  std::set<std::uint64_t> giving_up_;  // Former incarnations, until it can be said that they are.
  std::set<std::string> late_;  // Accounts with a Want::late: their time waits for configuration.

  mutable std::mutex status_mutex_;
  LeaseKeeperStatus status_;  // Guarded by status_mutex_.
};

// Leases over gRPC; its events run on `executor`.
LeaseKeeper::Factory GrpcLeaseLinks(std::shared_ptr<grpc::Channel> channel, Executor& executor);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_BUDGET_LEASE_KEEPER_H_
