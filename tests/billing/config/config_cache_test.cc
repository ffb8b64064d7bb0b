#include "billing/config/config_cache.h"

#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

using config::v1::Resource;
using config::v1::SubscribeResponse;

Resource Budget(const std::string& id, std::int64_t limit, std::uint64_t hash) {
  Resource resource;
  resource.set_key("budget/" + id);
  resource.set_hash(hash);
  resource.mutable_budget()->set_id(id);
  resource.mutable_budget()->set_limit_nano_usd(limit);
  resource.mutable_budget()->set_period(config::v1::PERIOD_MONTHLY);
  resource.mutable_budget()->set_hard(true);
  return resource;
}

SubscribeResponse::SnapshotChunk Chunk(std::uint64_t number, std::uint32_t index,
                                       std::uint32_t count, std::uint64_t digest,
                                       const std::vector<Resource>& resources) {
  SubscribeResponse::SnapshotChunk chunk;
  chunk.mutable_revision()->set_epoch(1);
  chunk.mutable_revision()->set_number(number);
  chunk.set_index(index);
  chunk.set_count(count);
  chunk.set_digest(digest);
  for (const Resource& resource : resources) chunk.add_resources(resource.SerializeAsString());
  return chunk;
}

SubscribeResponse::Delta Delta(std::uint64_t from, std::uint64_t to, std::uint64_t digest) {
  SubscribeResponse::Delta delta;
  delta.mutable_from()->set_epoch(1);
  delta.mutable_from()->set_number(from);
  delta.mutable_to()->set_epoch(1);
  delta.mutable_to()->set_number(to);
  delta.set_digest(digest);
  return delta;
}

class ConfigCacheTest : public testing::Test {
 protected:
  void Load() {
    bool complete = false;
    ASSERT_OK(cache_.AddChunk(Chunk(5, 0, 2, 30, {Budget("a", 100, 10)}), &complete));
    EXPECT_FALSE(complete);
    ASSERT_OK(cache_.AddChunk(Chunk(5, 1, 2, 30, {Budget("b", 200, 20)}), &complete));
    EXPECT_TRUE(complete);
    ASSERT_OK_AND_ASSIGN(update_, cache_.PrepareSnapshot());
    EXPECT_EQ(cache_.revision().number, 0u) << "not in force before it is adopted";
    cache_.Adopt();
  }
  ConfigCache cache_;
  ConfigUpdate update_;
};

TEST_F(ConfigCacheTest, KeepsThePriceVersionsOfOfferings) {
  Load();
  Resource offering;
  offering.set_key("offering/o");
  offering.set_hash(7);
  offering.mutable_offering()->set_id("o");
  offering.mutable_offering()->add_price_versions()->set_id("pv_1");
  offering.mutable_offering()->add_price_versions()->set_id("pv_2");
  auto delta = Delta(5, 6, 37);
  *delta.add_upserts() = offering;
  ASSERT_OK_AND_ASSIGN(const ConfigUpdate update, cache_.PrepareDelta(delta));
  ASSERT_EQ(update.change.price_versions.size(), 2u);
  EXPECT_EQ(update.change.price_versions.at("pv_2"),
            offering.offering().price_versions(1).SerializeAsString());
}

TEST_F(ConfigCacheTest, KeepsEachVersionOfAPriceRule) {
  Load();
  Resource rule;
  rule.set_key("price_rule/rule_1");
  rule.set_hash(7);
  rule.mutable_price_rule()->set_id("rule_1");
  rule.mutable_price_rule()->set_version("rv_1");
  rule.mutable_price_rule()->set_adjust_ppm(5);
  auto first = Delta(5, 6, 37);
  *first.add_upserts() = rule;
  ASSERT_OK_AND_ASSIGN(ConfigUpdate update, cache_.PrepareDelta(first));
  EXPECT_EQ(update.change.price_rules,
            (std::map<std::string, std::string>{{"rv_1", rule.price_rule().SerializeAsString()}}));
  EXPECT_TRUE(update.change.price_versions.empty());
  cache_.Adopt();
  rule.mutable_price_rule()->set_version("rv_2");
  rule.set_hash(8);
  auto second = Delta(6, 7, 38);
  *second.add_upserts() = rule;
  ASSERT_OK_AND_ASSIGN(update, cache_.PrepareDelta(second));
  EXPECT_TRUE(update.change.price_rules.contains("rv_2"));
}

TEST_F(ConfigCacheTest, TakesASnapshotInChunks) {
  Load();
  EXPECT_EQ(cache_.revision(), (ConfigRevision{1, 5}));
  EXPECT_EQ(cache_.digest(), 30u);
  EXPECT_TRUE(update_.change.replaces_all);
  EXPECT_EQ(update_.change.upserts.size(), 2u);
  EXPECT_EQ(update_.budgets.at("b").limit, Money::FromNanoUsd(200));
  EXPECT_EQ(update_.budgets.at("b").period, BudgetPeriod::kMonthly);
}

