#include "catalog/price/price_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::catalog {
namespace {

constexpr int kExponentMax = 400;  // Beyond a double's; keeps the arithmetic on exponents small.
constexpr std::size_t kVariantCharsMax = 64;
constexpr int kMinutesPerHour = 60;
constexpr int kMinutesPerDay = 24 * kMinutesPerHour;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// digits × 10^exponent.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

absl::StatusOr<Decimal> ParseDecimal(std::string_view number) {
  const absl::Status bad = absl::InvalidArgumentError(absl::StrCat(
      "'", AbslView(number.substr(0, kPriceTextCharsMax)), "' is not a number that is at least 0"));
  if (number.empty() || number.size() > kPriceTextCharsMax) return bad;
  Decimal decimal;
  std::size_t at = 0;
  while (at < number.size() && IsDigit(number[at])) decimal.digits += number[at++];
  if (decimal.digits.empty()) return bad;
  if (decimal.digits.size() > 1 && decimal.digits.front() == '0') return bad;
  if (at < number.size() && number[at] == '.') {
    const std::size_t first = ++at;
    while (at < number.size() && IsDigit(number[at])) decimal.digits += number[at++];
    if (at == first) return bad;
    decimal.exponent = -static_cast<int>(at - first);
  }
  if (at < number.size() && (number[at] == 'e' || number[at] == 'E')) {
    ++at;
    if (at < number.size() && number[at] == '+') ++at;
    int exponent = 0;
    const char* end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data() + at, end, exponent);
    if (error != std::errc() || stop != end || std::abs(exponent) > kExponentMax) return bad;
    if (number[at - 1] == '+' && number[at] == '-') return bad;
    decimal.exponent += exponent;
    at = number.size();
  }
  if (at != number.size()) return bad;
  decimal.digits.erase(0, decimal.digits.find_first_not_of('0'));
  return decimal;
}

std::string FormatScaled(std::int64_t value, int decimals) {
  std::string digits = absl::StrCat(value);
  const std::size_t places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  std::string text = digits.substr(0, digits.size() - places);
  std::string fraction = digits.substr(digits.size() - places);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : text + "." + fraction;
}

// The words of an enum by value; an empty word is the default and left out.
constexpr std::array<std::string_view, 8> kUnitWords = {
    "",         "per_image",   "per_megapixel", "per_second", "per_character",
    "per_page", "per_request", "per_search"};
constexpr std::array<std::string_view, 2> kDirectionWords = {"input", "output"};
constexpr std::array<std::string_view, 6> kModalityWords = {"",      "image", "audio",
                                                            "video", "file",  "reasoning"};
constexpr std::array<std::string_view, 4> kCacheWords = {"", "cache_read", "cache_write_5m",
                                                         "cache_write_1h"};
constexpr std::array<std::string_view, 4> kTierWords = {"", "batch", "flex", "priority"};

bool HasDirection(Unit unit) { return unit != Unit::kRequest && unit != Unit::kSearch; }

std::string Clock(int minute) {
  const auto two = [](int number) {
    return std::string{static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
  };
  return two(minute / kMinutesPerHour) + ":" + two(minute % kMinutesPerHour);
}

std::optional<int> ParseClock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t at : {0, 1, 3, 4}) {
    if (!IsDigit(text[at])) return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (minutes >= kMinutesPerHour) return std::nullopt;
  const int total = hours * kMinutesPerHour + minutes;
  return total < kMinutesPerDay ? std::optional<int>(total) : std::nullopt;
}

// Takes the next word when it is one of `words`; the value is its index.
template <typename Enum, std::size_t N>
void TakeWord(const std::vector<std::string>& words, std::size_t& at,
              const std::array<std::string_view, N>& known, Enum& value) {
  if (at == words.size()) return;
  const auto found = std::find(known.begin(), known.end(), words[at]);
  if (found == known.end()) return;
  value = static_cast<Enum>(found - known.begin());
  ++at;
}

// Takes the next word when it begins with `prefix`; the rest of it.
std::optional<std::string> TakePrefixed(const std::vector<std::string>& words, std::size_t& at,
                                        std::string_view prefix) {
  if (at == words.size() || !std::string_view(words[at]).starts_with(prefix)) return std::nullopt;
  return words[at++].substr(prefix.size());
}

// The words after the enums; false when one is ill-formed.
bool TakeConditions(const std::vector<std::string>& words, std::size_t& at,
                    PriceComponent& component) {
  if (const auto threshold = TakePrefixed(words, at, ">")) {
    const char* end = threshold->data() + threshold->size();
    const auto [stop, error] =
        std::from_chars(threshold->data(), end, component.context_threshold_tokens);
    if (error != std::errc() || stop != end || component.context_threshold_tokens <= 0) {
      return false;
    }
  }
  if (const auto variant = TakePrefixed(words, at, "variant=")) {
    if (!IsValidVariant(*variant)) return false;
    component.variant = *variant;
  }
  if (const auto region = TakePrefixed(words, at, "region=")) {
    if (!IsValidVariant(*region)) return false;
    component.region = *region;
  }
  if (const auto window = TakePrefixed(words, at, "utc=")) {
    if (window->size() != 11 || (*window)[5] != '-') return false;
    const auto start = ParseClock(std::string_view(*window).substr(0, 5));
    const auto end = ParseClock(std::string_view(*window).substr(6));
    if (!start || !end || *start == *end) return false;
    component.utc_start_minute = *start;
    component.utc_end_minute = *end;
  }
  return true;
}

}  // namespace

