// Reads LiteLLM's model_prices_and_context_window.json: {name: {litellm_provider, mode, …}}.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "catalog/import/component_list.h"
#include "catalog/import/facts_builder.h"
#include "catalog/import/import.h"
#include "catalog/import/litellm_fields.h"
#include "catalog/import/model_type.h"
#include "catalog/model/validate.h"

namespace tollgate::catalog {
namespace {

// An entry's name without the provider, and the image size and quality that precede it there:
// "hd/1024-x-1792/dall-e-3" → dall-e-3, "hd/1024x1792".
struct EntryName {
  std::string model;
  std::string variant;
  std::int64_t pixels = 0;  // Of one image; 0 = no size in the name.
};

// Largest side of an image that a name may state: far above any on sale.
constexpr std::int64_t kSidePixelsMax = 100'000;

bool IsSize(std::string_view part) {
  const std::size_t x = part.find("-x-");
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return x != std::string_view::npos && digits(part.substr(0, x)) && digits(part.substr(x + 3));
}

std::int64_t Side(std::string_view digits) {
  std::int64_t side = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), side);
  return error == std::errc() && side <= kSidePixelsMax ? side : 0;
}

EntryName ParseName(std::string_view name, const ReviewedProvider& provider) {
  for (const std::string& prefix : provider.litellm) {
    if (name.starts_with(prefix + "/")) {
      name.remove_prefix(prefix.size() + 1);
      break;
    }
  }
  EntryName parsed;
  std::string_view rest = name;
  for (const std::string_view quality : {"hd/", "standard/", "low/", "medium/", "high/"}) {
    if (!rest.starts_with(quality)) continue;
    parsed.variant = std::string(quality);
    rest.remove_prefix(quality.size());
    break;
  }
  const std::string_view size = rest.substr(0, rest.find('/'));
  if (size.size() < rest.size() && IsSize(size)) {
    const std::size_t x = size.find("-x-");
    absl::StrAppend(&parsed.variant, std::string(size.substr(0, x)), "x",
                    std::string(size.substr(x + 3)));
    parsed.model = std::string(rest.substr(size.size() + 1));
    parsed.pixels = Side(size.substr(0, x)) * Side(size.substr(x + 3));
    return parsed;
  }
  return {std::string(name), "", 0};
}

// A price per megapixel as the price of one image of known size, which is how it is metered.
// Rounded half up to pico-USD.
void PriceByImage(std::int64_t pixels, PriceComponent& component) {
  if (component.unit != Unit::kMegapixel || pixels == 0) return;
  constexpr __int128 kPixelsPerMegapixel = 1'000'000;
  const __int128 exact = static_cast<__int128>(component.price_pico_usd_per_unit) * pixels;
  const __int128 rounded = (exact + kPixelsPerMegapixel / 2) / kPixelsPerMegapixel;
  component.unit = Unit::kImage;
  component.price_pico_usd_per_unit = rounded > kPricePicoUsdPerUnitMax
                                          ? kPricePicoUsdPerUnitMax
                                          : static_cast<std::int64_t>(rounded);
}

// LiteLLM writes some whole numbers as 1e6 or 256000.0; only what is plainly whole is taken.
std::int64_t Tokens(const JsonValue& entry, std::string_view name) {
  const JsonValue* value = entry.Find(name);
  if (value == nullptr || !value->is_number()) return 0;
  std::int64_t number = 0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, number);
  const bool whole =
      stop == end || std::string_view(stop, static_cast<std::size_t>(end - stop)) == ".0";
  return error == std::errc() && whole && number > 0 && number <= kTokensMax ? number : 0;
}

std::vector<std::string> Words(const JsonValue& entry, std::string_view name,
                               std::vector<std::string> otherwise) {
  const JsonValue* list = entry.Find(name);
  if (list == nullptr || list->items.empty()) return otherwise;
  std::vector<std::string> words;
  for (const std::string& known : Modalities()) {
    if (std::any_of(list->items.begin(), list->items.end(),
                    [&](const auto& item) { return item.text == known; })) {
      words.push_back(known);
    }
  }
  return words.empty() ? otherwise : words;
}

