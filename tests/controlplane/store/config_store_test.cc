// The conformance suite of ConfigStore, run by every implementation.
#include "controlplane/store/config_store.h"

#include <functional>
#include <memory>
#include <string>

#include "controlplane/store/memory_store.h"
#include "controlplane/store/rocksdb_store.h"
#include "controlplane/store/schema.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::controlplane {
namespace {

struct Implementation {
  const char* name;
  std::function<std::unique_ptr<ConfigStore>(const TempDir&)> open;
};

std::unique_ptr<ConfigStore> OpenRocksdb(const TempDir& folder) {
  absl::StatusOr<std::unique_ptr<RocksdbStore>> store = RocksdbStore::Open(folder.File("db"));
  CHECK(store.ok()) << store.status();
  return *std::move(store);
}

class ConfigStoreTest : public testing::TestWithParam<Implementation> {
 protected:
  ConfigStoreTest() : store_(GetParam().open(folder_)) {}

  std::string Keys(Table table, const ScanOptions& options) {
    absl::StatusOr<std::vector<StoreEntry>> entries = store_->Scan(table, options);
    EXPECT_OK(entries);
    std::string keys;
    for (const StoreEntry& entry : *entries) keys += entry.key;
    return keys;
  }

  TempDir folder_;
  std::unique_ptr<ConfigStore> store_;
};

TEST_P(ConfigStoreTest, WritesReadsAndDeletes) {
  StoreBatch batch;
  batch.Put(Table::kResources, "a", "1");
  batch.Put(Table::kResources, "a", "2");  // In order: the later one stays.
  batch.Put(Table::kMemos, "a", std::string("\0x", 2));
  batch.Put(Table::kResources, "b", "");
  batch.Delete(Table::kResources, "never there");
  ASSERT_OK(store_->Write(batch));
  EXPECT_THAT(store_->Get(Table::kResources, "a"), IsOkAndHolds(std::optional<std::string>("2")));
  EXPECT_THAT(store_->Get(Table::kMemos, "a"),
              IsOkAndHolds(std::optional<std::string>(std::string("\0x", 2))));
  EXPECT_THAT(store_->Get(Table::kResources, "b"), IsOkAndHolds(std::optional<std::string>("")));
  EXPECT_THAT(store_->Get(Table::kAudit, "a"), IsOkAndHolds(std::optional<std::string>()));
  StoreBatch removal;
  removal.Delete(Table::kResources, "a");
  ASSERT_OK(store_->Write(removal));
  EXPECT_THAT(store_->Get(Table::kResources, "a"), IsOkAndHolds(std::optional<std::string>()));
}

TEST_P(ConfigStoreTest, ScansInOrderOfUnsignedBytesBothWays) {
  StoreBatch batch;
  for (const char* key : {"b", "a", "\xff", "d"}) batch.Put(Table::kAudit, key, "v");
  ASSERT_OK(store_->Write(batch));
  EXPECT_EQ(Keys(Table::kAudit, {}), "abd\xff");
  EXPECT_EQ(Keys(Table::kAudit, {.reverse = true}),
            "\xff"
            "dba");
  EXPECT_EQ(Keys(Table::kAudit, {.limit = 2}), "ab");
  EXPECT_EQ(Keys(Table::kAudit, {.after = "b"}), "d\xff");
  EXPECT_EQ(Keys(Table::kAudit, {.after = "c"}), "d\xff");
  EXPECT_EQ(Keys(Table::kAudit, {.after = "d", .reverse = true}), "ba");
  EXPECT_EQ(Keys(Table::kAudit, {.after = "c", .reverse = true}), "ba");
  EXPECT_EQ(Keys(Table::kAudit, {.after = "c", .reverse = true, .limit = 1}), "b");
  EXPECT_EQ(Keys(Table::kAudit, {.after = "\xff"}), "");
  EXPECT_EQ(Keys(Table::kAudit, {.after = "a", .reverse = true}), "");
  EXPECT_EQ(Keys(Table::kFacts, {}), "");
}

INSTANTIATE_TEST_SUITE_P(All, ConfigStoreTest,
                         testing::Values(Implementation{"memory",
                                                        [](const TempDir&) {
                                                          return std::make_unique<MemoryStore>();
                                                        }},
                                         Implementation{"rocksdb", &OpenRocksdb}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(RocksdbStoreTest, KeepsWhatWasWritten) {
  TempDir folder;
  {
    std::unique_ptr<ConfigStore> store = OpenRocksdb(folder);
    StoreBatch batch;
    batch.Put(Table::kMeta, "head", "h");
    ASSERT_OK(store->Write(batch));
  }
  EXPECT_THAT(OpenRocksdb(folder)->Get(Table::kMeta, "head"),
              IsOkAndHolds(std::optional<std::string>("h")));
}

TEST(RocksdbStoreTest, IsOpenOnce) {
  TempDir folder;
  std::unique_ptr<ConfigStore> store = OpenRocksdb(folder);
  EXPECT_THAT(RocksdbStore::Open(folder.File("db")).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(SchemaTest, NumbersSortAsNumbers) {
  EXPECT_LT(NumberRowKey(255), NumberRowKey(256));
  EXPECT_THAT(ParseNumberRowKey(NumberRowKey(0x0123456789abcdef)),
              IsOkAndHolds(std::uint64_t{0x0123456789abcdef}));
  EXPECT_FALSE(ParseNumberRowKey("short").ok());
  EXPECT_NE(MemoRowKey("a", "bc"), MemoRowKey("ab", "c"));
}

}  // namespace
}  // namespace tollgate::controlplane
