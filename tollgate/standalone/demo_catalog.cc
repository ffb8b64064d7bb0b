#include "tollgate/standalone/demo_catalog.h"

#include "absl/strings/str_cat.h"
#include "tollgate/demo_provider/demo_models.h"

namespace tollgate {
namespace {

using pricing::v1::PriceComponent;

constexpr char kProvider[] = "demo";
constexpr char kDay[] = "2026-01-01";
constexpr std::int64_t kDaySeconds = 1'767'225'600;  // 2026-01-01T00:00:00Z.

PriceComponent TokenPrice(pricing::v1::Direction direction, pricing::v1::Modality modality,
                          pricing::v1::CacheClass cache, std::int64_t pico_usd) {
  PriceComponent component;
  component.set_unit(pricing::v1::UNIT_TOKEN);
  component.set_direction(direction);
  component.set_modality(modality);
  component.set_cache(cache);
  component.set_tier(pricing::v1::SERVICE_TIER_STANDARD);
  component.set_price_pico_usd_per_unit(pico_usd);
  return component;
}

pricing::v1::PriceVersion Prices(const DemoPrices& prices) {
  using namespace pricing::v1;  // NOLINT(build/namespaces): a table of its values.
  PriceVersion version;
  version.mutable_effective_time()->set_seconds(kDaySeconds);
  version.set_source("demo");
  version.set_source_date(kDay);
  *version.add_components() =
      TokenPrice(DIRECTION_INPUT, MODALITY_TEXT, CACHE_CLASS_NONE, prices.input_pico_usd);
  *version.add_components() =
      TokenPrice(DIRECTION_INPUT, MODALITY_TEXT, CACHE_CLASS_READ, prices.cache_read_pico_usd);
  *version.add_components() =
      TokenPrice(DIRECTION_OUTPUT, MODALITY_TEXT, CACHE_CLASS_NONE, prices.output_pico_usd);
  *version.add_components() =
      TokenPrice(DIRECTION_OUTPUT, MODALITY_REASONING, CACHE_CLASS_NONE, prices.reasoning_pico_usd);
  if (prices.request_pico_usd > 0) {
    PriceComponent request =
        TokenPrice(DIRECTION_INPUT, MODALITY_TEXT, CACHE_CLASS_NONE, prices.request_pico_usd);
    request.set_unit(UNIT_REQUEST);
    *version.add_components() = request;
  }
  return version;
}

catalog::v1::Model ModelFact(const DemoModel& model) {
  catalog::v1::Model fact;
  fact.set_id(model.id);
  fact.set_display_name(model.display_name);
  fact.set_vendor(kProvider);
  fact.set_type("language");
  fact.add_input_modalities("text");
  fact.add_output_modalities("text");
  fact.add_capabilities("tools");
  if (model.reasons) fact.add_capabilities("reasoning");
  fact.add_capabilities("structured_output");
  fact.set_context_tokens_max(kDemoContextTokensMax);
  fact.set_output_tokens_max(kDemoOutputTokensMax);
  fact.set_release_date(kDay);
  return fact;
}

catalog::v1::Offering OfferingFact(const DemoModel& model) {
  catalog::v1::Offering fact;
  fact.set_id(absl::StrCat(kProvider, ":", model.id));
  fact.set_model_id(model.id);
  fact.set_provider_id(kProvider);
  fact.set_provider_model_id(model.id);
  *fact.add_price_versions() = Prices(model.prices);
  return fact;
}

}  // namespace

catalog::v1::Facts DemoFacts() {
  catalog::v1::Facts facts;
  catalog::v1::Provider& provider = *facts.add_providers();
  provider.set_id(kProvider);
  provider.set_display_name("Demo Provider");
  provider.set_format(catalog::v1::FORMAT_OPENAI_CHAT);
  for (const DemoModel& model : DemoModels()) {
    *facts.add_models() = ModelFact(model);
    *facts.add_offerings() = OfferingFact(model);
  }
  return facts;
}

}  // namespace tollgate
