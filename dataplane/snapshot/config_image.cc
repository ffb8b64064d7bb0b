#include "dataplane/snapshot/config_image.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "dataplane/snapshot/catalog_builder.h"
#include "proto/validate/resource.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Resource;

constexpr std::string_view kKeyPrefix = "key/";
constexpr std::string_view kWorkspacePrefix = "workspace/";
constexpr std::string_view kMemberPrefix = "member/";

RateLimits ReadLimits(const config::v1::RateLimits& from) {
  return {from.requests_per_minute(), from.tokens_per_minute(), from.concurrent_requests()};
}

absl::Status Dangling(std::string_view from, std::string_view target) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "DANGLING_REFERENCE",
                         absl::StrCat(AbslView(from), ": ", AbslView(target), " does not exist"));
}

// `status` with the name of the resource in front.
absl::Status Named(const Resource& resource, const absl::Status& status) {
  return absl::InvalidArgumentError(
      absl::StrCat(resource.key(), ": ", absl::string_view(status.message())));
}

// The resource keys that a resource other than a key cannot do without.
std::vector<std::string> TargetsOf(const Resource& resource) {
  std::vector<std::string> targets;
  auto add = [&targets](std::string_view kind, const std::string& id) {
    if (!id.empty()) targets.push_back(absl::StrCat(AbslView(kind), id));
  };
  switch (resource.body_case()) {
    case Resource::kBudget:
      if (resource.budget().scope_kind() == config::v1::SCOPE_KIND_WORKSPACE) {
        add(kWorkspacePrefix, resource.budget().scope_id());
      } else if (resource.budget().scope_kind() == config::v1::SCOPE_KIND_KEY) {
        add(kKeyPrefix, resource.budget().scope_id());
      } else if (resource.budget().scope_kind() == config::v1::SCOPE_KIND_MEMBER) {
        add(kMemberPrefix, resource.budget().scope_id());
      }
      break;
    case Resource::kMember:
      add(kWorkspacePrefix, resource.member().workspace_id());
      break;
    case Resource::kPriceRule:
      add(kWorkspacePrefix, resource.price_rule().workspace_id());
      break;
    case Resource::kCredential:
      add("provider/", resource.credential().provider_id());
      add(kWorkspacePrefix, resource.credential().workspace_id());
      break;
    case Resource::kOffering:
      add("provider/", resource.offering().provider_id());
      add("model/", resource.offering().model_id());
      break;
    case Resource::kAlias:
      add(kWorkspacePrefix, resource.alias().workspace_id());
      break;
    case Resource::kRoute:
      add(kWorkspacePrefix, resource.route().workspace_id());
      break;
    default:
      break;
  }
  return targets;
}

bool IsInCatalog(const Resource& resource) {
  switch (resource.body_case()) {
    case Resource::kProvider:
    case Resource::kCredential:
    case Resource::kModel:
    case Resource::kOffering:
    case Resource::kAlias:
    case Resource::kRoute:
    case Resource::kPriceRule:
      return true;
    default:
      return false;
  }
}

WireKey ReadKey(const Resource& resource) {
  const config::v1::Key& from = resource.api_key();
  WireKey key;
  key.resource_key = resource.key();
  key.workspace_id = from.workspace_id();
  KeyFacts& facts = key.facts;
  facts.id = from.id();
  std::copy(from.digest().begin(), from.digest().end(), facts.digest.begin());  // 32: validated.
  if (from.has_expire_time()) {
    facts.expire_time = absl::FromUnixSeconds(from.expire_time().seconds()) +
                        absl::Nanoseconds(from.expire_time().nanos());
  }
  facts.revoked = from.revoked();
  facts.allowed_models.assign(from.allowed_models().begin(), from.allowed_models().end());
  facts.project_id = from.project_id();
  facts.member_id = from.member_id();
  facts.limits = ReadLimits(from.limits());
  facts.manages_quotas = from.manages_quotas();
  facts.resource_hash = resource.hash();
  return key;
}

absl::Status Duplicate(std::string_view resource_key) {
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument, "DUPLICATE_RESOURCE",
      absl::StrCat(AbslView(resource_key), ": is there twice, or has the digest of another key"));
}

std::string BudgetScope(const config::v1::Budget& budget) {
  return absl::StrCat(static_cast<int>(budget.scope_kind()), "/", budget.scope_id());
}

}  // namespace

