#include "tests/sim/sim_control.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/check.h"
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
  const auto add_budget = [&](config::v1::ScopeKind kind, const std::string& scope) {
    SimBudget budget;
    budget.id = absl::StrCat("bud_", budgets_.size() + 1);
    budget.scope_kind = kind;
    budget.scope = scope;
    budget.limit = std::max<std::int64_t>(1, swarm_.wallet_first * dice_.Between(1, 20) / 10);
    budget.period = dice_.Chance(500'000)   ? config::v1::PERIOD_DAILY
                    : dice_.Chance(500'000) ? config::v1::PERIOD_NONE
                                            : config::v1::PERIOD_MONTHLY;
    budget.hard = dice_.Chance(850'000);
    resources.push_back(ResourceOf(budget));
    budgets_.push_back(std::move(budget));
  };
  if (dice_.Chance(500'000)) add_budget(config::v1::SCOPE_KIND_ORGANIZATION, kOrganization);
  for (int w = 1; w <= swarm_.workspaces; ++w) {
    const std::string workspace = absl::StrCat("ws_", w);
    config::v1::Resource resource;
    resource.mutable_workspace()->set_id(workspace);
    resource.mutable_workspace()->set_organization_id(kOrganization);
    SetIdentity(resource);
    resources.push_back(std::move(resource));
    if (dice_.Chance(400'000)) add_budget(config::v1::SCOPE_KIND_WORKSPACE, workspace);
    for (int k = 1; k <= swarm_.keys; ++k) {
      SimKey key;
      key.id = absl::StrCat("key_", w, "_", k);
      key.workspace = workspace;
      key.text = std::string(GenerateApiKey(dice_).Reveal());
      resources.push_back(ResourceOf(key));
      if (dice_.Chance(500'000)) add_budget(config::v1::SCOPE_KIND_KEY, key.id);
      keys_.push_back(std::move(key));
    }
  }
  Publish(resources);
  backup_ = state_;
}

config::v1::Resource SimControl::ResourceOf(const SimKey& from) const {
  config::v1::Resource resource;
  config::v1::Key* key = resource.mutable_api_key();
  key->set_id(from.id);
  key->set_workspace_id(from.workspace);
  key->set_digest(std::string(DigestView(*peppers_.Digest(1, from.text))));
  key->set_pepper_id(1);
  key->set_revoked(from.revoked);
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
  budget.limit =
      static_cast<std::int64_t>(static_cast<__int128>(swarm_.wallet_first) * percent / 100);
  report_.Event("control", "budget ", budget.id, " is now ", budget.limit);
  Publish({ResourceOf(budget)});
}

void SimControl::ChangeKey() {
  if (process_ == nullptr) return;
  SimKey& key = keys_[dice_.Index(keys_.size())];
  key.revoked = !key.revoked;
  report_.Event("control", "key ", key.id, key.revoked ? " is revoked" : " is allowed");
  Publish({ResourceOf(key)});
}

void SimControl::AllowAllKeys() {
  std::vector<config::v1::Resource> resources;
  for (SimKey& key : keys_) {
    key.revoked = false;
    resources.push_back(ResourceOf(key));
  }
  Publish(resources);
}

std::vector<std::string> SimControl::HardAccounts(const SimKey& key, absl::Time now) const {
  std::vector<std::string> accounts;
  for (const auto& [name, resource] : state_.resources.rows()) {
    if (!resource->has_budget() || !resource->budget().hard()) continue;
    const config::v1::Budget& budget = resource->budget();
    if (budget.scope_id() != kOrganization && budget.scope_id() != key.workspace &&
        budget.scope_id() != key.id) {
      continue;
    }
    const BudgetPeriod period = budget.period() == config::v1::PERIOD_DAILY ? BudgetPeriod::kDaily
                                : budget.period() == config::v1::PERIOD_MONTHLY
                                    ? BudgetPeriod::kMonthly
                                    : BudgetPeriod::kNone;
    accounts.push_back(absl::StrCat("budget/", budget.id(), "/", BudgetPeriodOf(period, now)));
  }
  return accounts;
}

}  // namespace tollgate::sim
