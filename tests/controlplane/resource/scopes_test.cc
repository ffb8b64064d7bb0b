// Projects, members, quota entities, price rules and webhooks: what is particular to them.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/scope_ids.h"
#include "base/status_reason.h"
#include "controlplane/publish/subscriber_session.h"
#include "tests/controlplane/publish/node_model.h"
#include "tests/controlplane/writer_fixture.h"
#include "tests/support/status_matchers.h"

namespace tollgate::controlplane {
namespace {

class ScopesTest : public testing::Test {
 protected:
  ScopesTest() {
    world_.CreateBasics();
    admin::v1::Workspace workspace;
    workspace.set_id("ws_2");
    workspace.set_organization_id("org_1");
    CHECK(world_.Create(KindId::kWorkspace, workspace).ok());
    admin::v1::Project project;
    project.set_id("proj_1");
    project.set_workspace_id("ws_1");
    CHECK(world_.Create(KindId::kProject, project).ok());
    admin::v1::Member member;
    member.set_id("mem_1");
    member.set_workspace_id("ws_1");
    member.set_email("ann@example.com");
    CHECK(world_.Create(KindId::kMember, member).ok());
  }

  static admin::v1::Webhook MakeWebhook() {
    admin::v1::Webhook webhook;
    webhook.set_id("hook_1");
    webhook.set_workspace_id("ws_1");
    webhook.set_url("https://example.com/alerts");
    webhook.set_secret("0123456789abcdef");
    return webhook;
  }

  static admin::v1::Budget MakeBudget(config::v1::ScopeKind kind, const std::string& scope) {
    admin::v1::Budget budget;
    budget.set_id("bud_1");
    budget.set_scope_kind(kind);
    budget.set_scope_id(scope);
    budget.set_limit_nano_usd(1'000);
    budget.set_period(config::v1::PERIOD_MONTHLY);
    budget.set_hard(true);
    return budget;
  }

  config::v1::Resource Published(config::v1::Audience audience, const std::string& key) {
    const ResourcePtr resource = world_.writer().publisher().published(audience).Find(key);
    return resource == nullptr ? config::v1::Resource() : *resource;
  }

  WriterWorld world_;
};

TEST_F(ScopesTest, AKeyNamesProjectAndMemberOfItsOwnWorkspace) {
  admin::v1::Key key = WriterWorld::MakeKey("key_2");
  key.set_project_id("proj_1");
  key.set_member_id("mem_1");
  key.mutable_limits()->set_requests_per_minute(60);
  ASSERT_OK(world_.Create(KindId::kKey, key).status());
  const config::v1::Key seen = Published(config::v1::AUDIENCE_DATAPLANE, "key/key_2").api_key();
  EXPECT_EQ(seen.project_id(), "proj_1");
  EXPECT_EQ(seen.member_id(), "mem_1");
  EXPECT_EQ(seen.limits().requests_per_minute(), 60);

  admin::v1::Key stranger = WriterWorld::MakeKey("key_3");
  stranger.set_workspace_id("ws_2");
  stranger.set_member_id("mem_1");
  EXPECT_EQ(ReasonOf(world_.Create(KindId::kKey, stranger).status()), "OTHER_WORKSPACE");
  stranger.clear_member_id();
  stranger.set_project_id("proj_1");
  EXPECT_EQ(ReasonOf(world_.Create(KindId::kKey, stranger).status()), "OTHER_WORKSPACE");
  stranger.set_project_id("proj_9");
  EXPECT_EQ(ReasonOf(world_.Create(KindId::kKey, stranger).status()), "PARENT_NOT_FOUND");

  // What keys name cannot go, and a key stays whose it is.
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kMember, "mem_1").status()), "HAS_CHILDREN");
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kProject, "proj_1").status()), "HAS_CHILDREN");
  key.set_member_id("");
  EXPECT_EQ(ReasonOf(world_.Update(KindId::kKey, key, {"member_id"}).status()), "IMMUTABLE_FIELD");
  key.set_project_id("");
  ASSERT_OK(world_.Update(KindId::kKey, key, {"project_id"}).status());
  EXPECT_OK(world_.Delete(KindId::kProject, "proj_1").status());
}

