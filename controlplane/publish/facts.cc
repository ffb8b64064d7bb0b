#include "controlplane/publish/facts.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/string_views.h"
#include "proto/validate/digest.h"
#include "proto/validate/resource.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kModelPrefix = "model/";
constexpr std::string_view kProviderPrefix = "provider/";
constexpr std::string_view kOfferingPrefix = "offering/";

// Puts the resource into `out` if it is valid.
void Keep(config::v1::Resource resource, std::map<std::string, ResourcePtr>& out, int& refused) {
  SetIdentity(resource);
  const absl::Status status = ValidateResource(resource, config::v1::AUDIENCE_DATAPLANE);
  if (!status.ok()) {
    ++refused;
    LogEvent(LogLevel::kWarning, "fact_refused", {{"error", status}});
    return;
  }
  std::string key = resource.key();
  out[std::move(key)] = std::make_shared<const config::v1::Resource>(std::move(resource));
}

}  // namespace

Facts ReadFacts(const catalog::v1::Facts& facts) {
  Facts out;
  for (const catalog::v1::Model& model : facts.models()) {
    config::v1::Resource resource;
    *resource.mutable_model() = model;
    Keep(std::move(resource), out.models, out.refused);
  }
  for (const catalog::v1::Offering& offering : facts.offerings()) {
    config::v1::Resource resource;
    *resource.mutable_offering() = offering;
    Keep(std::move(resource), out.offerings, out.refused);
  }
  for (const catalog::v1::Provider& provider : facts.providers()) {
    out.providers[provider.id()] = provider;
  }
  return out;
}

std::map<std::string, std::string> FactRows(const Facts& facts) {
  std::map<std::string, std::string> rows;
  for (const auto& [key, resource] : facts.models) {
    rows[key] = resource->model().SerializeAsString();
  }
  for (const auto& [key, resource] : facts.offerings) {
    rows[key] = resource->offering().SerializeAsString();
  }
  for (const auto& [id, provider] : facts.providers) {
    rows[absl::StrCat(AbslView(kProviderPrefix), id)] = provider.SerializeAsString();
  }
  return rows;
}

absl::Status ReadFactRow(std::string_view key, const std::string& value,
                         catalog::v1::Facts& facts) {
  bool parsed = false;
  if (key.starts_with(kModelPrefix)) parsed = facts.add_models()->ParseFromString(value);
  if (key.starts_with(kProviderPrefix)) parsed = facts.add_providers()->ParseFromString(value);
  if (key.starts_with(kOfferingPrefix)) parsed = facts.add_offerings()->ParseFromString(value);
  if (parsed) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the fact ", AbslView(key), " cannot be read"));
}

}  // namespace tollgate::controlplane
