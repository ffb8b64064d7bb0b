// Streams and the money they hold: growth, the stop where it ends, caller caps, and providers that
// take more than they were allowed.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dataplane/limits.h"
#include "dataplane/request/bounds.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/resources.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

// No limit is stated: a token costs a nano-dollar, so the whole would be 32,768 and the input.
constexpr std::string_view kOpenBody =
    R"({"model":"acme/small","stream":true,"stream_options":{"include_usage":true},)"
    R"("messages":[{"role":"user","content":"hi"}]})";

std::int64_t InputBound(std::string_view body) {
  return static_cast<std::int64_t>(body.size()) + kRequestOverheadTokens + kMessageOverheadTokens;
}

// `count` events of `bytes` bytes of text each.
std::string Text(int count, int bytes) {
  std::string events;
  for (int i = 0; i < count; ++i)
    events += DeltaEvent(std::string(static_cast<std::size_t>(bytes), 'x'));
  return events;
}

TEST(HeldStreamTest, AStreamWithoutALimitHoldsAChunkAndGrows) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {StreamHead(), Chunk(Text(100, 8)), Chunk(Text(900, 8)),
                  Chunk(DeltaEvent("", "stop") + UsageEvent(10, 2000) + std::string(kDoneEvent)) +
                      std::string(kLastChunk)},
       .pause_ms = 100});
  TestGateway gateway(upstream.base_url(), "");
  TestClient client(gateway.port());
  client.Send(gateway.Post(kOpenBody));
  client.ReadUntil("xxxxxxxx");
  const AccountView view = gateway.leases().View(*gateway.leases().Find("wallet/ws_1"));
  EXPECT_EQ(view.remaining.nano_usd(), kWallet - InputBound(kOpenBody) - kStreamChunkTokens);
  std::string rest = client.ReadUntil("[DONE]");
  EXPECT_THAT(rest, Not(HasSubstr("stop_reason")));
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 2010);
  EXPECT_THAT(BodyOf(upstream.requests().at(0)), HasSubstr("\"max_tokens\":32768"));
}

TEST(HeldStreamTest, AStreamThatCannotGrowIsStoppedAtItsHold) {
  const std::int64_t money = InputBound(kOpenBody) + kOutputTokensDefault;
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead(), Chunk(Text(100, 8)), Chunk(Text(900, 8)),
                              Chunk(Text(900, 8)), Chunk(Text(900, 8))},
                   .pause_ms = 200});
  TestGateway gateway(
      upstream.base_url(), "",
      {.wallet_nano_usd = money, .pipeline = {.lease_wait_max = absl::Milliseconds(50)}});
  TestClient client(gateway.port());
  client.Send(gateway.Post(kOpenBody));
  client.ReadUntil("xxxxxxxx");
  // Others take what it could have grown into.
  AccountSet set;
  set.Add(gateway.leases().Find("wallet/ws_1"));
  Hold others;
  ASSERT_EQ(gateway.leases().TryHold(set, gateway.leases().MostAffordable(set), &others).kind,
            HoldResult::kHeld);
  const std::string rest = client.ReadUntil("[DONE]");
  EXPECT_THAT(rest, HasSubstr(R"("choices":[{"index":0,"delta":{},"finish_reason":"length"}])"));
  EXPECT_THAT(rest,
              HasSubstr(R"("tollgate":{"stop_reason":"insufficient_balance","message":"The)"));
  EXPECT_THAT(rest, HasSubstr(R"("usage":{"prompt_tokens":)"));
  // What is forwarded is what is held, each byte a token at most.
  EXPECT_LE(Occurrences(rest, "\"xxxxxxxx\"") * 9, kStreamChunkTokens);
  EXPECT_GE(Occurrences(rest, "\"xxxxxxxx\"") * 9, kStreamChunkTokens - 1000);
  gateway.leases().Release(std::move(others));
  const std::int64_t left = gateway.WalletLeft();
  EXPECT_LT(left, money);
  EXPECT_GE(left, money - InputBound(kOpenBody) - kStreamChunkTokens);
  const std::string id = rest.substr(rest.find("\"generation_id\":\"") + 17, 30);
  const auto records = gateway.Records(id);
  ASSERT_EQ(records.size(), 1u) << id;
  EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_STOPPED);
  EXPECT_EQ(records[0].finish_reason(), "length");
  EXPECT_EQ(records[0].error_code(), "insufficient_balance");
  EXPECT_EQ(records[0].charge_nano_usd(), money - left);
}

