#include "catalog/model/merge.h"

#include "base/status_reason.h"
#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

class MergeTest : public testing::Test {
 protected:
  // Merges and applies.
  Change Import(const Facts& facts, absl::Time now = TestDay(100)) {
    const absl::StatusOr<Change> change = Merge(state_, facts, now);
    EXPECT_OK(change);
    Apply(*change, state_);
    return *change;
  }
  Facts OneOffering(std::int64_t input, absl::Time effective) {
    Facts facts;
    facts.offerings = {TestOffering("acme", "acme/big", input, effective)};
    return facts;
  }
  const std::vector<SourcedPriceVersion>& History() {
    return state_.offerings.at("acme:acme/big").price_versions;
  }

  CatalogState state_;
};

TEST_F(MergeTest, CountsWhatIsNew) {
  const Change change = Import(TestFacts());
  EXPECT_EQ(change.created, 7);
  EXPECT_EQ(change.updated, 0);
  EXPECT_EQ(change.price_versions.size(), 3u);
  EXPECT_EQ(state_.price_versions.size(), 3u);
}

TEST_F(MergeTest, TheSameAgainChangesNothing) {
  Import(TestFacts());
  EXPECT_TRUE(Import(TestFacts()).empty());
}

TEST_F(MergeTest, TheSamePriceReadLaterChangesNothing) {
  Import(TestFacts());
  Facts later = OneOffering(3'000'000, TestDay(30));
  later.offerings[0].price_versions[0].source = "another";
  EXPECT_TRUE(Import(later).empty());
}

TEST_F(MergeTest, AChangedPriceIsANewVersionAndTheFormerStays) {
  Import(TestFacts());
  const SourcedPriceVersion former = History()[0];
  const Change change = Import(OneOffering(4'000'000, TestDay(30)));
  EXPECT_EQ(change.created, 0);
  EXPECT_EQ(change.updated, 1);
  ASSERT_EQ(History().size(), 2u);
  EXPECT_EQ(History()[0].version.id, former.version.id);
  EXPECT_EQ(History()[0].version.components, former.version.components);
  EXPECT_NE(History()[1].version.id, former.version.id);
  EXPECT_EQ(state_.price_versions.at(former.version.id).version.components,
            former.version.components);
}

TEST_F(MergeTest, APriceThatComesBackIsAnotherVersion) {
  Import(TestFacts());
  Import(OneOffering(4'000'000, TestDay(30)));
  Import(OneOffering(3'000'000, TestDay(60)));
  ASSERT_EQ(History().size(), 3u);
  EXPECT_EQ(History()[0].version.components, History()[2].version.components);
  EXPECT_NE(History()[0].version.id, History()[2].version.id);
}

TEST_F(MergeTest, ACorrectionForTheSameTimeTakesThePlaceAndKeepsTheFormerReadable) {
  Import(TestFacts());
  const std::string former = History()[0].version.id;
  Import(OneOffering(5'000'000, TestDay(0)));
  ASSERT_EQ(History().size(), 1u);
  EXPECT_NE(History()[0].version.id, former);
  EXPECT_TRUE(state_.price_versions.contains(former));
}

TEST_F(MergeTest, AnOlderPriceGoesWhereItBelongs) {
  Import(TestFacts());
  Import(OneOffering(9, TestDay(-30)));
  ASSERT_EQ(History().size(), 2u);
  EXPECT_EQ(History()[1].version.components[0].price_pico_usd_per_unit, 3'000'000);
}

TEST_F(MergeTest, WithoutATimeAPriceHoldsFromNow) {
  Import(TestFacts());
  Import(OneOffering(7, absl::InfinitePast()), TestDay(50) + absl::Milliseconds(250));
  ASSERT_EQ(History().size(), 2u);
  EXPECT_EQ(History()[1].version.effective_time, TestDay(50));
  EXPECT_TRUE(Import(OneOffering(7, absl::InfinitePast()), TestDay(70)).empty());
}

TEST_F(MergeTest, ReplacesWhatDiffersAndLeavesTheRest) {
  Import(TestFacts());
  Facts facts;
  facts.models = {TestModel("acme/big", "New name")};
  const Change change = Import(facts);
  EXPECT_EQ(change.updated, 1);
  EXPECT_EQ(state_.models.at("acme/big").display_name, "New name");
  EXPECT_EQ(state_.models.size(), 2u);
}

TEST_F(MergeTest, RefusesAnIdThatIsNotOfTheContents) {
  Facts facts = TestFacts();
  facts.offerings[0].price_versions[0].version.id = "pv_mine";
  const absl::StatusOr<Change> change = Merge(state_, facts, TestDay(0));
  EXPECT_THAT(change, StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("pv_mine")));
  EXPECT_EQ(ReasonOf(change.status()), "INVALID_FACT");
}

TEST_F(MergeTest, RefusesFactsThatReferToNothing) {
  Facts facts = TestFacts();
  facts.models.pop_back();
  EXPECT_THAT(Merge(state_, facts, TestDay(0)),
              StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("acme/small")));
  facts = TestFacts();
  facts.providers.pop_back();
  EXPECT_THAT(Merge(state_, facts, TestDay(0)),
              StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("resell")));
}

TEST_F(MergeTest, RefusesAFactThatComesTwice) {
  Facts facts = TestFacts();
  facts.models.push_back(facts.models[0]);
  EXPECT_THAT(Merge(state_, facts, TestDay(0)),
              StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("twice")));
}

}  // namespace
}  // namespace tollgate::catalog
