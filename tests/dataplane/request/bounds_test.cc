#include "dataplane/request/bounds.h"

#include "dataplane/limits.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

// 1,000 pico-USD for a token of input, 2,000 for one of output.
Price TestPrice() {
  PriceVersion version;
  version.id = "pv_1";
  for (const Direction direction : {Direction::kInput, Direction::kOutput}) {
    PriceComponent component;
    component.direction = direction;
    component.price_pico_usd_per_unit = direction == Direction::kInput ? 1000 : 2000;
    version.components.push_back(component);
  }
  return Price(*CompiledPrice::Create(version, ServiceTier::kStandard, ""));
}

class BoundsTest : public testing::Test {
 protected:
  BoundsTest() {
    attempt_.offering = &offering_;
    attempt_.price = &price_;
    plan_.Add(attempt_);
    request_.messages = 1;
  }

  Price price_ = TestPrice();
  Offering offering_;
  PlannedAttempt attempt_;
  AttemptPlan plan_;
  ScannedRequest request_;
};

TEST_F(BoundsTest, InputCountsWhatBytesDoNotBound) {
  EXPECT_EQ(InputTokensBound(request_, 100), 100 + kRequestOverheadTokens + kMessageOverheadTokens);
  request_.images = 2;
  request_.files = 1;
  request_.tools = 3;
  EXPECT_EQ(InputTokensBound(request_, 0), kRequestOverheadTokens + kMessageOverheadTokens +
                                               2 * kImageTokens + kFileTokens +
                                               3 * kToolOverheadTokens);
}

TEST_F(BoundsTest, OutputIsTheCallersThenTheOfferingsThenADefaultThatIsSent) {
  EXPECT_EQ(OutputTokensBound(request_, offering_).tokens, kOutputTokensDefault);
  EXPECT_TRUE(OutputTokensBound(request_, offering_).must_send);
  offering_.output_tokens_max = 4096;
  EXPECT_EQ(OutputTokensBound(request_, offering_).tokens, 4096);
  EXPECT_FALSE(OutputTokensBound(request_, offering_).must_send);
  request_.output_limit = 9999;
  EXPECT_EQ(OutputTokensBound(request_, offering_).tokens, 9999);
}

TEST_F(BoundsTest, ThePlansBoundIsWhatTheDearestAttemptCanCost) {
  request_.output_limit = 50;
  EXPECT_EQ(PlanBound(plan_, request_, 100, -1).nano_usd(), 100 + 2 * 50);
  request_.choices = 3;
  EXPECT_EQ(PlanBound(plan_, request_, 100, -1).nano_usd(), 100 + 2 * 150);
  EXPECT_EQ(PlanBound(plan_, request_, 100, 10).nano_usd(), 100 + 2 * 30);
  request_.output_limit = std::int64_t{1} << 62;  // Saturates; overflows nowhere.
  EXPECT_GT(PlanBound(plan_, request_, 100, -1), Money::Zero());
}

TEST_F(BoundsTest, WhatCanBeAffordedFitsTheMoney) {
  request_.choices = 2;
  for (const std::int64_t nano_usd : {100, 101, 104, 1000, 12345}) {
    const std::int64_t tokens =
        AffordableOutput(plan_, request_, 100, Money::FromNanoUsd(nano_usd));
    EXPECT_EQ(tokens, (nano_usd - 100) / 4) << nano_usd;
    EXPECT_LE(PlanBound(plan_, request_, 100, tokens).nano_usd(), nano_usd);
  }
  EXPECT_LT(AffordableOutput(plan_, request_, 100, Money::FromNanoUsd(99)), 0);
}

TEST_F(BoundsTest, EstimatesNeverExceedTheBounds) {
  const TokenUsage usage = EstimateUsage(1000, 1001, 10'000, 10'000);
  EXPECT_EQ(usage.input_text, 250);
  EXPECT_EQ(usage.output_text, 251);
  const TokenUsage bounded = EstimateUsage(1000, 1001, 5, 7);
  EXPECT_EQ(bounded.input_text, 5);
  EXPECT_EQ(bounded.output_text, 7);
}

}  // namespace
}  // namespace tollgate::dataplane
