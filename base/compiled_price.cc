#include "base/compiled_price.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

// Marks a class for which no component was found.
constexpr std::int64_t kUnpriced = -1;

constexpr std::size_t kInputTextClass = 0;
constexpr std::size_t kOutputTextClass = 9;
static_assert(kTokenClasses[kOutputTextClass].field == &TokenUsage::output_text);
static_assert(sizeof(TokenUsage) == kTokenUsageClasses * sizeof(std::int64_t));

Quantity AsQuantity(const TokenClass& token_class, std::int64_t count) {
  return {.unit = token_class.unit,
          .direction = token_class.direction,
          .modality = token_class.modality,
          .cache = token_class.cache,
          .variant = {},
          .count = count};
}

bool IsInputTokens(const TokenClass& token_class) {
  return token_class.unit == Unit::kToken && token_class.direction == Direction::kInput;
}

std::int64_t ClampedInt64(__int128 value) {
  const __int128 max = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(value, max));
}

constexpr std::int64_t kPpm = 1'000'000;
constexpr std::int64_t kPicoPerNano = 1'000;
// What can be multiplied by a factor within 128 bits; far beyond all that Money can hold.
constexpr __int128 kPicoUsdMax = static_cast<__int128>(1) << 100;

// Half up, saturating.  REQUIRED: pico_usd ≥ 0.
Money RoundedToNano(__int128 pico_usd, PriceFactor factor) {
  if (pico_usd > kPicoUsdMax) return factor.ppm == 0 ? Money::Zero() : Money::Max();
  constexpr __int128 kUnit = static_cast<__int128>(kPicoPerNano) * kPpm;
  return Money::FromNanoUsd(ClampedInt64((pico_usd * factor.ppm + kUnit / 2) / kUnit));
}

std::int64_t TotalInput(const TokenUsage& usage) {
  __int128 total = 0;
  for (const TokenClass& token_class : kTokenClasses) {
    if (IsInputTokens(token_class)) total += std::max<std::int64_t>(usage.*token_class.field, 0);
  }
  return ClampedInt64(total);
}

// Ascending thresholds that some request can exceed.
std::vector<std::int64_t> ThresholdsOf(const PriceVersion& version) {
  std::vector<std::int64_t> thresholds;
  for (const PriceComponent& component : version.components) {
    const std::int64_t threshold = component.context_threshold_tokens;
    if (threshold > 0 && threshold < std::numeric_limits<std::int64_t>::max()) {
      thresholds.push_back(threshold);
    }
  }
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  return thresholds;
}

// Ascending minutes at which prices may change, midnight first.
std::vector<int> SegmentStartsOf(const PriceVersion& version) {
  std::vector<int> starts = {0};
  for (const PriceComponent& component : version.components) {
    if (component.utc_start_minute == component.utc_end_minute) continue;
    starts.push_back(component.utc_start_minute);
    starts.push_back(component.utc_end_minute);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

absl::Status Unpriced(const std::string& version_id, const TokenClass& token_class) {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "UNPRICED",
                         absl::StrCat("unpriced: price version ", version_id, " has no price for ",
                                      AbslView(UnitName(token_class.unit)), " ",
                                      AbslView(DirectionName(token_class.direction)), " ",
                                      AbslView(ModalityName(token_class.modality)), " (cache ",
                                      AbslView(CacheClassName(token_class.cache)), ")"));
}

}  // namespace

std::vector<Quantity> ToQuantities(const TokenUsage& usage) {
  std::vector<Quantity> quantities;
  ForEachTokenClass(usage, [&](const TokenClass& token_class, std::int64_t count) {
    quantities.push_back(AsQuantity(token_class, count));
  });
  return quantities;
}

absl::StatusOr<CompiledPrice> CompiledPrice::Create(const PriceVersion& version, ServiceTier tier,
                                                    std::string_view region) {
  TG_RETURN_IF_ERROR(ValidatePriceVersion(version));
  CompiledPrice price;
  price.version_id_ = version.id;
  price.thresholds_ = ThresholdsOf(version);
  price.segment_starts_ = SegmentStartsOf(version);
  price.prices_output_ = true;
  const std::size_t bands = price.thresholds_.size() + 1;
  price.dearest_.resize(bands);
  for (int segment_start : price.segment_starts_) {
    Dearest so_far;
    for (std::size_t band = 0; band < bands; ++band) {
      // Any total of the band resolves to the same components.
      const std::int64_t total = band == 0 ? 0 : price.thresholds_[band - 1] + 1;
      Prices& prices = price.prices_.emplace_back();
      for (std::size_t i = 0; i < kTokenClasses.size(); ++i) {
        const PriceComponent* component = FindComponent(version, AsQuantity(kTokenClasses[i], 0),
                                                        tier, region, segment_start, total);
        const bool free = component == nullptr && kTokenClasses[i].unit == Unit::kRequest;
        prices[i] =
            component != nullptr ? component->price_pico_usd_per_unit : (free ? 0 : kUnpriced);
        std::int64_t& dearest = kTokenClasses[i].unit == Unit::kRequest  ? so_far.request
                                : kTokenClasses[i].unit == Unit::kSearch ? so_far.search
                                : IsInputTokens(kTokenClasses[i])        ? so_far.input
                                                                         : so_far.output;
        dearest = std::max(dearest, prices[i]);
      }
      if (prices[kInputTextClass] == kUnpriced) {
        return Unpriced(version.id, kTokenClasses[kInputTextClass]);
      }
      if (prices[kOutputTextClass] == kUnpriced) price.prices_output_ = false;
      Dearest& total_dearest = price.dearest_[band];
      total_dearest.input = std::max(total_dearest.input, so_far.input);
      total_dearest.output = std::max(total_dearest.output, so_far.output);
      total_dearest.request = std::max(total_dearest.request, so_far.request);
      total_dearest.search = std::max(total_dearest.search, so_far.search);
    }
  }
  return price;
}

