#include "catalog/price/price_text.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

struct PriceCase {
  const char* number;
  int scale;
  std::int64_t pico_usd;
  bool rounded;
};

TEST(PriceTextTest, ReadsNumbersExactly) {
  const PriceCase cases[] = {
      {"0", kUsdPerMillionUnits, 0, false},
      {"0.0", kUsdPerUnit, 0, false},
      {"0e10", kUsdPerUnit, 0, false},
      {"0.15", kUsdPerMillionUnits, 150'000, false},
      {"3", kUsdPerMillionUnits, 3'000'000, false},
      {"0.000001", kUsdPerMillionUnits, 1, false},
      {"0.10000000000000001", kUsdPerMillionUnits, 100'000, true},
      {"0.3", kUsdPerMillionUnits, 300'000, false},  // Not exact as a double.
      {"1e-07", kUsdPerUnit, 100'000, false},
      {"1E-7", kUsdPerUnit, 100'000, false},
      {"1.5e-07", kUsdPerUnit, 150'000, false},
      {"2.0000000000000002e-07", kUsdPerUnit, 200'000, true},
      {"3.083e-05", kUsdPerUnit, 30'830'000, false},
      {"1e+2", kUsdPerUnit, 100'000'000'000'000, false},
      {"1.9e-08", kUsdPerMillionth, 19'000'000'000, false},
      {"0.0000015", kUsdPerMillionUnits, 2, true},  // Half up.
      {"0.0000014999", kUsdPerMillionUnits, 1, true},
      {"0.0000005", kUsdPerMillionUnits, 1, true},
      {"1000000", kUsdPerUnit, kPricePicoUsdPerUnitMax, false},
  };
  for (const PriceCase& c : cases) {
    ASSERT_OK_AND_ASSIGN(const ParsedPrice price, ParsePrice(c.number, c.scale));
    EXPECT_EQ(price.pico_usd_per_unit, c.pico_usd) << c.number;
    EXPECT_EQ(price.rounded, c.rounded) << c.number;
  }
}

TEST(PriceTextTest, RefusesWhatIsNoPrice) {
  for (const char* number : {"", "-1", "+1", ".5", "5.", "01", "1e", "1e-", "0x1", "1 ", " 1",
                             "NaN", "1,5", "1e1000", "1e+-5", "--1"}) {
    EXPECT_THAT(ParsePrice(number, kUsdPerUnit), StatusIs(absl::StatusCode::kInvalidArgument))
        << number;
  }
  EXPECT_THAT(ParsePrice(std::string(kPriceTextCharsMax + 1, '1'), kUsdPerUnit),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PriceTextTest, RefusesAPositivePriceThatWouldRoundToFree) {
  EXPECT_THAT(ParsePrice("4.9e-13", kUsdPerUnit), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParsePrice("1e-300", kUsdPerUnit), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PriceTextTest, RefusesMoreThanAMillionDollarsPerUnit) {
  for (const char* number : {"1000000.000000000001", "9999999", "1e300", "9223372036854775808"}) {
    EXPECT_THAT(ParsePrice(number, kUsdPerUnit), StatusIs(absl::StatusCode::kOutOfRange)) << number;
  }
}

TEST(PriceTextTest, FormatsTheShortestExactDecimal) {
  EXPECT_EQ(FormatUsdPerMillionUnits(150'000), "0.15");
  EXPECT_EQ(FormatUsdPerMillionUnits(3'000'000), "3");
  EXPECT_EQ(FormatUsdPerMillionUnits(1), "0.000001");
  EXPECT_EQ(FormatUsdPerMillionUnits(0), "0");
  EXPECT_EQ(FormatUsdPerUnit(40'000'000'000), "0.04");
  EXPECT_EQ(FormatUsdPerUnit(1), "0.000000000001");
  EXPECT_EQ(FormatUsdPerUnit(kPricePicoUsdPerUnitMax), "1000000");
}

TEST(PriceTextTest, FormatAndParseAreInverse) {
  for (std::int64_t pico = 1; pico < kPricePicoUsdPerUnitMax / 7; pico = pico * 7 + 3) {
    EXPECT_EQ(ParsePrice(FormatUsdPerUnit(pico), kUsdPerUnit)->pico_usd_per_unit, pico);
    EXPECT_EQ(ParsePrice(FormatUsdPerMillionUnits(pico), kUsdPerMillionUnits)->pico_usd_per_unit,
              pico);
  }
}

TEST(PriceTextTest, KeysReadBackAsTheyWereWritten) {
  for (const char* key :
       {"input", "output", "input cache_read", "input cache_write_5m", "input cache_write_1h",
        "output reasoning", "input audio cache_read", "input >200000", "output batch",
        "input cache_read priority >272000", "per_image output image variant=hd/1024x1024",
        "per_second output video variant=1080p", "per_character input", "per_page input file",
        "per_request", "per_search variant=low", "input region=eu", "input utc=16:30-00:30"}) {
    ASSERT_OK_AND_ASSIGN(const PriceComponent component, ParseComponentKey(key));
    EXPECT_EQ(ComponentKey(component), key);
  }
}

TEST(PriceTextTest, RefusesUnknownKeys) {
  for (const char* key :
       {"", "inputs", "input input", "text", "input >0", "input >x", "batch input", "input  batch",
        " input", "input ", "input utc=24:00-01:00", "input utc=01:00-01:00",
        "input variant=", "input variant=a b", "per_request input"}) {
    EXPECT_THAT(ParseComponentKey(key), StatusIs(absl::StatusCode::kInvalidArgument)) << key;
  }
}

}  // namespace
}  // namespace tollgate::catalog
