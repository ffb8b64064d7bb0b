// Reads models.dev: {provider: {name, npm, api, doc, models: {id: {cost, limit, …}}}}.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "catalog/import/component_list.h"
#include "catalog/import/facts_builder.h"
#include "catalog/import/import.h"
#include "catalog/import/model_type.h"
#include "catalog/import/provider_address.h"
#include "catalog/model/validate.h"
#include "catalog/price/price_text.h"

namespace tollgate::catalog {
namespace {

PriceComponent Component(Direction direction, Modality modality, CacheClass cache) {
  PriceComponent component;
  component.direction = direction;
  component.modality = modality;
  component.cache = cache;
  return component;
}

// The keys of a field of `cost`; nullopt for one that is not known.  "cached_input" and the like
// are spellings of single entries.
std::optional<PriceComponent> FieldKeys(std::string_view field) {
  const auto text = [](Direction direction, CacheClass cache) {
    return Component(direction, Modality::kText, cache);
  };
  if (field == "input") return text(Direction::kInput, CacheClass::kNone);
  if (field == "output") return text(Direction::kOutput, CacheClass::kNone);
  if (field == "cache_read" || field == "cache_input" || field == "cached_input") {
    return text(Direction::kInput, CacheClass::kRead);
  }
  if (field == "cache_write" || field == "cached_write") {
    return text(Direction::kInput, CacheClass::kWrite5m);
  }
  if (field == "reasoning") {
    return Component(Direction::kOutput, Modality::kReasoning, CacheClass::kNone);
  }
  if (field == "input_audio") {
    return Component(Direction::kInput, Modality::kAudio, CacheClass::kNone);
  }
  if (field == "output_audio") {
    return Component(Direction::kOutput, Modality::kAudio, CacheClass::kNone);
  }
  return std::nullopt;
}

std::int64_t Integer(const JsonValue* value) {
  std::int64_t number = 0;
  if (value == nullptr || !value->is_number()) return 0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, number);
  return error == std::errc() && stop == end && number > 0 && number <= kTokensMax ? number : 0;
}

std::string DateOrNothing(std::string_view date) {
  return IsValidDate(date) ? std::string(date) : std::string();
}

void ReadCost(const JsonValue& cost, std::int64_t threshold, ComponentList& list) {
  for (const auto& [field, value] : cost.members) {
    if (field == "tiers" || field == "tier") continue;
    std::optional<PriceComponent> keys = FieldKeys(field);
    if (!keys) {
      list.Spoil(absl::StrCat("a price that the catalog cannot express: ", field));
      continue;
    }
    keys->context_threshold_tokens = threshold;
    list.Add(*keys, value, kUsdPerMillionUnits);
  }
}

void ReadTiers(const JsonValue& cost, ComponentList& list) {
  const JsonValue* tiers = cost.Find("tiers");
  if (tiers == nullptr) return;
  for (const JsonValue& tier : tiers->items) {
    const JsonValue* condition = tier.Find("tier");
    const std::int64_t threshold = condition == nullptr ? 0 : Integer(condition->Find("size"));
    const std::string_view type = condition == nullptr ? "" : condition->Text("type");
    if (threshold == 0 || (!type.empty() && type != "context")) {
      list.Spoil("a price tier that is not by context");
      continue;
    }
    ReadCost(tier, threshold, list);
  }
}

// The facts of a model but for its id and vendor.
Model Describe(const JsonValue& entry, std::string_view id) {
  Model model;
  model.display_name = std::string(entry.Text("name"));
  if (model.display_name.empty()) model.display_name = std::string(id.substr(id.rfind('/') + 1));
  const auto words = [&](std::string_view direction) {
    std::vector<std::string> found;
    const JsonValue* modalities = entry.Find("modalities");
    const JsonValue* list = modalities == nullptr ? nullptr : modalities->Find(direction);
    for (const std::string& known : Modalities()) {
      if (list != nullptr && std::any_of(list->items.begin(), list->items.end(),
                                         [&](const auto& item) { return item.text == known; })) {
        found.push_back(known);
      }
    }
    return found;
  };
  model.input_modalities = words("input");
  model.output_modalities = words("output");
  for (const auto& [field, capability] :
       {std::pair("tool_call", "tools"), std::pair("reasoning", "reasoning"),
        std::pair("structured_output", "structured_output"), std::pair("attachment", "attachments"),
        std::pair("temperature", "temperature"), std::pair("open_weights", "open_weights")}) {
    if (entry.IsTrue(field)) model.capabilities.emplace_back(capability);
  }
  if (const JsonValue* limit = entry.Find("limit")) {
    model.context_tokens_max = Integer(limit->Find("context"));
    model.output_tokens_max = Integer(limit->Find("output"));
  }
  model.knowledge_date = DateOrNothing(entry.Text("knowledge"));
  model.release_date = DateOrNothing(entry.Text("release_date"));
  model.type = GuessModelType(id, model);
  return model;
}

class Reader {
 public:
  Reader(const ReviewedTables& tables, ImportReport& report)
      : tables_(tables), report_(report), builder_(tables, report) {}