ConfigImage::ConfigImage(const Sealer& sealer) : sealer_(&sealer) {}

void ConfigImage::BeginEdit() {
  if (editing_) return;
  editing_ = true;
  keys_.BeginEdit();
  workspaces_.BeginEdit();
  keys_of_workspace_.BeginEdit();
  workspace_index_.BeginEdit();
  budgets_.BeginEdit();
  kept_.BeginEdit();
  prices_.BeginEdit();
  references_.BeginEdit();
  members_.BeginEdit();
}

bool ConfigImage::Has(std::string_view key) const {
  if (key.starts_with(kKeyPrefix)) return keys_.FindById(key.substr(kKeyPrefix.size())).has_value();
  return kept_.Find(key) != nullptr;
}

// A key may come before its workspace: the place is made at once, and Finish() checks.
std::uint32_t ConfigImage::InternWorkspace(std::string_view id, std::string_view needed_by) {
  if (!needed_by.empty() &&
      kept_.Find(absl::StrCat(AbslView(kWorkspacePrefix), AbslView(id))) == nullptr) {
    awaited_workspaces_.try_emplace(std::string(id), needed_by);
  }
  if (const std::uint32_t* known = workspace_index_.Find(id)) return *known;
  const auto index = static_cast<std::uint32_t>(workspaces_.size());
  workspaces_.Editable(index).id = id;
  keys_of_workspace_.Editable(index) = 0;
  workspace_index_.Set(id, std::make_shared<const std::uint32_t>(index));
  return index;
}

void ConfigImage::AwaitMember(std::string_view id, std::string_view needed_by) {
  if (!id.empty()) awaited_members_.try_emplace(std::string(id), needed_by);
}

absl::Status ConfigImage::UpsertKey(const WireKey& key) {
  AwaitMember(key.facts.member_id, key.resource_key);
  KeyFacts facts = key.facts;
  facts.workspace = InternWorkspace(key.workspace_id, key.resource_key);
  const std::optional<KeyRef> old = keys_.FindById(facts.id);
  if (old.has_value()) {
    --keys_of_workspace_.Editable(old->workspace());
    digest_ -= old->resource_hash();
    --resource_count_;
  }
  if (!keys_.Upsert(facts)) return Duplicate(key.resource_key);
  ++keys_of_workspace_.Editable(facts.workspace);
  digest_ += facts.resource_hash;
  ++resource_count_;
  removed_.erase(AbslView(key.resource_key));
  return absl::OkStatus();
}

void ConfigImage::LoadKey(WireKey& key) {
  AwaitMember(key.facts.member_id, key.resource_key);
  // Most keys share their workspace with another: that it is awaited is known then.
  const auto known = loading_->workspaces.find(AbslView(key.workspace_id));
  if (known != loading_->workspaces.end()) {
    key.facts.workspace = known->second;
  } else {
    key.facts.workspace = InternWorkspace(key.workspace_id, key.resource_key);
    loading_->workspaces.emplace(std::string(key.workspace_id), key.facts.workspace);
  }
  keys_.Append(key.facts);
  ++keys_of_workspace_.Editable(key.facts.workspace);
  digest_ += key.facts.resource_hash;
  ++resource_count_;
}

absl::Status ConfigImage::Load(std::string_view bytes) {
  if (!loading_.has_value() && keys_.size() == 0) {
    BeginEdit();
    loading_.emplace();
  }
  if (loading_.has_value() && ReadPlainKey(bytes, loading_->key)) {
    LoadKey(loading_->key);
    return absl::OkStatus();
  }
  Resource resource;
  if (!resource.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("a resource cannot be read");
  }
  if (!loading_.has_value()) return Upsert(resource);
  TG_RETURN_IF_ERROR(ValidateResource(resource, config::v1::AUDIENCE_DATAPLANE));
  if (!resource.has_api_key()) return UpsertOther(resource);
  WireKey key = ReadKey(resource);
  LoadKey(key);
  return absl::OkStatus();
}

absl::Status ConfigImage::EndLoading() {
  if (!loading_.has_value()) return absl::OkStatus();
  loading_.reset();
  const std::optional<KeyRef> twice = keys_.Index();
  if (!twice.has_value()) return absl::OkStatus();
  return Duplicate(absl::StrCat(AbslView(kKeyPrefix), AbslView(twice->id())));
}

