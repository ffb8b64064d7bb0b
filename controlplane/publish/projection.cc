#include "controlplane/publish/projection.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "proto/validate/digest.h"
#include "proto/validate/resource.h"

namespace tollgate::controlplane {
namespace {

using config::v1::Resource;

constexpr std::string_view kCatalogPart[] = {"credential/", "model/", "offering/", "provider/"};

ResourcePtr Finish(Resource resource) {
  SetIdentity(resource);
  return std::make_shared<const Resource>(std::move(resource));
}

// The records of a kind with the planned one in its place.
World::Rows WithPlanned(const World& world, KindId kind,
                        const std::optional<PlannedRecord>& planned) {
  World::Rows rows = world.All(kind);
  if (!planned.has_value() || planned->kind != kind) return rows;
  rows.erase(planned->id);
  if (planned->record != nullptr) rows[planned->id] = planned->record;
  return rows;
}

// The catalog's provider with the administrator's fields over it; nullptr while it is not complete.
ResourcePtr MergeProvider(const std::string& id, const catalog::v1::Provider* fact,
                          const admin::v1::Provider* stated) {
  Resource resource;
  config::v1::Provider& provider = *resource.mutable_provider();
  provider.set_id(id);
  if (fact != nullptr) {
    provider.set_display_name(fact->display_name());
    provider.set_format(fact->format());
    provider.set_base_url(fact->base_url());
    if (fact->has_quirks()) *provider.mutable_quirks() = fact->quirks();
  }
  if (stated != nullptr) {
    if (!stated->display_name().empty()) provider.set_display_name(stated->display_name());
    if (stated->format() != catalog::v1::FORMAT_UNSPECIFIED) {
      provider.set_format(stated->format());
    }
    if (!stated->base_url().empty()) provider.set_base_url(stated->base_url());
    if (stated->has_limits()) *provider.mutable_limits() = stated->limits();
    if (stated->has_quirks()) *provider.mutable_quirks() = stated->quirks();
  }
  ResourcePtr finished = Finish(std::move(resource));
  const bool complete = ValidateResource(*finished, config::v1::AUDIENCE_DATAPLANE).ok();
  return complete ? finished : nullptr;
}

using Desired = std::map<std::string, ResourcePtr>;

void AddProviders(const World::Rows& stated, const std::set<std::string>& in_use,
                  const Facts& facts, Desired& desired) {
  std::set<std::string> ids = in_use;
  for (const auto& [id, record] : stated) ids.insert(id);
  for (const std::string& id : ids) {
    const auto fact = facts.providers.find(id);
    const auto record = stated.find(id);
    ResourcePtr provider =
        MergeProvider(id, fact == facts.providers.end() ? nullptr : &fact->second,
                      record == stated.end() ? nullptr : &record->second->provider());
    if (provider != nullptr) desired[provider->key()] = std::move(provider);
  }
}

void AddOfferings(const std::set<std::string>& in_use, const Facts& facts, Desired& desired) {
  for (const auto& [key, offering] : facts.offerings) {
    const std::string& provider_id = offering->offering().provider_id();
    const auto model = facts.models.find("model/" + offering->offering().model_id());
    if (!in_use.contains(provider_id) || !desired.contains("provider/" + provider_id) ||
        model == facts.models.end()) {
      continue;
    }
    desired[key] = offering;
    desired[model->first] = model->second;
  }
}

}  // namespace

absl::StatusOr<ResourcePtr> ProjectRecord(const Record& record) {
  const Kind& kind = KindOf(record);
  if (kind.project == nullptr) return ResourcePtr();
  Resource resource;
  kind.project(record, resource);
  ResourcePtr finished = Finish(std::move(resource));
  const auto audience =
      finished->has_webhook() ? config::v1::AUDIENCE_BILLING : config::v1::AUDIENCE_DATAPLANE;
  TG_RETURN_IF_ERROR(ValidateResource(*finished, audience));
  return finished;
}

ResourceChanges ForDataplane(const ResourceChanges& changes) {
  ResourceChanges out;
  for (const ResourceChange& change : changes) {
    if (!IsForBillingOnly(change.key)) out.push_back(change);
  }
  return out;
}

ResourcePtr ForBilling(const ResourcePtr& resource) {
  // Offerings for their price versions: billing keeps those that charges may name.
  if (resource->has_workspace() || resource->has_budget() || resource->has_member() ||
      resource->has_webhook() || resource->has_offering()) {
    return resource;
  }
  if (!resource->has_api_key()) return nullptr;
  Resource stripped = *resource;
  stripped.mutable_api_key()->clear_digest();
  stripped.mutable_api_key()->clear_pepper_id();
  return Finish(std::move(stripped));
}

ResourceChanges ForBilling(const ResourceChanges& changes) {
  ResourceChanges out;
  for (const ResourceChange& change : changes) {
    if (change.resource == nullptr) {
      out.push_back(change);
    } else if (ResourcePtr resource = ForBilling(change.resource)) {
      out.push_back({change.key, std::move(resource)});
    }
  }
  return out;
}

std::set<std::string> ProvidersInUse(const World& world,
                                     const std::optional<PlannedRecord>& planned) {
  std::set<std::string> ids;
  for (const auto& [id, record] : WithPlanned(world, KindId::kCredential, planned)) {
    ids.insert(record->credential().provider_id());
  }
  return ids;
}

ResourceChanges PlanCatalogPart(const World& world, const std::optional<PlannedRecord>& planned,
                                const Facts& facts, const ResourceSet& published) {
  Desired desired;
  const std::set<std::string> in_use = ProvidersInUse(world, planned);
  AddProviders(WithPlanned(world, KindId::kProvider, planned), in_use, facts, desired);
  for (const auto& [id, record] : WithPlanned(world, KindId::kCredential, planned)) {
    if (!desired.contains("provider/" + record->credential().provider_id())) continue;
    absl::StatusOr<ResourcePtr> credential = ProjectRecord(*record);
    if (credential.ok()) desired[(*credential)->key()] = *std::move(credential);
  }
  AddOfferings(in_use, facts, desired);

  ResourceChanges changes;
  for (const auto& [key, resource] : desired) {
    const ResourcePtr former = published.Find(key);
    if (former == nullptr || former->hash() != resource->hash()) changes.push_back({key, resource});
  }
  for (std::string_view prefix : kCatalogPart) {
    const ResourceSet::Rows& rows = published.rows();
    for (auto it = rows.lower_bound(prefix); it != rows.end() && it->first.starts_with(prefix);
         ++it) {
      if (!desired.contains(it->first)) changes.push_back({it->first, nullptr});
    }
  }
  return changes;
}

absl::StatusOr<ResourceChanges> ProjectAll(const World& world, const Facts& facts) {
  ResourceChanges all = PlanCatalogPart(world, std::nullopt, facts, ResourceSet());
  for (const Kind* kind : AllKinds()) {
    if (kind->project == nullptr || kind->id == KindId::kCredential) continue;
    for (const auto& [id, record] : world.All(kind->id)) {
      absl::StatusOr<ResourcePtr> resource = ProjectRecord(*record);
      if (!resource.ok()) {
        return absl::DataLossError(
            absl::StrCat("a stored resource is invalid: ", resource.status().message()));
      }
      all.push_back({(*resource)->key(), *std::move(resource)});
    }
  }
  return all;
}

}  // namespace tollgate::controlplane
