// What every CatalogStore must do.  A store's test instantiates the suite with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, CatalogStoreConformance, testing::Values(&MakeMemory));
#ifndef TOLLGATE_TESTS_CATALOG_STORE_CATALOG_STORE_CONFORMANCE_H_
#define TOLLGATE_TESTS_CATALOG_STORE_CATALOG_STORE_CONFORMANCE_H_

#include <functional>
#include <memory>

#include "catalog/model/merge.h"
#include "catalog/store/catalog_store.h"
#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::catalog {

// A store and how to open it anew; reopening a store in memory keeps it.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual CatalogStore& store() = 0;
  virtual void Reopen() = 0;
};

class CatalogStoreConformance
    : public testing::TestWithParam<std::unique_ptr<StoreUnderTest> (*)()> {
 protected:
  CatalogStoreConformance() : under_test_(GetParam()()) {}
  CatalogStore& store() { return under_test_->store(); }

  // Writes what Merge() makes of the facts.
  void Import(const Facts& facts) {
    const absl::StatusOr<StoredCatalog> before = store().Load();
    ASSERT_OK(before);
    const absl::StatusOr<Change> change = Merge(before->state, facts, TestDay(0));
    ASSERT_OK(change);
    ASSERT_OK(store().Write({.facts = change->facts,
                             .price_versions = change->price_versions,
                             .seed_digest = std::nullopt}));
  }

  std::unique_ptr<StoreUnderTest> under_test_;
};

TEST_P(CatalogStoreConformance, BeginsEmpty) {
  ASSERT_OK_AND_ASSIGN(const StoredCatalog stored, store().Load());
  EXPECT_TRUE(stored.state.models.empty());
  EXPECT_TRUE(stored.state.offerings.empty());
  EXPECT_EQ(stored.seed_digest, "");
}

TEST_P(CatalogStoreConformance, KeepsEverythingWhenOpenedAnew) {
  Import(TestFacts());
  Facts change;
  change.offerings = {TestOffering("acme", "acme/big", 9, TestDay(5))};
  Import(change);
  ASSERT_OK(store().Write({.facts = {}, .price_versions = {}, .seed_digest = "abc"}));
  under_test_->Reopen();
  ASSERT_OK_AND_ASSIGN(const StoredCatalog stored, store().Load());
  const CatalogState& state = stored.state;
  EXPECT_EQ(stored.seed_digest, "abc");
  EXPECT_EQ(state.models.at("acme/small"), TestFacts().models[1]);
  EXPECT_EQ(state.providers.at("resell"), TestFacts().providers[1]);
  EXPECT_EQ(state.price_versions.size(), 4u);
  const auto& history = state.offerings.at("acme:acme/big").price_versions;
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].version.components, TestVersion(3'000'000, TestDay(0)).version.components);
  EXPECT_EQ(history[1].version.effective_time, TestDay(5));
  EXPECT_EQ(history[1].source, "test");
}

TEST_P(CatalogStoreConformance, APriceVersionNeverChanges) {
  Import(TestFacts());
  ASSERT_OK_AND_ASSIGN(const StoredCatalog stored, store().Load());
  SourcedPriceVersion version = stored.state.price_versions.begin()->second;
  EXPECT_OK(store().Write({.facts = {}, .price_versions = {version}, .seed_digest = std::nullopt}));
  version.version.components[0].price_pico_usd_per_unit += 1;
  Facts other;
  other.models = {TestModel("must/not-appear")};
  EXPECT_THAT(
      store().Write({.facts = other, .price_versions = {version}, .seed_digest = "not this"}),
      StatusIs(absl::StatusCode::kFailedPrecondition, testing::HasSubstr(version.version.id)));
  ASSERT_OK_AND_ASSIGN(const StoredCatalog after, store().Load());
  EXPECT_FALSE(after.state.models.contains("must/not-appear"));  // All or nothing.
  EXPECT_EQ(after.seed_digest, "");
  EXPECT_EQ(after.state.price_versions.begin()->second.version.components,
            stored.state.price_versions.begin()->second.version.components);
}

}  // namespace tollgate::catalog

#endif  // TOLLGATE_TESTS_CATALOG_STORE_CATALOG_STORE_CONFORMANCE_H_