// Whatever can fail for a resource other than a key, besides its references.
absl::Status ConfigImage::Prepare(const Resource& resource) {
  if (resource.has_provider()) {
    if (absl::Status status = ParseOrigin(resource.provider().base_url()).status(); !status.ok()) {
      return Named(resource, status);
    }
  } else if (resource.has_credential()) {
    absl::Status status = OpenCredential(resource.credential(), *sealer_).status();
    if (!status.ok()) return Named(resource, status);
  } else if (resource.has_offering()) {
    auto prices = CompilePrices(resource.offering());
    if (!prices.ok()) return Named(resource, prices.status());
    prices_.Set(resource.key(), std::make_shared<const std::vector<std::shared_ptr<const Price>>>(
                                    *std::move(prices)));
  }
  return absl::OkStatus();
}

void ConfigImage::CountReferences(const Resource& resource, std::int64_t delta) {
  for (const std::string& target : TargetsOf(resource)) {
    const std::int64_t* old = references_.Find(target);
    const std::int64_t count = (old == nullptr ? 0 : *old) + delta;
    if (count == 0) {
      references_.Erase(target);
    } else {
      references_.Set(target, std::make_shared<const std::int64_t>(count));
    }
  }
}

void ConfigImage::PutBudget(const config::v1::Budget& from) {
  if (from.disabled()) return;
  auto budget = std::make_shared<Budget>();
  budget->id = from.id();
  budget->scope_kind = static_cast<ScopeKind>(from.scope_kind());
  budget->scope_id = from.scope_id();
  budget->limit = Money::FromNanoUsd(from.limit_nano_usd());
  budget->period = static_cast<int>(from.period());
  budget->hard = from.hard();
  budget->include_byok = from.include_byok();
  if (from.each_kind() != config::v1::SCOPE_KIND_UNSPECIFIED) {
    budget->each = static_cast<ScopeKind>(from.each_kind());
  }
  const std::string scope = BudgetScope(from);
  const auto* old = budgets_.Find(scope);
  auto budgets = old == nullptr
                     ? std::make_shared<std::vector<std::shared_ptr<const Budget>>>()
                     : std::make_shared<std::vector<std::shared_ptr<const Budget>>>(*old);
  budgets->push_back(std::move(budget));
  std::sort(budgets->begin(), budgets->end(),
            [](const auto& a, const auto& b) { return a->id < b->id; });
  budgets_.Set(scope, std::move(budgets));
}

void ConfigImage::DropBudget(const config::v1::Budget& from) {
  const std::string scope = BudgetScope(from);
  const auto* old = budgets_.Find(scope);
  if (old == nullptr) return;
  auto budgets = std::make_shared<std::vector<std::shared_ptr<const Budget>>>(*old);
  std::erase_if(*budgets, [&from](const auto& budget) { return budget->id == from.id(); });
  if (budgets->empty()) {
    budgets_.Erase(scope);
  } else {
    budgets_.Set(scope, std::move(budgets));
  }
}

void ConfigImage::Put(const Resource& resource) {
  CountReferences(resource, 1);
  if (resource.has_budget()) PutBudget(resource.budget());
  if (resource.has_workspace()) {
    const std::uint32_t index = InternWorkspace(resource.workspace().id(), "");
    workspaces_.Editable(index).organization_id = resource.workspace().organization_id();
    workspaces_.Editable(index).limits = ReadLimits(resource.workspace().limits());
    awaited_workspaces_.erase(resource.workspace().id());
  }
  if (resource.has_member()) {
    auto member = std::make_shared<Member>();
    member->id = resource.member().id();
    member->disabled = resource.member().disabled();
    member->limits = ReadLimits(resource.member().limits());
    members_.Set(resource.member().id(), std::move(member));
  }
  if (IsInCatalog(resource)) catalog_stale_ = true;
  digest_ += resource.hash();
  ++resource_count_;
  kept_.Set(resource.key(), std::make_shared<const Resource>(resource));
}

void ConfigImage::Drop(const Resource& resource) {
  CountReferences(resource, -1);
  if (resource.has_budget()) DropBudget(resource.budget());
  if (resource.has_member()) members_.Erase(resource.member().id());
  if (IsInCatalog(resource)) catalog_stale_ = true;
  digest_ -= resource.hash();
  --resource_count_;
}

