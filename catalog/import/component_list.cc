#include "catalog/import/component_list.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "catalog/price/price_text.h"

namespace tollgate::catalog {
namespace {

PriceComponent Tokens(Direction direction) {
  PriceComponent keys;
  keys.direction = direction;
  return keys;
}

bool IsPlainText(const PriceComponent& component) {
  return component.unit == Unit::kToken && component.modality == Modality::kText &&
         component.cache == CacheClass::kNone;
}

}  // namespace

bool SameKeys(PriceComponent a, const PriceComponent& b) {
  a.price_pico_usd_per_unit = b.price_pico_usd_per_unit;
  return a == b;
}

void ComponentList::Add(PriceComponent component, const JsonValue& value, int scale) {
  if (!value.is_number()) return Spoil("a price is not a number");
  const absl::StatusOr<ParsedPrice> price = ParsePrice(value.text, scale);
  if (!price.ok()) {
    return Spoil("a price is negative, finer than 1 pico-USD or above a million USD per unit");
  }
  if (price->rounded) report_.Adjust("a price was rounded half up to whole pico-USD", what_);
  if (Find(component) != nullptr) return;
  component.price_pico_usd_per_unit = price->pico_usd_per_unit;
  components.push_back(std::move(component));
}

const PriceComponent* ComponentList::Find(const PriceComponent& keys) const {
  const auto found = std::find_if(components.begin(), components.end(),
                                  [&](const PriceComponent& c) { return SameKeys(keys, c); });
  return found == components.end() ? nullptr : &*found;
}

void ComponentList::Spoil(std::string_view reason) {
  if (!spoiled_) report_.LeaveOut(reason, what_);
  spoiled_ = true;
}

void ComponentList::Tidy() {
  const bool costs = std::any_of(components.begin(), components.end(),
                                 [](const auto& c) { return c.price_pico_usd_per_unit > 0; });
  const auto unstated = [&](const PriceComponent& c) {
    return c.price_pico_usd_per_unit == 0 && costs &&
           (!IsPlainText(c) || c.tier != ServiceTier::kStandard);
  };
  const std::vector<PriceComponent> all = components;
  const auto as_text = [&](PriceComponent c) {
    if (c.modality != Modality::kReasoning) return false;
    c.modality = Modality::kText;
    return std::find(all.begin(), all.end(), c) != all.end();
  };
  std::erase_if(components, [&](const PriceComponent& c) {
    if (!unstated(c)) return as_text(c);
    if (c.unit == Unit::kToken) {
      report_.Adjust("a price of zero for one class beside others that cost was not taken", what_);
    }
    return true;
  });
}

std::string_view WhyNotPriced(const std::vector<PriceComponent>& components,
                              std::string_view model_type, bool free_by_name) {
  if (components.empty()) return "the source has no price";
  const bool costs = std::any_of(components.begin(), components.end(),
                                 [](const auto& c) { return c.price_pico_usd_per_unit > 0; });
  if (!costs) {
    return free_by_name ? "" : "all prices are zero: a subscription, a trial, or not known";
  }
  const auto price = [&](Direction direction) -> std::int64_t {
    const auto found = std::find_if(components.begin(), components.end(),
                                    [&](const auto& c) { return SameKeys(Tokens(direction), c); });
    return found == components.end() ? 0 : found->price_pico_usd_per_unit;
  };
  if (model_type == "language" &&
      (price(Direction::kInput) == 0 || price(Direction::kOutput) == 0)) {
    return "a language model without a price for both text input and text output";
  }
  if (model_type == "embedding" && price(Direction::kInput) == 0) {
    return "an embedding model without a price for text input";
  }
  return "";
}

}  // namespace tollgate::catalog
