#include "base/money.h"

#include <cstdint>

#include "base/random.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using absl::StatusCode;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(MoneyTest, ParsesExactDecimals) {
  const struct {
    const char* text;
    std::int64_t nano_usd;
  } kCases[] = {
      {"0", 0},
      {"5", 5'000'000'000},
      {"12.34", 12'340'000'000},
      {"-1.5", -1'500'000'000},
      {"-0.000000001", -1},
      {"0.0000075", 7'500},
      {"007", 7'000'000'000},
      {"9223372036.854775807", kMax},
      {"-9223372036.854775808", kMin},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Money::ParseUsd(c.text), IsOkAndHolds(Money::FromNanoUsd(c.nano_usd))) << c.text;
  }
}

TEST(MoneyTest, RefusesWhatIsNotADecimal) {
  for (const char* text : {"", "-", ".", ".5", "5.", "1e3", "+1", " 1", "1 ", "1,000", "0x10",
                           "1.2.3", "--1", "$5", "1.0000000000", "nan", "1.-5"}) {
    EXPECT_THAT(Money::ParseUsd(text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
}

TEST(MoneyTest, RefusesWhatDoesNotFit) {
  for (const char* text : {"9223372036.854775808", "-9223372036.854775809", "10000000000",
                           "99999999999999999999999999"}) {
    EXPECT_THAT(Money::ParseUsd(text), StatusIs(StatusCode::kOutOfRange)) << text;
  }
}

TEST(MoneyTest, PrintsTheShortestAndTheFixedForm) {
  EXPECT_EQ(Money::FromNanoUsd(5'000'000'000).ToUsdString(), "5");
  EXPECT_EQ(Money::FromNanoUsd(7'500).ToUsdString(), "0.0000075");
  EXPECT_EQ(Money::FromNanoUsd(-1'500'000'000).ToUsdString(), "-1.5");
  EXPECT_EQ(Money().ToUsdString(), "0");
  EXPECT_EQ(Money::FromNanoUsd(100'000'000'000).ToUsdString(), "100");
  EXPECT_EQ(Money::FromNanoUsd(-1).ToFixedUsdString(), "-0.000000001");
  EXPECT_EQ(Money::FromNanoUsd(kMin).ToFixedUsdString(), "-9223372036.854775808");
}

TEST(MoneyTest, ParsingInvertsPrinting) {
  SeededRandom random(3);
  for (int i = 0; i < 10'000; ++i) {
    // All magnitudes, not only the large ones.
    const auto shift = static_cast<int>(random.Below(63));
    const Money money = Money::FromNanoUsd(static_cast<std::int64_t>(random.Next64()) >> shift);
    EXPECT_THAT(Money::ParseUsd(money.ToUsdString()), IsOkAndHolds(money));
    EXPECT_THAT(Money::ParseUsd(money.ToFixedUsdString()), IsOkAndHolds(money));
  }
}

TEST(MoneyTest, ChecksArithmetic) {
  const Money one = Money::FromNanoUsd(1);
  EXPECT_EQ(one + one, Money::FromNanoUsd(2));
  EXPECT_EQ(one - Money::FromNanoUsd(3), Money::FromNanoUsd(-2));
  EXPECT_EQ(-one, Money::FromNanoUsd(-1));
  EXPECT_EQ(Money::Max().TryAdd(one), std::nullopt);
  EXPECT_EQ(Money::FromNanoUsd(kMin).TrySubtract(one), std::nullopt);
  EXPECT_EQ(Money::Max().TryMultiply(2), std::nullopt);
  EXPECT_EQ(one.TryMultiply(-7), Money::FromNanoUsd(-7));
  EXPECT_LT(Money::FromNanoUsd(-1), Money::Zero());
}

TEST(MoneyDeathTest, OverflowOfTheOperatorsAborts) {
  EXPECT_DEATH(Money::Max() + Money::FromNanoUsd(1), "overflows");
  EXPECT_DEATH(-Money::FromNanoUsd(kMin), "overflows");
}

}  // namespace
}  // namespace tollgate
