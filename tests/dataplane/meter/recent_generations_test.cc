#include "dataplane/meter/recent_generations.h"

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
    auto intent = spool_->lane(0).AppendIntent(record);
    ASSERT_OK(intent);
    spool_->lane(0).AppendFinal(*std::move(intent), record);
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