TEST_F(ScopesTest, AMemberNeedsAnAddressThatCanBeOne) {
  for (const std::string email : {"nobody", "@x", "x@", "a b@c", "a@b\n"}) {
    admin::v1::Member member;
    member.set_workspace_id("ws_1");
    member.set_email(email);
    EXPECT_EQ(FieldOf(world_.Create(KindId::kMember, member).status()), "email") << email;
  }
}

TEST_F(ScopesTest, AQuotaEntityHasTheIdThatNodesMakeOfItsName) {
  admin::v1::QuotaEntity entity;
  entity.set_workspace_id("ws_1");
  entity.set_name("end user #42");
  ASSERT_OK_AND_ASSIGN(const Answer answer, world_.Create(KindId::kQuotaEntity, entity));
  const std::string id = answer.record->quota_entity().id();
  EXPECT_EQ(id, QuotaEntityId("ws_1", "end user #42"));
  EXPECT_EQ(ReasonOf(world_.Create(KindId::kQuotaEntity, entity).status()), "ALREADY_EXISTS");
  entity.set_id("qe_mine");
  EXPECT_EQ(FieldOf(world_.Create(KindId::kQuotaEntity, entity).status()), "id");
  entity.clear_id();
  entity.set_name("");
  EXPECT_EQ(FieldOf(world_.Create(KindId::kQuotaEntity, entity).status()), "name");

  ASSERT_OK(
      world_.Create(KindId::kBudget, MakeBudget(config::v1::SCOPE_KIND_QUOTA_ENTITY, id)).status());
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kQuotaEntity, id).status()), "HAS_CHILDREN");
}

TEST_F(ScopesTest, ABudgetIsPublishedWithItsAlertsRaisesAndKind) {
  ASSERT_OK(world_.Create(KindId::kWebhook, MakeWebhook()).status());
  admin::v1::Budget budget = MakeBudget(config::v1::SCOPE_KIND_MEMBER, "mem_1");
  budget.set_each_kind(config::v1::SCOPE_KIND_KEY);
  budget.add_alert_webhook_ids("hook_1");
  auto& raise = *budget.add_raises();
  raise.set_amount_nano_usd(5);
  raise.mutable_until()->set_seconds(1'800'000'000);
  ASSERT_OK(world_.Create(KindId::kBudget, budget).status());
  for (const auto audience : {config::v1::AUDIENCE_DATAPLANE, config::v1::AUDIENCE_BILLING}) {
    const config::v1::Budget seen = Published(audience, "budget/bud_1").budget();
    EXPECT_EQ(seen.each_kind(), config::v1::SCOPE_KIND_KEY);
    ASSERT_EQ(seen.alert_percents_size(), 3);  // None stated: the usual ones.
    EXPECT_EQ(seen.alert_percents(1), 75u);
    EXPECT_EQ(seen.raises_size(), 1);
    EXPECT_EQ(seen.alert_webhook_ids(0), "hook_1");
  }
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kWebhook, "hook_1").status()), "HAS_CHILDREN");
  budget.add_alert_webhook_ids("hook_9");
  EXPECT_EQ(ReasonOf(world_.Update(KindId::kBudget, budget, {"alert_webhook_ids"}).status()),
            "PARENT_NOT_FOUND");
}

