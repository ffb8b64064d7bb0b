// Small facts for the catalog's tests.
#ifndef TOLLGATE_TESTS_CATALOG_FACTS_FOR_TESTS_H_
#define TOLLGATE_TESTS_CATALOG_FACTS_FOR_TESTS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "catalog/model/facts.h"
#include "catalog/price/price_version.h"

namespace tollgate::catalog {

inline absl::Time TestDay(int day) {
  return absl::FromUnixSeconds(1'767'225'600) + absl::Hours(24) * day;
}

inline PriceComponent TokenPrice(Direction direction, std::int64_t pico_usd) {
  PriceComponent component;
  component.direction = direction;
  component.price_pico_usd_per_unit = pico_usd;
  return component;
}

// Input at `input` and output at five times as much, in pico-USD per token.
inline SourcedPriceVersion TestVersion(std::int64_t input, absl::Time effective) {
  SourcedPriceVersion sourced;
  sourced.version.effective_time = effective;
  sourced.version.components = {TokenPrice(Direction::kInput, input),
                                TokenPrice(Direction::kOutput, input * 5)};
  sourced.source = "test";
  sourced.source_date = "2026-01-01";
  return sourced;
}

inline Model TestModel(const std::string& id, const std::string& name = "A model") {
  Model model;
  model.id = id;
  model.vendor = id.substr(0, id.find('/'));
  model.display_name = name;
  model.type = "language";
  model.input_modalities = {"text", "image"};
  model.output_modalities = {"text"};
  model.capabilities = {"tools"};
  model.context_tokens_max = 128'000;
  return model;
}

inline Provider TestProvider(const std::string& id) {
  return {.id = id,
          .display_name = "Provider " + id,
          .format = Format::kOpenaiChat,
          .base_url = "https://api." + id + ".example/v1",
          .doc_url = "https://" + id + ".example/docs"};
}

inline Offering TestOffering(const std::string& provider, const std::string& model,
                             std::int64_t input, absl::Time effective = TestDay(0)) {
  Offering offering;
  offering.id = OfferingId(provider, model, "");
  offering.provider_id = provider;
  offering.model_id = model;
  offering.provider_model_id = model.substr(model.find('/') + 1);
  offering.price_versions = {TestVersion(input, effective)};
  return offering;
}

// Two providers, two models, three offerings.
inline Facts TestFacts() {
  Facts facts;
  facts.models = {TestModel("acme/big", "Acme Big"), TestModel("acme/small", "Acme Small")};
  facts.providers = {TestProvider("acme"), TestProvider("resell")};
  facts.offerings = {TestOffering("acme", "acme/big", 3'000'000),
                     TestOffering("acme", "acme/small", 150'000),
                     TestOffering("resell", "acme/big", 2'000'000)};
  return facts;
}

}  // namespace tollgate::catalog

#endif  // TOLLGATE_TESTS_CATALOG_FACTS_FOR_TESTS_H_