std::vector<std::string> InputsOf(const JsonValue& entry, std::string_view type) {
  if (type == "transcription") return {"audio"};
  std::vector<std::string> words = {"text"};
  if (entry.IsTrue("supports_vision") || entry.IsTrue("supports_image_input")) {
    words.emplace_back("image");
  }
  if (entry.IsTrue("supports_audio_input")) words.emplace_back("audio");
  if (entry.IsTrue("supports_video_input")) words.emplace_back("video");
  if (entry.IsTrue("supports_pdf_input")) words.emplace_back("pdf");
  return words;
}

std::vector<std::string> OutputsOf(const JsonValue& entry, std::string_view type) {
  if (type == "image") return {"image"};
  if (type == "speech") return {"audio"};
  if (type == "video") return {"video"};
  std::vector<std::string> words = {"text"};
  if (type == "language" && entry.IsTrue("supports_audio_output")) words.emplace_back("audio");
  return words;
}

Model Describe(const JsonValue& entry, std::string_view name, std::string_view type) {
  Model model;
  model.display_name = std::string(name.substr(name.rfind('/') + 1));
  model.type = std::string(type);
  model.input_modalities = Words(entry, "supported_modalities", InputsOf(entry, type));
  model.output_modalities = Words(entry, "supported_output_modalities", OutputsOf(entry, type));
  for (const auto& [field, capability] :
       {std::pair("supports_function_calling", "tools"),
        std::pair("supports_reasoning", "reasoning"),
        std::pair("supports_response_schema", "structured_output")}) {
    if (entry.IsTrue(field)) model.capabilities.emplace_back(capability);
  }
  model.context_tokens_max = Tokens(entry, "max_input_tokens");
  if (type == "language" || type == "transcription") {
    model.output_tokens_max = Tokens(entry, "max_output_tokens");
  }
  const std::string_view deprecated = entry.Text("deprecation_date");
  if (IsValidDate(deprecated)) model.deprecation_date = std::string(deprecated);
  return model;
}

class Reader {
 public:
  Reader(const ReviewedTables& tables, ImportReport& report)
      : tables_(tables), report_(report), builder_(tables, report) {}

  void ReadEntry(const std::string& name, const JsonValue& entry) {
    const std::string_view provider_name = entry.Text("litellm_provider");
    const ReviewedProvider* provider = tables_.FindByLiteLlm(provider_name);
    if (provider == nullptr) {
      return report_.LeaveOut("the provider has no reviewed address and wire format",
                              absl::StrCat(std::string(provider_name), ": ", name));
    }
    const EntryName parsed = ParseName(name, *provider);
    const std::string what = absl::StrCat(provider->id, ": ", name);
    if (const std::string_view why = WhyNotAModel(name, parsed); !why.empty()) {
      return report_.LeaveOut(why, what);
    }
    const std::string_view mode = entry.Text("mode");
    const std::string type = ModelTypeOfMode(mode);
    if (type.empty()) {
      return report_.LeaveOut("a mode that the catalog has no type for", what);
    }
    ComponentList list(report_, what);
    ReadLiteLlmPrices(entry, mode, what, list, report_);
    if (list.spoiled()) return;
    list.Tidy();
    Found& found = found_[{provider->id, parsed.model}];
    if (!parsed.variant.empty()) {
      for (PriceComponent& component : list.components) {
        component.variant = parsed.variant;
        PriceByImage(parsed.pixels, component);
      }
      found.sized.insert(found.sized.end(), list.components.begin(), list.components.end());
      return;
    }
    if (found.draft) return report_.LeaveOut("the file has the same model twice", what);
    found.responses_only = mode == "responses";
    found.draft = OfferingDraft{.provider_id = provider->id,
                                .provider_model_id = parsed.model,
                                .base_model = "",
                                .status = "",
                                .model = Describe(entry, parsed.model, type),
                                .components = std::move(list.components)};
  }