std::size_t CompiledPrice::BandOf(std::int64_t total_input_tokens) const {
  std::size_t band = 0;
  while (band < thresholds_.size() && total_input_tokens > thresholds_[band]) ++band;
  return band;
}

const CompiledPrice::Prices& CompiledPrice::PricesAt(std::int64_t total_input_tokens,
                                                     absl::Time at) const {
  std::size_t segment = 0;
  if (segment_starts_.size() > 1) {
    const int minute = UtcMinuteOfDay(at);
    while (segment + 1 < segment_starts_.size() && segment_starts_[segment + 1] <= minute) {
      ++segment;
    }
  }
  return prices_[segment * (thresholds_.size() + 1) + BandOf(total_input_tokens)];
}

absl::Status CompiledPrice::CheckPriced(const TokenUsage& usage, absl::Time at) const {
  for (const TokenClass& token_class : kTokenClasses) {
    if (usage.*token_class.field < 0) {
      return absl::InvalidArgumentError("a count of the usage is negative");
    }
  }
  const Prices& prices = PricesAt(TotalInput(usage), at);
  for (std::size_t i = 0; i < kTokenClasses.size(); ++i) {
    if (usage.*kTokenClasses[i].field > 0 && prices[i] == kUnpriced) {
      return Unpriced(version_id_, kTokenClasses[i]);
    }
  }
  return absl::OkStatus();
}

Money CompiledPrice::Charge(const TokenUsage& usage, absl::Time at, PriceFactor factor) const {
  const Prices& prices = PricesAt(TotalInput(usage), at);
  // At most 15 products of 2^63 and kPricePicoUsdPerUnitMax: below 2^127.
  __int128 sum_pico_usd = 0;
  for (std::size_t i = 0; i < kTokenClasses.size(); ++i) {
    const std::int64_t count = std::max<std::int64_t>(usage.*kTokenClasses[i].field, 0);
    sum_pico_usd += static_cast<__int128>(count) * std::max<std::int64_t>(prices[i], 0);
  }
  return RoundedToNano(sum_pico_usd, factor);
}

Money CompiledPrice::UpperBound(std::int64_t input_tokens_max, std::int64_t output_tokens_max,
                                std::int64_t searches_max, PriceFactor factor) const {
  const Dearest& dearest = dearest_[BandOf(input_tokens_max)];
  const auto cost = [](std::int64_t count, std::int64_t price) {
    return static_cast<__int128>(std::max<std::int64_t>(count, 0)) * price;
  };
  return RoundedToNano(cost(input_tokens_max, dearest.input) +
                           cost(output_tokens_max, dearest.output) + cost(1, dearest.request) +
                           cost(searches_max, dearest.search),
                       factor);
}

Money CompiledPrice::OutputBound(std::int64_t output_tokens, std::int64_t input_tokens_max,
                                 PriceFactor factor) const {
  const std::int64_t price = dearest_[BandOf(input_tokens_max)].output;
  const __int128 pico_usd = static_cast<__int128>(std::max<std::int64_t>(output_tokens, 0)) * price;
  if (pico_usd > kPicoUsdMax) return factor.ppm == 0 ? Money::Zero() : Money::Max();
  constexpr __int128 kUnit = static_cast<__int128>(kPicoPerNano) * kPpm;
  return Money::FromNanoUsd(ClampedInt64((pico_usd * factor.ppm + kUnit - 1) / kUnit));
}

std::int64_t CompiledPrice::OutputTokensAffordable(Money left, std::int64_t input_tokens_max,
                                                   PriceFactor factor) const {
  if (left <= Money::Zero()) return 0;
  const __int128 price =
      static_cast<__int128>(dearest_[BandOf(input_tokens_max)].output) * factor.ppm;
  if (price == 0) return std::numeric_limits<std::int64_t>::max();
  return ClampedInt64(static_cast<__int128>(left.nano_usd()) * kPicoPerNano * kPpm / price);
}

}  // namespace tollgate
