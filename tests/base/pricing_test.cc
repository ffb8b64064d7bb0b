#include "base/pricing.h"

#include <limits>

#include "base/status_reason.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
const absl::Time kNoon = absl::FromUnixSeconds(1'767'268'800);  // 2026-01-01T12:00:00Z

PriceComponent Input(std::int64_t price) { return {.price_pico_usd_per_unit = price}; }
PriceComponent Output(std::int64_t price) {
  return {.direction = Direction::kOutput, .price_pico_usd_per_unit = price};
}
PriceVersion Version(std::vector<PriceComponent> components) {
  return {.id = "pv_1", .effective_time = kNoon, .components = std::move(components)};
}
Quantity InputTokens(std::int64_t count) { return {.count = count}; }
Quantity OutputTokens(std::int64_t count) {
  return {.direction = Direction::kOutput, .count = count};
}

Money ChargeOf(const PriceVersion& version, std::vector<Quantity> quantities,
               PriceContext context = {.at = kNoon}) {
  absl::StatusOr<Money> money = Charge(version, quantities, context);
  EXPECT_OK(money);
  return money.value_or(Money::FromNanoUsd(-1));
}

// Price in nano-USD of 1000 units, i.e. the pico price of one unit.
std::int64_t PicoPriceOf(const PriceVersion& version, Quantity quantity,
                         PriceContext context = {.at = kNoon}) {
  quantity.count = 1000;
  return ChargeOf(version, {quantity}, context).nano_usd();
}

TEST(ChargeTest, SumsInPicoAndRoundsOnceHalfUp) {
  // $2.50 and $10 per million tokens.
  const PriceVersion version = Version({Input(2'500'000), Output(10'000'000)});
  EXPECT_EQ(ChargeOf(version, {InputTokens(1'000), OutputTokens(500)}),
            Money::FromNanoUsd(2'500'000 + 5'000'000));
  const PriceVersion tiny = Version({Input(250), Output(249)});
  EXPECT_EQ(ChargeOf(tiny, {InputTokens(1)}), Money::FromNanoUsd(0));
  EXPECT_EQ(ChargeOf(tiny, {InputTokens(2)}), Money::FromNanoUsd(1));                   // 500: up.
  EXPECT_EQ(ChargeOf(tiny, {InputTokens(1), OutputTokens(1)}), Money::FromNanoUsd(0));  // 499.
  // Each alone rounds to 0 or 1; together they are rounded once.
  EXPECT_EQ(ChargeOf(tiny, {InputTokens(3), OutputTokens(3)}), Money::FromNanoUsd(1));  // 1497.
  EXPECT_EQ(ChargeOf(tiny, {}), Money::Zero());
}

TEST(ChargeTest, RefusesNegativeCountsAndOverflow) {
  const PriceVersion version = Version({Input(kPricePicoUsdPerUnitMax)});
  EXPECT_THAT(Charge(version, std::vector{InputTokens(-1)}, {.at = kNoon}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Charge(version, std::vector{InputTokens(kMax)}, {.at = kNoon}),
              StatusIs(StatusCode::kOutOfRange));
  EXPECT_THAT(Charge(version, std::vector{InputTokens(kMax), InputTokens(1)}, {.at = kNoon}),
              StatusIs(StatusCode::kInvalidArgument));
  // The largest charge that fits: 9223372036 units of a dollar.
  EXPECT_EQ(ChargeOf(Version({Input(1'000'000'000'000)}), {InputTokens(9'223'372'036)}),
            Money::FromNanoUsd(9'223'372'036'000'000'000));
}

TEST(ChargeTest, UnpricedIsRefusedUnlessNothingIsUsed) {
  const PriceVersion version = Version({Input(1'000)});
  absl::StatusOr<Money> charge = Charge(version, std::vector{OutputTokens(1)}, {.at = kNoon});
  EXPECT_THAT(charge, StatusIs(StatusCode::kFailedPrecondition, HasSubstr("unpriced")));
  EXPECT_EQ(ReasonOf(charge.status()), "UNPRICED");
  EXPECT_EQ(ChargeOf(version, {OutputTokens(0)}), Money::Zero());
  const Quantity search{.unit = Unit::kSearch, .count = 1};
  EXPECT_THAT(Charge(version, std::vector{search}, {.at = kNoon}),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST(ChargeTest, ARequestIsFreeUnlessPricedWhateverItsOtherKeys) {
  const Quantity request{.unit = Unit::kRequest, .count = 1};
  EXPECT_EQ(ChargeOf(Version({Input(1)}), {request}), Money::Zero());
  PriceComponent component{.unit = Unit::kRequest,
                           .direction = Direction::kOutput,
                           .modality = Modality::kImage,
                           .price_pico_usd_per_unit = 7'000};
  EXPECT_EQ(ChargeOf(Version({component}), {request}), Money::FromNanoUsd(7));
  component.unit = Unit::kSearch;
  EXPECT_EQ(ChargeOf(Version({component}), {Quantity{.unit = Unit::kSearch, .count = 2}}),
            Money::FromNanoUsd(14));
}

TEST(FallbackTest, CachedTokensCostAsUncachedUnlessPriced) {
  const Quantity read{.cache = CacheClass::kRead};
  const Quantity write_1h{.cache = CacheClass::kWrite1h};
  PriceVersion version = Version({Input(10)});
  EXPECT_EQ(PicoPriceOf(version, read), 10);
  EXPECT_EQ(PicoPriceOf(version, write_1h), 10);
  version.components.push_back({.cache = CacheClass::kRead, .price_pico_usd_per_unit = 1});
  version.components.push_back({.cache = CacheClass::kWrite5m, .price_pico_usd_per_unit = 12});
  EXPECT_EQ(PicoPriceOf(version, read), 1);
  EXPECT_EQ(PicoPriceOf(version, write_1h), 10);
}

TEST(FallbackTest, OtherModalitiesCostAsTextOfTheSameDirection) {
  PriceVersion version = Version({Input(10), Output(30)});
  for (Modality modality : {Modality::kImage, Modality::kAudio, Modality::kVideo, Modality::kFile,
                            Modality::kReasoning}) {
    EXPECT_EQ(PicoPriceOf(version, {.modality = modality}), 10);
    EXPECT_EQ(PicoPriceOf(version, {.direction = Direction::kOutput, .modality = modality}), 30);
  }
  version.components.push_back({.modality = Modality::kAudio, .price_pico_usd_per_unit = 100});
  EXPECT_EQ(PicoPriceOf(version, {.modality = Modality::kAudio}), 100);
  // The cache class widens before the modality does.
  version.components.push_back({.cache = CacheClass::kRead, .price_pico_usd_per_unit = 1});
  EXPECT_EQ(PicoPriceOf(version, {.modality = Modality::kAudio, .cache = CacheClass::kRead}), 100);
  EXPECT_EQ(PicoPriceOf(version, {.modality = Modality::kImage, .cache = CacheClass::kRead}), 1);
}

TEST(FallbackTest, OnlyTokensWiden) {
  const PriceVersion version =
      Version({{.unit = Unit::kImage, .modality = Modality::kText, .price_pico_usd_per_unit = 5}});
  EXPECT_EQ(FindComponent(version, {.unit = Unit::kImage, .modality = Modality::kImage},
                          ServiceTier::kStandard, "", 0, 0),
            nullptr);
}

TEST(FallbackTest, ATierWithoutAComponentIsStandardAndWidensFirst) {
  PriceVersion version = Version({Input(10)});
  const PriceContext batch{.tier = ServiceTier::kBatch, .region = "", .at = kNoon};
  EXPECT_EQ(PicoPriceOf(version, InputTokens(0), batch), 10);
  version.components.push_back({.tier = ServiceTier::kBatch, .price_pico_usd_per_unit = 5});
  EXPECT_EQ(PicoPriceOf(version, InputTokens(0), batch), 5);
  EXPECT_EQ(PicoPriceOf(version, InputTokens(0)), 10);
  version.components.push_back({.cache = CacheClass::kRead, .price_pico_usd_per_unit = 2});
  EXPECT_EQ(PicoPriceOf(version, {.cache = CacheClass::kRead}, batch), 2);
  EXPECT_EQ(PicoPriceOf(version, {.cache = CacheClass::kWrite5m}, batch), 5);
}

TEST(ConditionsTest, TheThresholdIsStrictAndMovesTheWholeRequest) {
  PriceVersion version = Version({Input(1'000), Output(2'000)});
  version.components.push_back({.context_threshold_tokens = 200, .price_pico_usd_per_unit = 3'000});
  version.components.push_back({.direction = Direction::kOutput,
                                .context_threshold_tokens = 200,
                                .price_pico_usd_per_unit = 5'000});
  EXPECT_EQ(ChargeOf(version, {InputTokens(200), OutputTokens(10)}), Money::FromNanoUsd(220));
  EXPECT_EQ(ChargeOf(version, {InputTokens(201), OutputTokens(10)}), Money::FromNanoUsd(653));
  // Cached tokens count towards the total.
  const Quantity cached{.cache = CacheClass::kRead, .count = 101};
  EXPECT_EQ(ChargeOf(version, {InputTokens(100), cached}), Money::FromNanoUsd(603));
}

TEST(ConditionsTest, TheHighestThresholdExceededWins) {
  PriceVersion version = Version({Input(1)});
  version.components.push_back({.context_threshold_tokens = 10, .price_pico_usd_per_unit = 2});
  version.components.push_back({.context_threshold_tokens = 20, .price_pico_usd_per_unit = 3});
  const auto price = [&](std::int64_t total) {
    return FindComponent(version, InputTokens(0), ServiceTier::kStandard, "", 0, total)
        ->price_pico_usd_per_unit;
  };
  EXPECT_EQ(price(10), 1);
  EXPECT_EQ(price(11), 2);
  EXPECT_EQ(price(20), 2);
  EXPECT_EQ(price(21), 3);
}

TEST(ConditionsTest, RegionAndVariantAreExactOrAny) {
  PriceVersion version = Version({Input(1)});
  version.components.push_back({.region = "eu", .price_pico_usd_per_unit = 2});
  version.components.push_back({.variant = "hd", .price_pico_usd_per_unit = 9});
  const auto price = [&](std::string variant, std::string_view region) {
    return PicoPriceOf(version, {.variant = std::move(variant)}, {.region = region, .at = kNoon});
  };
  EXPECT_EQ(price("", ""), 1);
  EXPECT_EQ(price("", "us"), 1);
  EXPECT_EQ(price("", "eu"), 2);
  EXPECT_EQ(price("hd", ""), 9);
  EXPECT_EQ(price("hd", "eu"), 9);  // The variant counts before the region.
  EXPECT_EQ(price("sd", "eu"), 2);
}

TEST(ConditionsTest, WindowsAreHalfOpenAndWrapOverMidnight) {
  const PriceComponent day{.utc_start_minute = 60, .utc_end_minute = 120};
  EXPECT_FALSE(WindowContains(day, 59));
  EXPECT_TRUE(WindowContains(day, 60));
  EXPECT_TRUE(WindowContains(day, 119));
  EXPECT_FALSE(WindowContains(day, 120));
  const PriceComponent night{.utc_start_minute = 1'380, .utc_end_minute = 30};
  EXPECT_TRUE(WindowContains(night, 1'439));
  EXPECT_TRUE(WindowContains(night, 0));
  EXPECT_FALSE(WindowContains(night, 30));
  EXPECT_FALSE(WindowContains(night, 1'379));
  EXPECT_TRUE(WindowContains(PriceComponent{.utc_start_minute = 5, .utc_end_minute = 5}, 900));
  EXPECT_EQ(UtcMinuteOfDay(kNoon), 720);
  EXPECT_EQ(UtcMinuteOfDay(kNoon - absl::Nanoseconds(1)), 719);
}

TEST(ConditionsTest, AWindowBeatsTheRestOfTheDay) {
  PriceVersion version = Version({Input(10)});
  version.components.push_back(
      {.utc_start_minute = 700, .utc_end_minute = 721, .price_pico_usd_per_unit = 4});
  EXPECT_EQ(PicoPriceOf(version, InputTokens(0), {.at = kNoon}), 4);
  EXPECT_EQ(PicoPriceOf(version, InputTokens(0), {.at = kNoon + absl::Minutes(1)}), 10);
}

TEST(ValidateTest, AcceptsAGoodVersionAndNamesTheFault) {
  EXPECT_OK(ValidatePriceVersion(Version({Input(1), Output(0)})));
  const auto fault = [](PriceComponent component) {
    return ValidatePriceVersion(Version({Input(1), std::move(component)}));
  };
  EXPECT_THAT(fault(Input(2)), StatusIs(StatusCode::kInvalidArgument, HasSubstr("component 1")));
  EXPECT_FALSE(fault({.direction = Direction::kOutput, .price_pico_usd_per_unit = -1}).ok());
  EXPECT_FALSE(fault({.direction = Direction::kOutput,
                      .price_pico_usd_per_unit = kPricePicoUsdPerUnitMax + 1})
                   .ok());
  EXPECT_FALSE(fault({.context_threshold_tokens = -1}).ok());
  EXPECT_FALSE(fault({.utc_start_minute = 1'440}).ok());
  EXPECT_FALSE(fault({.utc_end_minute = -1}).ok());
  EXPECT_FALSE(fault({.unit = static_cast<Unit>(99)}).ok());
  // Equal start and end mean always, whatever the minute.
  EXPECT_FALSE(fault({.utc_start_minute = 9, .utc_end_minute = 9}).ok());
  PriceVersion nameless = Version({Input(1)});
  nameless.id.clear();
  EXPECT_FALSE(ValidatePriceVersion(nameless).ok());
}

TEST(ValidateTest, LimitsComponentsThresholdsAndWindows) {
  PriceVersion version = Version({Input(1)});
  for (std::size_t i = 0; i < kPriceThresholdsMax; ++i) {
    version.components.push_back({.context_threshold_tokens = static_cast<std::int64_t>(i) + 1});
  }
  EXPECT_OK(ValidatePriceVersion(version));
  version.components.push_back({.context_threshold_tokens = 1'000});
  EXPECT_FALSE(ValidatePriceVersion(version).ok());

  version = Version({});
  for (int i = 0; i < static_cast<int>(kPriceWindowMinutesMax) - 1; ++i) {
    version.components.push_back({.utc_start_minute = i, .utc_end_minute = i + 1});
  }
  EXPECT_OK(ValidatePriceVersion(version));
  version.components.push_back({.utc_start_minute = 500, .utc_end_minute = 501});
  EXPECT_FALSE(ValidatePriceVersion(version).ok());

  version = Version({});
  for (std::size_t i = 0; i < kPriceComponentsMax; ++i) {
    version.components.push_back({.variant = std::to_string(i)});
  }
  EXPECT_OK(ValidatePriceVersion(version));
  version.components.push_back({.variant = "one more"});
  EXPECT_FALSE(ValidatePriceVersion(version).ok());
}

TEST(NamesTest, AreStable) {
  EXPECT_EQ(UnitName(Unit::kSearch), "search");
  EXPECT_EQ(DirectionName(Direction::kOutput), "output");
  EXPECT_EQ(ModalityName(Modality::kReasoning), "reasoning");
  EXPECT_EQ(CacheClassName(CacheClass::kWrite1h), "write_1h");
  EXPECT_EQ(ServiceTierName(ServiceTier::kPriority), "priority");
  EXPECT_EQ(UnitName(static_cast<Unit>(77)), "unknown");
}

}  // namespace
}  // namespace tollgate
