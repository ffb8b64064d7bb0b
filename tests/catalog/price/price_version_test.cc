#include "catalog/price/price_version.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"

namespace tollgate::catalog {
namespace {

TEST(PriceVersionTest, IdsNeverChange) {
  // The ids of ledgers that were written long ago: this value must stay.
  const SourcedPriceVersion sourced = TestVersion(150'000, TestDay(0));
  EXPECT_EQ(PriceVersionId("acme:acme/big", TestDay(0), sourced.version.components),
            "pv_ulhm342z4g3iql6jrhaafw4l67272afm");
}

TEST(PriceVersionTest, TheOrderOfComponentsHasNoMeaning) {
  std::vector<PriceComponent> components = TestVersion(7, TestDay(0)).version.components;
  const std::string id = PriceVersionId("a:b/c", TestDay(0), components);
  std::reverse(components.begin(), components.end());
  EXPECT_EQ(PriceVersionId("a:b/c", TestDay(0), components), id);
}

TEST(PriceVersionTest, OfferingTimeAndPriceAreTheContents) {
  const std::vector<PriceComponent> components = TestVersion(7, TestDay(0)).version.components;
  const std::string id = PriceVersionId("a:b/c", TestDay(0), components);
  EXPECT_NE(PriceVersionId("a:b/d", TestDay(0), components), id);
  EXPECT_NE(PriceVersionId("a:b/c", TestDay(1), components), id);
  EXPECT_NE(PriceVersionId("a:b/c", TestDay(0), TestVersion(8, TestDay(0)).version.components), id);
  std::vector<PriceComponent> batch = components;
  batch[0].tier = ServiceTier::kBatch;
  EXPECT_NE(PriceVersionId("a:b/c", TestDay(0), batch), id);
}

TEST(PriceVersionTest, InForceIsTheLastThatHasBegun) {
  const std::vector<SourcedPriceVersion> history = {TestVersion(1, TestDay(1)),
                                                    TestVersion(2, TestDay(3))};
  EXPECT_EQ(InForce(history, TestDay(0)), history.size());
  EXPECT_EQ(InForce(history, TestDay(1)), 0u);
  EXPECT_EQ(InForce(history, TestDay(2)), 0u);
  EXPECT_EQ(InForce(history, TestDay(3)), 1u);
  EXPECT_EQ(InForce({}, TestDay(3)), 0u);
}

TEST(PriceVersionTest, FormerVersionsAreLeftOut) {
  const std::vector<SourcedPriceVersion> history = {
      TestVersion(1, TestDay(1)), TestVersion(2, TestDay(3)), TestVersion(3, TestDay(5))};
  EXPECT_EQ(CurrentAndAnnounced(history, TestDay(0)).size(), 3u);
  EXPECT_EQ(CurrentAndAnnounced(history, TestDay(2)).size(), 3u);
  EXPECT_EQ(CurrentAndAnnounced(history, TestDay(4)).size(), 2u);
  EXPECT_EQ(CurrentAndAnnounced(history, TestDay(9)).size(), 1u);
}

}  // namespace
}  // namespace tollgate::catalog
