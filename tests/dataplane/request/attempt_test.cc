// Reserve and Attempt: what is held, what goes on to the next provider, what is refused.
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(AttemptTest, FallsBackBeforeTheFirstByteAndRecordsEachAttempt) {
  for (const std::string& failure :
       {HttpAnswer(500, "application/json", "{}"), HttpAnswer(503, "text/html", "<html>"),
        HttpAnswer(401, "application/json", "{}"), HttpAnswer(200, "application/json", "garbage"),
        HttpAnswer(200, "text/event-stream", "data: {}\n\n"), std::string("HTTP/1.1 200 OK\r\nxx"),
        std::string(), HttpAnswer(302, "text/plain", "", "location: http://127.0.0.1:1/\r\n"),
        std::string(
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n")}) {
    ScriptedUpstream first;
    ScriptedUpstream second;
    first.Expect({.pieces = {failure}, .close = true});
    second.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 10, 5))}});
    TestGateway gateway(first.base_url(), second.base_url());
    const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
    ASSERT_EQ(answer.status, 200) << failure << answer.body;
    EXPECT_EQ(answer.Header("x-tollgate-provider"), "p2");
    EXPECT_EQ(answer.Header("x-tollgate-attempts"), "2");
    const auto records = gateway.Records(answer.Header("x-generation-id"), 2);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].charge_nano_usd(), 0);
    EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_PROVIDER_ERROR);
    EXPECT_NE(records[0].usage_source(), usage::v1::USAGE_SOURCE_PROVIDER);
    EXPECT_EQ(records[1].charge_nano_usd(), 15);
    EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
  }
}

TEST(AttemptTest, ConnectionRefusedGoesOnToo) {
  int closed_port;
  { closed_port = ScriptedUpstream().port(); }
  ScriptedUpstream second;
  second.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 10, 5))}});
  TestGateway gateway("http://127.0.0.1:" + std::to_string(closed_port), second.base_url());
  EXPECT_EQ(gateway.Call(gateway.Post(kBody)).status, 200);
}

TEST(AttemptTest, AllFailedSaysSo) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(500, "application/json", "{}")}});
  TestGateway gateway(upstream.base_url(), "");
  ExpectError(gateway.Call(gateway.Post(kBody)), 502, "all_providers_failed");
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST(AttemptTest, RateLimitedCredentialsRestAndTheAnswerSaysHowLong) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(429, "application/json", "{}", "retry-after: 20\r\n")}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer first = gateway.Call(gateway.Post(kBody));
  ExpectError(first, 429, "providers_rate_limited");
  EXPECT_EQ(first.Header("retry-after"), "20");
  const ClientAnswer second = gateway.Call(gateway.Post(kBody));
  ExpectError(second, 429, "providers_rate_limited");
  EXPECT_EQ(second.Header("retry-after"), "20");
  EXPECT_EQ(upstream.requests().size(), 1u);
}

TEST(AttemptTest, TheProvidersRefusalIsRelayedWithoutItsSecrets) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {HttpAnswer(
           400, "application/json",
           R"({"error":{"message":"This model's maximum context length is 8192 tokens.",)"
           R"("code":"context_length_exceeded"}})")}});
  upstream.Expect({.pieces = {HttpAnswer(
                       422, "application/json",
                       R"({"error":{"message":"Incorrect key sk-canary-p1 at 10.1.2.3"}})")}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  ExpectError(answer, 400, "context_length_exceeded");
  EXPECT_THAT(answer.body, HasSubstr("maximum context length is 8192"));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_REJECTED);
  EXPECT_EQ(records[0].charge_nano_usd(), 0);
  const ClientAnswer other = gateway.Call(gateway.Post(kBody));
  ExpectError(other, 422, "provider_rejected");
  EXPECT_THAT(other.body, Not(HasSubstr("canary")));
  EXPECT_THAT(other.body, Not(HasSubstr("10.1.2.3")));
}

TEST(AttemptTest, ATimeoutGoesOnAndIsChargedToNobody) {
  ScriptedUpstream first;
  ScriptedUpstream second;
  first.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("late", 1, 1))},
                .delay_ms = 1500});
  second.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 10, 5))}});
  TestGateway gateway(first.base_url(), second.base_url());
  gateway.SetProviderLimits([](config::v1::ProviderLimits& limits) {
    limits.mutable_first_byte_timeout()->set_nanos(200'000'000);
  });
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("x-tollgate-attempts"), "2");
  const auto records = gateway.Records(answer.Header("x-generation-id"), 2);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].charge_nano_usd(), 0);
  EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_NONE);
}

TEST(AttemptTest, AStalePooledConnectionIsReplacedOnce) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect(
      {.pieces = {HttpAnswer(200, "application/json", Completion("x", 1, 1))}, .close = true});
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("y", 1, 1))}});
  EXPECT_EQ(gateway.Call(gateway.Post(kBody)).status, 200);
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-tollgate-attempts"), "1");
  EXPECT_EQ(upstream.connections(), 2);
}

TEST(AttemptTest, AlmostEmptyWalletLimitsTheOutput) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 10, 5))}});
  GatewayOptions options;
  options.wallet_nano_usd = 1000;
  options.pipeline.lease_wait_max = absl::Milliseconds(5);
  TestGateway gateway(upstream.base_url(), "", options);
  const ClientAnswer answer = gateway.Call(gateway.Post(
      R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}],"max_tokens":100000})"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string sent = BodyOf(upstream.requests().at(0));
  const int limit = std::atoi(sent.c_str() + sent.find("\"max_tokens\":") + 13);
  EXPECT_GE(limit, 256);
  EXPECT_LE(limit, 1000);
  EXPECT_EQ(gateway.WalletLeft(), 985);
}

TEST(AttemptTest, EmptyWalletIsRefusedBeforeAnythingIsSent) {
  ScriptedUpstream upstream;
  GatewayOptions options;
  options.wallet_nano_usd = 100;
  options.pipeline.lease_wait_max = absl::Milliseconds(5);
  TestGateway gateway(upstream.base_url(), "", options);
  ExpectError(gateway.Call(gateway.Post(kBody)), 402, "insufficient_balance");
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), 100);
}

TEST(AttemptTest, ReservedMoneySaysWhenToComeBack) {
  ScriptedUpstream upstream;
  GatewayOptions options;
  options.wallet_nano_usd = 100;
  options.shortage = LeaseShortage::kReserved;
  options.pipeline.lease_wait_max = absl::Milliseconds(5);
  TestGateway gateway(upstream.base_url(), "", options);
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  ExpectError(answer, 429, "temporarily_reserved");
  EXPECT_FALSE(answer.Header("retry-after").empty());
}

}  // namespace
}  // namespace tollgate::dataplane
