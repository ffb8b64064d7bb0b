#include "catalog/store/memory_catalog_store.h"
#include "catalog/store/rocksdb_catalog_store.h"
#include "tests/catalog/store/catalog_store_conformance.h"

namespace tollgate::catalog {
namespace {

class InMemory final : public StoreUnderTest {
 public:
  CatalogStore& store() override { return store_; }
  void Reopen() override {}

 private:
  MemoryCatalogStore store_;
};

class InRocksdb final : public StoreUnderTest {
 public:
  InRocksdb() { Reopen(); }
  CatalogStore& store() override { return *store_; }
  void Reopen() override {
    store_.reset();
    store_ = *RocksdbCatalogStore::Open(folder_.path());
  }

 private:
  TempDir folder_;
  std::unique_ptr<RocksdbCatalogStore> store_;
};

template <typename Kind>
std::unique_ptr<StoreUnderTest> Make() {
  return std::make_unique<Kind>();
}

INSTANTIATE_TEST_SUITE_P(Memory, CatalogStoreConformance, testing::Values(&Make<InMemory>));
INSTANTIATE_TEST_SUITE_P(Rocksdb, CatalogStoreConformance, testing::Values(&Make<InRocksdb>));

TEST(RocksdbCatalogStoreTest, OneProcessAtATime) {
  TempDir folder;
  ASSERT_OK_AND_ASSIGN(const auto first, RocksdbCatalogStore::Open(folder.path()));
  EXPECT_THAT(RocksdbCatalogStore::Open(folder.path()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(RocksdbCatalogStoreTest, SaysWhatAHistoryLacks) {
  TempDir folder;
  ASSERT_OK_AND_ASSIGN(const auto store, RocksdbCatalogStore::Open(folder.path()));
  Facts facts = TestFacts();
  facts.offerings[0].price_versions[0].version.id = "pv_missing";
  ASSERT_OK(store->Write({.facts = facts, .price_versions = {}, .seed_digest = std::nullopt}));
  EXPECT_THAT(store->Load(), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace tollgate::catalog
