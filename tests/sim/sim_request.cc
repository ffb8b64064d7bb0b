#include "tests/sim/sim_request.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "dataplane/auth/authenticator.h"

namespace tollgate::sim {

using dataplane::HoldResult;

namespace {

constexpr int kProviderChunks = 3;

}  // namespace

SimRequest::SimRequest(SimNode& node, std::uint64_t id, std::size_t key, std::int64_t bound)
    : node_(node),
      process_(node.process()),
      id_(id),
      key_(key),
      bound_(bound),
      lane_(process_.spool->lane(static_cast<std::uint32_t>(id % process_.spool->lane_count()))) {}

std::function<void()> SimRequest::Mine(void (SimRequest::*step)()) {
  return [&process = process_, id = id_, step] {
    const auto found = process.requests.find(id);
    if (found != process.requests.end()) (found->second.get()->*step)();
  };
}

void SimRequest::Begin() {
  Dice& dice = node_.network().dice();
  service_time_ = dice.Between(absl::Milliseconds(1), node_.swarm().service_time_max);
  amount_ = bound_;
  if (bound_ >= 8 && dice.Chance(node_.swarm().extends)) {
    amount_ = bound_ / dice.Between(2, 5);
    extension_ = dice.Between(1, bound_ - amount_);
  }
  if (!FindAccounts()) {
    ++node_.counts().refused_otherwise;
    return End();
  }
  deadline_ =
      node_.clock().Monotonic() + dice.Between(absl::Milliseconds(20), absl::Milliseconds(300));
  TryToHold();
}

void SimRequest::Probe(std::function<void(bool)> told) {
  told_ = std::move(told);
  service_time_ = absl::Milliseconds(5);
  amount_ = bound_;
  if (!FindAccounts()) {
    if (told_) told_(false);
    return End();
  }
  deadline_ = node_.clock().Monotonic() + absl::Milliseconds(500);
  TryToHold();
}

// ---- The hold -----------------------------------------------------------------------------------

bool SimRequest::FindAccounts() {
  const std::shared_ptr<const dataplane::Snapshot> snapshot = process_.holder.Load();
  if (snapshot == nullptr) return false;
  node_.Saw(snapshot->revision());
  const SimKey& key = node_.control().keys()[key_];
  const absl::Time now = node_.clock().Wall();
  const auto who = dataplane::Authenticate(key.text, *snapshot, node_.control().peppers(), now);
  const auto* principal = std::get_if<dataplane::Principal>(&who);
  if (principal == nullptr) return false;
  workspace_ = std::string(principal->workspace_id());
  key_id_ = std::string(principal->key_id());
  const auto accounts = process_.resolver->Resolve(*snapshot, *principal, now);
  if (!accounts.has_value()) return false;
  accounts_ = *accounts;
  return true;
}

void SimRequest::TryToHold() {
  dataplane::LeasePool& pool = *process_.pool;
  const Money amount = Money::FromNanoUsd(amount_);
  if (pool.TryHold(accounts_, amount, &hold_).kind == HoldResult::kHeld) return AppendIntent();
  if (node_.clock().Monotonic() >= deadline_) return Refuse(pool.Explain(accounts_, amount).kind);
  waiter_ =
      pool.Wait(accounts_, amount, [this] { process_.executor.Post(Mine(&SimRequest::Retry)); });
  process_.executor.PostAfter(deadline_ - node_.clock().Monotonic(), Mine(&SimRequest::Retry));
}

void SimRequest::Retry() {
  if (!waiter_.has_value()) return;
  dataplane::LeasePool& pool = *process_.pool;
  pool.Forget(*std::exchange(waiter_, std::nullopt));
  const Money amount = Money::FromNanoUsd(amount_);
  if (pool.TryHold(accounts_, amount, &hold_).kind == HoldResult::kHeld) return AppendIntent();
  const HoldResult::Kind why = pool.Explain(accounts_, amount).kind;
  if (why == HoldResult::kInsufficientBalance || why == HoldResult::kBudgetExceeded ||
      node_.clock().Monotonic() >= deadline_) {
    return Refuse(why);
  }
  waiter_ =
      pool.Wait(accounts_, amount, [this] { process_.executor.Post(Mine(&SimRequest::Retry)); });
  process_.executor.PostAfter(deadline_ - node_.clock().Monotonic(), Mine(&SimRequest::Retry));
}

void SimRequest::Refuse(HoldResult::Kind kind) {
  ++node_.counts().refused[kind];
  const HoldResult why = process_.pool->Explain(accounts_, Money::FromNanoUsd(amount_));
  node_.network().report().Event(node_.name(), "refuses ", amount_, " of ", key_id_, ": ",
                                 std::string(dataplane::HoldResultName(kind)), " of ",
                                 why.account == nullptr ? "none" : why.account->name);
  if (told_) told_(false);
  End();
}

void SimRequest::End() { process_.requests.erase(id_); }  // Destroys this.

// ---- The attempt --------------------------------------------------------------------------------

void SimRequest::FillRecord() {
  record_.set_generation_id(Oracle::GenerationOf(attempt_));
  record_.set_attempt(1);
  record_.set_organization_id("org_1");
  record_.set_workspace_id(workspace_);
  record_.set_key_id(key_id_);
  record_.set_model_id("a/chat");
  record_.set_provider_id("a");
  record_.set_price_version_id("pv_1");
  if (const std::size_t bytes = node_.swarm().padding_bytes; bytes > 0) {
    for (std::string* text :
         {record_.mutable_requested_model(), record_.mutable_user(), record_.mutable_region(),
          record_.mutable_offering_id(), record_.mutable_credential_id(),
          record_.mutable_provider_response_id(), record_.mutable_surface()}) {
      text->assign(bytes, 'x');
    }
  }
  for (std::size_t i = 0; i < hold_.size(); ++i) {
    const dataplane::Hold::Part& part = hold_[i];
    usage::v1::Hold* out = record_.add_holds();
    out->set_account(part.account->name);
    out->set_amount_nano_usd(part.amount.nano_usd());
    out->set_leased(part.account->hard);
    out->set_lease_incarnation(part.lease_incarnation);
  }
  record_.set_charge_nano_usd(amount_);
}

void SimRequest::AppendIntent() {
  Attempt attempt;
  attempt.run = {process_.identity->node_id(), process_.identity->incarnation()};
  attempt.held = attempt.held_next = amount_;
  for (std::size_t i = 0; i < hold_.size(); ++i) {
    if (!hold_[i].leased) continue;
    attempt.leases.push_back(
        {hold_[i].account->name, attempt.run.first, hold_[i].lease_incarnation});
  }
  attempt_ = node_.oracle().Add(std::move(attempt));
  added_ = true;
  if (node_.DiesHere()) return;
  FillRecord();
  const dataplane::SpoolPosition before = lane_.position();
  absl::StatusOr<dataplane::IntentRef> intent = lane_.AppendIntent(record_);
  if (!intent.ok()) {
    process_.pool->Release(std::move(hold_));
    ++node_.counts().refused_otherwise;
    if (told_) told_(false);
    return End();
  }
  intent_ = *std::move(intent);
  if (node_.swarm().torn_appends && node_.DiesHere()) {
    return node_.TearLastAppend(lane_, before);
  }
  WhenDurable(Mine(&SimRequest::Send), Mine(&SimRequest::Finish));
}

void SimRequest::WhenDurable(std::function<void()> then, std::function<void()> on_failure) {
  if (node_.swarm().durability == dataplane::Durability::kProcess) return then();
  process_.spool->WhenDurable(
      lane_.position(),
      [&process = process_, then = std::move(then), on_failure = std::move(on_failure)](
          const absl::Status& status) { process.executor.Post(status.ok() ? then : on_failure); });
  node_.PlanSync();
}

void SimRequest::Send() {
  if (node_.DiesHere()) return;
  Dice& dice = node_.network().dice();
  node_.network().report().Event(node_.name(), "sends ", Oracle::GenerationOf(attempt_), " of ",
                                 key_id_, ", holds ", amount_);
  work_ = std::make_shared<Work>();
  work_->attempt = attempt_;
  const std::int64_t most = amount_ + extension_;
  work_->target = told_ || dice.Chance(300'000) ? most : dice.Between(0, most);
  work_->chunks_left = kProviderChunks;
  node_.oracle().attempt(attempt_).running = true;
  ProviderWorks(node_, work_, service_time_ / kProviderChunks);
  process_.executor.PostAfter(service_time_ / 2, Mine(&SimRequest::Extend));
  process_.executor.PostAfter(service_time_, Mine(&SimRequest::Finish));
}

// The provider charges a part now and the rest later, as far as it may.  It goes on for a while
// when the node is gone.
void SimRequest::ProviderWorks(SimNode& node, std::shared_ptr<Work> work, absl::Duration interval) {
  Attempt& attempt = node.oracle().attempt(work->attempt);
  if (!attempt.running) return;
  const std::int64_t most = std::min(work->target, attempt.held) - attempt.spent;
  const std::int64_t more = work->chunks_left <= 1 ? most : most / work->chunks_left;
  --work->chunks_left;
  if (more > 0) node.oracle().Spend(work->attempt, more);
  if (work->chunks_left <= 0) return;
  node.network().scheduler().After(
      interval, [&node, work, interval] { ProviderWorks(node, work, interval); });
}

void SimRequest::Extend() {
  if (extension_ == 0 || !intent_.open()) return;
  const Money more = Money::FromNanoUsd(extension_);
  if (process_.pool->Extend(&hold_, more).kind != HoldResult::kHeld) return;
  Attempt& attempt = node_.oracle().attempt(attempt_);
  attempt.held_next = attempt.held + extension_;
  if (node_.DiesHere()) return;
  const dataplane::SpoolPosition before = lane_.position();
  if (!lane_.AppendExtension(intent_, more).ok()) return;  // Held, and not to be used.
  if (node_.swarm().torn_appends && node_.DiesHere()) {
    return node_.TearLastAppend(lane_, before);
  }
  WhenDurable(
      [&node = node_, attempt = attempt_] {
        Attempt& extended = node.oracle().attempt(attempt);
        if (extended.running) extended.held = extended.held_next;
      },
      [] {});
}

void SimRequest::Finish() {
  if (!intent_.open()) return;
  Attempt& attempt = node_.oracle().attempt(attempt_);
  attempt.running = false;
  if (node_.DiesHere()) return;
  // The answer is whole: what it cost is known.
  record_.set_charge_nano_usd(attempt.spent);
  record_.set_cost_nano_usd(attempt.spent);
  record_.set_usage_source(usage::v1::USAGE_SOURCE_PROVIDER);
  record_.set_outcome(usage::v1::ATTEMPT_OUTCOME_SUCCESS);
  record_.set_attempts(1);
  attempt.charge = attempt.spent;
  const Money charge = Money::FromNanoUsd(attempt.spent);
  const dataplane::SpoolPosition before = lane_.position();
  lane_.AppendFinal(std::move(intent_), record_);
  if (node_.swarm().torn_appends && node_.DiesHere()) {
    return node_.TearLastAppend(lane_, before);
  }
  if (node_.DiesHere()) return;
  process_.pool->Settle(std::move(hold_), charge);
  attempt.settled = true;
  ++node_.counts().answered;
  if (told_) told_(true);
  End();
}

void SimRequest::Abandon() {
  if (added_) {
    Attempt& attempt = node_.oracle().attempt(attempt_);
    attempt.orphaned = true;
    if (attempt.charge.has_value()) attempt.running = false;
  }
  // In the memory of the dead: what it had open must be ended there.
  if (intent_.open()) lane_.AppendFinal(std::move(intent_), record_);
  if (hold_.open()) process_.pool->Release(std::move(hold_));
}

}  // namespace tollgate::sim
