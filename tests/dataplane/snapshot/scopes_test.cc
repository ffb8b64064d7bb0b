// What a snapshot says of members, projects, limits, templates and price rules.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status_reason.h"
#include "dataplane/snapshot/config_image.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Resource;

absl::StatusOr<std::shared_ptr<const Snapshot>> BuildFrom(const std::vector<Resource>& resources) {
  ConfigImage image(TestSealer());
  for (const Resource& resource : resources) TG_RETURN_IF_ERROR(image.Upsert(resource));
  return image.Finish({1, 1});
}

Resource FullKey(const std::string& id, const std::string& member) {
  Resource resource = KeyResource(id, "ws_1", {"a/*", "b"});
  config::v1::Key& key = *resource.mutable_api_key();
  key.set_project_id("proj_1");
  key.set_member_id(member);
  key.mutable_limits()->set_requests_per_minute(7);
  key.mutable_limits()->set_tokens_per_minute(800'000'000);
  key.mutable_limits()->set_concurrent_requests(9);
  key.set_manages_quotas(true);
  SetIdentity(resource);
  return resource;
}

TEST(SnapshotScopesTest, AKeyKeepsWhatBelongsToIt) {
  ASSERT_OK_AND_ASSIGN(auto snapshot,
                       BuildFrom({WorkspaceResource("ws_1"), MemberResource("mem_1", "ws_1"),
                                  FullKey("key_1", "mem_1"), KeyResource("key_2", "ws_1", {"c"})}));
  const KeyRef full = *snapshot->FindKey(Sha256("key_1"));
  EXPECT_EQ(full.id(), "key_1");
  EXPECT_EQ(full.project_id(), "proj_1");
  EXPECT_EQ(full.member_id(), "mem_1");
  EXPECT_EQ(full.limits(), (RateLimits{7, 800'000'000, 9}));
  EXPECT_TRUE(full.manages_quotas());
  EXPECT_TRUE(full.Allows("a/x"));
  EXPECT_FALSE(full.Allows("c"));
  const KeyRef plain = *snapshot->FindKey(Sha256("key_2"));
  EXPECT_EQ(plain.project_id(), "");
  EXPECT_EQ(plain.member_id(), "");
  EXPECT_EQ(plain.limits(), RateLimits());
  EXPECT_FALSE(plain.manages_quotas());
  EXPECT_TRUE(plain.Allows("c"));
}

TEST(SnapshotScopesTest, WhatIsAttachedOutlivesEditsOfTheTable) {
  ConfigImage image(TestSealer());
  ASSERT_OK(image.Upsert(WorkspaceResource("ws_1")));
  ASSERT_OK(image.Upsert(MemberResource("mem_1", "ws_1")));
  ASSERT_OK(image.Upsert(FullKey("key_1", "mem_1")));
  // Replaced over and over, so that the text of its shard is compacted.
  for (std::uint64_t i = 1; i < 50; ++i) {
    ASSERT_OK(image.Finish({1, i}).status());
    ASSERT_OK(image.Upsert(FullKey("key_1", "mem_1")));
  }
  ASSERT_OK_AND_ASSIGN(auto snapshot, image.Finish({1, 50}));
  const KeyRef key = *snapshot->FindKey(Sha256("key_1"));
  EXPECT_EQ(key.member_id(), "mem_1");
  EXPECT_EQ(key.limits().requests_per_minute, 7);
  EXPECT_TRUE(key.Allows("b"));
}

TEST(SnapshotScopesTest, AKeyNeedsItsMember) {
  EXPECT_EQ(
      ReasonOf(BuildFrom({WorkspaceResource("ws_1"), FullKey("key_1", "mem_1")}).status()),
      "DANGLING_REFERENCE");
  ASSERT_OK_AND_ASSIGN(auto snapshot,
                       BuildFrom({WorkspaceResource("ws_1"), FullKey("key_1", "mem_1"),
                                  MemberResource("mem_1", "ws_1", /*disabled=*/true)}));
  ASSERT_NE(snapshot->FindMember("mem_1"), nullptr);
  EXPECT_TRUE(snapshot->FindMember("mem_1")->disabled);
}

