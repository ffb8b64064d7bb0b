#include "base/pricing.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/status_reason.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

constexpr int kMinutesPerDay = 24 * 60;
constexpr std::array<std::string_view, 8> kUnitNames = {
    "token", "image", "megapixel", "second", "character", "page", "request", "search"};
constexpr std::array<std::string_view, 2> kDirectionNames = {"input", "output"};
constexpr std::array<std::string_view, 6> kModalityNames = {"text",  "image", "audio",
                                                            "video", "file",  "reasoning"};
constexpr std::array<std::string_view, 4> kCacheClassNames = {"none", "read", "write_5m",
                                                              "write_1h"};
constexpr std::array<std::string_view, 4> kServiceTierNames = {"standard", "batch", "flex",
                                                               "priority"};

template <std::size_t N, typename Enum>
bool IsKnown(const std::array<std::string_view, N>&, Enum value) {
  return static_cast<int>(value) >= 0 && static_cast<std::size_t>(value) < N;
}

template <std::size_t N, typename Enum>
std::string_view NameOf(const std::array<std::string_view, N>& names, Enum value) {
  return IsKnown(names, value) ? names[static_cast<std::size_t>(value)] : "unknown";
}

// What a component must equal to price a class.
struct ClassKey {
  Unit unit;
  Direction direction;
  Modality modality;
  CacheClass cache;
  ServiceTier tier;

  friend auto operator<=>(const ClassKey&, const ClassKey&) = default;
};

// Requests and searches have neither direction, modality nor cache class.
ClassKey Normalized(ClassKey key) {
  if (key.unit == Unit::kRequest || key.unit == Unit::kSearch) {
    key.direction = Direction::kInput;
    key.modality = Modality::kText;
    key.cache = CacheClass::kNone;
  }
  return key;
}

ClassKey KeyOf(const PriceComponent& component) {
  return Normalized(
      {component.unit, component.direction, component.modality, component.cache, component.tier});
}

struct Conditions {
  std::string_view variant;
  std::string_view region;
  int utc_minute;
  std::int64_t total_input_tokens;
};

bool Applies(const PriceComponent& component, const Conditions& conditions) {
  return (component.variant.empty() || component.variant == conditions.variant) &&
         (component.region.empty() || component.region == conditions.region) &&
         (component.context_threshold_tokens == 0 ||
          conditions.total_input_tokens > component.context_threshold_tokens) &&
         WindowContains(component, conditions.utc_minute);
}

// Greater = better; see the header for the order.
auto Rank(const PriceComponent& component) {
  return std::make_tuple(!component.variant.empty(), !component.region.empty(),
                         component.utc_start_minute != component.utc_end_minute,
                         component.context_threshold_tokens, component.price_pico_usd_per_unit);
}

const PriceComponent* BestOfClass(const PriceVersion& version, const ClassKey& key,
                                  const Conditions& conditions) {
  const PriceComponent* best = nullptr;
  for (const PriceComponent& component : version.components) {
    if (KeyOf(component) != key || !Applies(component, conditions)) continue;
    if (best == nullptr || Rank(*best) < Rank(component)) best = &component;
  }
  return best;
}

absl::Status ValidateComponent(const PriceComponent& c) {
  if (!IsKnown(kUnitNames, c.unit) || !IsKnown(kDirectionNames, c.direction) ||
      !IsKnown(kModalityNames, c.modality) || !IsKnown(kCacheClassNames, c.cache) ||
      !IsKnown(kServiceTierNames, c.tier)) {
    return absl::InvalidArgumentError("a value of an unknown kind");
  }
  if (c.price_pico_usd_per_unit < 0 || c.price_pico_usd_per_unit > kPricePicoUsdPerUnitMax) {
    return absl::InvalidArgumentError(absl::StrCat("price ", c.price_pico_usd_per_unit,
                                                   " pico-USD is not within 0 and ",
                                                   kPricePicoUsdPerUnitMax));
  }
  if (c.context_threshold_tokens < 0) {
    return absl::InvalidArgumentError("the context threshold is negative");
  }
  for (int minute : {c.utc_start_minute, c.utc_end_minute}) {
    if (minute < 0 || minute >= kMinutesPerDay) {
      return absl::InvalidArgumentError(
          absl::StrCat("minute ", minute, " of the day is not within 0 and 1439"));
    }
  }
  return absl::OkStatus();
}

absl::Status Unpriced(const PriceVersion& version, const Quantity& quantity) {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "UNPRICED",
                         absl::StrCat("unpriced: price version ", version.id, " has no price for ",
                                      AbslView(UnitName(quantity.unit)), " ",
                                      AbslView(DirectionName(quantity.direction)), " ",
                                      AbslView(ModalityName(quantity.modality)), " (cache ",
                                      AbslView(CacheClassName(quantity.cache)), ")"));
}

}  // namespace

std::string_view UnitName(Unit unit) { return NameOf(kUnitNames, unit); }
std::string_view DirectionName(Direction direction) { return NameOf(kDirectionNames, direction); }
std::string_view ModalityName(Modality modality) { return NameOf(kModalityNames, modality); }
std::string_view CacheClassName(CacheClass cache) { return NameOf(kCacheClassNames, cache); }
std::string_view ServiceTierName(ServiceTier tier) { return NameOf(kServiceTierNames, tier); }

