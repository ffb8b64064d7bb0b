#include "catalog/model/merge.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "catalog/model/validate.h"
#include "catalog/price/price_version.h"

namespace tollgate::catalog {
namespace {

constexpr const char* kReason = "INVALID_FACT";

absl::Status InvalidFact(std::string_view message) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, kReason, message);
}

// `status` with our reason.
absl::Status Named(const absl::Status& status) {
  return status.ok() ? status : InvalidFact(StdView(status.message()));
}

// Records one fact of a kind without prices.
template <typename Fact>
void Compare(const std::map<std::string, Fact, std::less<>>& current, const Fact& fact,
             std::vector<Fact>& changed, Change& change) {
  const auto known = current.find(fact.id);
  if (known != current.end() && known->second == fact) return;
  ++(known == current.end() ? change.created : change.updated);
  changed.push_back(fact);
}

bool SameButForPrices(const Offering& a, const Offering& b) {
  return a.id == b.id && a.model_id == b.model_id && a.provider_id == b.provider_id &&
         a.provider_model_id == b.provider_model_id &&
         a.context_tokens_max == b.context_tokens_max &&
         a.output_tokens_max == b.output_tokens_max && a.region == b.region && a.status == b.status;
}

// Adds `version` to the history of the offering `id`, unless it changes nothing.
absl::Status AddVersion(SourcedPriceVersion sourced, absl::Time now, const std::string& id,
                        std::vector<SourcedPriceVersion>& history, Change& change) {
  PriceVersion& version = sourced.version;
  if (version.effective_time == absl::InfinitePast()) version.effective_time = now;
  version.effective_time = absl::FromUnixSeconds(absl::ToUnixSeconds(version.effective_time));
  SortComponents(version.components);
  const std::string computed = PriceVersionId(id, version.effective_time, version.components);
  if (!version.id.empty() && version.id != computed) {
    return InvalidFact(absl::StrCat("offering '", id, "': price version '",
                                    version.id.substr(0, kNameCharsMax),
                                    "' does not have the id of its contents, ", computed));
  }
  version.id = computed;
  const std::size_t in_force = InForce(history, version.effective_time);
  if (in_force < history.size() && history[in_force].version.components == version.components) {
    return absl::OkStatus();
  }
  change.price_versions.push_back(sourced);
  if (in_force < history.size() &&
      history[in_force].version.effective_time == version.effective_time) {
    history[in_force] = std::move(sourced);
    return absl::OkStatus();
  }
  const auto place = std::find_if(history.begin(), history.end(), [&](const auto& other) {
    return other.version.effective_time > version.effective_time;
  });
  history.insert(place, std::move(sourced));
  return absl::OkStatus();
}

absl::Status MergeOffering(const CatalogState& current, const Offering& offering, absl::Time now,
                           Change& change) {
  const auto known = current.offerings.find(offering.id);
  Offering merged = offering;
  merged.price_versions.clear();
  if (known != current.offerings.end()) merged.price_versions = known->second.price_versions;
  std::vector<SourcedPriceVersion> versions = offering.price_versions;
  std::stable_sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) {
    return a.version.effective_time < b.version.effective_time;
  });
  const std::size_t before = change.price_versions.size();
  for (SourcedPriceVersion& version : versions) {
    TG_RETURN_IF_ERROR(
        AddVersion(std::move(version), now, offering.id, merged.price_versions, change));
  }
  if (known == current.offerings.end()) {
    ++change.created;
  } else if (change.price_versions.size() > before || !SameButForPrices(merged, known->second)) {
    ++change.updated;
  } else {
    return absl::OkStatus();
  }
  change.facts.offerings.push_back(std::move(merged));
  return absl::OkStatus();
}

template <typename Fact>
absl::Status CheckDistinct(std::string_view kind, const std::vector<Fact>& facts,
                           std::set<std::string, std::less<>>& ids) {
  if (facts.size() > kFactsMax) {
    return InvalidFact(absl::StrCat("more than ", kFactsMax, " ", AbslView(kind), "s"));
  }
  for (const Fact& fact : facts) {
    if (!ids.insert(fact.id).second) {
      return InvalidFact(absl::StrCat(AbslView(kind), " '", fact.id, "' comes twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Change> Merge(const CatalogState& current, const Facts& import, absl::Time now) {
  std::set<std::string, std::less<>> models;
  std::set<std::string, std::less<>> providers;
  std::set<std::string, std::less<>> offerings;
  TG_RETURN_IF_ERROR(CheckDistinct("model", import.models, models));
  TG_RETURN_IF_ERROR(CheckDistinct("provider", import.providers, providers));
  TG_RETURN_IF_ERROR(CheckDistinct("offering", import.offerings, offerings));
  Change change;
  for (const Model& model : import.models) {
    TG_RETURN_IF_ERROR(Named(ValidateModel(model)));
    Compare(current.models, model, change.facts.models, change);
  }
  for (const Provider& provider : import.providers) {
    TG_RETURN_IF_ERROR(Named(ValidateProvider(provider)));
    Compare(current.providers, provider, change.facts.providers, change);
  }
  for (const Offering& offering : import.offerings) {
    TG_RETURN_IF_ERROR(Named(ValidateOffering(offering)));
    if (!models.contains(offering.model_id) && !current.models.contains(offering.model_id)) {
      return InvalidFact(absl::StrCat("offering '", offering.id, "': there is no model '",
                                      offering.model_id, "'"));
    }
    if (!providers.contains(offering.provider_id) &&
        !current.providers.contains(offering.provider_id)) {
      return InvalidFact(absl::StrCat("offering '", offering.id, "': there is no provider '",
                                      offering.provider_id, "'"));
    }
    TG_RETURN_IF_ERROR(MergeOffering(current, offering, now, change));
  }
  return change;
}

void Apply(const Change& change, CatalogState& state) {
  for (const Model& model : change.facts.models) state.models[model.id] = model;
  for (const Provider& provider : change.facts.providers) {
    state.providers[provider.id] = provider;
  }
  for (const Offering& offering : change.facts.offerings) {
    state.offerings[offering.id] = offering;
  }
  for (const SourcedPriceVersion& sourced : change.price_versions) {
    state.price_versions.emplace(sourced.version.id, sourced);
  }
}

}  // namespace tollgate::catalog
