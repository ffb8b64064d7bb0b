#include "catalog/import/litellm_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "catalog/price/price_text.h"

namespace tollgate::catalog {
namespace {

struct KnownField {
  std::string_view name;
  Unit unit;
  Direction direction;
  Modality modality;
  CacheClass cache = CacheClass::kNone;
  int scale = kUsdPerUnit;
  std::string_view variant = "";
};

constexpr auto kIn = Direction::kInput;
constexpr auto kOut = Direction::kOutput;

constexpr KnownField kFields[] = {
    {"input_cost_per_token", Unit::kToken, kIn, Modality::kText},
    {"output_cost_per_token", Unit::kToken, kOut, Modality::kText},
    {"cache_read_input_token_cost", Unit::kToken, kIn, Modality::kText, CacheClass::kRead},
    {"input_cost_per_token_cache_hit", Unit::kToken, kIn, Modality::kText, CacheClass::kRead},
    {"cache_creation_input_token_cost", Unit::kToken, kIn, Modality::kText, CacheClass::kWrite5m},
    {"output_cost_per_reasoning_token", Unit::kToken, kOut, Modality::kReasoning},
    {"input_cost_per_audio_token", Unit::kToken, kIn, Modality::kAudio},
    {"output_cost_per_audio_token", Unit::kToken, kOut, Modality::kAudio},
    {"cache_read_input_audio_token_cost", Unit::kToken, kIn, Modality::kAudio, CacheClass::kRead},
    {"cache_creation_input_audio_token_cost", Unit::kToken, kIn, Modality::kAudio,
     CacheClass::kWrite5m},
    {"input_cost_per_image_token", Unit::kToken, kIn, Modality::kImage},
    {"output_cost_per_image_token", Unit::kToken, kOut, Modality::kImage},
    {"output_cost_per_video_token", Unit::kToken, kOut, Modality::kVideo},
    {"input_cost_per_image", Unit::kImage, kIn, Modality::kImage},
    {"output_cost_per_image", Unit::kImage, kOut, Modality::kImage},
    {"input_cost_per_pixel", Unit::kMegapixel, kIn, Modality::kImage, CacheClass::kNone,
     kUsdPerMillionth},
    {"output_cost_per_pixel", Unit::kMegapixel, kOut, Modality::kImage, CacheClass::kNone,
     kUsdPerMillionth},
    {"input_cost_per_second", Unit::kSecond, kIn, Modality::kAudio},
    {"output_cost_per_second", Unit::kSecond, kOut, Modality::kAudio},
    {"output_cost_per_second_1080p", Unit::kSecond, kOut, Modality::kVideo, CacheClass::kNone,
     kUsdPerUnit, "1080p"},
    {"input_cost_per_audio_per_second", Unit::kSecond, kIn, Modality::kAudio},
    {"input_cost_per_video_per_second", Unit::kSecond, kIn, Modality::kVideo},
    {"output_cost_per_video_per_second", Unit::kSecond, kOut, Modality::kVideo},
    {"input_cost_per_character", Unit::kCharacter, kIn, Modality::kText},
    {"output_cost_per_character", Unit::kCharacter, kOut, Modality::kText},
    {"input_cost_per_query", Unit::kRequest, kIn, Modality::kText},
    {"input_cost_per_request", Unit::kRequest, kIn, Modality::kText},
    {"ocr_cost_per_page", Unit::kPage, kIn, Modality::kFile},
    {"annotation_cost_per_page", Unit::kPage, kIn, Modality::kFile, CacheClass::kNone, kUsdPerUnit,
     "annotation"},
};

// Charges that come beside those of a request and only when the caller asks for more; an offering
// without them is still priced rightly for what the gateway lets through.
constexpr std::string_view kOptionalExtras[] = {
    "code_interpreter_cost_per_session",     "file_search_cost_per_1k_calls",
    "file_search_cost_per_gb_per_day",       "vector_store_cost_per_gb_per_day",
    "computer_use_input_cost_per_1k_tokens", "computer_use_output_cost_per_1k_tokens"};

bool TakeSuffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

// Takes "_above_<n>k_tokens"; 0 when there is none.
std::int64_t TakeThreshold(std::string_view& name) {
  constexpr std::string_view kHead = "_above_";
  constexpr std::string_view kTail = "k_tokens";
  const std::size_t at = name.rfind(kHead);
  if (at == std::string_view::npos || !name.ends_with(kTail)) return 0;
  const std::string_view digits =
      name.substr(at + kHead.size(), name.size() - at - kHead.size() - kTail.size());
  std::int64_t thousands = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), thousands);
  constexpr std::int64_t kThousandsMax = 1'000'000;
  if (error != std::errc() || stop != digits.data() + digits.size() || thousands <= 0 ||
      thousands > kThousandsMax) {
    return 0;
  }
  name = name.substr(0, at);
  return thousands * 1000;
}

// The peculiarities that depend on what the model is for.
void AdaptToMode(std::string_view mode, PriceComponent& keys) {
  const bool makes_images = mode == "image_generation" || mode == "image_edit";
  if (makes_images && (keys.unit == Unit::kImage || keys.unit == Unit::kMegapixel)) {
    keys.direction = Direction::kOutput;
  }
  if (mode == "video_generation" && keys.unit == Unit::kSecond &&
      keys.direction == Direction::kOutput) {
    keys.modality = Modality::kVideo;
  }
}

bool IsZero(const JsonValue& value) {
  return value.is_number() && value.text.find_first_of("123456789") == std::string::npos;
}

