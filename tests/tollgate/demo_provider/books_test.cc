#include "tollgate/demo_provider/books.h"

#include "base/compiled_price.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using testing::HasSubstr;
using testing::Not;

BooksEntry Entry(std::string id, std::int64_t output) {
  BooksEntry entry;
  entry.response_id = std::move(id);
  entry.model = "demo/chat";
  entry.prices = {.input_pico_usd = 2'000'000, .output_pico_usd = 10'000'000};
  entry.tokens = {.input_text = 10, .output_text = output};
  return entry;
}

TEST(ChargeNanoUsd, SumsExactlyAndRoundsOnceHalfUp) {
  EXPECT_EQ(ChargeNanoUsd({.input_pico_usd = 499}, {.input_text = 1}), 0);
  EXPECT_EQ(ChargeNanoUsd({.input_pico_usd = 500}, {.input_text = 1}), 1);
  // Each class by itself would round to 0; together they are 1.2 nano-USD.
  EXPECT_EQ(
      ChargeNanoUsd({.input_pico_usd = 400, .cache_read_pico_usd = 400, .output_pico_usd = 400},
                    {.input_text = 1, .cache_read = 1, .output_text = 1}),
      1);
  EXPECT_EQ(ChargeNanoUsd({.request_pico_usd = 100'000'000'000}, {}), 100'000'000);
  // Far beyond 64 bits of pico-USD.
  EXPECT_EQ(ChargeNanoUsd({.output_pico_usd = 1'000'000'000'000}, {.output_text = 1'000'000'000}),
            1'000'000'000'000'000'000);
}

// The provider's own arithmetic against the gateway's, for the demo models.
TEST(ChargeNanoUsd, AgreesWithTheGatewaysPrices) {
  for (const DemoModel& model : DemoModels()) {
    PriceVersion version{.id = "pv", .effective_time = absl::UnixEpoch(), .components = {}};
    const auto add = [&version](Unit unit, Direction direction, Modality modality, CacheClass cache,
                                std::int64_t price) {
      PriceComponent component;
      component.unit = unit;
      component.direction = direction;
      component.modality = modality;
      component.cache = cache;
      component.price_pico_usd_per_unit = price;
      version.components.push_back(component);
    };
    const DemoPrices& prices = model.prices;
    add(Unit::kToken, Direction::kInput, Modality::kText, CacheClass::kNone, prices.input_pico_usd);
    add(Unit::kToken, Direction::kInput, Modality::kText, CacheClass::kRead,
        prices.cache_read_pico_usd);
    add(Unit::kToken, Direction::kOutput, Modality::kText, CacheClass::kNone,
        prices.output_pico_usd);
    add(Unit::kToken, Direction::kOutput, Modality::kReasoning, CacheClass::kNone,
        prices.reasoning_pico_usd);
    add(Unit::kRequest, Direction::kInput, Modality::kText, CacheClass::kNone,
        prices.request_pico_usd);
    ASSERT_OK_AND_ASSIGN(const CompiledPrice compiled,
                         CompiledPrice::Create(version, ServiceTier::kStandard, ""));
    for (std::int64_t i = 0; i < 200; ++i) {
      const DemoTokens tokens{
          .input_text = i * 7, .cache_read = i, .output_text = 13 * i, .output_reasoning = 3 * i};
      TokenUsage usage;
      usage.input_text = tokens.input_text;
      usage.cache_read = tokens.cache_read;
      usage.output_text = tokens.output_text;
      usage.output_reasoning = tokens.output_reasoning;
      usage.requests = 1;
      EXPECT_EQ(ChargeNanoUsd(prices, tokens), compiled.Charge(usage, absl::UnixEpoch()).nano_usd())
          << model.id << " " << i;
    }
  }
}

TEST(Books, AddUpByModelAndInTotal) {
  Books books(10);
  books.Add(Entry("r1", 5));
  BooksEntry cut = Entry("r2", 1);
  cut.outcome = DemoOutcome::kCut;
  books.Add(cut);
  books.AddRefused("demo/chat");
  books.AddRefused("");
  EXPECT_EQ(books.charge_nano_usd(), 70'000 + 30'000);
  const std::string json = books.ToJson(0);
  EXPECT_THAT(json, HasSubstr("\"requests\":2,\"refused_requests\":2,\"cut_requests\":1,"
                              "\"tokens\":{\"input_text\":20,\"cache_read\":0,\"output_text\":6,"
                              "\"output_reasoning\":0},\"charge_nano_usd\":100000"));
  EXPECT_THAT(json, HasSubstr("\"demo/chat\":{\"requests\":2,\"refused_requests\":1"));
  EXPECT_THAT(json, Not(HasSubstr("entries")));
}

TEST(Books, KeepTheNewestEntriesOnly) {
  Books books(2);
  for (const char* id : {"r1", "r2", "r3"}) books.Add(Entry(id, 1));
  const std::string json = books.ToJson(5);
  EXPECT_THAT(json, Not(HasSubstr("\"r1\"")));
  EXPECT_LT(json.find("\"r3\""), json.find("\"r2\"")) << "newest first";
  EXPECT_EQ(books.charge_nano_usd(), 3 * 30'000) << "the totals cover all";
  EXPECT_THAT(books.ToJson(1), Not(HasSubstr("\"r2\"")));
}

TEST(Books, ForgetEverything) {
  Books books(2);
  books.Add(Entry("r1", 1));
  books.Clear();
  EXPECT_EQ(books.charge_nano_usd(), 0);
  EXPECT_THAT(books.ToJson(5), HasSubstr("\"requests\":0"));
}

}  // namespace
}  // namespace tollgate
