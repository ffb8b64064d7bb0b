#include "tests/sim/sim_billing.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "billing/service/lease_messages.h"

namespace tollgate::sim {

using billing::Books;
using billing::Commit;
using billing::Now;
using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

namespace {

constexpr absl::Duration kSyncTimeMax = absl::Milliseconds(3);
constexpr absl::Duration kRestartTimeMax = absl::Seconds(3);

}  // namespace

SimBilling::SimBilling(Network& network, const Swarm& swarm, SimClock& clock, SimControl& control,
                       Auditor& auditor)
    : network_(network),
      swarm_(swarm),
      clock_(clock),
      control_(control),
      auditor_(auditor),
      report_(network.report()),
      dice_(network.dice()) {
  store_.SetFate([this](const Commit& commit, const std::function<void()>& apply) {
    return DecideFate(commit, apply);
  });
}

SimBilling::~SimBilling() {
  if (process_ != nullptr) process_->life->alive = false;
}

std::shared_ptr<Life> SimBilling::life() const {
  return process_ == nullptr ? nullptr : process_->life;
}

void SimBilling::Start() {
  if (process_ != nullptr) return;
  process_ = std::make_unique<Process>();
  absl::StatusOr<billing::StoredState> state = store_.LoadLean();
  CHECK(state.ok()) << state.status();
  process_->config = *billing::ConfigCache::Restore(*state);
  process_->binding = billing::BindingRevisions(process_->config.revision());
  billing::LeaseBookOptions options;
  options.ttl = swarm_.lease_ttl;
  options.idle = swarm_.account_idle;
  auto books = std::make_unique<Books>(options, *std::move(state), process_->config.Budgets(),
                                       billing::MakeReader(store_), process_->config.Webhooks());
  process_->books = books.get();
  process_->writer =
      std::make_unique<billing::LedgerWriter>(store_, clock_, process_->metrics, std::move(books));
  process_->writer->Attach(
      [this](const std::vector<billing::LeaseMessage>& messages) { Deliver(messages); },
      [this] { Kill(); });
  report_.Event("billing", "started, entry ", process_->books->ledger().last_sequence());
  Follow();
}

void SimBilling::Kill() {
  if (process_ == nullptr || process_->dying) return;
  report_.Event("billing", "killed");
  ++kills_;
  process_->dying = true;
  process_->life->alive = false;
  if (!process_->stepping) Bury();
}

void SimBilling::Bury() {
  for (auto& [id, stream] : process_->leases) stream.pipe->Break();
  for (auto& [id, stream] : process_->usage) stream.pipe->Break();
  process_.reset();
  planned_deadline_ = MonotonicTime::InfiniteFuture();
  network_.scheduler().After(dice_.Between(absl::Milliseconds(50), kRestartTimeMax),
                             [this] { Start(); });
}

void SimBilling::CutOne() {
  if (process_ == nullptr) return;
  const std::size_t all = process_->leases.size() + process_->usage.size();
  if (all == 0) return;
  const std::size_t chosen = dice_.Index(all);
  if (chosen < process_->leases.size()) {
    std::next(process_->leases.begin(), static_cast<std::ptrdiff_t>(chosen))->second.pipe->Break();
  } else {
    std::next(process_->usage.begin(),
              static_cast<std::ptrdiff_t>(chosen - process_->leases.size()))
        ->second.pipe->Break();
  }
}

// ---- Streams ------------------------------------------------------------------------------------

absl::Status SimBilling::Accept(const std::shared_ptr<LeasePipe>& pipe) {
  const billing::StreamId id = ++process_->last_stream;
  process_->leases.try_emplace(
      id, LeaseStream{pipe, billing::LeaseSession(*process_->writer, id), {}, nullptr, false});
  pipe->server.on_message = [this, id](const std::shared_ptr<lease::v1::LeaseRequest>& request) {
    const auto found = process_->leases.find(id);
    if (found == process_->leases.end()) return;
    if (request->has_want()) {
      const auto& want = request->want();
      report_.Event("billing", "stream ", id, " wants ", want.account(), ": granted ",
                    want.granted_nano_usd(), ", released ", want.released_nano_usd(), ", need ",
                    want.need_nano_usd(), ", nonce ", want.nonce());
    }
    found->second.inbox.push_back(request);
    Next(process_->leases, id);
  };
  pipe->server.on_closed = [this, id] {
    const auto found = process_->leases.find(id);
    if (found == process_->leases.end()) return;
    found->second.gone = true;
    Next(process_->leases, id);
  };
  return absl::OkStatus();
}

absl::Status SimBilling::Accept(const std::shared_ptr<UsagePipe>& pipe) {
  const std::uint64_t id = ++process_->last_usage;
  process_->usage.try_emplace(
      id, UsageStream{pipe, billing::UsageSession(*process_->writer), {}, nullptr, false});
  pipe->server.on_message = [this,
                             id](const std::shared_ptr<usage::v1::ReportUsageRequest>& request) {
    const auto found = process_->usage.find(id);
    if (found == process_->usage.end()) return;
    found->second.inbox.push_back(request);
    Next(process_->usage, id);
  };
  pipe->server.on_closed = [this, id] {
    const auto found = process_->usage.find(id);
    if (found == process_->usage.end()) return;
    found->second.gone = true;
    Next(process_->usage, id);
  };
  return absl::OkStatus();
}

// Handles the next message of a stream, or closes it when it is over: one at a time.
template <typename StreamType>
void SimBilling::Next(std::map<std::uint64_t, StreamType>& streams, std::uint64_t id) {
  StreamType& stream = streams.at(id);
  if (stream.handling != nullptr) return;
  if (stream.gone) {
    stream.session.Close();
    streams.erase(id);
    PlanStep(kSyncTimeMax);
    return;
  }
  if (stream.inbox.empty()) return;
  stream.handling = std::move(stream.inbox.front());
  stream.inbox.pop_front();
  stream.session.Handle(*stream.handling, [this, &streams, id](const absl::Status& status) {
    StreamType& done = streams.at(id);
    if (status.ok()) {
      Answer(done);
    } else {
      report_.Event("billing", "ends a stream: ", status.ToString());
      done.pipe->Finish(status);
      done.gone = true;
    }
    // Not from within Handle(), nor from the writer's loop.
    network_.scheduler().After(absl::ZeroDuration(), [this, life = process_->life, &streams, id] {
      if (!life->alive) return;
      streams.at(id).handling = nullptr;
      Next(streams, id);
    });
  });
  PlanStep(kSyncTimeMax);
}

void SimBilling::Deliver(const std::vector<billing::LeaseMessage>& messages) {
  for (const billing::LeaseMessage& message : messages) {
    const auto found = process_->leases.find(message.stream);
    if (const auto* grant = std::get_if<billing::GrantAnswer>(&message.content)) {
      report_.Event("billing", "tells stream ", message.stream, " of ", grant->account,
                    ": granted ", grant->granted.nano_usd(), ", nonce ", grant->nonce);
    }
    if (found == process_->leases.end()) continue;
    // As billing/service/lease_service.cc does.
    lease::v1::LeaseResponse response = billing::ToProto(message);
    AddBindingRevision(process_->binding, &response);
    found->second.pipe->Send(response);
  }
}

// ---- The writer ---------------------------------------------------------------------------------

void SimBilling::Submit(std::function<void(Books&, Now)> apply,
                        std::function<void(const absl::Status&)> done) {
  if (!running()) return done(absl::UnavailableError("billing is down"));
  process_->writer->Submit({std::move(apply), std::move(done)});
  PlanStep(kSyncTimeMax);
}

void SimBilling::PlanStep(absl::Duration within) {
  if (std::exchange(process_->step_planned, true)) return;
  network_.scheduler().After(dice_.Between(absl::Microseconds(20), within),
                             [this, life = process_->life] {
                               if (life->alive) Step();
                             });
}

void SimBilling::Step() {
  process_->step_planned = false;
  process_->stepping = true;
  process_->writer->Step();
  process_->stepping = false;
  if (process_->dying) return Bury();
  PlanDeadline();
}

// Wants whose wait is over are answered although nothing came.
void SimBilling::PlanDeadline() {
  const MonotonicTime next = process_->writer->NextDeadline();
  if (next == MonotonicTime::InfiniteFuture() || next == planned_deadline_) return;
  planned_deadline_ = next;
  const absl::Duration wait = std::max(next - clock_.Monotonic(), absl::ZeroDuration());
  network_.scheduler().After(clock_.Real(wait), [this, life = process_->life] {
    if (!life->alive) return;
    planned_deadline_ = MonotonicTime::InfiniteFuture();
    PlanStep(absl::Microseconds(50));
  });
}

absl::Status SimBilling::DecideFate(const Commit& commit, const std::function<void()>& apply) {
  const auto make_durable = [&] {
    apply();
    auditor_.OnCommit(commit, *process_->books);
  };
  if (process_->dying) return absl::InternalError("the process is dead");
  if (!good_ && dice_.Chance(swarm_.billing_crash_in_write)) {
    const bool before = dice_.Chance(500'000);
    report_.Event("billing", before ? "dies before a write" : "dies after a write");
    if (!before) make_durable();
    Kill();
    return absl::InternalError("the process is dead");
  }
  if (!good_ && dice_.Chance(swarm_.billing_write_error)) {
    report_.Event("billing", "a write fails");
    if (dice_.Chance(500'000)) make_durable();
    return absl::InternalError("an error of the disk");
  }
  make_durable();
  return absl::OkStatus();
}

// ---- Configuration ------------------------------------------------------------------------------

void SimBilling::Follow() {
  const std::shared_ptr<Life> life = process_->life;
  dataplane::LinkEvents<SubscribeResponse> events;
  events.on_message = [this](const SubscribeResponse& message) {
    process_->config_inbox.push_back(message);
    NextConfig();
  };
  events.on_closed = [this](const absl::Status&) {
    process_->config_link.reset();
    process_->config_inbox.clear();
    process_->config.DropChunks();
    FollowLater();
  };
  process_->config_link = ConfigPipe::Open(
      network_, life, kBillingMachine, kControlMachine, [this] { return control_.life(); },
      [this](const std::shared_ptr<ConfigPipe>& pipe) { return control_.Accept(pipe); },
      std::move(events));
  SubscribeRequest request;
  SubscribeRequest::Hello* hello = request.mutable_hello();
  hello->set_node_id("billing");
  hello->set_audience(config::v1::AUDIENCE_BILLING);
  hello->mutable_revision()->set_epoch(process_->config.revision().epoch);
  hello->mutable_revision()->set_number(process_->config.revision().number);
  hello->set_digest(process_->config.digest());
  process_->config_link->Send(request);
}

// A new stream only when the writer has what the former one brought.
void SimBilling::FollowLater() {
  network_.scheduler().After(dice_.Between(absl::Milliseconds(10), absl::Seconds(1)),
                             [this, life = process_->life] {
                               if (!life->alive) return;
                               process_->config_busy ? FollowLater() : Follow();
                             });
}

// One message at a time, as billing/config/config_subscriber.cc reads them.
void SimBilling::NextConfig() {
  while (!process_->config_busy && !process_->config_inbox.empty()) {
    const SubscribeResponse message = std::move(process_->config_inbox.front());
    process_->config_inbox.pop_front();
    if (message.has_snapshot()) {
      bool complete = false;
      const absl::Status added = process_->config.AddChunk(message.snapshot(), &complete);
      if (!added.ok()) AnswerConfig(message.nonce(), added);
      if (complete) TakeOver(message.nonce(), process_->config.PrepareSnapshot());
    } else if (message.has_delta()) {
      TakeOver(message.nonce(), process_->config.PrepareDelta(message.delta()));
    }
  }
}

void SimBilling::TakeOver(std::uint64_t nonce, absl::StatusOr<billing::ConfigUpdate> update) {
  if (!update.ok()) return AnswerConfig(nonce, update.status());
  process_->config_busy = true;
  auto shared = std::make_shared<billing::ConfigUpdate>(*std::move(update));
  Submit(
      [shared](Books& books, Now now) {
        books.Configure(std::move(shared->change), std::move(shared->budgets), now,
                        std::move(shared->webhooks));
      },
      [this, nonce, shared](const absl::Status& synced) {
        process_->config_busy = false;
        if (synced.ok()) {
          process_->config.Adopt();
          process_->binding.Note(shared->binding, process_->config.revision());
          config::v1::Revision now_has;
          now_has.set_epoch(process_->config.revision().epoch);
          now_has.set_number(process_->config.revision().number);
          control_.NoteBillingHas(now_has);
        }
        AnswerConfig(nonce, synced);
        network_.scheduler().After(absl::ZeroDuration(), [this, life = process_->life] {
          if (life->alive) NextConfig();
        });
      });
}

void SimBilling::AnswerConfig(std::uint64_t nonce, const absl::Status& status) {
  if (process_->config_link == nullptr) return;
  SubscribeRequest request;
  config::v1::Revision* revision = nullptr;
  if (status.ok()) {
    request.mutable_ack()->set_nonce(nonce);
    revision = request.mutable_ack()->mutable_revision();
  } else {
    report_.Event("billing", "refuses a configuration: ", status.ToString());
    request.mutable_nack()->set_nonce(nonce);
    request.mutable_nack()->set_error(std::string(status.message()));
    revision = request.mutable_nack()->mutable_kept();
  }
  revision->set_epoch(process_->config.revision().epoch);
  revision->set_number(process_->config.revision().number);
  process_->config_link->Send(request);
}

}  // namespace tollgate::sim
