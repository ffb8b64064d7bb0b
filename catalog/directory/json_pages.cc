#include "catalog/directory/json_pages.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "catalog/price/price_text.h"
#include "catalog/price/price_version.h"

namespace tollgate::catalog {
namespace {

// Appends members of one object or items of one array.
class Writer {
 public:
  explicit Writer(std::string& out, char open) : out_(out) { out_ += open; }

  Writer& Name(std::string_view name) {
    Next();
    AppendJsonString(out_, name);
    out_ += ':';
    return *this;
  }
  void Text(std::string_view name, std::string_view value) {
    Name(name);
    AppendJsonString(out_, value);
  }
  void Number(std::string_view name, std::int64_t value) {
    Name(name);
    absl::StrAppend(&out_, value);
  }
  void Words(std::string_view name, const std::vector<std::string>& words) {
    Name(name);
    Writer list(out_, '[');
    for (const std::string& word : words) {
      list.Next();
      AppendJsonString(out_, word);
    }
    list.Close(']');
  }
  // Before each item of an array.
  void Next() {
    if (!std::exchange(first_, false)) out_ += ',';
  }
  void Close(char close) { out_ += close; }

 private:
  std::string& out_;
  bool first_ = true;
};

void WriteModel(Writer& object, const Model& model) {
  object.Text("id", model.id);
  object.Text("display_name", model.display_name);
  object.Text("vendor", model.vendor);
  object.Text("type", model.type);
  object.Words("input_modalities", model.input_modalities);
  object.Words("output_modalities", model.output_modalities);
  object.Words("capabilities", model.capabilities);
  object.Number("context_tokens_max", model.context_tokens_max);
  object.Number("output_tokens_max", model.output_tokens_max);
  object.Text("knowledge_date", model.knowledge_date);
  object.Text("release_date", model.release_date);
  object.Text("deprecation_date", model.deprecation_date);
}

void WriteProvider(Writer& object, const Provider& provider) {
  object.Text("id", provider.id);
  object.Text("display_name", provider.display_name);
  object.Text("format", FormatName(provider.format));
  object.Text("base_url", provider.base_url);
  object.Text("doc_url", provider.doc_url);
}

void WriteComponent(std::string& out, const PriceComponent& component) {
  Writer object(out, '{');
  object.Text("unit", UnitName(component.unit));
  object.Text("direction", DirectionName(component.direction));
  object.Text("modality", ModalityName(component.modality));
  object.Text("cache", CacheClassName(component.cache));
  object.Text("tier", ServiceTierName(component.tier));
  object.Number("context_threshold_tokens", component.context_threshold_tokens);
  object.Text("variant", component.variant);
  object.Text("region", component.region);
  object.Number("utc_start_minute", component.utc_start_minute);
  object.Number("utc_end_minute", component.utc_end_minute);
  object.Text("price_pico_usd_per_unit", absl::StrCat(component.price_pico_usd_per_unit));
  object.Text("usd_per_unit", FormatUsdPerUnit(component.price_pico_usd_per_unit));
  object.Close('}');
}

void WriteVersion(std::string& out, const SourcedPriceVersion& sourced) {
  Writer object(out, '{');
  object.Text("id", sourced.version.id);
  object.Text("effective_time",
              StdView(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", sourced.version.effective_time,
                                       absl::UTCTimeZone())));
  object.Name("components");
  Writer list(out, '[');
  for (const PriceComponent& component : sourced.version.components) {
    list.Next();
    WriteComponent(out, component);
  }
  list.Close(']');
  object.Text("source", sourced.source);
  object.Text("source_date", sourced.source_date);
  object.Close('}');
}

void WriteOfferings(std::string& out, Writer& parent, const std::vector<ListedOffering>& listed,
                    absl::Time now) {
  parent.Name("offerings");
  Writer list(out, '[');
  for (const ListedOffering& one : listed) {
    const Offering& offering = *one.offering;
    list.Next();
    Writer object(out, '{');
    object.Text("id", offering.id);
    object.Text("model_id", offering.model_id);
    object.Text("provider_id", offering.provider_id);
    object.Text("provider_model_id", offering.provider_model_id);
    object.Number("context_tokens_max", offering.context_tokens_max);
    object.Number("output_tokens_max", offering.output_tokens_max);
    object.Text("region", offering.region);
    object.Text("status", offering.status);
    object.Name("price_versions");
    Writer versions(out, '[');
    for (const SourcedPriceVersion& sourced : CurrentAndAnnounced(offering.price_versions, now)) {
      versions.Next();
      WriteVersion(out, sourced);
    }
    versions.Close(']');
    object.Close('}');
  }
  list.Close(']');
}

void WriteLowest(Writer& object, std::string_view name, std::optional<std::int64_t> price) {
  if (price) object.Text(name, FormatUsdPerMillionUnits(*price));
}

}  // namespace