absl::Status ValidatePriceVersion(const PriceVersion& version) {
  const auto refuse = [&](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat("price version '", version.id, "': ", why));
  };
  if (version.id.empty()) return refuse("has no id");
  if (version.components.size() > kPriceComponentsMax) {
    return refuse(absl::StrCat("has more than ", kPriceComponentsMax, " components"));
  }
  std::set<std::int64_t> thresholds;
  std::set<int> minutes;
  std::set<std::tuple<ClassKey, std::int64_t, std::string_view, std::string_view, int, int>> keys;
  for (std::size_t i = 0; i < version.components.size(); ++i) {
    const PriceComponent& c = version.components[i];
    if (absl::Status status = ValidateComponent(c); !status.ok()) {
      return refuse(absl::StrCat("component ", i, ": ", status.message()));
    }
    if (c.context_threshold_tokens > 0) thresholds.insert(c.context_threshold_tokens);
    const bool windowed = c.utc_start_minute != c.utc_end_minute;
    if (windowed) minutes.insert({c.utc_start_minute, c.utc_end_minute});
    const bool is_new =
        keys.emplace(KeyOf(c), c.context_threshold_tokens, c.variant, c.region,
                     windowed ? c.utc_start_minute : 0, windowed ? c.utc_end_minute : 0)
            .second;
    if (!is_new) return refuse(absl::StrCat("component ", i, ": repeats the keys of another"));
  }
  if (thresholds.size() > kPriceThresholdsMax) {
    return refuse(absl::StrCat("has more than ", kPriceThresholdsMax, " context thresholds"));
  }
  if (minutes.size() > kPriceWindowMinutesMax) {
    return refuse(absl::StrCat("has more than ", kPriceWindowMinutesMax, " window bounds"));
  }
  return absl::OkStatus();
}

bool WindowContains(const PriceComponent& component, int minute) {
  const int start = component.utc_start_minute;
  const int end = component.utc_end_minute;
  if (start == end) return true;
  if (start < end) return start <= minute && minute < end;
  return minute >= start || minute < end;
}

int UtcMinuteOfDay(absl::Time at) {
  const absl::CivilMinute minute = absl::ToCivilMinute(at, absl::UTCTimeZone());
  return minute.hour() * 60 + minute.minute();
}

std::optional<std::int64_t> TotalInputTokens(std::span<const Quantity> quantities) {
  std::int64_t total = 0;
  for (const Quantity& quantity : quantities) {
    if (quantity.count < 0) return std::nullopt;
    if (quantity.unit != Unit::kToken || quantity.direction != Direction::kInput) continue;
    if (__builtin_add_overflow(total, quantity.count, &total)) return std::nullopt;
  }
  return total;
}

const PriceComponent* FindComponent(const PriceVersion& version, const Quantity& quantity,
                                    ServiceTier tier, std::string_view region, int utc_minute,
                                    std::int64_t total_input_tokens) {
  const Conditions conditions{quantity.variant, region, utc_minute, total_input_tokens};
  // Only tokens fall back over modality and cache class.
  const bool widens = quantity.unit == Unit::kToken;
  const std::array<Modality, 2> modalities = {quantity.modality,
                                              widens ? Modality::kText : quantity.modality};
  const std::array<CacheClass, 2> caches = {quantity.cache,
                                            widens ? CacheClass::kNone : quantity.cache};
  for (Modality modality : modalities) {
    for (CacheClass cache : caches) {
      for (ServiceTier t : {tier, ServiceTier::kStandard}) {
        const ClassKey key = Normalized({quantity.unit, quantity.direction, modality, cache, t});
        const PriceComponent* found = BestOfClass(version, key, conditions);
        if (found != nullptr) return found;
      }
    }
  }
  return nullptr;
}

absl::StatusOr<Money> Charge(const PriceVersion& version, std::span<const Quantity> quantities,
                             const PriceContext& context) {
  const std::optional<std::int64_t> total_input_tokens = TotalInputTokens(quantities);
  if (!total_input_tokens.has_value()) {
    return absl::InvalidArgumentError("a count is negative, or the input tokens overflow");
  }
  const int utc_minute = UtcMinuteOfDay(context.at);
  __int128 sum_pico_usd = 0;
  for (const Quantity& quantity : quantities) {
    if (quantity.count == 0) continue;
    const PriceComponent* component = FindComponent(version, quantity, context.tier, context.region,
                                                    utc_minute, *total_input_tokens);
    if (component == nullptr) {
      if (quantity.unit == Unit::kRequest) continue;
      return Unpriced(version, quantity);
    }
    if (component->price_pico_usd_per_unit < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("price version '", version.id, "' has a negative price"));
    }
    // The product of two int64 fits 128 bits; the sum is checked.
    const __int128 product =
        static_cast<__int128>(quantity.count) * component->price_pico_usd_per_unit;
    if (__builtin_add_overflow(sum_pico_usd, product, &sum_pico_usd)) {
      return absl::OutOfRangeError("the charge overflows");
    }
  }
  const __int128 nano_usd = sum_pico_usd / 1000 + (sum_pico_usd % 1000 >= 500 ? 1 : 0);
  if (nano_usd > Money::Max().nano_usd()) return absl::OutOfRangeError("the charge overflows");
  return Money::FromNanoUsd(static_cast<std::int64_t>(nano_usd));
}

}  // namespace tollgate