TEST(HeldStreamTest, AStreamThatWaitsForMoneyGoesOnWhenItComes) {
  const std::int64_t money = InputBound(kOpenBody) + kOutputTokensDefault;
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead(), Chunk(Text(100, 8)),
                              Chunk(Text(300, 8) + DeltaEvent("", "stop") + UsageEvent(10, 700) +
                                    std::string(kDoneEvent)) +
                                  std::string(kLastChunk)},
                   .pause_ms = 100});
  TestGateway gateway(upstream.base_url(), "",
                      {.wallet_nano_usd = money,
                       .shortage = LeaseShortage::kReserved,
                       .pipeline = {.lease_wait_max = absl::Seconds(10)}});
  TestClient client(gateway.port());
  client.Send(gateway.Post(kOpenBody));
  client.ReadUntil("xxxxxxxx");
  AccountSet set;
  set.Add(gateway.leases().Find("wallet/ws_1"));
  Hold others;
  ASSERT_EQ(gateway.leases().TryHold(set, gateway.leases().MostAffordable(set), &others).kind,
            HoldResult::kHeld);
  absl::SleepFor(absl::Milliseconds(300));
  gateway.leases().Release(std::move(others));
  const std::string rest = client.ReadUntil("[DONE]");
  EXPECT_THAT(rest, Not(HasSubstr("stop_reason")));
  EXPECT_THAT(rest, HasSubstr("\"completion_tokens\":700"));
  EXPECT_EQ(gateway.WalletLeft(), money - 710);
}

TEST(HeldStreamTest, WhenTheWholeDoesNotFitTheLimitSentIsWhatIsHeld) {
  const std::int64_t money = InputBound(kOpenBody) + 1000;
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("hi", "length") +
                                                  UsageEvent(10, 1000) + std::string(kDoneEvent)) +
                                                std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "", {.wallet_nano_usd = money});
  const ClientAnswer answer = gateway.Call(gateway.Post(kOpenBody));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(BodyOf(upstream.requests().at(0)), HasSubstr("\"max_tokens\":1000,"));
  EXPECT_EQ(answer.Header("x-tollgate-output-limit"), "1000");
  EXPECT_EQ(answer.Header("x-tollgate-limited-by"), "insufficient_balance");
}

TEST(HeldStreamTest, AProviderThatIgnoresItsLimitIsCutAtTheReserve) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {StreamHead(), Chunk(Text(40, 5)), Chunk(Text(40, 5)), Chunk(Text(40, 5))},
       .pause_ms = 50});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));  // Fifty tokens.
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(Occurrences(answer.body, "\"xxxxx\""), 50);
  EXPECT_THAT(answer.body, HasSubstr(R"("stop_reason":"output_limit_reached")"));
  EXPECT_TRUE(answer.body.ends_with(kDoneEvent));
  const std::int64_t bound = InputBound(kStreamBody) + 50;
  EXPECT_GE(gateway.WalletLeft(), kWallet - bound);
}

TEST(HeldStreamTest, WhatAProviderReportsBeyondTheBoundIsNotTheCustomers) {
  ScriptedUpstream upstream;
  const std::int64_t bound = InputBound(kBody) + 50;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5000))}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(gateway.WalletLeft(), kWallet - bound);
}

