// The billing process: the real books, writer, sessions and configuration cache, on a store that
// outlives them.
#ifndef TOLLGATE_TESTS_SIM_SIM_BILLING_H_
#define TOLLGATE_TESTS_SIM_SIM_BILLING_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "billing/config/config_cache.h"
#include "billing/service/lease_session.h"
#include "billing/service/usage_session.h"
#include "billing/writer/ledger_writer.h"
#include "tests/sim/auditor.h"
#include "tests/sim/network.h"
#include "tests/sim/pipe.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_control.h"
#include "tests/sim/sim_store.h"
#include "tollgate/lease/v1/lease.pb.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::sim {

using LeasePipe = Pipe<lease::v1::LeaseRequest, lease::v1::LeaseResponse>;
using UsagePipe = Pipe<usage::v1::ReportUsageRequest, usage::v1::ReportUsageResponse>;

class SimBilling {
 public:
  SimBilling(Network& network, const Swarm& swarm, SimClock& clock, SimControl& control,
             Auditor& auditor);
  ~SimBilling();

  void Start();
  // kill -9; at once, or when the running step is over if it is ours.
  void Kill();
  bool running() const { return process_ != nullptr && !process_->dying; }

  // For pipes.
  std::shared_ptr<Life> life() const;
  absl::Status Accept(const std::shared_ptr<LeasePipe>& pipe);
  absl::Status Accept(const std::shared_ptr<UsagePipe>& pipe);

  // Breaks a random stream.
  void CutOne();

  // Runs `apply` on the books; `done` is told whether it is durable, unless billing dies first.
  void Submit(std::function<void(billing::Books&, billing::Now)> apply,
              std::function<void(const absl::Status&)> done);
  // REQUIRED: running().
  const billing::Books& books() const { return *process_->books; }

  void BeGood() { good_ = true; }
  const SimStore& store() const { return store_; }
  std::uint64_t kills() const { return kills_; }

 private:
  template <typename PipeType, typename Session, typename Request>
  struct Stream {
    std::shared_ptr<PipeType> pipe;
    Session session;
    std::deque<std::shared_ptr<Request>> inbox;
    std::shared_ptr<Request> handling;
    bool gone = false;  // The client left, or the stream was finished.
  };
  using LeaseStream = Stream<LeasePipe, billing::LeaseSession, lease::v1::LeaseRequest>;
  using UsageStream = Stream<UsagePipe, billing::UsageSession, usage::v1::ReportUsageRequest>;

  // Members in order of dependence.
  struct Process {
    std::shared_ptr<Life> life = std::make_shared<Life>();
    bool dying = false;
    bool stepping = false;
    bool step_planned = false;
    Metrics metrics;
    billing::Books* books = nullptr;  // The writer's.
    std::unique_ptr<billing::LedgerWriter> writer;
    billing::ConfigCache config;
    billing::BindingRevisions binding;
    billing::StreamId last_stream = 0;
    std::map<billing::StreamId, LeaseStream> leases;
    std::map<std::uint64_t, UsageStream> usage;
    std::uint64_t last_usage = 0;
    std::unique_ptr<dataplane::Link<config::v1::SubscribeRequest>> config_link;
    std::deque<config::v1::SubscribeResponse> config_inbox;
    bool config_busy = false;  // An update is with the writer.
  };

  template <typename StreamType>
  void Next(std::map<std::uint64_t, StreamType>& streams, std::uint64_t id);
  void Answer(LeaseStream&) {}
  void Answer(UsageStream& stream) { stream.pipe->Send(stream.session.response()); }
  void Deliver(const std::vector<billing::LeaseMessage>& messages);
  void PlanStep(absl::Duration within);
  void Step();
  void PlanDeadline();
  void Bury();
  absl::Status DecideFate(const billing::Commit& commit, const std::function<void()>& apply);
  void Follow();
  void FollowLater();
  void NextConfig();
  void TakeOver(std::uint64_t nonce, absl::StatusOr<billing::ConfigUpdate> update);
  void AnswerConfig(std::uint64_t nonce, const absl::Status& status);

  Network& network_;
  const Swarm& swarm_;
  SimClock& clock_;
  SimControl& control_;
  Auditor& auditor_;
  Report& report_;
  Dice& dice_;
  SimStore store_;
  std::unique_ptr<Process> process_;
  bool good_ = false;
  std::uint64_t kills_ = 0;
  MonotonicTime planned_deadline_ = MonotonicTime::InfiniteFuture();
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_BILLING_H_
