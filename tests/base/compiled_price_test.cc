#include "base/compiled_price.h"

#include <limits>
#include <set>
#include <tuple>

#include "base/random.h"
#include "base/status_reason.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using absl::StatusCode;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
const absl::Time kMidnight = absl::FromUnixSeconds(1'767'225'600);

PriceVersion Version(std::vector<PriceComponent> components) {
  return {.id = "pv_1", .effective_time = kMidnight, .components = std::move(components)};
}

// $2.50 in, $10 out per million tokens; above 200 input tokens twice that.
PriceVersion Tiered() {
  return Version({{.price_pico_usd_per_unit = 2'500'000},
                  {.direction = Direction::kOutput, .price_pico_usd_per_unit = 10'000'000},
                  {.context_threshold_tokens = 200, .price_pico_usd_per_unit = 5'000'000},
                  {.direction = Direction::kOutput,
                   .context_threshold_tokens = 200,
                   .price_pico_usd_per_unit = 20'000'000},
                  {.cache = CacheClass::kWrite1h, .price_pico_usd_per_unit = 9'000'000},
                  {.unit = Unit::kRequest, .price_pico_usd_per_unit = 1'000'000}});
}

CompiledPrice Compile(const PriceVersion& version, ServiceTier tier = ServiceTier::kStandard,
                      std::string_view region = "") {
  absl::StatusOr<CompiledPrice> price = CompiledPrice::Create(version, tier, region);
  EXPECT_OK(price);
  return *std::move(price);
}

TEST(CompiledPriceTest, ChargesAsTheHandComputedExample) {
  const CompiledPrice price = Compile(Tiered());
  EXPECT_EQ(price.version_id(), "pv_1");
  EXPECT_TRUE(price.prices_output());
  TokenUsage usage{.input_text = 150, .cache_read = 50, .output_text = 7, .requests = 1};
  EXPECT_EQ(price.Charge(usage, kMidnight), Money::FromNanoUsd(200 * 2'500 + 7 * 10'000 + 1'000));
  usage.cache_read = 51;
  EXPECT_EQ(price.Charge(usage, kMidnight), Money::FromNanoUsd(201 * 5'000 + 7 * 20'000 + 1'000));
}

TEST(CompiledPriceTest, BoundsByTheDearestReachableClass) {
  const CompiledPrice price = Compile(Tiered());
  // 200 tokens cannot exceed the threshold; the 1 h cache write is the dearest input.
  EXPECT_EQ(price.UpperBound(200, 10), Money::FromNanoUsd(200 * 9'000 + 10 * 10'000 + 1'000));
  EXPECT_EQ(price.UpperBound(201, 10), Money::FromNanoUsd(201 * 9'000 + 10 * 20'000 + 1'000));
  EXPECT_EQ(price.UpperBound(-5, -5), Money::FromNanoUsd(1'000));
  EXPECT_EQ(price.UpperBound(kMax, kMax), Money::Max());
}

TEST(CompiledPriceTest, OutputBoundAndAffordableAreInverse) {
  const CompiledPrice price =
      Compile(Version({{.price_pico_usd_per_unit = 1},
                       {.direction = Direction::kOutput, .price_pico_usd_per_unit = 333}}));
  EXPECT_EQ(price.OutputBound(1), Money::FromNanoUsd(1));  // Rounded up.
  EXPECT_EQ(price.OutputBound(0), Money::Zero());
  for (std::int64_t nano_usd : {1, 2, 3, 1'000, 999'999}) {
    const Money left = Money::FromNanoUsd(nano_usd);
    const std::int64_t tokens = price.OutputTokensAffordable(left);
    EXPECT_LE(price.OutputBound(tokens), left);
    EXPECT_GT(price.OutputBound(tokens + 1), left);
  }
  EXPECT_EQ(price.OutputTokensAffordable(Money::Zero()), 0);
  EXPECT_EQ(price.OutputTokensAffordable(Money::FromNanoUsd(-1)), 0);
}

TEST(CompiledPriceTest, OutputBoundKnowsTheInputBound) {
  const CompiledPrice price = Compile(Tiered());
  EXPECT_EQ(price.OutputBound(1), Money::FromNanoUsd(20'000));
  EXPECT_EQ(price.OutputBound(1, 200), Money::FromNanoUsd(10'000));
  EXPECT_EQ(price.OutputTokensAffordable(Money::FromNanoUsd(20'000)), 1);
  EXPECT_EQ(price.OutputTokensAffordable(Money::FromNanoUsd(20'000), 200), 2);
}

TEST(CompiledPriceTest, FreeOutputIsBoundless) {
  const CompiledPrice price =
      Compile(Version({{.price_pico_usd_per_unit = 1}, {.direction = Direction::kOutput}}));
  EXPECT_TRUE(price.prices_output());
  EXPECT_EQ(price.OutputTokensAffordable(Money::FromNanoUsd(1)), kMax);
}

TEST(CompiledPriceTest, RefusesAModelWithoutAnInputPrice) {
  absl::StatusOr<CompiledPrice> price = CompiledPrice::Create(
      Version({{.direction = Direction::kOutput, .price_pico_usd_per_unit = 1}}),
      ServiceTier::kStandard, "");
  EXPECT_THAT(price, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(ReasonOf(price.status()), "UNPRICED");
  // A price for some hours only, or for another region, is none either.
  EXPECT_FALSE(CompiledPrice::Create(Version({{.utc_start_minute = 1, .utc_end_minute = 2}}),
                                     ServiceTier::kStandard, "")
                   .ok());
  EXPECT_FALSE(
      CompiledPrice::Create(Version({{.region = "eu"}}), ServiceTier::kStandard, "us").ok());
  EXPECT_THAT(
      CompiledPrice::Create(Version({{.price_pico_usd_per_unit = -1}}), ServiceTier::kStandard, ""),
      StatusIs(StatusCode::kInvalidArgument));
}

TEST(CompiledPriceTest, SaysWhatIsUnpricedAndSettlesTheRest) {
  const CompiledPrice price = Compile(Version({{.price_pico_usd_per_unit = 1'000}}));
  EXPECT_FALSE(price.prices_output());
  const TokenUsage embedding{.input_text = 5, .requests = 1};
  EXPECT_OK(price.CheckPriced(embedding, kMidnight));
  EXPECT_EQ(price.Charge(embedding, kMidnight), Money::FromNanoUsd(5));
  const TokenUsage search{.input_text = 5, .searches = 1};
  EXPECT_EQ(ReasonOf(price.CheckPriced(search, kMidnight)), "UNPRICED");
  EXPECT_EQ(price.Charge(search, kMidnight), Money::FromNanoUsd(5));
  const TokenUsage negative{.input_text = 5, .output_text = -1};
  EXPECT_THAT(price.CheckPriced(negative, kMidnight), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(price.Charge(negative, kMidnight), Money::FromNanoUsd(5));
}

TEST(CompiledPriceTest, SaturatesInsteadOfOverflowing) {
  const CompiledPrice price = Compile(Version(
      {{.price_pico_usd_per_unit = kPricePicoUsdPerUnitMax},
       {.direction = Direction::kOutput, .price_pico_usd_per_unit = kPricePicoUsdPerUnitMax},
       {.unit = Unit::kRequest, .price_pico_usd_per_unit = kPricePicoUsdPerUnitMax},
       {.unit = Unit::kSearch, .price_pico_usd_per_unit = kPricePicoUsdPerUnitMax}}));
  const TokenUsage huge{kMax, kMax, kMax, kMax, kMax, kMax, kMax, kMax,
                        kMax, kMax, kMax, kMax, kMax, kMax, kMax};
  EXPECT_EQ(price.Charge(huge, kMidnight), Money::Max());
  EXPECT_EQ(price.UpperBound(kMax, kMax, kMax), Money::Max());
  EXPECT_EQ(price.OutputBound(kMax), Money::Max());
}

TEST(ToQuantitiesTest, LeavesOutZeroes) {
  EXPECT_TRUE(ToQuantities({}).empty());
  const std::vector<Quantity> quantities =
      ToQuantities({.input_audio_cache_read = 3, .output_reasoning = 4});
  ASSERT_EQ(quantities.size(), 2u);
  EXPECT_EQ(quantities[0],
            (Quantity{.modality = Modality::kAudio, .cache = CacheClass::kRead, .count = 3}));
  EXPECT_EQ(
      quantities[1],
      (Quantity{.direction = Direction::kOutput, .modality = Modality::kReasoning, .count = 4}));
}

// Goal: the two forms of the price arithmetic never differ, and the bound is one.
// Method: random versions, with every kind of key present often, against random usage.
class PricePropertyTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  PriceVersion RandomVersion() {
    PriceVersion version = Version({{.price_pico_usd_per_unit = RandomPrice()}});
    using Keys =
        std::tuple<int, int, int, int, int, std::int64_t, std::string, std::string, int, int>;
    std::set<Keys> seen = {Keys(0, 0, 0, 0, 0, 0, "", "", 0, 0)};
    const std::uint64_t wanted = random_.Below(30);
    for (std::uint64_t i = 0; i < wanted; ++i) {
      PriceComponent c;
      c.unit = Pick({Unit::kToken, Unit::kToken, Unit::kToken, Unit::kRequest, Unit::kSearch});
      if (c.unit == Unit::kToken) {
        c.direction = static_cast<Direction>(random_.Below(2));
        c.modality = Pick({Modality::kText, Modality::kText, Modality::kAudio, Modality::kImage,
                           Modality::kReasoning});
        c.cache = Pick({CacheClass::kNone, CacheClass::kNone, CacheClass::kRead,
                        CacheClass::kWrite5m, CacheClass::kWrite1h});
      }
      c.tier = Pick({ServiceTier::kStandard, ServiceTier::kStandard, ServiceTier::kBatch});
      c.context_threshold_tokens = Pick<std::int64_t>({0, 0, 0, 100, 1'000, kMax});
      c.region = Pick<std::string>({"", "", "eu"});
      c.variant = Pick<std::string>({"", "", "", "hd"});
      if (random_.Below(4) == 0) {
        c.utc_start_minute = static_cast<int>(random_.Below(1'440));
        c.utc_end_minute = static_cast<int>(random_.Below(1'440));
      }
      c.price_pico_usd_per_unit = RandomPrice();
      const bool windowed = c.utc_start_minute != c.utc_end_minute;
      const bool is_new =
          seen.emplace(static_cast<int>(c.unit), static_cast<int>(c.direction),
                       static_cast<int>(c.modality), static_cast<int>(c.cache),
                       static_cast<int>(c.tier), c.context_threshold_tokens, c.region, c.variant,
                       windowed ? c.utc_start_minute : 0, windowed ? c.utc_end_minute : 0)
              .second;
      if (is_new) version.components.push_back(std::move(c));
    }
    return version;
  }

  TokenUsage RandomUsage() {
    TokenUsage usage;
    for (std::int64_t TokenUsage::*field :
         {&TokenUsage::input_text, &TokenUsage::input_image, &TokenUsage::input_audio,
          &TokenUsage::input_video, &TokenUsage::input_file, &TokenUsage::cache_read,
          &TokenUsage::cache_write_5m, &TokenUsage::cache_write_1h,
          &TokenUsage::input_audio_cache_read, &TokenUsage::output_text,
          &TokenUsage::output_reasoning, &TokenUsage::output_audio, &TokenUsage::output_image}) {
      if (random_.Below(2) == 0) continue;
      usage.*field =
          static_cast<std::int64_t>(random_.Below(std::uint64_t{1} << random_.Below(20)));
    }
    usage.requests = static_cast<std::int64_t>(random_.Below(2));
    usage.searches = static_cast<std::int64_t>(random_.Below(3));
    return usage;
  }

  std::int64_t RandomPrice() {
    return static_cast<std::int64_t>(random_.Below(std::uint64_t{1} << random_.Below(30)));
  }

  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return *(values.begin() + random_.Below(values.size()));
  }

  SeededRandom random_{GetParam()};
};

std::int64_t InputOf(const TokenUsage& u) {
  return u.input_text + u.input_image + u.input_audio + u.input_video + u.input_file +
         u.cache_read + u.cache_write_5m + u.cache_write_1h + u.input_audio_cache_read;
}

std::int64_t OutputOf(const TokenUsage& u) {
  return u.output_text + u.output_reasoning + u.output_audio + u.output_image;
}

TEST_P(PricePropertyTest, CompiledEqualsPlainAndNeverExceedsTheBound) {
  int charged = 0;
  for (int round = 0; round < 200; ++round) {
    const PriceVersion version = RandomVersion();
    ASSERT_OK(ValidatePriceVersion(version));
    const ServiceTier tier =
        Pick({ServiceTier::kStandard, ServiceTier::kBatch, ServiceTier::kPriority});
    const std::string region = Pick<std::string>({"", "eu", "us"});
    const CompiledPrice price = Compile(version, tier, region);
    for (int i = 0; i < 20; ++i) {
      const TokenUsage usage = RandomUsage();
      const absl::Time at =
          kMidnight + absl::Minutes(static_cast<std::int64_t>(random_.Below(3 * 1'440)));
      const Money compiled = price.Charge(usage, at);
      const absl::StatusOr<Money> plain =
          Charge(version, ToQuantities(usage), {.tier = tier, .region = region, .at = at});
      EXPECT_EQ(price.CheckPriced(usage, at).code(), plain.status().code());
      if (plain.ok()) {
        ++charged;
        ASSERT_EQ(compiled, *plain);
      }
      const std::int64_t spare = static_cast<std::int64_t>(random_.Below(50));
      const std::int64_t input = InputOf(usage) + spare;
      const std::int64_t output = OutputOf(usage);
      ASSERT_GE(price.UpperBound(input, output + spare, usage.searches), compiled);
      // A hold extended in two steps still bounds the whole.
      const auto first =
          static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(output) + 1));
      ASSERT_GE(
          price.UpperBound(input, first, usage.searches) + price.OutputBound(output - first, input),
          price.UpperBound(input, output, usage.searches));
      const Money left = Money::FromNanoUsd(static_cast<std::int64_t>(random_.Below(1'000'000)));
      const std::int64_t affordable = price.OutputTokensAffordable(left, input);
      ASSERT_LE(price.OutputBound(affordable, input), left);
      if (affordable < kMax) {
        ASSERT_GT(price.OutputBound(affordable + 1, input), left);
      }
    }
  }
  // The property must not hold for want of cases.
  EXPECT_GT(charged, 300);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PricePropertyTest, testing::Range<std::uint64_t>(1, 9));

// 3 pico-USD a token in and out, so that rounding shows.
CompiledPrice ThreePico() {
  PriceVersion version;
  version.id = "pv_3";
  for (Direction direction : {Direction::kInput, Direction::kOutput}) {
    version.components.push_back({.direction = direction, .price_pico_usd_per_unit = 3});
  }
  return *CompiledPrice::Create(version, ServiceTier::kStandard, "");
}

TEST(CompiledPriceFactorTest, RoundsOnceAfterTheFactor) {
  const CompiledPrice price = ThreePico();
  TokenUsage usage;
  usage.input_text = 400;  // 1,200 pico-USD: 1 nano-USD at list price.
  EXPECT_EQ(price.Charge(usage, absl::UnixEpoch()).nano_usd(), 1);
  // 12,000 pico-USD, not ten times the rounded one.
  EXPECT_EQ(price.Charge(usage, absl::UnixEpoch(), {10'000'000}).nano_usd(), 12);
  EXPECT_EQ(price.Charge(usage, absl::UnixEpoch(), {1'250'000}).nano_usd(), 2);  // 1,500: half up.
  EXPECT_EQ(price.Charge(usage, absl::UnixEpoch(), {0}), Money::Zero());
}

TEST(CompiledPriceFactorTest, BoundsHoldForEveryFactor) {
  const CompiledPrice price = ThreePico();
  for (const std::int64_t ppm : {0, 1, 333'333, 800'000, 1'000'000, 1'100'001, 11'000'000}) {
    const PriceFactor factor{ppm};
    for (std::int64_t input : {0, 1, 166, 167, 1'000}) {
      for (std::int64_t output : {0, 1, 55, 999}) {
        TokenUsage usage;
        usage.input_text = input;
        usage.output_text = output;
        const Money charge = price.Charge(usage, absl::UnixEpoch(), factor);
        EXPECT_LE(charge, price.UpperBound(input, output, 0, factor));
        EXPECT_LE(price.UpperBound(input, output, 0, factor),
                  price.UpperBound(input, 0, 0, factor) + price.OutputBound(output, input, factor));
        const Money left = Money::FromNanoUsd(output);
        const std::int64_t tokens = price.OutputTokensAffordable(left, input, factor);
        if (tokens < 1'000'000'000) {
          EXPECT_LE(price.OutputBound(tokens, input, factor), left);
        }
      }
    }
  }
}

TEST(CompiledPriceFactorTest, SaturatesInsteadOfOverflowing) {
  PriceVersion version;
  version.id = "pv_max";
  version.components.push_back({.price_pico_usd_per_unit = kPricePicoUsdPerUnitMax});
  const CompiledPrice price = *CompiledPrice::Create(version, ServiceTier::kStandard, "");
  TokenUsage usage;
  usage.input_text = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(price.Charge(usage, absl::UnixEpoch(), {kPriceFactorPpmMax}), Money::Max());
  EXPECT_EQ(price.Charge(usage, absl::UnixEpoch(), {0}), Money::Zero());
}

}  // namespace
}  // namespace tollgate