// Whether the field states a price (or may).
bool IsPriceField(std::string_view name) {
  return absl::StrContains(AbslView(name), "cost") || name == "tiered_pricing" ||
         absl::StrContains(AbslView(name), "multiplier");
}

void ReadSearches(const JsonValue& sizes, ComponentList& list) {
  PriceComponent keys;
  keys.unit = Unit::kSearch;
  bool equal = true;
  for (const auto& [name, value] : sizes.members) {
    equal = equal && value.text == sizes.members.front().value.text;
  }
  for (const auto& [name, value] : sizes.members) {
    constexpr std::string_view kPrefix = "search_context_size_";
    if (!std::string_view(name).starts_with(kPrefix) || IsZero(value)) continue;
    keys.variant = equal ? "" : name.substr(kPrefix.size());
    list.Add(keys, value, kUsdPerUnit);
  }
}

// [{"range": [0, 256000.0], "input_cost_per_token": …}, …]: the lower end is the threshold.
void ReadTiers(const JsonValue& tiers, std::string_view mode, ComponentList& list) {
  for (const JsonValue& tier : tiers.items) {
    const JsonValue* range = tier.Find("range");
    const absl::StatusOr<ParsedPrice> from =
        range != nullptr && range->items.size() == 2 && range->items[0].is_number()
            ? ParsePrice(range->items[0].text, 0)
            : absl::InvalidArgumentError("no range");
    if (!from.ok() || from->rounded) {
      return list.Spoil("a price tier that is not by context");
    }
    for (const auto& [name, value] : tier.members) {
      if (name == "range") continue;
      std::optional<LiteLlmField> field = ParseLiteLlmField(name, mode);
      if (!field) {
        list.Spoil(absl::StrCat("a price that the catalog cannot express: ", name));
        continue;
      }
      field->keys.context_threshold_tokens = from->pico_usd_per_unit;
      list.Add(field->keys, value, field->scale);
    }
  }
}

// Drops charges that are said twice (see the header).
void DropAlternatives(std::string_view mode, std::string_view what, ComponentList& list,
                      ImportReport& report) {
  const auto tokens_of = [&](Modality modality) {
    return std::any_of(list.components.begin(), list.components.end(), [&](const auto& c) {
      return c.unit == Unit::kToken && c.direction == Direction::kOutput && c.modality == modality;
    });
  };
  const bool image_tokens = tokens_of(Modality::kImage);
  const bool audio_tokens = tokens_of(Modality::kAudio);
  const auto has_images = std::any_of(list.components.begin(), list.components.end(),
                                      [](const auto& c) { return c.unit == Unit::kImage; });
  std::erase_if(list.components, [&](const PriceComponent& c) {
    const bool output = c.direction == Direction::kOutput;
    const bool again = (c.unit == Unit::kImage && output && image_tokens) ||
                       (c.unit == Unit::kMegapixel && (image_tokens || has_images)) ||
                       (c.unit == Unit::kSecond && output && c.modality == Modality::kAudio &&
                        (audio_tokens || mode == "audio_transcription"));
    if (again && c.price_pico_usd_per_unit > 0) {
      report.Adjust("a second way of stating the same charge was not taken", what);
    }
    return again;
  });
}

}  // namespace

std::optional<LiteLlmField> ParseLiteLlmField(std::string_view name, std::string_view mode) {
  LiteLlmField field;
  ServiceTier tier = ServiceTier::kStandard;
  if (TakeSuffix(name, "_batches")) tier = ServiceTier::kBatch;
  if (TakeSuffix(name, "_flex")) tier = ServiceTier::kFlex;
  if (TakeSuffix(name, "_priority")) tier = ServiceTier::kPriority;
  const std::int64_t threshold = TakeThreshold(name);
  const bool hour = TakeSuffix(name, "_above_1hr");
  const auto* known = std::find_if(std::begin(kFields), std::end(kFields),
                                   [&](const KnownField& f) { return f.name == name; });
  if (known == std::end(kFields)) return std::nullopt;
  field.keys.unit = known->unit;
  field.keys.direction = known->direction;
  field.keys.modality = known->modality;
  field.keys.cache = known->cache;
  field.keys.variant = std::string(known->variant);
  field.keys.tier = tier;
  field.keys.context_threshold_tokens = threshold;
  field.scale = known->scale;
  if (hour) {
    if (known->cache != CacheClass::kWrite5m) return std::nullopt;
    field.keys.cache = CacheClass::kWrite1h;
  }
  AdaptToMode(mode, field.keys);
  return field;
}

void ReadLiteLlmPrices(const JsonValue& entry, std::string_view mode, std::string_view what,
                       ComponentList& list, ImportReport& report) {
  for (const auto& [name, value] : entry.members) {
    if (name == "search_context_cost_per_query") {
      ReadSearches(value, list);
    } else if (name == "tiered_pricing") {
      ReadTiers(value, mode, list);
    } else if (const std::optional<LiteLlmField> field = ParseLiteLlmField(name, mode)) {
      // A zero of a unit other than tokens says that the model is not priced by it.
      if (field->keys.unit != Unit::kToken && IsZero(value)) continue;
      list.Add(field->keys, value, field->scale);
    } else if (IsPriceField(name) && !IsZero(value)) {
      const std::string reason = absl::StrCat("a price that the catalog cannot express: ", name);
      const bool optional = std::find(std::begin(kOptionalExtras), std::end(kOptionalExtras),
                                      name) != std::end(kOptionalExtras);
      if (optional) {
        report.Adjust(reason, what);
      } else {
        list.Spoil(reason);
      }
    }
  }
  DropAlternatives(mode, what, list, report);
}

}  // namespace tollgate::catalog