TEST(HeldStreamTest, MaxCostLimitsTheHoldAndTheOutput) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  TestGateway gateway(upstream.base_url(), "");
  constexpr std::string_view kJson =
      R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}]})";
  const std::int64_t most = InputBound(kJson) + 300;
  const ClientAnswer answer = gateway.Call(gateway.Post(
      kJson,
      absl::StrCat("x-tollgate-max-cost: ", Money::FromNanoUsd(most).ToUsdString(), "\r\n")));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(BodyOf(upstream.requests().at(0)), HasSubstr("\"max_tokens\":300,"));
  EXPECT_EQ(answer.Header("x-tollgate-output-limit"), "300");
  EXPECT_EQ(answer.Header("x-tollgate-limited-by"), "max_cost_exceeded");
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].holds(0).amount_nano_usd(), most);

  const ClientAnswer refused =
      gateway.Call(gateway.Post(kJson, "x-tollgate-max-cost: 0.000000010\r\n"));
  ExpectError(refused, 402, "max_cost_exceeded");
  const ClientAnswer nonsense = gateway.Call(gateway.Post(kJson, "x-tollgate-max-cost: much\r\n"));
  ExpectError(nonsense, 400, "invalid_value");
  EXPECT_THAT(nonsense.body, HasSubstr("\"param\":\"x-tollgate-max-cost\""));
  EXPECT_EQ(upstream.requests().size(), 1u);
}

TEST(HeldStreamTest, WhatNothingBoundsIsRefusedAndNothingIsSent) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  for (const auto& [member, param] : std::initializer_list<std::pair<std::string, std::string>>{
           {R"("service_tier":"priority")", "service_tier"},
           {R"("web_search_options":{})", "web_search_options"},
           {R"("tools":[{"type":"web_search"}])", "tools"}}) {
    const ClientAnswer answer = gateway.Call(gateway.Post(absl::StrCat(
        R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}],)", member, "}")));
    ExpectError(answer, 400, "unbounded_cost");
    EXPECT_THAT(answer.body, HasSubstr("\"param\":\"" + param + "\""));
  }
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST(RateLimitTest, AnswersSayWhatIsLeftAndRefusalsWhenToComeBack) {
  ScriptedUpstream upstream;
  for (int i = 0; i < 2; ++i) {
    upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hi", 10, 5))}});
  }
  TestGateway gateway(upstream.base_url(), "");
  config::v1::Resource workspace = WorkspaceResource("ws_1");
  workspace.mutable_workspace()->mutable_limits()->set_requests_per_minute(2);
  workspace.mutable_workspace()->mutable_limits()->set_tokens_per_minute(1000);
  SetIdentity(workspace);
  gateway.Publish({workspace});
  const ClientAnswer first = gateway.Call(gateway.Post(kBody));
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.Header("x-request-id"), first.Header("x-generation-id"));
  EXPECT_EQ(first.Header("x-ratelimit-limit-requests"), "2");
  EXPECT_EQ(first.Header("x-ratelimit-remaining-requests"), "1");
  EXPECT_EQ(first.Header("x-ratelimit-limit-tokens"), "1000");
  EXPECT_EQ(gateway.Call(gateway.Post(kBody)).status, 200);
  const ClientAnswer refused = gateway.Call(gateway.Post(kBody));
  ExpectError(refused, 429, "rate_limit_exceeded");
  EXPECT_EQ(refused.Header("x-ratelimit-remaining-requests"), "0");
  EXPECT_THAT(std::stoi(refused.Header("retry-after-ms")),
              testing::AllOf(testing::Gt(20'000), testing::Le(30'000)));
  EXPECT_THAT(refused.body, HasSubstr("This workspace may make 2 requests a minute"));
  EXPECT_EQ(upstream.requests().size(), 2u);
}

TEST(EstimateTest, SaysWhatWouldBeHeldAndHoldsNothing) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hi", 10, 5))}});
  TestGateway gateway(upstream.base_url(), "");
  std::string request = gateway.Post(kBody);
  request.replace(request.find("/v1/chat/completions"), 20, "/v1/estimate");
  const ClientAnswer estimate = gateway.Call(request);
  ASSERT_EQ(estimate.status, 200) << estimate.body;
  const std::string bound = Money::FromNanoUsd(InputBound(kBody) + 50).ToUsdString();
  EXPECT_THAT(estimate.body,
              HasSubstr("\"max_cost\":\"" + bound + "\",\"hold\":\"" + bound + "\""));
  EXPECT_THAT(estimate.body, HasSubstr("\"affordable\":true"));
  EXPECT_THAT(estimate.body, HasSubstr("\"binding\":{\"scope\":\"wallet\""));
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(Money::FromNanoUsd(records[0].holds(0).amount_nano_usd()).ToUsdString(), bound);
}

}  // namespace
}  // namespace tollgate::dataplane