std::string ModelListJson(const ModelPage& page) {
  std::string out;
  Writer root(out, '{');
  root.Number("found", static_cast<std::int64_t>(page.found));
  root.Number("page", static_cast<std::int64_t>(page.page));
  root.Number("page_total", static_cast<std::int64_t>(page.page_total));
  root.Name("models");
  Writer list(out, '[');
  for (const ListedModel* listed : page.models) {
    list.Next();
    Writer object(out, '{');
    WriteModel(object, *listed->model);
    object.Number("offerings", static_cast<std::int64_t>(listed->offerings.size()));
    WriteLowest(object, "input_usd_per_million", listed->input);
    WriteLowest(object, "output_usd_per_million", listed->output);
    object.Close('}');
  }
  list.Close(']');
  root.Close('}');
  return out + "\n";
}

std::string ModelJson(const ListedModel& model, absl::Time now) {
  std::string out;
  Writer root(out, '{');
  WriteModel(root, *model.model);
  WriteOfferings(out, root, model.offerings, now);
  root.Close('}');
  return out + "\n";
}

std::string ProviderListJson(const DirectoryIndex& index) {
  std::string out;
  Writer root(out, '{');
  root.Name("providers");
  Writer list(out, '[');
  for (const auto& [id, listed] : index.providers) {
    list.Next();
    Writer object(out, '{');
    WriteProvider(object, *listed.provider);
    object.Number("offerings", static_cast<std::int64_t>(listed.offerings.size()));
    object.Close('}');
  }
  list.Close(']');
  root.Close('}');
  return out + "\n";
}

std::string ProviderJson(const ListedProvider& provider, absl::Time now) {
  std::string out;
  Writer root(out, '{');
  WriteProvider(root, *provider.provider);
  WriteOfferings(out, root, provider.offerings, now);
  root.Close('}');
  return out + "\n";
}

std::string ModelSchemaOrg(const ListedModel& model, const std::string& url) {
  std::string out;
  Writer root(out, '{');
  root.Text("@context", "https://schema.org");
  root.Text("@type", "Product");
  root.Text("name", model.model->display_name);
  root.Text("sku", model.model->id);
  root.Text("category", "AI model");
  root.Text("url", url);
  Writer brand(((void)root.Name("brand"), out), '{');
  brand.Text("@type", "Brand");
  brand.Text("name", model.model->vendor);
  brand.Close('}');
  root.Name("offers");
  Writer offers(out, '[');
  for (const ListedOffering& listed : model.offerings) {
    const PriceComponent* unit = listed.by_unit;
    if (!listed.input && unit == nullptr) continue;
    offers.Next();
    Writer offer(out, '{');
    offer.Text("@type", "Offer");
    offer.Text("priceCurrency", "USD");
    offer.Text("price",
               listed.input ? FormatUsdPerMillionUnits(*listed.input) : FormatCustomary(*unit));
    Writer seller(((void)offer.Name("seller"), out), '{');
    seller.Text("@type", "Organization");
    seller.Text("name", listed.provider->display_name);
    seller.Close('}');
    Writer per(((void)offer.Name("priceSpecification"), out), '{');
    per.Text("@type", "UnitPriceSpecification");
    per.Text("priceCurrency", "USD");
    per.Text("price",
             listed.input ? FormatUsdPerMillionUnits(*listed.input) : FormatCustomary(*unit));
    per.Text("unitText", listed.input ? "million input tokens" : UnitName(unit->unit));
    per.Close('}');
    offer.Close('}');
  }
  offers.Close(']');
  root.Close('}');
  // Nothing in it may end the element or begin another.
  return "<script type=\"application/ld+json\">" +
         absl::StrReplaceAll(out, {{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}}) +
         "</script>";
}

}  // namespace tollgate::catalog