  void ReadCanonical(const JsonValue& models) {
    for (const auto& [id, entry] : models.members) {
      builder_.AddCanonicalModel(id, Describe(entry, id));
    }
  }

  void ReadProvider(const std::string& id, const JsonValue& entry) {
    const JsonValue* models = entry.Find("models");
    if (models == nullptr || !models->is_object() || !IsValidResourceId(id)) {
      return report_.LeaveOut("a provider without models or with an unusable id", id);
    }
    std::string name(entry.Text("name"));
    if (name.empty() || name.size() > kNameCharsMax) name = id;
    const absl::StatusOr<Provider> provider =
        AddressProvider({id, std::move(name), std::string(entry.Text("npm")),
                         std::string(entry.Text("api")), std::string(entry.Text("doc"))},
                        tables_, report_);
    if (!provider.ok()) {
      for (const auto& [model_id, model] : models->members) {
        report_.LeaveOut(StdView(provider.status().message()), absl::StrCat(id, ": ", model_id));
      }
      return;
    }
    builder_.AddProvider(*provider);
    for (const auto& [model_id, model] : models->members) {
      ReadOffering(*provider, model_id, model);
    }
  }

  Facts Build() { return builder_.Build(); }

 private:
  void ReadOffering(const Provider& provider, const std::string& id, const JsonValue& entry) {
    const std::string what = absl::StrCat(provider.id, ": ", id);
    if (id.empty() || id.size() > kNameCharsMax) {
      return report_.LeaveOut("the model's id is not usable", what);
    }
    if (id.front() == '~') {
      return report_.LeaveOut("a floating alias of the provider, not a model", what);
    }
    if (const JsonValue* other = entry.Find("provider")) {
      if (SpeaksOtherwise(provider, other->Text("npm"), other->Text("api"), other->Text("shape"))) {
        return report_.LeaveOut("spoken to in another way than the provider's other models", what);
      }
    }
    OfferingDraft draft{.provider_id = provider.id,
                        .provider_model_id = id,
                        .base_model = std::string(entry.Text("base_model")),
                        .status = std::string(entry.Text("status")),
                        .model = Describe(entry, id),
                        .components = {}};
    ComponentList list(report_, what);
    if (const JsonValue* cost = entry.Find("cost")) {
      ReadCost(*cost, 0, list);
      ReadTiers(*cost, list);
    }
    if (list.spoiled()) return;
    list.Tidy();
    const std::string_view why =
        WhyNotPriced(list.components, draft.model.type, absl::EndsWith(id, ":free"));
    if (!why.empty()) return report_.LeaveOut(why, what);
    draft.components = std::move(list.components);
    builder_.AddOffering(std::move(draft));
  }

  const ReviewedTables& tables_;
  ImportReport& report_;
  FactsBuilder builder_;
};

// The day at the end of the wrapper's "source" ("… of 2026-07-02; …").
std::string DayOf(std::string_view source) {
  const std::size_t at = source.find(" of ");
  if (at == std::string_view::npos) return "";
  const std::string_view day = source.substr(at + 4, 10);
  return day.size() == 10 && IsValidDate(day) ? std::string(day) : std::string();
}

}  // namespace

absl::StatusOr<ImportResult> ImportModelsDev(std::string_view json) {
  TG_ASSIGN_OR_RETURN(const JsonValue root, ParseJson(json));
  TG_ASSIGN_OR_RETURN(const ReviewedTables tables, ReviewedTables::Load());
  if (!root.is_object()) {
    return absl::InvalidArgumentError("models.dev's document must be a JSON object");
  }
  ImportResult result;
  result.report.source = "models.dev";
  result.report.source_date = DayOf(root.Text("source"));
  Reader reader(tables, result.report);
  if (const JsonValue* canonical = root.Find("canonical_models")) {
    reader.ReadCanonical(*canonical);
  }
  // The wrapper has the providers under a name; models.dev's api.json has nothing else.
  const JsonValue* wrapped = root.Find("providers");
  const bool is_wrapper = wrapped != nullptr && wrapped->Find("models") == nullptr;
  for (const auto& [id, entry] : is_wrapper ? wrapped->members : root.members) {
    reader.ReadProvider(id, entry);
  }
  result.facts = reader.Build();
  return result;
}

}  // namespace tollgate::catalog
