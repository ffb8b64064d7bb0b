#include "catalog/import/facts_builder.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "catalog/model/validate.h"
#include "catalog/price/price_version.h"

namespace tollgate::catalog {
namespace {

constexpr int kRankCanonical = 3;

absl::Time StartOfDay(const std::string& date) {
  absl::Time time;
  std::string error;
  if (date.empty() || !absl::ParseTime("%Y-%m-%d", date, absl::UTCTimeZone(), &time, &error)) {
    return absl::InfinitePast();
  }
  return time;
}

// Without control characters and blanks at the ends; `otherwise` when nothing usable remains.
std::string CleanName(std::string name, std::string_view otherwise) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  name.erase(0, name.find_first_not_of(' '));
  name.erase(name.find_last_not_of(' ') + 1);
  return name.empty() || name.size() > kNameCharsMax ? std::string(otherwise) : name;
}

std::string What(const OfferingDraft& draft) {
  return draft.provider_id + ": " + draft.provider_model_id;
}

// Whether the provider's own id ends with the model's name, case and punctuation aside.
bool IsSpelledAs(const OfferingDraft& draft, std::string_view model_id) {
  const std::string name = ModelIdResolver::LooseKey(model_id.substr(model_id.find('/') + 1));
  std::string own = draft.provider_model_id.substr(draft.provider_model_id.rfind('/') + 1);
  std::transform(own.begin(), own.end(), own.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ModelIdResolver::LooseKey(own) == name;
}

}  // namespace

void FactsBuilder::AddCanonicalModel(std::string_view id, Model model) {
  const std::optional<std::string> spelled = resolver_.AddCanonical(id);
  if (!spelled) return report_.LeaveOut("the model's id is not usable", id);
  models_[*spelled] = {std::move(model), kRankCanonical};
}

int FactsBuilder::Rank(const OfferingDraft& draft, std::string_view vendor) const {
  const ReviewedProvider* provider = tables_.Find(draft.provider_id);
  if (provider != nullptr && provider->maker == vendor) return 2;
  return draft.provider_id == "openrouter" ? 1 : 0;
}

bool FactsBuilder::Place(const OfferingDraft& draft, const std::string& model_id) {
  Offering offering;
  offering.model_id = model_id;
  offering.provider_id = draft.provider_id;
  offering.provider_model_id = draft.provider_model_id;
  offering.id = OfferingId(draft.provider_id, model_id, "");
  if (offerings_.contains(offering.id)) return false;
  offering.status = draft.status;
  offering.context_tokens_max = draft.model.context_tokens_max;
  offering.output_tokens_max = draft.model.output_tokens_max;
  SourcedPriceVersion sourced;
  sourced.source = report_.source;
  sourced.source_date = report_.source_date;
  sourced.version.effective_time = StartOfDay(report_.source_date);
  sourced.version.components = draft.components;
  SortComponents(sourced.version.components);
  if (sourced.version.effective_time != absl::InfinitePast()) {
    sourced.version.id =
        PriceVersionId(offering.id, sourced.version.effective_time, sourced.version.components);
  }
  offering.price_versions.push_back(std::move(sourced));
  if (!ValidateOffering(offering).ok()) return false;
  Described& described = models_[model_id];
  const int rank = Rank(draft, std::string_view(model_id).substr(0, model_id.find('/')));
  if (rank > described.rank) described = {draft.model, rank};
  offerings_.emplace(offering.id, std::move(offering));
  return true;
}

std::vector<std::pair<std::string, const OfferingDraft*>> FactsBuilder::ResolveModels() {
  std::vector<std::pair<std::string, const OfferingDraft*>> resolved;
  std::map<std::string, std::map<std::string, int>> spellings;  // Loose key → spelling → sellers.
  for (const OfferingDraft& draft : drafts_) {
    const std::optional<std::string> model_id =
        resolver_.Resolve(draft.provider_id, draft.provider_model_id, draft.base_model);
    if (!model_id) {
      report_.LeaveOut("the model's id is not usable", What(draft));
      continue;
    }
    ++spellings[ModelIdResolver::LooseKey(*model_id)][*model_id];
    resolved.emplace_back(*model_id, &draft);
  }
  for (auto& [model_id, draft] : resolved) {
    const auto& ways = spellings[ModelIdResolver::LooseKey(model_id)];
    const auto listed = std::find_if(ways.begin(), ways.end(), [&](const auto& way) {
      return resolver_.IsCanonical(way.first);
    });
    const auto usual = std::max_element(
        ways.begin(), ways.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    model_id = listed != ways.end() ? listed->first : usual->first;
  }
  return resolved;
}

Facts FactsBuilder::Build() {
  std::vector<std::tuple<std::string, bool, std::string, std::string, const OfferingDraft*>> order;
  for (const auto& [model_id, draft] : ResolveModels()) {
    order.emplace_back(draft->provider_id, !IsSpelledAs(*draft, model_id), draft->provider_model_id,
                       model_id, draft);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [provider, other_spelling, own_id, model_id, draft] : order) {
    if (Place(*draft, model_id)) continue;
    const std::optional<std::string> spelled = resolver_.Resolve(provider, own_id, "");
    if (!spelled || !Place(*draft, *spelled)) {
      report_.LeaveOut("the provider sells the same model under another name too", What(*draft));
    }
  }
  Facts facts;
  std::set<std::string> sold;
  std::set<std::string> sellers;
  for (auto& [id, offering] : offerings_) {
    const Model& model = models_[offering.model_id].model;
    if (offering.context_tokens_max == model.context_tokens_max) offering.context_tokens_max = 0;
    if (offering.output_tokens_max == model.output_tokens_max) offering.output_tokens_max = 0;
    sold.insert(offering.model_id);
    sellers.insert(offering.provider_id);
    facts.offerings.push_back(offering);
  }
  for (auto& [id, described] : models_) {
    if (!sold.contains(id)) continue;
    described.model.id = id;
    described.model.vendor = id.substr(0, id.find('/'));
    described.model.display_name = CleanName(described.model.display_name, id);
    facts.models.push_back(described.model);
  }
  for (auto& [id, provider] : providers_) {
    if (sellers.contains(id)) {
      facts.providers.push_back(provider);
    } else {
      report_.LeaveOut("the provider sells nothing that could be taken", id);
    }
  }
  return facts;
}

}  // namespace tollgate::catalog
