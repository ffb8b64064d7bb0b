#include "dataplane/meter/recent_generations.h"

#include <algorithm>
#include <string>

#include "tests/dataplane/support/usage_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

class RecentGenerationsTest : public testing::Test {
 protected:
  void Boot() {
    spool_.reset();
    identity_.reset();
    identity_ = std::make_unique<NodeIdentity>(*NodeIdentity::Begin(
        RealFileSystem(), dir_.path(), "boot", Durability::kProcess, 1, SystemRandom()));
    spool_ = *Spool::Open(RealFileSystem(), SystemRandom(), *identity_, 1,
                          {.folder = dir_.path(), .segment_bytes = 1 << 20});
  }

  void Write(const std::string& id) {
    auto record = RecordOf(id);
    auto intent = AppendIntent(spool_->lane(0), record);
    ASSERT_OK(intent);
    AppendFinal(spool_->lane(0), *std::move(intent), record);
  }

  TempDir dir_;
  std::unique_ptr<NodeIdentity> identity_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(RecentGenerationsTest, FindsAtOnceAllAttemptsOfAGeneration) {
  Boot();
  RecentGenerations recent(*spool_, 100);
  Write("gen_a");
  Write("gen_b");
  Write("gen_a");
  EXPECT_EQ(recent.Find("gen_a").size(), 2u);
  EXPECT_EQ(recent.Find("gen_b").size(), 1u);
  EXPECT_TRUE(recent.Find("gen_c").empty());
  usage::v1::UsageRecord record;
  ASSERT_TRUE(record.ParseFromString(recent.Find("gen_b")[0]));
  EXPECT_EQ(record.workspace_id(), "ws_1");
}

TEST_F(RecentGenerationsTest, KeepsTheNewest) {
  Boot();
  RecentGenerations recent(*spool_, 2);
  for (const char* id : {"gen_a", "gen_b", "gen_c"}) Write(id);
  EXPECT_TRUE(recent.Find("gen_a").empty());
  EXPECT_EQ(recent.Find("gen_c").size(), 1u);
  EXPECT_EQ(recent.size(), 2u);
}

// More than one block of them, and of some of them more than one.
TEST_F(RecentGenerationsTest, FindsEachOfMany) {
  Boot();
  constexpr int kKept = 3'000;
  constexpr int kWritten = 5'000;
  RecentGenerations recent(*spool_, kKept);
  for (int i = 0; i < kWritten; ++i) {
    Write("gen_" + std::to_string(i - i % 3));
    if (i % 100 == 0) {
      recent.CatchUp();
      spool_->Upkeep();
    }
  }
  recent.CatchUp();
  EXPECT_EQ(recent.size(), static_cast<std::size_t>(kKept));
  for (int i = 0; i < kWritten; ++i) {
    std::size_t expected = 0;
    for (int j = i; i % 3 == 0 && j < std::min(i + 3, kWritten); ++j) {
      expected += j >= kWritten - kKept ? 1 : 0;
    }
    ASSERT_EQ(recent.Find("gen_" + std::to_string(i)).size(), expected) << i;
  }
}

TEST_F(RecentGenerationsTest, IsThereAgainAfterARestart) {
  Boot();
  Write("gen_a");
  Boot();
  RecentGenerations recent(*spool_, 100);
  EXPECT_EQ(recent.Find("gen_a").size(), 1u);
  spool_->ForgetIncarnation(1);
  EXPECT_EQ(recent.Find("gen_a").size(), 1u);
}

}  // namespace
}  // namespace tollgate::dataplane
