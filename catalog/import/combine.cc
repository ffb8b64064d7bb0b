// Two sources in one: see Combine() in import.h.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "catalog/import/component_list.h"
#include "catalog/import/import.h"
#include "catalog/import/model_id.h"
#include "catalog/price/price_version.h"

namespace tollgate::catalog {
namespace {

// Whether a component belongs to the prices in which two sources must agree: those of text at the
// standard tier.
bool IsTextBase(const PriceComponent& c) {
  return c.unit == Unit::kToken && c.modality == Modality::kText &&
         c.tier == ServiceTier::kStandard && c.cache == CacheClass::kNone &&
         c.context_threshold_tokens == 0;
}

std::vector<PriceComponent> TextBase(const std::vector<PriceComponent>& components) {
  std::vector<PriceComponent> base;
  std::copy_if(components.begin(), components.end(), std::back_inserter(base), IsTextBase);
  std::erase_if(base, [](const auto& c) { return c.price_pico_usd_per_unit == 0; });
  SortComponents(base);
  return base;
}

// Whether `components` may be added for the class of `extra`: it has none of that class at any
// threshold, so that no class is priced half by one source and half by the other.
bool LacksClass(const std::vector<PriceComponent>& components, const PriceComponent& extra) {
  return std::none_of(components.begin(), components.end(), [&](const PriceComponent& c) {
    PriceComponent keys = extra;
    keys.context_threshold_tokens = c.context_threshold_tokens;
    keys.variant = c.variant;
    return SameKeys(keys, c);
  });
}

// Context thresholds of the text prices: those of other tiers must not go beyond them, or a long
// request at another tier would be priced by fewer thresholds than a standard one.
std::set<std::int64_t> Thresholds(const std::vector<PriceComponent>& components) {
  std::set<std::int64_t> thresholds;
  for (const PriceComponent& c : components) thresholds.insert(c.context_threshold_tokens);
  return thresholds;
}

class Combiner {
 public:
  explicit Combiner(ImportResult& result) : result_(result) {
    for (const Model& model : result.facts.models) {
      models_.insert(model.id);
      const auto [place, added] = by_key_.emplace(ModelIdResolver::LooseKey(model.id), model.id);
      if (!added) place->second.clear();
    }
    for (const Provider& provider : result.facts.providers) providers_.insert(provider.id);
    for (std::size_t at = 0; at < result.facts.offerings.size(); ++at) {
      const Offering& offering = result.facts.offerings[at];
      by_own_id_[{offering.provider_id, offering.provider_model_id}] = at;
      ids_.insert(offering.id);
    }
  }

  void Add(const ImportResult& second) {
    for (const Offering& offering : second.facts.offerings) {
      const auto known = by_own_id_.find({offering.provider_id, offering.provider_model_id});
      if (known != by_own_id_.end()) {
        Augment(result_.facts.offerings[known->second], offering, second.report);
      } else {
        AddOffering(offering, second.facts);
      }
    }
    const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
    std::sort(result_.facts.models.begin(), result_.facts.models.end(), by_id);
    std::sort(result_.facts.providers.begin(), result_.facts.providers.end(), by_id);
    std::sort(result_.facts.offerings.begin(), result_.facts.offerings.end(), by_id);
  }

 private:
  void Augment(Offering& offering, const Offering& other, const ImportReport& second) {
    SourcedPriceVersion& mine = offering.price_versions.front();
    const auto& theirs = other.price_versions.front().version.components;
    auto& components = mine.version.components;
    const std::string what = offering.provider_id + ": " + offering.provider_model_id;
    if (TextBase(components) != TextBase(theirs)) {
      return result_.report.Adjust(
          "the two sources differ in the price of text; the first one's is taken alone", what);
    }
    const std::set<std::int64_t> thresholds = Thresholds(components);
    std::vector<PriceComponent> extra;
    for (const PriceComponent& component : theirs) {
      if (LacksClass(components, component) &&
          thresholds.contains(component.context_threshold_tokens)) {
        extra.push_back(component);
      }
    }
    if (extra.empty()) return;
    components.insert(components.end(), extra.begin(), extra.end());
    SortComponents(components);
    mine.source += "+" + second.source;
    mine.version.id =
        PriceVersionId(offering.id, mine.version.effective_time, mine.version.components);
    result_.report.Adjust("price components were added from the second source", what);
  }

  // An offering's limit relative to `kept` instead of `described` (0 = the model's).
  static void Restate(std::int64_t described, std::int64_t kept, std::int64_t& limit) {
    if (limit == 0) limit = described;
    if (limit == kept) limit = 0;
  }

  void AddOffering(Offering offering, const Facts& facts) {
    const std::string described = offering.model_id;
    const auto same = by_key_.find(ModelIdResolver::LooseKey(offering.model_id));
    if (same != by_key_.end() && !same->second.empty()) offering.model_id = same->second;
    offering.id = OfferingId(offering.provider_id, offering.model_id, offering.region);
    const std::string what = offering.provider_id + ": " + offering.provider_model_id;
    if (!ids_.insert(offering.id).second) {
      return result_.report.LeaveOut("the provider sells the same model under another name too",
                                     what);
    }
    const auto find = [](const auto& list, const std::string& id) {
      return std::find_if(list.begin(), list.end(), [&](const auto& f) { return f.id == id; });
    };
    const Model& model = *find(facts.models, described);
    if (models_.insert(offering.model_id).second) {
      result_.facts.models.push_back(model);
    } else {
      // The model's limits are the first source's: state this offering's own where they differ.
      const Model& kept = *find(result_.facts.models, offering.model_id);
      Restate(model.context_tokens_max, kept.context_tokens_max, offering.context_tokens_max);
      Restate(model.output_tokens_max, kept.output_tokens_max, offering.output_tokens_max);
    }
    if (providers_.insert(offering.provider_id).second) {
      result_.facts.providers.push_back(*find(facts.providers, offering.provider_id));
    }
    SourcedPriceVersion& mine = offering.price_versions.front();
    mine.version.id =
        PriceVersionId(offering.id, mine.version.effective_time, mine.version.components);
    result_.facts.offerings.push_back(std::move(offering));
  }

  ImportResult& result_;
  std::set<std::string> models_;
  std::set<std::string> providers_;
  std::set<std::string> ids_;
  std::map<std::string, std::string> by_key_;
  std::map<std::pair<std::string, std::string>, std::size_t> by_own_id_;
};

}  // namespace

ImportResult Combine(ImportResult first, const ImportResult& second) {
  Combiner(first).Add(second);
  first.report.Append(second.report);
  first.report.source += "+" + second.report.source;
  return first;
}

}  // namespace tollgate::catalog
