#include "billing/config/config_cache.h"

#include <optional>

#include "base/ids.h"
#include "base/status_macros.h"
#include "billing/ledger/binary.h"

namespace tollgate::billing {
namespace {

using config::v1::Resource;

// A million keys and budgets at some hundred bytes each.
constexpr std::size_t kResourcesMax = 2'000'000;

std::optional<BudgetPeriod> ReadPeriod(config::v1::Period period) {
  switch (period) {
    case config::v1::PERIOD_NONE:
      return BudgetPeriod::kNone;
    case config::v1::PERIOD_DAILY:
      return BudgetPeriod::kDaily;
    case config::v1::PERIOD_WEEKLY:
      return BudgetPeriod::kWeekly;
    case config::v1::PERIOD_MONTHLY:
      return BudgetPeriod::kMonthly;
    default:
      return std::nullopt;
  }
}

ConfigRevision ReadRevision(const config::v1::Revision& revision) {
  return {revision.epoch(), revision.number()};
}

absl::Status CheckBudget(const std::string& key, const config::v1::Budget& budget) {
  if (!IsValidResourceId(budget.id()) || budget.limit_nano_usd() < 0 ||
      !ReadPeriod(budget.period()).has_value()) {
    return absl::InvalidArgumentError(key +
                                      ": a budget needs an id, a period and a limit of zero "
                                      "or more");
  }
  for (const config::v1::Budget::Raise& raise : budget.raises()) {
    if (raise.amount_nano_usd() <= 0) {
      return absl::InvalidArgumentError(key + ": a raise needs an amount above zero");
    }
  }
  return absl::OkStatus();
}

std::string_view ScopeWord(config::v1::ScopeKind kind) {
  switch (kind) {
    case config::v1::SCOPE_KIND_ORGANIZATION:
      return "organization/";
    case config::v1::SCOPE_KIND_WORKSPACE:
      return "workspace/";
    case config::v1::SCOPE_KIND_PROJECT:
      return "project/";
    case config::v1::SCOPE_KIND_MEMBER:
      return "member/";
    case config::v1::SCOPE_KIND_KEY:
      return "key/";
    case config::v1::SCOPE_KIND_QUOTA_ENTITY:
      return "quota_entity/";
    default:
      return "";
  }
}

// What of a hard budget a node must know to keep to it.
std::string ReachOf(const config::v1::Budget& budget) {
  if (!budget.hard()) return "";
  config::v1::Budget reach = budget;
  reach.clear_limit_nano_usd();
  reach.clear_raises();
  reach.clear_alert_percents();
  reach.clear_alert_webhook_ids();
  return reach.SerializeAsString();
}

// REQUIRED: CheckBudget().
BudgetTerms ReadTerms(const config::v1::Budget& budget) {
  BudgetTerms terms{.limit = Money::FromNanoUsd(budget.limit_nano_usd()),
                    .period = *ReadPeriod(budget.period()),
                    .hard = budget.hard(),
                    .each = budget.each_kind() != config::v1::SCOPE_KIND_UNSPECIFIED,
                    .scope = std::string(ScopeWord(budget.scope_kind())) + budget.scope_id()};
  for (const config::v1::Budget::Raise& raise : budget.raises()) {
    terms.raises.push_back({Money::FromNanoUsd(raise.amount_nano_usd()),
                            absl::FromUnixSeconds(raise.until().seconds()) +
                                absl::Nanoseconds(raise.until().nanos())});
  }
  terms.alert_percents.assign(budget.alert_percents().begin(), budget.alert_percents().end());
  terms.alert_webhook_ids.assign(budget.alert_webhook_ids().begin(),
                                 budget.alert_webhook_ids().end());
  return terms;
}

}  // namespace

absl::StatusOr<ConfigCache> ConfigCache::Restore(const StoredState& state) {
  ConfigCache cache;
  if (state.config_revision.empty()) return cache;
  BinaryReader in(state.config_revision);
  cache.current_.revision = {in.U64(), in.U64()};
  if (!in.complete()) return absl::DataLossError("the stored configuration cannot be read");
  for (const auto& [key, bytes] : state.config) {
    Resource resource;
    if (!resource.ParseFromString(bytes) || resource.key() != key) {
      return absl::DataLossError("the stored configuration cannot be read: " + key);
    }
    TG_RETURN_IF_ERROR(Upsert(resource, &cache.current_));
  }
  return cache;
}

absl::Status ConfigCache::AddChunk(const config::v1::SubscribeResponse::SnapshotChunk& chunk,
                                   bool* complete) {
  *complete = false;
  if (chunk.index() == 0) {
    chunks_ = {ReadRevision(chunk.revision()), chunk.count(), 0, chunk.digest(), {}};
  }
  if (chunk.count() == 0 || chunk.count() != chunks_.count || chunk.index() != chunks_.next_index ||
      ReadRevision(chunk.revision()) != chunks_.revision ||
      chunks_.resources.size() + static_cast<std::size_t>(chunk.resources_size()) > kResourcesMax) {
    chunks_ = {};
    return absl::InvalidArgumentError("the chunks of a snapshot do not belong together");
  }
  for (const std::string& bytes : chunk.resources()) {
    if (chunks_.resources.emplace_back().ParseFromString(bytes)) continue;
    chunks_ = {};
    return absl::InvalidArgumentError("a resource of the snapshot cannot be read");
  }
  *complete = ++chunks_.next_index == chunks_.count;
  return absl::OkStatus();
}

absl::StatusOr<ConfigUpdate> ConfigCache::PrepareSnapshot() {
  const Chunks chunks = std::exchange(chunks_, {});
  if (chunks.revision <= current_.revision && current_.revision != ConfigRevision{}) {
    // The same revision again is a snapshot for a node whose digest differed.
    if (chunks.revision < current_.revision || chunks.digest == current_.digest) {
      return absl::InvalidArgumentError("the snapshot is not newer than what is in force");
    }
  }
  ConfigUpdate update;
  State state;
  state.revision = chunks.revision;
  for (const Resource& resource : chunks.resources) {
    TG_RETURN_IF_ERROR(Upsert(resource, &state));
    KeepPrices(resource, &update.change);
    update.change.upserts[resource.key()] = resource.SerializeAsString();
  }
  if (state.digest != chunks.digest) {
    return absl::InvalidArgumentError("the snapshot does not have the digest that was stated");
  }
  // What was taken and given back in between cannot be told.  Nor can what was taken before the
  // first one: a node may have begun with an earlier configuration than billing ever saw.
  update.binding.all = true;
  update.change.replaces_all = true;
  update.change.revision = EncodeRevision(state);
  update.budgets = BudgetsOf(state);
  update.webhooks = WebhooksOf(state);
  prepared_ = std::move(state);
  return update;
}

absl::StatusOr<ConfigUpdate> ConfigCache::PrepareDelta(
    const config::v1::SubscribeResponse::Delta& delta) {
  if (ReadRevision(delta.from()) != current_.revision) {
    return absl::FailedPreconditionError("the delta starts from another revision");
  }
  if (ReadRevision(delta.to()) <= current_.revision) {
    return absl::InvalidArgumentError("the delta does not lead to a newer revision");
  }
  State state = current_;
  state.revision = ReadRevision(delta.to());
  ConfigUpdate update;
  for (const std::string& key : delta.removed()) {
    const auto found = state.resources.find(key);
    if (found == state.resources.end()) continue;
    NoteBinding(state, &found->second, nullptr, &update.binding);
    state.digest -= found->second.hash;
    state.resources.erase(found);
    update.change.removed.push_back(key);
  }
  for (const Resource& resource : delta.upserts()) {
    TG_RETURN_IF_ERROR(Upsert(resource, &state));
    KeepPrices(resource, &update.change);
    update.change.upserts[resource.key()] = resource.SerializeAsString();
  }
  if (state.digest != delta.digest()) {
    return absl::InvalidArgumentError("the delta does not lead to the digest that was stated");
  }
  for (const auto& [key, bytes] : update.change.upserts) {  // Scopes may be in it, too.
    const auto before = current_.resources.find(key);
    NoteBinding(state, before == current_.resources.end() ? nullptr : &before->second,
                &state.resources.at(key), &update.binding);
  }
  update.change.revision = EncodeRevision(state);
  update.budgets = BudgetsOf(state);
  update.webhooks = WebhooksOf(state);
  prepared_ = std::move(state);
  return update;
}

void ConfigCache::Adopt() { current_ = std::exchange(prepared_, {}); }

// What is new takes nothing, but for a cap; what is changed or gone may, and what is as it was may
// have been otherwise in between, which is what a node may have.
void ConfigCache::NoteBinding(const State& state, const Kept* before, const Kept* after,
                              BindingChange* binding) {
  if (before != nullptr && !before->workspace_id.empty()) {
    binding->workspaces.insert(before->workspace_id);
  }
  if (after == nullptr || after->reach.empty()) return;
  if (before == nullptr || before->reach != after->reach) {
    BindScope(state, after->terms.scope, binding);
  }
}

void ConfigCache::BindScope(const State& state, const std::string& scope, BindingChange* binding) {
  const auto found = state.resources.find(scope);
  if (found != state.resources.end() && !found->second.workspace_id.empty()) {
    binding->workspaces.insert(found->second.workspace_id);
    return;
  }
  constexpr std::string_view kOrganization = "organization/";
  if (!scope.starts_with(kOrganization)) {
    binding->all = true;  // A project or a quota entity: billing does not know of whom.
    return;
  }
  for (auto it = state.resources.lower_bound("workspace/");
       it != state.resources.end() && it->first.starts_with("workspace/"); ++it) {
    if (it->second.organization_id == scope.substr(kOrganization.size())) {
      binding->workspaces.insert(it->second.workspace_id);
    }
  }
}

// Every version of prices and of price rules is kept when it is first published, before a charge
// can name it: whoever recomputes a charge years later needs nothing but this store.
void ConfigCache::KeepPrices(const Resource& resource, ConfigChange* change) {
  for (const pricing::v1::PriceVersion& version : resource.offering().price_versions()) {
    if (!version.id().empty()) change->price_versions[version.id()] = version.SerializeAsString();
  }
  if (const config::v1::PriceRule& rule = resource.price_rule(); !rule.version().empty()) {
    change->price_rules[rule.version()] = rule.SerializeAsString();
  }
}

BudgetTermsById ConfigCache::BudgetsOf(const State& state) {
  BudgetTermsById budgets;
  for (const auto& [key, kept] : state.resources) {
    if (!kept.budget_id.empty()) budgets[kept.budget_id] = kept.terms;
  }
  return budgets;
}

WebhooksById ConfigCache::WebhooksOf(const State& state) {
  WebhooksById webhooks;
  for (const auto& [key, kept] : state.resources) {
    if (!kept.webhook_id.empty()) webhooks[kept.webhook_id] = kept.webhook;
  }
  return webhooks;
}

absl::Status ConfigCache::Upsert(const Resource& resource, State* state) {
  if (resource.key().empty()) return absl::InvalidArgumentError("a resource without a key");
  Kept kept;
  kept.hash = resource.hash();
  if (resource.has_budget()) {
    const config::v1::Budget& budget = resource.budget();
    TG_RETURN_IF_ERROR(CheckBudget(resource.key(), budget));
    if (!budget.disabled()) {
      kept.budget_id = budget.id();
      kept.terms = ReadTerms(budget);
      kept.reach = ReachOf(budget);
    }
  } else if (resource.has_workspace()) {
    kept.workspace_id = resource.workspace().id();
    kept.organization_id = resource.workspace().organization_id();
  } else if (resource.has_member()) {
    kept.workspace_id = resource.member().workspace_id();
  } else if (resource.has_api_key()) {
    kept.workspace_id = resource.api_key().workspace_id();
  } else if (resource.has_webhook()) {
    const config::v1::Webhook& webhook = resource.webhook();
    if (!IsValidResourceId(webhook.id())) {
      return absl::InvalidArgumentError(resource.key() + ": a webhook needs an id");
    }
    kept.webhook_id = webhook.id();
    kept.webhook = {webhook.url(), webhook.sealed_secret(), webhook.disabled()};
  }
  Kept& slot = state->resources[resource.key()];
  state->digest += kept.hash - slot.hash;  // Modulo 2^64, as is the digest.
  slot = std::move(kept);
  return absl::OkStatus();
}

std::string ConfigCache::EncodeRevision(const State& state) {
  BinaryWriter out;
  out.U64(state.revision.epoch);
  out.U64(state.revision.number);
  return out.Take();
}

}  // namespace tollgate::billing
