#include "catalog/seed/seed_text.h"

#include <charconv>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/json_text.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "catalog/import/json_tree.h"
#include "catalog/import/quirks_json.h"
#include "catalog/price/price_text.h"
#include "catalog/price/price_version.h"

namespace tollgate::catalog {
namespace {

// Writes {"name":value,…} on one line, leaving out what is empty.
class Line {
 public:
  void Text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Name(name);
    AppendJsonString(out_, value);
  }
  void Words(std::string_view name, const std::vector<std::string>& words) {
    Text(name, absl::StrJoin(words, " "));
  }
  void Number(std::string_view name, std::int64_t value) {
    if (value == 0) return;
    Name(name);
    absl::StrAppend(&out_, value);
  }
  void Name(std::string_view name) {
    out_ += out_.size() == 1 ? "" : ",";
    AppendJsonString(out_, name);
    out_ += ':';
  }
  std::string& raw() { return out_; }
  std::string End() { return out_ + "}"; }

 private:
  std::string out_ = "{";
};

std::string ModelLine(const Model& model) {
  Line line;
  line.Text("id", model.id);
  line.Text("name", model.display_name);
  line.Text("type", model.type);
  line.Words("in", model.input_modalities);
  line.Words("out", model.output_modalities);
  line.Words("can", model.capabilities);
  line.Number("context", model.context_tokens_max);
  line.Number("output", model.output_tokens_max);
  line.Text("knowledge", model.knowledge_date);
  line.Text("released", model.release_date);
  line.Text("deprecated", model.deprecation_date);
  return line.End();
}

std::string_view NameOf(std::string_view model_id) {
  return model_id.substr(model_id.find('/') + 1);
}

std::string OfferingLine(const Offering& offering) {
  const SourcedPriceVersion& sourced = offering.price_versions.front();
  Line line;
  line.Text("model", offering.model_id);
  if (offering.provider_model_id != NameOf(offering.model_id)) {
    line.Text("id", offering.provider_model_id);
  }
  line.Text("region", offering.region);
  line.Number("context", offering.context_tokens_max);
  line.Number("output", offering.output_tokens_max);
  line.Text("status", offering.status);
  line.Text("day", sourced.source_date);
  line.Text("source", sourced.source);
  line.Name("price");
  Line price;
  for (const PriceComponent& component : sourced.version.components) {
    price.Text(ComponentKey(component), FormatCustomary(component));
  }
  line.raw() += price.End();
  return line.End();
}

absl::Status Bad(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("'", AbslView(what), "' is not understood"));
}

std::vector<std::string> SplitWords(const std::string& text) {
  return absl::StrSplit(text, ' ', absl::SkipEmpty());
}

absl::Status ReadNumber(const JsonValue& value, std::int64_t& number) {
  const char* end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, number);
  return value.is_number() && error == std::errc() && stop == end ? absl::OkStatus()
                                                                  : Bad(value.text);
}

absl::StatusOr<Model> ReadModel(const JsonValue& row) {
  Model model;
  for (const auto& [name, value] : row.members) {
    if (name == "id") {
      model.id = value.text;
      model.vendor = model.id.substr(0, model.id.find('/'));
    } else if (name == "name") {
      model.display_name = value.text;
    } else if (name == "type") {
      model.type = value.text;
    } else if (name == "in") {
      model.input_modalities = SplitWords(value.text);
    } else if (name == "out") {
      model.output_modalities = SplitWords(value.text);
    } else if (name == "can") {
      model.capabilities = SplitWords(value.text);
    } else if (name == "context") {
      TG_RETURN_IF_ERROR(ReadNumber(value, model.context_tokens_max));
    } else if (name == "output") {
      TG_RETURN_IF_ERROR(ReadNumber(value, model.output_tokens_max));
    } else if (name == "knowledge") {
      model.knowledge_date = value.text;
    } else if (name == "released") {
      model.release_date = value.text;
    } else if (name == "deprecated") {
      model.deprecation_date = value.text;
    } else {
      return Bad(name);
    }
  }
  return model;
}

absl::Status ReadPrice(const JsonValue& prices, PriceVersion& version) {
  for (const auto& [key, value] : prices.members) {
    TG_ASSIGN_OR_RETURN(PriceComponent component, ParseComponentKey(key));
    TG_ASSIGN_OR_RETURN(
        const ParsedPrice price,
        ParsePrice(value.text,
                   IsStatedPerMillion(component.unit) ? kUsdPerMillionUnits : kUsdPerUnit));
    if (price.rounded) return Bad(value.text);
    component.price_pico_usd_per_unit = price.pico_usd_per_unit;
    version.components.push_back(std::move(component));
  }
  return absl::OkStatus();
}