TEST_F(ScopesTest, APriceRuleIsPublishedWithItsVersion) {
  admin::v1::PriceRule rule;
  rule.set_id("rule_1");
  rule.set_adjust_ppm(100'000);
  ASSERT_OK(world_.Create(KindId::kPriceRule, rule).status());
  const std::string first =
      Published(config::v1::AUDIENCE_DATAPLANE, "price_rule/rule_1").price_rule().version();
  rule.set_adjust_ppm(-100'000);
  ASSERT_OK(world_.Update(KindId::kPriceRule, rule, {"adjust_ppm"}).status());
  const std::string second =
      Published(config::v1::AUDIENCE_DATAPLANE, "price_rule/rule_1").price_rule().version();
  EXPECT_NE(first, second);
  EXPECT_FALSE(Published(config::v1::AUDIENCE_BILLING, "price_rule/rule_1").has_price_rule());
  rule.set_adjust_ppm(-1'000'001);
  EXPECT_EQ(FieldOf(world_.Update(KindId::kPriceRule, rule, {"adjust_ppm"}).status()),
            "adjust_ppm");
}

TEST_F(ScopesTest, AWebhookNeedsASecretAndOnlyBillingSeesIt) {
  for (const std::string secret : {"", "short", "0123456789abcde\n"}) {
    admin::v1::Webhook webhook = MakeWebhook();
    webhook.set_secret(secret);
    EXPECT_EQ(FieldOf(world_.Create(KindId::kWebhook, webhook).status()), "secret") << secret;
  }
  ASSERT_OK_AND_ASSIGN(const Answer answer, world_.Create(KindId::kWebhook, MakeWebhook()));
  EXPECT_EQ(answer.record->webhook().secret(), "");
  EXPECT_FALSE(Published(config::v1::AUDIENCE_DATAPLANE, "webhook/hook_1").has_webhook());
  const config::v1::Webhook seen =
      Published(config::v1::AUDIENCE_BILLING, "webhook/hook_1").webhook();
  ASSERT_OK_AND_ASSIGN(const Secret secret,
                       world_.sealer().Open(seen.sealed_secret(), "webhook/hook_1"));
  EXPECT_EQ(secret.Reveal(), "0123456789abcdef");

  // The same secret again changes nothing; none keeps it; another one replaces it.
  const std::uint64_t number = world_.writer().publisher().revision().number();
  ASSERT_OK(world_.Update(KindId::kWebhook, MakeWebhook(), {"secret"}).status());
  EXPECT_EQ(world_.writer().publisher().revision().number(), number);
  admin::v1::Webhook changed = MakeWebhook();
  changed.set_disabled(true);
  ASSERT_OK(world_.Update(KindId::kWebhook, changed, {"disabled"}).status());
  EXPECT_EQ(Published(config::v1::AUDIENCE_BILLING, "webhook/hook_1").webhook().sealed_secret(),
            seen.sealed_secret());
}

// Nodes of both audiences follow, by deltas and by snapshots, and refuse nothing.
TEST_F(ScopesTest, NodesOfBothAudiencesConverge) {
  NodeModel dataplane(config::v1::AUDIENCE_DATAPLANE);
  NodeModel billing(config::v1::AUDIENCE_BILLING);
  const auto follow = [this](NodeModel& node) {
    SubscriberSession session(world_.writer().publisher(), node.MakeHello());
    while (auto message = session.Next(MonotonicTime())) {
      std::optional<config::v1::SubscribeRequest> answer;
      ASSERT_TRUE(node.Take(*message, answer)) << node.refusal();
      if (answer.has_value()) {
        ASSERT_OK(session.OnAck(answer->ack()));
      }
    }
  };
  const auto both = [&] {
    follow(dataplane);
    follow(billing);
  };
  both();
  ASSERT_OK(world_.Create(KindId::kWebhook, MakeWebhook()).status());
  both();
  EXPECT_TRUE(billing.rows().contains("webhook/hook_1"));
  EXPECT_FALSE(dataplane.rows().contains("webhook/hook_1"));
  ASSERT_OK(
      world_.Create(KindId::kBudget, MakeBudget(config::v1::SCOPE_KIND_MEMBER, "mem_1")).status());
  both();
  world_.Reopen();
  billing.Forget();
  both();
  EXPECT_TRUE(billing.rows().contains("webhook/hook_1"));
  ASSERT_OK(world_.Delete(KindId::kBudget, "bud_1").status());
  ASSERT_OK(world_.Delete(KindId::kWebhook, "hook_1").status());
  ASSERT_OK(world_.Delete(KindId::kMember, "mem_1").status());
  both();
  EXPECT_FALSE(billing.rows().contains("webhook/hook_1"));
  EXPECT_FALSE(dataplane.rows().contains("member/mem_1"));
}

}  // namespace
}  // namespace tollgate::controlplane
