#include "tollgate/standalone/demo_catalog.h"

#include "base/compiled_price.h"
#include "catalog/model/validate.h"
#include "catalog/price/price_version.h"
#include "catalog/wire/facts_proto.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tollgate/demo_provider/books.h"
#include "tollgate/demo_provider/demo_models.h"

namespace tollgate {
namespace {

using testing::SizeIs;

TEST(DemoFacts, AreTheSameEveryTime) {
  EXPECT_EQ(DemoFacts().SerializeAsString(), DemoFacts().SerializeAsString());
}

// What the gateway charges by the catalog is what the provider's own books say, to the nano-dollar.
TEST(DemoFacts, HaveThePricesOfTheBooks) {
  ASSERT_OK_AND_ASSIGN(const catalog::Facts facts, catalog::FromProto(DemoFacts()));
  ASSERT_THAT(facts.offerings, SizeIs(DemoModels().size()));
  for (std::size_t i = 0; i < facts.offerings.size(); ++i) {
    const DemoModel model = DemoModels()[i];
    ASSERT_EQ(facts.offerings[i].provider_model_id, model.id);
    ASSERT_THAT(facts.offerings[i].price_versions, SizeIs(1));
    PriceVersion version = facts.offerings[i].price_versions[0].version;
    version.id = "pv_test";
    ASSERT_OK_AND_ASSIGN(const CompiledPrice price,
                         CompiledPrice::Create(version, ServiceTier::kStandard, ""));
    const DemoTokens tokens{
        .input_text = 101, .cache_read = 37, .output_text = 53, .output_reasoning = 29};
    TokenUsage usage;
    usage.input_text = tokens.input_text;
    usage.cache_read = tokens.cache_read;
    usage.output_text = tokens.output_text;
    usage.output_reasoning = tokens.output_reasoning;
    usage.requests = 1;
    EXPECT_EQ(price.Charge(usage, version.effective_time).nano_usd(),
              ChargeNanoUsd(model.prices, tokens))
        << model.id;
  }
}

}  // namespace
}  // namespace tollgate
