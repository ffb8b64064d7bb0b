#include "dataplane/rate/provider_rates.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

// 2026-01-02T03:04:05Z.
const absl::Time kNow = absl::FromUnixSeconds(1767323045);

constexpr std::string_view kOpenAiLines =
    "x-ratelimit-limit-requests: 5000\r\nx-ratelimit-remaining-requests: 0\r\n"
    "x-ratelimit-reset-requests: 6m0s\r\nx-ratelimit-limit-tokens: 800000\r\n"
    "x-ratelimit-remaining-tokens: 799000\r\nx-ratelimit-reset-tokens: 120ms\r\n";

constexpr std::string_view kAnthropicLines =
    "anthropic-ratelimit-requests-limit: 5000\r\nanthropic-ratelimit-requests-remaining: 0\r\n"
    "anthropic-ratelimit-requests-reset: 2026-01-02T03:10:05Z\r\n"
    "anthropic-ratelimit-tokens-limit: 800000\r\n"
    "anthropic-ratelimit-tokens-remaining: 799000\r\n"
    "anthropic-ratelimit-tokens-reset: 2026-01-02T03:04:06Z\r\n";

HeadFields Fields(std::string_view lines) {
  HeadFields fields;
  EXPECT_TRUE(fields.Parse(lines));
  return fields;
}

TEST(ProviderRatesTest, OneFormIsWrittenInTheOther) {
  std::string lines;
  AppendAnthropicRates(ReadOpenAiRates(Fields(kOpenAiLines)), kNow, lines);
  EXPECT_EQ(lines, kAnthropicLines);
  lines.clear();
  AppendOpenAiRates(ReadAnthropicRates(Fields(kAnthropicLines), kNow), lines);
  EXPECT_EQ(lines,
            "x-ratelimit-limit-requests: 5000\r\nx-ratelimit-remaining-requests: 0\r\n"
            "x-ratelimit-reset-requests: 6m0s\r\nx-ratelimit-limit-tokens: 800000\r\n"
            "x-ratelimit-remaining-tokens: 799000\r\nx-ratelimit-reset-tokens: 1s\r\n");
}

TEST(ProviderRatesTest, WhatOnlyOneHasIsLeftOutOfTheOther) {
  const ProviderRates rates =
      ReadAnthropicRates(Fields("anthropic-ratelimit-input-tokens-limit: 100\r\n"
                                "anthropic-ratelimit-output-tokens-remaining: 7\r\n"),
                         kNow);
  EXPECT_EQ(rates.input_tokens.limit, 100);
  EXPECT_EQ(rates.output_tokens.remaining, 7);
  std::string lines;
  AppendOpenAiRates(rates, lines);
  EXPECT_EQ(lines, "");
  AppendAnthropicRates(rates, kNow, lines);
  EXPECT_EQ(lines,
            "anthropic-ratelimit-input-tokens-limit: 100\r\n"
            "anthropic-ratelimit-output-tokens-remaining: 7\r\n");
}

TEST(ProviderRatesTest, ResetIsWrittenAsOpenAiDoes) {
  for (const auto& [reset, text] : std::initializer_list<std::pair<absl::Duration, std::string>>{
           {absl::ZeroDuration(), "0s"},
           {absl::Microseconds(419'100), "420ms"},
           {absl::Milliseconds(12'500), "12.5s"},
           {absl::Milliseconds(1'005), "1.005s"},
           {absl::Seconds(60), "1m0s"},
           {absl::Minutes(61) + absl::Seconds(2), "1h1m2s"}}) {
    ProviderRates rates;
    rates.requests.reset = reset;
    std::string lines;
    AppendOpenAiRates(rates, lines);
    EXPECT_EQ(lines, "x-ratelimit-reset-requests: " + text + "\r\n");
    EXPECT_EQ(ReadOpenAiRates(Fields(lines)).requests.reset,
              absl::Ceil(reset, absl::Milliseconds(1)));
  }
}

TEST(ProviderRatesTest, OpenRouterHasOneLimitAndAPointInTime) {
  ProviderRates rates = ReadOpenAiRates(Fields(kOpenAiLines));
  std::string lines;
  AppendOpenRouterRates(rates, kNow, lines);
  EXPECT_EQ(lines,
            "x-ratelimit-limit: 5000\r\nx-ratelimit-remaining: 0\r\n"
            "x-ratelimit-reset: 1767323405000\r\n");
  lines.clear();
  rates.requests = ProviderRate();
  AppendOpenRouterRates(rates, kNow, lines);
  EXPECT_EQ(lines,
            "x-ratelimit-limit: 800000\r\nx-ratelimit-remaining: 799000\r\n"
            "x-ratelimit-reset: 1767323045120\r\n");
}

TEST(ProviderRatesTest, WhatCannotBeBelievedIsAbsent) {
  const ProviderRates rates = ReadOpenAiRates(
      Fields("x-ratelimit-limit-requests: many\r\nx-ratelimit-remaining-requests: -1\r\n"
             "x-ratelimit-reset-requests: soon\r\nx-ratelimit-limit-tokens: 99999999999999999\r\n"
             "x-ratelimit-reset-tokens: 9999h\r\n"));
  EXPECT_TRUE(rates.empty());
  EXPECT_TRUE(
      ReadAnthropicRates(Fields("anthropic-ratelimit-tokens-reset: noon\r\n"), kNow).empty());
  // A time that is over: it is there again.
  EXPECT_EQ(
      ReadAnthropicRates(Fields("anthropic-ratelimit-tokens-reset: 2020-01-01T00:00:00Z\r\n"), kNow)
          .tokens.reset,
      absl::ZeroDuration());
}

}  // namespace
}  // namespace tollgate::dataplane