absl::Status ConfigImage::Upsert(const Resource& resource) {
  TG_RETURN_IF_ERROR(EndLoading());
  TG_RETURN_IF_ERROR(ValidateResource(resource, config::v1::AUDIENCE_DATAPLANE));
  BeginEdit();
  return resource.has_api_key() ? UpsertKey(ReadKey(resource)) : UpsertOther(resource);
}

absl::Status ConfigImage::UpsertOther(const Resource& resource) {
  TG_RETURN_IF_ERROR(Prepare(resource));
  if (const Resource* old = kept_.Find(resource.key())) Drop(*old);
  Put(resource);
  touched_.insert(resource.key());
  removed_.erase(resource.key());
  return absl::OkStatus();
}

bool ConfigImage::RemoveKey(std::string_view id) {
  const std::optional<KeyRef> old = keys_.FindById(id);
  if (!old.has_value()) return false;
  --keys_of_workspace_.Editable(old->workspace());
  digest_ -= old->resource_hash();
  --resource_count_;
  keys_.Remove(id);
  return true;
}

absl::Status ConfigImage::Remove(std::string_view key) {
  TG_RETURN_IF_ERROR(EndLoading());
  BeginEdit();
  if (key.starts_with(kKeyPrefix)) {
    if (RemoveKey(key.substr(kKeyPrefix.size()))) removed_.insert(std::string(key));
    return absl::OkStatus();
  }
  const Resource* old = kept_.Find(key);
  if (old == nullptr) return absl::OkStatus();
  Drop(*old);
  prices_.Erase(key);
  kept_.Erase(key);
  touched_.erase(AbslView(key));
  removed_.insert(std::string(key));
  return absl::OkStatus();
}

absl::Status ConfigImage::CheckTouched() const {
  for (const auto& [workspace, key] : awaited_workspaces_) {
    return Dangling(key, absl::StrCat("workspace/", workspace));
  }
  for (const auto& [member, key] : awaited_members_) {
    if (members_.Find(member) == nullptr) {
      return Dangling(key, absl::StrCat(AbslView(kMemberPrefix), member));
    }
  }
  for (const std::string& key : touched_) {
    const Resource* resource = kept_.Find(key);
    if (resource == nullptr) continue;
    for (const std::string& target : TargetsOf(*resource)) {
      if (!Has(target)) return Dangling(key, target);
    }
  }
  return absl::OkStatus();
}

absl::Status ConfigImage::CheckRemoved() const {
  for (const std::string& key : removed_) {
    if (references_.Find(key) != nullptr) return Dangling("a resource that is left", key);
    if (!key.starts_with(kWorkspacePrefix)) continue;
    const std::uint32_t* index =
        workspace_index_.Find(std::string_view(key).substr(kWorkspacePrefix.size()));
    if (index != nullptr && keys_of_workspace_[*index] > 0) {
      return Dangling("a key that is left", key);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Snapshot>> ConfigImage::Finish(
    const ConfigRevision& revision) {
  TG_RETURN_IF_ERROR(EndLoading());
  TG_RETURN_IF_ERROR(CheckTouched());
  TG_RETURN_IF_ERROR(CheckRemoved());
  if (catalog_stale_) {
    catalog_ = CatalogBuilder::Build(kept_, prices_, *sealer_);
    catalog_stale_ = false;
  }
  for (const std::string& key : removed_) {
    if (key.starts_with(kWorkspacePrefix)) {
      workspace_index_.Erase(std::string_view(key).substr(kWorkspacePrefix.size()));
    }
  }
  touched_.clear();
  removed_.clear();
  awaited_members_.clear();
  editing_ = false;  // What the snapshot shares from here on is copied before it is changed.
  auto snapshot = std::shared_ptr<Snapshot>(new Snapshot());
  snapshot->revision_ = revision;
  snapshot->digest_ = digest_;
  snapshot->resource_count_ = resource_count_;
  snapshot->keys_ = keys_;
  snapshot->workspaces_ = workspaces_;
  snapshot->workspace_index_ = workspace_index_;
  snapshot->budgets_ = budgets_;
  snapshot->members_ = members_;
  snapshot->catalog_ = catalog_;
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

}  // namespace tollgate::dataplane