  Facts Build() {
    for (auto& [key, found] : found_) Finish(key.first + ": " + key.second, found);
    return builder_.Build();
  }

 private:
  struct Found {
    std::optional<OfferingDraft> draft;
    std::vector<PriceComponent> sized;  // Prices of images by size and quality.
    bool responses_only = false;
  };

  static std::string_view WhyNotAModel(std::string_view name, const EntryName& parsed) {
    if (parsed.model.empty() || parsed.model.size() > kNameCharsMax) {
      return "the model's id is not usable";
    }
    if (absl::StartsWith(parsed.model, "ft:")) return "a fine-tuned model of the caller's own";
    if (parsed.model.find('*') != std::string::npos) return "a pattern, not a model";
    const std::string_view model = parsed.model;
    if (name.starts_with("azure/")) {
      for (const std::string_view region : {"eu/", "us/", "global/", "global-standard/"}) {
        if (model.starts_with(region)) return "a regional deployment of a model";
      }
    }
    return "";
  }

  void Finish(const std::string& what, Found& found) {
    if (!found.draft) {
      return report_.LeaveOut("image sizes without the model that makes them", what);
    }
    OfferingDraft& draft = *found.draft;
    AddSized(what, found);
    if (found.responses_only) {
      return report_.LeaveOut("served by the responses API alone", what);
    }
    const std::string_view why = WhyNotPriced(draft.components, draft.model.type,
                                              absl::EndsWith(draft.provider_model_id, ":free"));
    if (!why.empty()) return report_.LeaveOut(why, what);
    builder_.AddProvider(AsProvider(*tables_.Find(draft.provider_id)));
    builder_.AddOffering(std::move(draft));
  }

  // Adds the prices by size, unless the model is priced by the tokens of its images.
  void AddSized(const std::string& what, Found& found) {
    std::vector<PriceComponent>& components = found.draft->components;
    const bool by_tokens =
        std::any_of(components.begin(), components.end(), [](const PriceComponent& c) {
          return c.unit == Unit::kToken && c.direction == Direction::kOutput;
        });
    if (by_tokens && !found.sized.empty()) {
      return report_.Adjust("a second way of stating the same charge was not taken", what);
    }
    for (const PriceComponent& component : found.sized) {
      if (std::none_of(components.begin(), components.end(),
                       [&](const auto& c) { return SameKeys(component, c); })) {
        components.push_back(component);
      }
    }
  }

  static Provider AsProvider(const ReviewedProvider& reviewed) {
    return {.id = reviewed.id,
            .display_name = reviewed.display_name.empty() ? reviewed.id : reviewed.display_name,
            .format = reviewed.format.value_or(Format::kOpenaiChat),
            .base_url = reviewed.base_url,
            .doc_url = reviewed.doc_url,
            .quirks = reviewed.quirks};
  }

  const ReviewedTables& tables_;
  ImportReport& report_;
  FactsBuilder builder_;
  std::map<std::pair<std::string, std::string>, Found> found_;
};

}  // namespace

absl::StatusOr<ImportResult> ImportLiteLlm(std::string_view json) {
  TG_ASSIGN_OR_RETURN(const JsonValue root, ParseJson(json));
  TG_ASSIGN_OR_RETURN(const ReviewedTables tables, ReviewedTables::Load());
  if (!root.is_object()) {
    return absl::InvalidArgumentError("LiteLLM's document must be a JSON object");
  }
  ImportResult result;
  result.report.source = "litellm";
  const std::string_view day = root.Text("last_updated").substr(0, 10);
  if (day.size() == 10 && IsValidDate(day)) result.report.source_date = std::string(day);
  Reader reader(tables, result.report);
  for (const auto& [name, entry] : root.members) {
    // The specimen, the date of the file and its rules are no models.
    if (name == "sample_spec" || entry.Find("litellm_provider") == nullptr) continue;
    reader.ReadEntry(name, entry);
  }
  result.facts = reader.Build();
  return result;
}

}  // namespace tollgate::catalog
