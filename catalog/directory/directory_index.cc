#include "catalog/directory/directory_index.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "catalog/price/price_version.h"

namespace tollgate::catalog {
namespace {

constexpr std::int64_t kNoPrice = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> BasePrice(const PriceVersion& version, Direction direction,
                                      CacheClass cache) {
  PriceComponent keys;
  keys.direction = direction;
  keys.cache = cache;
  for (const PriceComponent& component : version.components) {
    keys.price_pico_usd_per_unit = component.price_pico_usd_per_unit;
    if (component == keys) return component.price_pico_usd_per_unit;
  }
  return std::nullopt;
}

ListedOffering List(const CatalogState& state, const Offering& offering, absl::Time now) {
  ListedOffering listed;
  listed.offering = &offering;
  listed.provider = &state.providers.at(offering.provider_id);
  listed.model = &state.models.at(offering.model_id);
  const std::size_t current = InForce(offering.price_versions, now);
  if (current == offering.price_versions.size()) return listed;
  listed.current = &offering.price_versions[current];
  const PriceVersion& version = listed.current->version;
  listed.input = BasePrice(version, Direction::kInput, CacheClass::kNone);
  listed.output = BasePrice(version, Direction::kOutput, CacheClass::kNone);
  listed.cache_read = BasePrice(version, Direction::kInput, CacheClass::kRead);
  if (!listed.input && !version.components.empty()) listed.by_unit = &version.components.front();
  return listed;
}

void Lower(const std::optional<std::int64_t>& price, std::optional<std::int64_t>& lowest) {
  if (price && (!lowest || *price < *lowest)) lowest = price;
}

void Finish(ListedModel& model) {
  const auto key = [](const ListedOffering& o) {
    return std::tuple(o.input.value_or(kNoPrice), o.output.value_or(kNoPrice),
                      std::string_view(o.provider->id), std::string_view(o.offering->id));
  };
  std::sort(model.offerings.begin(), model.offerings.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  for (const ListedOffering& offering : model.offerings) {
    Lower(offering.input, model.input);
    Lower(offering.output, model.output);
  }
  for (const ListedOffering& offering : model.offerings) {
    if (!model.input && model.by_unit == nullptr) model.by_unit = offering.by_unit;
  }
  model.haystack =
      absl::AsciiStrToLower(absl::StrCat(model.model->id, " ", model.model->display_name));
}

}  // namespace

std::shared_ptr<const DirectoryIndex> BuildIndex(std::shared_ptr<const CatalogSnapshot> snapshot,
                                                 absl::Time now) {
  auto index = std::make_shared<DirectoryIndex>();
  const CatalogState& state = snapshot->state;
  index->valid_until = absl::InfiniteFuture();
  std::set<std::string> sources;
  for (const auto& [id, provider] : state.providers) index->providers[id].provider = &provider;
  for (const auto& [id, offering] : state.offerings) {
    const ListedOffering listed = List(state, offering, now);
    ListedModel& model = index->models[offering.model_id];
    model.model = listed.model;
    model.offerings.push_back(listed);
    index->providers[offering.provider_id].offerings.push_back(listed);
    for (const SourcedPriceVersion& sourced : offering.price_versions) {
      if (sourced.version.effective_time > now) {
        index->valid_until = std::min(index->valid_until, sourced.version.effective_time);
      }
    }
    if (listed.current != nullptr && !listed.current->source_date.empty()) {
      const std::string& source = listed.current->source;
      // "a+b" is stated by a and b themselves.
      if (source.find('+') == std::string::npos) {
        sources.insert(absl::StrCat(source, " (", listed.current->source_date, ")"));
      }
    }
  }
  for (auto& [id, model] : index->models) {
    Finish(model);
    ++index->vendors[model.model->vendor];
  }
  constexpr std::size_t kSourcesShownMax = 4;
  while (sources.size() > kSourcesShownMax) sources.erase(sources.begin());
  index->sources = absl::StrJoin(sources, ", ");
  index->snapshot = std::move(snapshot);
  return index;
}

}  // namespace tollgate::catalog