TEST_F(ConfigCacheTest, RefusesChunksThatDoNotBelongTogether) {
  bool complete = false;
  EXPECT_FALSE(cache_.AddChunk(Chunk(5, 1, 2, 30, {}), &complete).ok());
  ASSERT_OK(cache_.AddChunk(Chunk(5, 0, 3, 30, {}), &complete));
  EXPECT_FALSE(cache_.AddChunk(Chunk(6, 1, 3, 30, {}), &complete).ok());
  EXPECT_FALSE(cache_.AddChunk(Chunk(5, 0, 0, 30, {}), &complete).ok());
}

TEST_F(ConfigCacheTest, RefusesAWrongDigestAndAnUnusableBudget) {
  bool complete = false;
  ASSERT_OK(cache_.AddChunk(Chunk(5, 0, 1, 11, {Budget("a", 100, 10)}), &complete));
  EXPECT_FALSE(cache_.PrepareSnapshot().ok());
  ASSERT_OK(cache_.AddChunk(Chunk(5, 0, 1, 10, {Budget("a", -1, 10)}), &complete));
  EXPECT_THAT(cache_.PrepareSnapshot(),
              StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("budget/a")));
  EXPECT_EQ(cache_.revision(), ConfigRevision{});
}

TEST_F(ConfigCacheTest, NeverGoesBack) {
  Load();
  bool complete = false;
  ASSERT_OK(cache_.AddChunk(Chunk(4, 0, 1, 10, {Budget("a", 100, 10)}), &complete));
  EXPECT_FALSE(cache_.PrepareSnapshot().ok());
  EXPECT_FALSE(cache_.PrepareDelta(Delta(5, 5, 30)).ok());
  EXPECT_THAT(cache_.PrepareDelta(Delta(4, 6, 30)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(ConfigCacheTest, ADeltaChangesWhatItNames) {
  Load();
  SubscribeResponse::Delta delta = Delta(5, 6, 20 + 7);
  delta.add_removed("budget/a");
  delta.add_removed("budget/unknown");
  *delta.add_upserts() = Budget("c", 300, 7);
  ASSERT_OK_AND_ASSIGN(const ConfigUpdate update, cache_.PrepareDelta(delta));
  EXPECT_EQ(cache_.Budgets().size(), 2u);
  cache_.Adopt();
  EXPECT_EQ(update.change.removed, std::vector<std::string>{"budget/a"});
  EXPECT_EQ(cache_.Budgets().count("a"), 0u);
  EXPECT_EQ(cache_.Budgets().at("c").limit, Money::FromNanoUsd(300));
  EXPECT_EQ(cache_.digest(), 27u);
}

TEST_F(ConfigCacheTest, GoesOnFromWhatWasStored) {
  Load();
  StoredState state;
  state.config = update_.change.upserts;
  state.config_revision = update_.change.revision;
  ASSERT_OK_AND_ASSIGN(const ConfigCache restored, ConfigCache::Restore(state));
  EXPECT_EQ(restored.revision(), cache_.revision());
  EXPECT_EQ(restored.digest(), cache_.digest());
  EXPECT_EQ(restored.Budgets(), cache_.Budgets());
  state.config["budget/a"] = "damaged";
  EXPECT_THAT(ConfigCache::Restore(state), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ConfigCacheTest, ReadsTemplatesRaisesAlertsAndWebhooks) {
  Resource budget = Budget("a", 100, 10);
  budget.mutable_budget()->set_scope_kind(config::v1::SCOPE_KIND_WORKSPACE);
  budget.mutable_budget()->set_scope_id("ws_1");
  budget.mutable_budget()->set_each_kind(config::v1::SCOPE_KIND_KEY);
  auto& raise = *budget.mutable_budget()->add_raises();
  raise.set_amount_nano_usd(50);
  raise.mutable_until()->set_seconds(1'000);
  budget.mutable_budget()->add_alert_percents(75);
  budget.mutable_budget()->add_alert_webhook_ids("hook_1");
  Resource disabled = Budget("b", 200, 20);
  disabled.mutable_budget()->set_disabled(true);
  Resource webhook;
  webhook.set_key("webhook/hook_1");
  webhook.set_hash(30);
  webhook.mutable_webhook()->set_id("hook_1");
  webhook.mutable_webhook()->set_url("https://example.com");
  bool complete = false;
  ASSERT_OK(cache_.AddChunk(Chunk(5, 0, 1, 60, {budget, disabled, webhook}), &complete));
  ASSERT_OK_AND_ASSIGN(update_, cache_.PrepareSnapshot());
  cache_.Adopt();
  ASSERT_EQ(update_.budgets.size(), 1u);  // A disabled one is not in force.
  const BudgetTerms& terms = update_.budgets.at("a");
  EXPECT_TRUE(terms.each);
  EXPECT_EQ(terms.scope, "workspace/ws_1");
  EXPECT_EQ(terms.CapAt(absl::FromUnixSeconds(999)), Money::FromNanoUsd(150));
  EXPECT_EQ(terms.CapAt(absl::FromUnixSeconds(1'000)), Money::FromNanoUsd(100));
  EXPECT_EQ(terms.alert_percents, std::vector<std::uint32_t>{75});
  EXPECT_EQ(terms.alert_webhook_ids, std::vector<std::string>{"hook_1"});
  EXPECT_EQ(update_.webhooks.at("hook_1").url, "https://example.com");
  EXPECT_EQ(cache_.Webhooks().size(), 1u);
}

}  // namespace
}  // namespace tollgate::billing
