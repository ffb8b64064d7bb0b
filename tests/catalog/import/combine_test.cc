#include "catalog/import/import.h"
#include "catalog/model/merge.h"
#include "catalog/price/price_text.h"
#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

ImportResult Result(Facts facts, const char* source) {
  ImportResult result;
  for (Offering& offering : facts.offerings) {
    SourcedPriceVersion& sourced = offering.price_versions[0];
    sourced.source = source;
    sourced.version.id =
        PriceVersionId(offering.id, sourced.version.effective_time, sourced.version.components);
  }
  result.facts = std::move(facts);
  result.report.source = source;
  return result;
}

const Offering& Find(const Facts& facts, const std::string& id) {
  for (const Offering& offering : facts.offerings) {
    if (offering.id == id) return offering;
  }
  ADD_FAILURE() << id;
  return facts.offerings.front();
}

bool HasKey(const Offering& offering, const char* key) {
  for (const PriceComponent& c : offering.price_versions[0].version.components) {
    if (ComponentKey(c) == key) return true;
  }
  return false;
}

TEST(CombineTest, AddsComponentsWhereTheTextPricesAgree) {
  Facts second = TestFacts();
  for (Offering& offering : second.offerings) {
    PriceComponent batch = TokenPrice(Direction::kInput, 1);
    batch.tier = ServiceTier::kBatch;
    offering.price_versions[0].version.components.push_back(batch);
  }
  // The price of one differs: it must not be mixed.
  second.offerings[0].price_versions[0].version.components[0].price_pico_usd_per_unit = 9;
  const ImportResult both = Combine(Result(TestFacts(), "one"), Result(second, "two"));
  EXPECT_FALSE(HasKey(Find(both.facts, "acme:acme/big"), "input batch"));
  EXPECT_EQ(Find(both.facts, "acme:acme/big").price_versions[0].source, "one");
  EXPECT_TRUE(HasKey(Find(both.facts, "acme:acme/small"), "input batch"));
  EXPECT_EQ(Find(both.facts, "acme:acme/small").price_versions[0].source, "one+two");
  EXPECT_EQ(both.report.Adjusted(
                "the two sources differ in the price of text; the first one's is taken alone"),
            1);
  EXPECT_OK(Merge({}, both.facts, TestDay(0)));  // Which checks the ids.
}

TEST(CombineTest, AddsWhatOnlyTheSecondHas) {
  Facts second;
  second.models = {TestModel("acme/big"), TestModel("other/new"), TestModel("acme.x/y")};
  second.models[0].context_tokens_max = 64'000;
  second.providers = {TestProvider("third")};
  second.offerings = {TestOffering("third", "acme/big", 5), TestOffering("third", "other/new", 6)};
  const ImportResult both = Combine(Result(TestFacts(), "one"), Result(second, "two"));
  EXPECT_EQ(both.facts.offerings.size(), 5u);
  EXPECT_EQ(both.facts.models.size(), 3u);
  EXPECT_EQ(both.facts.providers.size(), 3u);
  // The first source describes the model; what differs is the offering's own.
  EXPECT_EQ(Find(both.facts, "third:acme/big").context_tokens_max, 64'000);
  EXPECT_EQ(Find(both.facts, "third:other/new").context_tokens_max, 0);
  EXPECT_OK(Merge({}, both.facts, TestDay(0)));
}

}  // namespace
}  // namespace tollgate::catalog
