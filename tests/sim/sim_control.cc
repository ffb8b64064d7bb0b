#include "tests/sim/sim_control.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/check.h"
#include "base/scope_ids.h"
#include "controlplane/service/config_stream_service.h"
#include "proto/validate/digest.h"

namespace tollgate::sim {
namespace {

using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

constexpr const char* kOrganization = "org_1";

}  // namespace

SimControl::SimControl(Network& network, const Swarm& swarm, SimClock& clock)
    : network_(network),
      swarm_(swarm),
      clock_(clock),
      report_(network.report()),
      dice_(network.dice()),
      peppers_(*Peppers::Parse("1:" + std::string(64, '7'), "sim")) {
  std::vector<config::v1::Resource> resources;
  AddBudget(config::v1::SCOPE_KIND_ORGANIZATION, kOrganization);
  AddBudget(config::v1::SCOPE_KIND_ORGANIZATION, kOrganization, config::v1::SCOPE_KIND_PROJECT);
  for (int w = 1; w <= swarm_.workspaces; ++w) MakeWorkspace(w, &resources);
  for (const SimBudget& budget : budgets_) resources.push_back(ResourceOf(budget));
  Publish(resources);
  backup_ = state_;
}

// A workspace with a project, a member who has half of the keys, and budgets on any of them.
void SimControl::MakeWorkspace(int number, std::vector<config::v1::Resource>* resources) {
  const std::string workspace = absl::StrCat("ws_", number);
  const std::string project = absl::StrCat("proj_", number);
  const std::string member = absl::StrCat("mem_", number);
  config::v1::Resource resource;
  resource.mutable_workspace()->set_id(workspace);
  resource.mutable_workspace()->set_organization_id(kOrganization);
  SetIdentity(resource);
  resources->push_back(std::move(resource));
  config::v1::Resource of_member;
  of_member.mutable_member()->set_id(member);
  of_member.mutable_member()->set_workspace_id(workspace);
  SetIdentity(of_member);
  resources->push_back(std::move(of_member));
  AddBudget(config::v1::SCOPE_KIND_WORKSPACE, workspace);
  AddBudget(config::v1::SCOPE_KIND_WORKSPACE, workspace, config::v1::SCOPE_KIND_KEY);
  AddBudget(config::v1::SCOPE_KIND_WORKSPACE, workspace, config::v1::SCOPE_KIND_QUOTA_ENTITY);
  AddBudget(config::v1::SCOPE_KIND_PROJECT, project);
  AddBudget(config::v1::SCOPE_KIND_MEMBER, member);
  AddBudget(config::v1::SCOPE_KIND_QUOTA_ENTITY, QuotaEntityId(workspace, "entity 1"));
  for (int k = 1; k <= swarm_.keys; ++k) {
    SimKey key;
    key.id = absl::StrCat("key_", number, "_", k);
    key.workspace = workspace;
    key.project = dice_.Chance(500'000) ? project : "";
    key.member = dice_.Chance(500'000) ? member : "";
    key.text = std::string(GenerateApiKey(dice_).Reveal());
    resources->push_back(ResourceOf(key));
    AddBudget(config::v1::SCOPE_KIND_KEY, key.id);
    keys_.push_back(std::move(key));
  }
}

// Perhaps.
void SimControl::AddBudget(config::v1::ScopeKind kind, const std::string& scope,
                           config::v1::ScopeKind each) {
  const bool is_template = each != config::v1::SCOPE_KIND_UNSPECIFIED;
  if (!dice_.Chance(is_template ? swarm_.templates : swarm_.budgets)) return;
  SimBudget budget;
  budget.id = absl::StrCat("bud_", budgets_.size() + 1);
  budget.scope_kind = kind;
  budget.scope = scope;
  budget.each = each;
  budget.limit = std::max<std::int64_t>(1, swarm_.wallet_first * dice_.Between(1, 20) / 10);
  constexpr config::v1::Period kPeriods[] = {config::v1::PERIOD_NONE, config::v1::PERIOD_DAILY,
                                             config::v1::PERIOD_WEEKLY, config::v1::PERIOD_MONTHLY};
  budget.period = kPeriods[dice_.Index(std::size(kPeriods))];
  budget.hard = !dice_.Chance(swarm_.soft);
  budgets_.push_back(std::move(budget));
}

config::v1::Resource SimControl::ResourceOf(const SimKey& from) const {
  config::v1::Resource resource;
  config::v1::Key* key = resource.mutable_api_key();
  key->set_id(from.id);
  key->set_workspace_id(from.workspace);
  key->set_digest(std::string(DigestView(*peppers_.Digest(1, from.text))));
  key->set_pepper_id(1);
  key->set_revoked(from.revoked);
  key->set_project_id(from.project);
  key->set_member_id(from.member);
  SetIdentity(resource);
  return resource;
}

config::v1::Resource SimControl::ResourceOf(const SimBudget& from) {
  config::v1::Resource resource;
  config::v1::Budget* budget = resource.mutable_budget();
  budget->set_id(from.id);
  budget->set_scope_kind(from.scope_kind);
  budget->set_scope_id(from.scope);
  budget->set_limit_nano_usd(from.limit);
  budget->set_period(from.period);
  budget->set_hard(from.hard);
  budget->set_disabled(from.disabled);
  budget->set_each_kind(from.each);
  if (from.raise > 0) {
    config::v1::Budget::Raise* raise = budget->add_raises();
    raise->set_amount_nano_usd(from.raise);
    raise->mutable_until()->set_seconds(absl::ToUnixSeconds(from.raised_until));
  }
  budget->add_alert_percents(50);
  budget->add_alert_percents(100);
  SetIdentity(resource);
  return resource;
}

// ---- The process --------------------------------------------------------------------------------

void SimControl::Start() {
  if (process_ != nullptr) return;
  if (!good_ && starts_++ > 0 && dice_.Chance(swarm_.control_from_backup)) {
    // An older state, under a later epoch: what was published since never was.
    report_.Event("control", "restored from a backup");
    state_ = backup_;
    state_.log = controlplane::RevisionLog();
    ++epoch_;
    // Whether it is revoked in that state nobody keeps.
    for (SimKey& key : keys_) key.revoked_in.reset();
  }
  process_ = std::make_unique<Process>();
  process_->publisher = std::make_unique<controlplane::Publisher>(
      epoch_, state_.resources, state_.billing, state_.log, state_.number);
  report_.Event("control", "started, epoch ", epoch_, ", revision ", state_.number);
  Tick(process_->life);
}

void SimControl::Kill() {
  if (process_ == nullptr) return;
  report_.Event("control", "killed");
  process_->life->alive = false;
  for (auto& [id, stream] : process_->streams) stream.pipe->Break();
  process_.reset();
  if (dice_.Chance(500'000)) backup_ = state_;
}

void SimControl::CutOne() {
  if (process_ == nullptr || process_->streams.empty()) return;
  auto it = process_->streams.begin();
  std::advance(it, dice_.Index(process_->streams.size()));
  it->second.pipe->Break();
}

std::uint64_t SimControl::digest() const {
  return process_->publisher->digest(config::v1::AUDIENCE_DATAPLANE);
}

// ---- Streams ------------------------------------------------------------------------------------

absl::Status SimControl::Accept(const std::shared_ptr<ConfigPipe>& pipe) {
  const std::uint64_t id = ++process_->last_stream;
  process_->streams[id] = {pipe, nullptr, clock_.Monotonic()};
  pipe->server.on_message = [this, id](const std::shared_ptr<SubscribeRequest>& request) {
    Take(id, *request);
  };
  pipe->server.on_closed = [this, id] { process_->streams.erase(id); };
  return absl::OkStatus();
}

void SimControl::Take(std::uint64_t id, const SubscribeRequest& request) {
  const auto found = process_->streams.find(id);
  if (found == process_->streams.end()) return;
  Stream& stream = found->second;
  absl::Status status;
  if (stream.session == nullptr) {
    if (request.has_hello()) {
      stream.session =
          std::make_unique<controlplane::SubscriberSession>(*process_->publisher, request.hello());
    } else {
      status = absl::InvalidArgumentError("the first message must be Hello");
    }
  } else if (request.has_ack()) {
    status = stream.session->OnAck(request.ack());
  } else if (request.has_nack()) {
    report_.Event("control", "nack: ", request.nack().error());
    status = stream.session->OnNack(request.nack());
  } else {
    status = absl::InvalidArgumentError("after Hello a node sends Ack or Nack");
  }
  if (!status.ok()) {
    stream.pipe->Finish(status);
    process_->streams.erase(found);
    return;
  }
  Pump(id);
}

void SimControl::Pump(std::uint64_t id) {
  Stream& stream = process_->streams.at(id);
  if (stream.session == nullptr) return;
  while (std::optional<SubscribeResponse> message = stream.session->Next(clock_.Monotonic())) {
    stream.last_write = clock_.Monotonic();
    stream.pipe->Send(*message);
  }
}

void SimControl::PumpAll() {
  if (process_ == nullptr) return;
  for (auto& [id, stream] : process_->streams) Pump(id);
}

void SimControl::Tick(const std::shared_ptr<Life>& life) {
  if (!life->alive) return;
  const MonotonicTime now = clock_.Monotonic();
  std::vector<std::uint64_t> silent;
  for (auto& [id, stream] : process_->streams) {
    if (stream.session == nullptr) continue;
    const auto since = stream.session->waiting_since();
    if (since.has_value() && now - *since > controlplane::kAnswerTimeout) silent.push_back(id);
    if (now - stream.last_write >= controlplane::kHeartbeatInterval) {
      stream.last_write = now;
      stream.pipe->Send(stream.session->MakeHeartbeat());
    }
  }
  for (const std::uint64_t id : silent) {
    process_->streams.at(id).pipe->Finish(absl::DeadlineExceededError("silent"));
    process_->streams.erase(id);
  }
  network_.scheduler().After(absl::Seconds(1), [this, life] { Tick(life); });
}

// ---- Administration -----------------------------------------------------------------------------

void SimControl::Publish(const std::vector<config::v1::Resource>& changed) {
  controlplane::Publication publication;
  for (const config::v1::Resource& resource : changed) {
    auto shared = std::make_shared<const config::v1::Resource>(resource);
    publication.logged.keys.push_back(resource.key());
    publication.dataplane.push_back({resource.key(), shared});
    publication.billing.push_back({resource.key(), shared});
  }
  publication.logged.number = ++state_.number;
  state_.resources.Apply(publication.dataplane);
  state_.billing.Apply(publication.billing);
  publication.logged.dataplane_digest = state_.resources.digest();
  publication.logged.billing_digest = state_.billing.digest();
  state_.log.Append(publication.logged);
  if (process_ != nullptr) process_->publisher->Publish(publication);
  PumpAll();
}

void SimControl::ChangeBudget() {
  if (process_ == nullptr || budgets_.empty()) return;
  SimBudget& budget = budgets_[dice_.Index(budgets_.size())];
  const std::int64_t percent = dice_.Chance(150'000) ? 0 : dice_.Between(20, 250);
  const auto amount =
      static_cast<std::int64_t>(static_cast<__int128>(swarm_.wallet_first) * percent / 100);
  budget.raise = 0;
  if (dice_.Chance(swarm_.turn)) {
    bool& turned = dice_.Chance(500'000) ? budget.hard : budget.disabled;
    turned = !turned;
  } else if (dice_.Chance(swarm_.raise)) {
    budget.raise = std::max<std::int64_t>(1, amount);
    budget.raised_until = clock_.Wall() + dice_.Between(absl::Seconds(1), absl::Seconds(20));
  } else {
    budget.limit = amount;
  }
  report_.Event("control", "budget ", budget.id, " is now ", budget.limit, ", raised by ",
                budget.raise, budget.hard ? "" : ", soft", budget.disabled ? ", disabled" : "");
  Publish({ResourceOf(budget)});
}

void SimControl::ChangeKey() {
  if (process_ == nullptr) return;
  SimKey& key = keys_[dice_.Index(keys_.size())];
  key.revoked = !key.revoked;
  report_.Event("control", "key ", key.id, key.revoked ? " is revoked" : " is allowed");
  key.revoked_in.reset();
  key.bound_ns.reset();
  Publish({ResourceOf(key)});
  if (key.revoked) key.revoked_in = process_->publisher->revision();
}

void SimControl::NoteBillingHas(const config::v1::Revision& revision) {
  for (SimKey& key : keys_) {
    if (!key.revoked_in.has_value() || key.bound_ns.has_value()) continue;
    if (!controlplane::IsBefore(revision, *key.revoked_in)) {
      key.bound_ns = network_.scheduler().now_ns();
    }
  }
}

void SimControl::CheckMayBegin(const SimKey& key) const {
  if (!key.revoked_in.has_value() || !key.bound_ns.has_value()) return;
  const absl::Duration since = absl::Nanoseconds(network_.scheduler().now_ns() - *key.bound_ns);
  if (since > swarm_.lease_ttl) {
    report_.Violation("REVOKED", "a request of ", key.id, " begins ", absl::FormatDuration(since),
                      " after billing knew that it is revoked");
  }
}

void SimControl::AllowAllKeys() {
  std::vector<config::v1::Resource> resources;
  for (SimKey& key : keys_) {
    key.revoked = false;
    key.revoked_in.reset();
    key.bound_ns.reset();
    resources.push_back(ResourceOf(key));
  }
  Publish(resources);
}

// What AccountResolver does, once more.
std::vector<std::string> SimControl::HardAccounts(const SimKey& key, absl::Time now) const {
  std::set<std::string> own;  // Scopes with a budget of their own.
  for (const auto& [name, resource] : state_.resources.rows()) {
    if (!resource->has_budget() || resource->budget().disabled()) continue;
    const config::v1::Budget& budget = resource->budget();
    if (budget.each_kind() == config::v1::SCOPE_KIND_UNSPECIFIED) own.insert(budget.scope_id());
  }
  std::vector<std::string> accounts;
  for (const auto& [name, resource] : state_.resources.rows()) {
    if (!resource->has_budget()) continue;
    const config::v1::Budget& budget = resource->budget();
    if (budget.disabled() || !budget.hard()) continue;
    const std::string& scope = budget.scope_id();
    if (scope != kOrganization && scope != key.workspace && scope != key.project &&
        scope != key.member && scope != key.id) {
      continue;
    }
    std::string instance;
    if (budget.each_kind() != config::v1::SCOPE_KIND_UNSPECIFIED) {
      if (budget.each_kind() == config::v1::SCOPE_KIND_KEY) instance = key.id;
      if (budget.each_kind() == config::v1::SCOPE_KIND_PROJECT) instance = key.project;
      if (instance.empty() || own.contains(instance)) continue;
      instance = "/" + instance;
    }
    // The two enumerations are in the same order, but for the value that states nothing.
    const auto period = static_cast<BudgetPeriod>(static_cast<int>(budget.period()) - 1);
    accounts.push_back(
        absl::StrCat("budget/", budget.id(), "/", BudgetPeriodOf(period, now), instance));
  }
  return accounts;
}

}  // namespace tollgate::sim
