#include "controlplane/publish/revision_log.h"

#include "gtest/gtest.h"

namespace tollgate::controlplane {
namespace {

TEST(RevisionLogTest, KnowsWhatChangedSince) {
  RevisionLog log;
  EXPECT_FALSE(log.Reaches(1, 0, config::v1::AUDIENCE_DATAPLANE));
  log.Append({.number = 5, .keys = {"a"}, .dataplane_digest = 50, .billing_digest = 51});
  log.Append({.number = 6, .keys = {"b"}, .dataplane_digest = 60, .billing_digest = 61});
  log.Append({.number = 7, .keys = {"b", "c"}, .dataplane_digest = 70, .billing_digest = 71});
  EXPECT_EQ(log.ChangedSince(5), (std::set<std::string>{"b", "c"}));
  EXPECT_EQ(log.ChangedSince(7), std::set<std::string>());
  EXPECT_TRUE(log.Reaches(6, 60, config::v1::AUDIENCE_DATAPLANE));
  EXPECT_TRUE(log.Reaches(6, 61, config::v1::AUDIENCE_BILLING));
  EXPECT_FALSE(log.Reaches(6, 61, config::v1::AUDIENCE_DATAPLANE));
  EXPECT_FALSE(log.Reaches(4, 0, config::v1::AUDIENCE_DATAPLANE));
  EXPECT_FALSE(log.Reaches(8, 0, config::v1::AUDIENCE_DATAPLANE));
}

TEST(RevisionLogTest, ForgetsTheOldest) {
  RevisionLog log;
  for (std::uint64_t number = 1; number <= kLogRevisionsMax + 10; ++number) {
    log.Append({.number = number});
  }
  EXPECT_EQ(log.first_number(), 11);
  EXPECT_EQ(log.Find(10), nullptr);
  EXPECT_NE(log.Find(11), nullptr);
  log.Append(
      {.number = kLogRevisionsMax + 11, .keys = std::vector<std::string>(kLogKeysMax + 1, "k")});
  EXPECT_EQ(log.first_number(), kLogRevisionsMax + 11);
}

}  // namespace
}  // namespace tollgate::controlplane
