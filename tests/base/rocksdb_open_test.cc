#include "base/rocksdb_open.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

class RocksdbOpenTest : public testing::Test {
 protected:
  ~RocksdbOpenTest() override { Close(); }

  rocksdb::Status Open(const std::vector<std::string>& names) {
    Close();
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) {
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    }
    rocksdb::DBOptions options;
    options.create_if_missing = create_;
    return OpenRocksdb(options, path_, families, &handles_, &db_);
  }

  void Close() {
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    handles_.clear();
    db_.reset();
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (auto* handle : handles_) names.push_back(handle->GetName());
    return names;
  }

  void Put(std::size_t family, const std::string& value) {
    ASSERT_TRUE(db_->Put(rocksdb::WriteOptions(), handles_[family], "key", value).ok());
  }
  std::string Get(std::size_t family) {
    std::string value;
    db_->Get(rocksdb::ReadOptions(), handles_[family], "key", &value).PermitUncheckedError();
    return value;
  }

  TempDir dir_;
  std::string path_ = dir_.File("db");
  bool create_ = true;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::unique_ptr<rocksdb::DB> db_;
};

TEST_F(RocksdbOpenTest, MakesAllFamiliesInTheirOrder) {
  ASSERT_TRUE(Open({"b", "default", "a"}).ok());
  EXPECT_THAT(Names(), testing::ElementsAre("b", "default", "a"));
  Put(0, "in b");
  Put(2, "in a");
  ASSERT_TRUE(Open({"a", "b", "default"}).ok());
  EXPECT_THAT(Names(), testing::ElementsAre("a", "b", "default"));
  EXPECT_EQ(Get(0), "in a");
  EXPECT_EQ(Get(1), "in b");
  EXPECT_EQ(Get(2), "");
}

TEST_F(RocksdbOpenTest, AddsWhatALaterVersionHas) {
  ASSERT_TRUE(Open({"default", "a"}).ok());
  Put(1, "kept");
  ASSERT_TRUE(Open({"default", "new", "a"}).ok());
  EXPECT_THAT(Names(), testing::ElementsAre("default", "new", "a"));
  EXPECT_EQ(Get(2), "kept");
  EXPECT_EQ(Get(1), "");
}

TEST_F(RocksdbOpenTest, RefusesAFamilyThatItWasNotTold) {
  ASSERT_TRUE(Open({"default", "a", "b"}).ok());
  EXPECT_FALSE(Open({"default", "a"}).ok());
  EXPECT_EQ(db_, nullptr);
}

TEST_F(RocksdbOpenTest, MakesNoDatabaseUnlessItMay) {
  create_ = false;
  EXPECT_FALSE(Open({"default"}).ok());
  EXPECT_EQ(db_, nullptr);
}

TEST_F(RocksdbOpenTest, SaysWhatIsWrongWithADamagedOne) {
  ASSERT_TRUE(Open({"default", "a"}).ok());
  Close();
  for (const auto& file : std::filesystem::directory_iterator(path_)) {
    if (file.path().filename().string().starts_with("MANIFEST")) {
      std::filesystem::resize_file(file.path(), 3);
    }
  }
  EXPECT_FALSE(Open({"default", "a"}).ok());
}

// One file of options for each step: making the families one by one leaves as many on its way.
TEST_F(RocksdbOpenTest, WritesTheOptionsOnceForAllNewFamilies) {
  ASSERT_TRUE(Open({"default", "a", "b", "c", "d", "e", "f", "g"}).ok());
  unsigned long long highest = 0;
  for (const auto& file : std::filesystem::directory_iterator(path_)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with("OPTIONS-")) highest = std::max(highest, std::stoull(name.substr(8)));
  }
  // Files are numbered in order: each family has a log of its own, the options twice.
  EXPECT_GT(highest, 0u);
  EXPECT_LT(highest, 16u);
}

}  // namespace
}  // namespace tollgate