absl::StatusOr<ParsedPrice> ParsePrice(std::string_view number, int scale) {
  TG_ASSIGN_OR_RETURN(Decimal decimal, ParseDecimal(number));
  if (decimal.digits.empty()) return ParsedPrice{};
  const int exponent = decimal.exponent + scale;
  const int whole_digits = static_cast<int>(decimal.digits.size()) + exponent;
  constexpr int kDigitsMax = 19;  // Of kPricePicoUsdPerUnitMax.
  if (whole_digits > kDigitsMax) {
    return absl::OutOfRangeError(
        absl::StrCat("'", AbslView(number), "' is above a million dollars per unit"));
  }
  ParsedPrice price;
  std::string whole =
      whole_digits > 0 ? decimal.digits.substr(0, static_cast<std::size_t>(whole_digits)) : "";
  if (exponent > 0) whole.append(static_cast<std::size_t>(exponent), '0');
  std::uint64_t pico_usd = 0;  // Up to 19 digits and a carry fit.
  for (const char digit : whole) {
    pico_usd = pico_usd * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (exponent < 0) {
    const std::string_view cut =
        whole_digits >= 0
            ? std::string_view(decimal.digits).substr(static_cast<std::size_t>(whole_digits))
            : std::string_view("0");
    price.rounded = whole_digits < 0 || cut.find_first_not_of('0') != std::string_view::npos;
    if (!cut.empty() && cut.front() >= '5') ++pico_usd;
  }
  if (pico_usd == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", AbslView(number), "' is finer than one pico-USD per unit"));
  }
  if (pico_usd > static_cast<std::uint64_t>(kPricePicoUsdPerUnitMax)) {
    return absl::OutOfRangeError(
        absl::StrCat("'", AbslView(number), "' is above a million dollars per unit"));
  }
  price.pico_usd_per_unit = static_cast<std::int64_t>(pico_usd);
  return price;
}

std::string FormatUsdPerUnit(std::int64_t pico_usd_per_unit) {
  return FormatScaled(pico_usd_per_unit, kUsdPerUnit);
}

std::string FormatUsdPerMillionUnits(std::int64_t pico_usd_per_unit) {
  return FormatScaled(pico_usd_per_unit, kUsdPerMillionUnits);
}

bool IsStatedPerMillion(Unit unit) { return unit == Unit::kToken || unit == Unit::kCharacter; }

std::string FormatCustomary(const PriceComponent& component) {
  return IsStatedPerMillion(component.unit)
             ? FormatUsdPerMillionUnits(component.price_pico_usd_per_unit)
             : FormatUsdPerUnit(component.price_pico_usd_per_unit);
}

std::string ComponentKey(const PriceComponent& component) {
  std::string key;
  const auto add = [&key](std::string_view word) {
    if (word.empty()) return;
    if (!key.empty()) key += ' ';
    key += word;
  };
  add(kUnitWords[static_cast<std::size_t>(component.unit)]);
  if (HasDirection(component.unit)) {
    add(kDirectionWords[static_cast<std::size_t>(component.direction)]);
    add(kModalityWords[static_cast<std::size_t>(component.modality)]);
    add(kCacheWords[static_cast<std::size_t>(component.cache)]);
  }
  add(kTierWords[static_cast<std::size_t>(component.tier)]);
  if (component.context_threshold_tokens > 0) {
    add(absl::StrCat(">", component.context_threshold_tokens));
  }
  if (!component.variant.empty()) add("variant=" + component.variant);
  if (!component.region.empty()) add("region=" + component.region);
  if (component.utc_start_minute != component.utc_end_minute) {
    add("utc=" + Clock(component.utc_start_minute) + "-" + Clock(component.utc_end_minute));
  }
  return key;
}

absl::StatusOr<PriceComponent> ParseComponentKey(std::string_view key) {
  const std::vector<std::string> words = absl::StrSplit(AbslView(key), ' ');
  PriceComponent component;
  std::size_t at = 0;
  TakeWord(words, at, kUnitWords, component.unit);
  bool well_formed = true;
  if (HasDirection(component.unit)) {
    const std::size_t before = at;
    TakeWord(words, at, kDirectionWords, component.direction);
    well_formed = at > before;
    TakeWord(words, at, kModalityWords, component.modality);
    TakeWord(words, at, kCacheWords, component.cache);
  }
  TakeWord(words, at, kTierWords, component.tier);
  well_formed = well_formed && TakeConditions(words, at, component) && at == words.size();
  // An empty word equals a default and would be taken for it.
  if (!well_formed || std::find(words.begin(), words.end(), "") != words.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", AbslView(key), "' does not name a price component"));
  }
  return component;
}

bool IsValidVariant(std::string_view text) {
  return !text.empty() && text.size() <= kVariantCharsMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  std::string_view("._/:-").find(c) != std::string_view::npos;
         });
}

}  // namespace tollgate::catalog
