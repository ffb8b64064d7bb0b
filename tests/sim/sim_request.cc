#include "tests/sim/sim_request.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "dataplane/auth/authenticator.h"

namespace tollgate::sim {

using dataplane::HoldResult;

namespace {

constexpr int kProviderChunks = 3;
// How long a hold that cannot grow waits for money, as RequestOptions::lease_wait_max.
constexpr absl::Duration kGrowWaitMax = absl::Milliseconds(200);

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

// What the caller asks for.
void SimRequest::Draw() {
  const Swarm& swarm = node_.swarm();
  Dice& dice = node_.network().dice();
  service_time_ = dice.Between(absl::Milliseconds(1), swarm.service_time_max);
  amount_ = bound_;
  if (bound_ >= 16 && dice.Chance(swarm.extends)) {
    growths_left_ = static_cast<int>(dice.Between(1, 4));
    amount_ = bound_ / (growths_left_ + dice.Between(1, 4));
    extension_ = dice.Between(1, (bound_ - amount_) / growths_left_);
  }
  if (dice.Chance(swarm.names_entity)) {
    quota_entity_ = absl::StrCat("entity ", dice.Between(1, swarm.entities));
  }
  if (dice.Chance(swarm.names_run)) {
    run_ = absl::StrCat("run ", dice.Between(1, swarm.runs));
    // Mostly the same cap; some callers state none, or a lower one.
    if (dice.Chance(800'000)) {
      run_cap_ = Money::FromNanoUsd(swarm.run_cap / (dice.Chance(100'000) ? 2 : 1));
    }
  }
}

void SimRequest::Begin() {
  Draw();
  if (!FindAccounts()) return RefuseOtherwise();
  deadline_ = node_.clock().Monotonic() +
              node_.network().dice().Between(absl::Milliseconds(20), absl::Milliseconds(300));
  HoldNow() ? AppendIntent() : WaitForMoney();
}

void SimRequest::Probe(std::function<void(bool)> told) {
  told_ = std::move(told);
  service_time_ = absl::Milliseconds(5);
  amount_ = bound_;
  if (!FindAccounts()) return RefuseOtherwise();
  deadline_ = node_.clock().Monotonic() + absl::Milliseconds(500);
  HoldNow() ? AppendIntent() : WaitForMoney();
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
  const auto accounts = process_.resolver->Resolve(
      *snapshot, *principal, {.quota_entity = quota_entity_, .run = run_, .run_cap = run_cap_}, now,
      node_.clock().Monotonic());
  if (!accounts.has_value()) return false;
  accounts_ = *accounts;
  return true;
}

bool SimRequest::HoldNow() {
  const Money amount = Money::FromNanoUsd(amount_);
  return process_.pool->TryHold(accounts_, amount, &hold_).kind == HoldResult::kHeld;
}

void SimRequest::WaitForMoney() {
  if (node_.clock().Monotonic() >= deadline_) {
    return Refuse(process_.pool->Explain(accounts_, Money::FromNanoUsd(amount_)).kind);
  }
  waiter_ = process_.pool->Wait(accounts_, Money::FromNanoUsd(amount_),
                                [this] { process_.executor.Post(Mine(&SimRequest::Retry)); });
  process_.executor.PostAfter(deadline_ - node_.clock().Monotonic(), Mine(&SimRequest::Retry));
}

void SimRequest::Retry() {
  if (!waiter_.has_value()) return;
  process_.pool->Forget(*std::exchange(waiter_, std::nullopt));
  // An account may have been closed meanwhile.
  if (!FindAccounts()) return RefuseOtherwise();
  if (HoldNow()) return AppendIntent();
  const HoldResult::Kind why = process_.pool->Explain(accounts_, Money::FromNanoUsd(amount_)).kind;
  if (why == HoldResult::kInsufficientBalance || why == HoldResult::kBudgetExceeded ||
      why == HoldResult::kUnknownRun) {
    return Refuse(why);
  }
  WaitForMoney();
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

void SimRequest::RefuseOtherwise() {
  ++node_.counts().refused_otherwise;
  if (told_) told_(false);
  End();
}

void SimRequest::End() { process_.requests.erase(id_); }  // Destroys this.

// ---- The attempt --------------------------------------------------------------------------------

void SimRequest::BeginRecord() {
  const std::string padding(node_.swarm().padding_bytes, 'x');
  record_.Begin({.generation_id = Oracle::GenerationOf(attempt_),
                 .organization_id = "org_1",
                 .workspace_id = workspace_,
                 .key_id = key_id_,
                 .requested_model = padding,
                 .model_id = "a/chat",
                 .provider_id = "a",
                 .offering_id = padding,
                 .credential_id = padding,
                 .price_version_id = "pv_1",
                 .request_time = node_.clock().Wall(),
                 .surface = padding,
                 .user = padding,
                 .region = padding,
                 .project_id = padding,
                 .member_id = padding,
                 .quota_entity = quota_entity_,
                 .run = run_,
                 .price_rule_id = padding,
                 .price_rule_version = padding});
}

void SimRequest::AppendIntent() {
  Attempt attempt;
  attempt.run = {process_.identity->node_id(), process_.identity->incarnation()};
  attempt.workspace = workspace_;
  attempt.held = attempt.held_next = amount_;
  for (const dataplane::Hold::Part& part : hold_.parts()) {
    if (!part.leased) continue;
    attempt.leases.push_back({part.account->name, attempt.run.first, part.lease_incarnation});
  }
  attempt_ = node_.oracle().Add(std::move(attempt));
  node_.control().CheckMayBegin(node_.control().keys()[key_]);
  added_ = true;
  if (node_.DiesHere()) return;
  BeginRecord();
  const dataplane::SpoolPosition before = lane_.position();
  absl::StatusOr<dataplane::IntentRef> intent =
      lane_.AppendIntent(record_.Intent(hold_.parts()), record_.FinalBytesMax(hold_.parts()));
  if (!intent.ok()) {
    process_.pool->Release(std::move(hold_));
    return RefuseOtherwise();
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
                                 key_id_, ", holds ", amount_, ", grows ", growths_left_, " x ",
                                 extension_);
  work_ = std::make_shared<Work>();
  work_->attempt = attempt_;
  const std::int64_t most = amount_ + growths_left_ * extension_;
  work_->target = told_ || dice.Chance(300'000) ? most : dice.Between(0, most);
  work_->chunks_left = kProviderChunks;
  node_.oracle().attempt(attempt_).running = true;
  ProviderWorks(node_, work_, service_time_ / kProviderChunks);
  growth_interval_ = service_time_ / (growths_left_ + 1);
  PlanGrowth();
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

// ---- Growth (dataplane/request/extend_hold.cc) --------------------------------------------------

void SimRequest::PlanGrowth() {
  if (growths_left_ > 0) process_.executor.PostAfter(growth_interval_, Mine(&SimRequest::Grow));
}

// There is money, or the wait is over.
void SimRequest::GrowAgain() {
  if (!grow_waiter_.has_value()) return;
  StopWaitingToGrow();
  Grow();
}

void SimRequest::Grow() {
  if (!intent_.open()) return;
  const Money more = Money::FromNanoUsd(extension_);
  const HoldResult result = process_.pool->Extend(&hold_, more);
  if (result.kind != HoldResult::kHeld) {
    const MonotonicTime now = node_.clock().Monotonic();
    if (!grow_deadline_.has_value()) grow_deadline_ = now + kGrowWaitMax;
    const HoldResult::Kind why = process_.pool->ExplainExtension(*result.account).kind;
    if (now >= *grow_deadline_ || why == HoldResult::kInsufficientBalance ||
        why == HoldResult::kBudgetExceeded) {
      return Finish();  // The stream ends where its hold does.
    }
    grow_waiter_ = process_.pool->Wait(
        accounts_, more, [this] { process_.executor.Post(Mine(&SimRequest::GrowAgain)); });
    process_.executor.PostAfter(*grow_deadline_ - now, Mine(&SimRequest::GrowAgain));
    return;
  }
  grow_deadline_.reset();
  Attempt& attempt = node_.oracle().attempt(attempt_);
  attempt.held_next = attempt.held + extension_;
  if (node_.DiesHere()) return;
  const dataplane::SpoolPosition before = lane_.position();
  if (!lane_.AppendExtension(intent_, more).ok()) {  // Held, and not to be used.
    attempt.held_next = attempt.held;
    return Finish();
  }
  if (node_.swarm().torn_appends && node_.DiesHere()) {
    return node_.TearLastAppend(lane_, before);
  }
  WhenDurable(Mine(&SimRequest::Grown), Mine(&SimRequest::Finish));
}

void SimRequest::Grown() {
  Attempt& attempt = node_.oracle().attempt(attempt_);
  attempt.held = attempt.held_next;
  ++node_.counts().growths;
  --growths_left_;
  PlanGrowth();
}

void SimRequest::StopWaitingToGrow() {
  if (grow_waiter_.has_value()) process_.pool->Forget(*std::exchange(grow_waiter_, std::nullopt));
}

// ---- The end ------------------------------------------------------------------------------------

void SimRequest::Finish() {
  if (!intent_.open()) return;
  StopWaitingToGrow();
  Attempt& attempt = node_.oracle().attempt(attempt_);
  attempt.running = false;
  if (node_.DiesHere()) return;
  // The answer is whole: what it cost is known.
  attempt.charge = attempt.spent;
  const Money charge = Money::FromNanoUsd(attempt.spent);
  const dataplane::SpoolPosition before = lane_.position();
  lane_.AppendFinal(std::move(intent_),
                    record_.Final({.outcome = usage::v1::ATTEMPT_OUTCOME_SUCCESS,
                                   .attempts = 1,
                                   .holds = hold_.parts(),
                                   .usage_source = usage::v1::USAGE_SOURCE_PROVIDER,
                                   .charge = charge,
                                   .cost = charge,
                                   .market_cost = charge,
                                   .drawn = charge}));
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
  if (intent_.open()) lane_.AppendFinal(std::move(intent_), "x");
  if (hold_.open()) process_.pool->Release(std::move(hold_));
}

}  // namespace tollgate::sim