absl::StatusOr<Offering> ReadOffering(const std::string& provider_id, const JsonValue& row) {
  Offering offering;
  SourcedPriceVersion sourced;
  offering.provider_id = provider_id;
  for (const auto& [name, value] : row.members) {
    if (name == "model") {
      offering.model_id = value.text;
    } else if (name == "id") {
      offering.provider_model_id = value.text;
    } else if (name == "region") {
      offering.region = value.text;
    } else if (name == "context") {
      TG_RETURN_IF_ERROR(ReadNumber(value, offering.context_tokens_max));
    } else if (name == "output") {
      TG_RETURN_IF_ERROR(ReadNumber(value, offering.output_tokens_max));
    } else if (name == "status") {
      offering.status = value.text;
    } else if (name == "day") {
      sourced.source_date = value.text;
    } else if (name == "source") {
      sourced.source = value.text;
    } else if (name == "price") {
      TG_RETURN_IF_ERROR(ReadPrice(value, sourced.version));
    } else {
      return Bad(name);
    }
  }
  if (offering.provider_model_id.empty()) {
    offering.provider_model_id = std::string(NameOf(offering.model_id));
  }
  offering.id = OfferingId(provider_id, offering.model_id, offering.region);
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d", sourced.source_date, absl::UTCTimeZone(),
                       &sourced.version.effective_time, &error)) {
    return Bad(sourced.source_date);
  }
  SortComponents(sourced.version.components);
  sourced.version.id =
      PriceVersionId(offering.id, sourced.version.effective_time, sourced.version.components);
  offering.price_versions.push_back(std::move(sourced));
  return offering;
}

absl::StatusOr<Format> ReadFormat(std::string_view name) {
  for (const Format format :
       {Format::kOpenaiChat, Format::kOpenaiResponses, Format::kAnthropic, Format::kGemini}) {
    if (FormatName(format) == name) return format;
  }
  return Bad(name);
}

absl::Status ReadProviderFile(const JsonValue& root, Facts& facts) {
  Provider provider;
  for (const auto& [name, value] : root.members) {
    if (name == "id") {
      provider.id = value.text;
    } else if (name == "name") {
      provider.display_name = value.text;
    } else if (name == "format") {
      TG_ASSIGN_OR_RETURN(provider.format, ReadFormat(value.text));
    } else if (name == "base_url") {
      provider.base_url = value.text;
    } else if (name == "doc_url") {
      provider.doc_url = value.text;
    } else if (name == "quirks") {
      TG_ASSIGN_OR_RETURN(provider.quirks, ReadQuirks(value));
    } else if (name == "offerings") {
      for (const JsonValue& row : value.items) {
        TG_ASSIGN_OR_RETURN(Offering offering, ReadOffering(provider.id, row));
        facts.offerings.push_back(std::move(offering));
      }
    } else {
      return Bad(name);
    }
  }
  facts.providers.push_back(std::move(provider));
  return absl::OkStatus();
}

absl::Status ReadFile(const std::string& name, const std::string& text, Facts& facts) {
  TG_ASSIGN_OR_RETURN(const JsonValue root, ParseJson(text));
  if (name != "models.json") return ReadProviderFile(root, facts);
  for (const JsonValue& row : root.items) {
    TG_ASSIGN_OR_RETURN(Model model, ReadModel(row));
    facts.models.push_back(std::move(model));
  }
  return absl::OkStatus();
}

}  // namespace

SeedFiles WriteSeedText(const Facts& facts) {
  SeedFiles files;
  std::string& models = files["models.json"];
  for (const Model& model : facts.models) {
    absl::StrAppend(&models, models.empty() ? "[\n" : ",\n", ModelLine(model));
  }
  models += models.empty() ? "[]\n" : "\n]\n";
  for (const Provider& provider : facts.providers) {
    Line head;
    head.Text("id", provider.id);
    head.Text("name", provider.display_name);
    head.Text("format", FormatName(provider.format));
    head.Text("base_url", provider.base_url);
    head.Text("doc_url", provider.doc_url);
    if (provider.quirks != Quirks()) {
      head.Name("quirks");
      head.raw() += WriteQuirks(provider.quirks);
    }
    head.Name("offerings");
    files[absl::StrCat("providers/", provider.id, ".json")] = head.raw() + "[";
  }
  std::set<std::string> begun;
  for (const Offering& offering : facts.offerings) {
    std::string& file = files[absl::StrCat("providers/", offering.provider_id, ".json")];
    absl::StrAppend(&file, begun.insert(offering.provider_id).second ? "\n" : ",\n",
                    OfferingLine(offering));
  }
  for (const Provider& provider : facts.providers) {
    files[absl::StrCat("providers/", provider.id, ".json")] += "\n]}\n";
  }
  return files;
}

absl::StatusOr<Facts> ReadSeedText(const SeedFiles& files) {
  Facts facts;
  for (const auto& [name, text] : files) {
    const absl::Status read = ReadFile(name, text, facts);
    if (!read.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("seed file ", name, ": ", read.message()));
    }
  }
  return facts;
}

}  // namespace tollgate::catalog
