// What is charged is not always the list price: price rules, and the customer's own credentials.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/resources.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;

TEST(PriceRuleTest, CustomerPriceAndUpstreamCostAreBothKept) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  TestGateway gateway(upstream.base_url(), "");
  const config::v1::Resource rule = PriceRuleResource("rule_1", 300'000, "ws_1", {"p1"});
  gateway.Publish({rule});
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  ASSERT_EQ(answer.status, 200) << answer.body;
  // 15 tokens at 1,000 pico-USD and thirty per cent: 19.5, rounded half up.
  EXPECT_EQ(answer.Header("x-tollgate-cost"), "0.00000002");
  EXPECT_THAT(answer.body, HasSubstr(R"("cost":0.00000002})"));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 20);
  EXPECT_EQ(records[0].cost_nano_usd(), 15);
  EXPECT_EQ(records[0].market_cost_nano_usd(), 15);
  EXPECT_EQ(records[0].price_rule_id(), "rule_1");
  EXPECT_EQ(records[0].price_rule_version(), rule.price_rule().version());
  EXPECT_EQ(records[0].price_adjust_ppm(), 300'000);
  EXPECT_GE(records[0].holds(0).amount_nano_usd(), 20);
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 20);
}

TEST(PriceRuleTest, AHoldCoversTheMarkUp) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 50))}});
  TestGateway gateway(upstream.base_url(), "");
  gateway.Publish({PriceRuleResource("rule_1", 10'000'000)});
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 60 * 11);
  EXPECT_GE(records[0].holds(0).amount_nano_usd(), 60 * 11);
}

TEST(PriceRuleTest, OnTheirOwnCredentialCustomersPayNothingAndBudgetsCountTheMarketCost) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  TestGateway gateway(upstream.base_url(), "");
  config::v1::Resource counted =
      BudgetResource("bud_byok", config::v1::SCOPE_KIND_WORKSPACE, "ws_1", /*hard=*/false);
  counted.mutable_budget()->set_include_byok(true);
  SetIdentity(counted);
  gateway.Publish({CredentialResource("cred_own", "p1", "ws_1", 0, "sk-own"), counted,
                   BudgetResource("bud_other", config::v1::SCOPE_KIND_WORKSPACE, "ws_1", false),
                   PriceRuleResource("rule_1", 500'000)});
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-tollgate-cost"), "0");
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(records[0].byok());
  EXPECT_EQ(records[0].charge_nano_usd(), 0);
  EXPECT_EQ(records[0].cost_nano_usd(), 0);
  EXPECT_EQ(records[0].market_cost_nano_usd(), 15);
  EXPECT_EQ(records[0].price_rule_id(), "");
  ASSERT_EQ(records[0].holds_size(), 1);
  EXPECT_TRUE(records[0].holds(0).account().starts_with("budget/bud_byok/"));
  EXPECT_TRUE(records[0].holds(0).has_drawn_nano_usd());
  EXPECT_EQ(records[0].holds(0).drawn_nano_usd(), 15);
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST(PriceRuleTest, APriceThatChangesMeanwhileIsForTheNextRequest) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  TestClient client(gateway.port());
  upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("a")), Chunk(DeltaEvent("b", "stop")),
                              Chunk(UsageEvent(10, 5)), Chunk(kDoneEvent), std::string(kLastChunk)},
                   .pause_ms = 50});
  client.Send(gateway.Post(kUsageBody));
  client.ReadUntil("\"a\"");
  gateway.Publish(
      {OfferingResource("p1", "acme/small", 5000), PriceRuleResource("rule_1", 300'000)});
  const ClientAnswer answer = client.ReadAnswer();
  ASSERT_TRUE(answer.complete);
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].price_version_id(), "pv_p11000");
  EXPECT_EQ(records[0].price_rule_id(), "");
  EXPECT_EQ(records[0].charge_nano_usd(), 15) << "at the price at which it was held";

  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  const ClientAnswer next = gateway.Call(gateway.Post(kBody));
  const auto after = gateway.Records(next.Header("x-generation-id"));
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0].price_version_id(), "pv_p15000");
  EXPECT_EQ(after[0].charge_nano_usd(), 98) << "75 and thirty per cent, rounded half up";
}

}  // namespace
}  // namespace tollgate::dataplane