TEST(SnapshotScopesTest, DisabledBudgetsAreLeftOutAndTemplatesNamed) {
  Resource disabled = BudgetResource("bud_1", config::v1::SCOPE_KIND_WORKSPACE, "ws_1");
  disabled.mutable_budget()->set_disabled(true);
  SetIdentity(disabled);
  Resource each = BudgetResource("bud_2", config::v1::SCOPE_KIND_WORKSPACE, "ws_1");
  each.mutable_budget()->set_each_kind(config::v1::SCOPE_KIND_QUOTA_ENTITY);
  SetIdentity(each);
  ConfigImage image(TestSealer());
  for (const Resource& resource : {WorkspaceResource("ws_1"), disabled, each}) {
    ASSERT_OK(image.Upsert(resource));
  }
  ASSERT_OK_AND_ASSIGN(auto snapshot, image.Finish({1, 1}));
  const auto& budgets = snapshot->BudgetsOf(ScopeKind::kWorkspace, "ws_1");
  ASSERT_EQ(budgets.size(), 1u);
  EXPECT_EQ(budgets[0]->id, "bud_2");
  EXPECT_EQ(budgets[0]->each, ScopeKind::kQuotaEntity);
  // Put in force and taken out again.
  disabled.mutable_budget()->set_disabled(false);
  SetIdentity(disabled);
  ASSERT_OK(image.Upsert(disabled));
  ASSERT_OK_AND_ASSIGN(snapshot, image.Finish({1, 2}));
  EXPECT_EQ(snapshot->BudgetsOf(ScopeKind::kWorkspace, "ws_1").size(), 2u);
  ASSERT_OK(image.Remove("budget/bud_1"));
  ASSERT_OK_AND_ASSIGN(snapshot, image.Finish({1, 3}));
  EXPECT_EQ(snapshot->BudgetsOf(ScopeKind::kWorkspace, "ws_1").size(), 1u);
}

TEST(SnapshotScopesTest, TheMostParticularPriceRuleApplies) {
  ASSERT_OK_AND_ASSIGN(
      auto snapshot,
      BuildFrom({WorkspaceResource("ws_1"), WorkspaceResource("ws_2"), WorkspaceResource("ws_3"),
                 PriceRuleResource("rule_a", 10), PriceRuleResource("rule_b", 20, "", {"openai"}),
                 PriceRuleResource("rule_c", 30, "ws_1"),
                 PriceRuleResource("rule_e", 50, "ws_1", {"x", "openai"}),
                 PriceRuleResource("rule_d", 40, "ws_1", {"openai"}),
                 PriceRuleResource("rule_f", 60, "ws_2", {"google"})}));
  const auto rule = [&](std::string_view workspace, std::string_view provider) {
    return snapshot->catalog().FindPriceRule(workspace, provider)->id;
  };
  EXPECT_EQ(rule("ws_1", "openai"), "rule_d");  // By id before rule_e.
  EXPECT_EQ(rule("ws_1", "x"), "rule_e");
  EXPECT_EQ(rule("ws_1", "other"), "rule_c");
  EXPECT_EQ(rule("ws_2", "google"), "rule_f");
  EXPECT_EQ(rule("ws_2", "openai"), "rule_b");  // None of its own fits: a general one.
  EXPECT_EQ(rule("ws_3", "other"), "rule_a");
  EXPECT_EQ(snapshot->catalog().FindPriceRule("ws_3", "other")->factor.ppm, 1'000'010);
  ASSERT_OK_AND_ASSIGN(auto none, BuildFrom({WorkspaceResource("ws_1")}));
  EXPECT_EQ(none->catalog().FindPriceRule("ws_1", "openai"), nullptr);
}

}  // namespace
}  // namespace tollgate::dataplane
