// The life of a request against a scripted provider: what goes out, what comes back, what is recorded
// and what is charged.
#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kWallet = 10'000'000'000;
constexpr std::string_view kBody =
    R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}],"max_tokens":50})";
constexpr std::string_view kStreamBody =
    R"({"model":"acme/small","stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":50})";
constexpr std::string_view kUsageBody =
    R"({"model":"acme/small","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}],"max_tokens":50})";

std::string BodyOf(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

// Whether the message of an error is a sentence, and its envelope names a generation.
void ExpectError(const ClientAnswer& answer, int status, const std::string& code) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("\"code\":\"" + code + "\""));
  EXPECT_THAT(answer.body, HasSubstr("{\"error\":{\"message\":\""));
}

TEST(PipelineTest, JsonIsRelayedMeteredAndCharged) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  ASSERT_EQ(answer.status, 200) << answer.body;
  // 15 tokens at 1,000 pico-USD are 15 nano-USD.
  EXPECT_THAT(answer.body, HasSubstr(R"("total_tokens":15,"cost":0.000000015}})"));
  EXPECT_EQ(answer.Header("x-tollgate-cost"), "0.000000015");
  EXPECT_EQ(answer.Header("x-tollgate-provider"), "p1");
  EXPECT_EQ(answer.Header("x-tollgate-attempts"), "1");
  EXPECT_EQ(answer.Header("content-type"), "application/json");

  ASSERT_EQ(upstream.requests().size(), 1u);
  const std::string sent = upstream.requests()[0];
  EXPECT_THAT(sent, HasSubstr("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("authorization: Bearer sk-canary-p1\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr(gateway.key())));
  EXPECT_EQ(BodyOf(sent),
            R"({"model":"small","messages":[{"role":"user","content":"hi"}],"max_tokens":50})");

  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 15);
  EXPECT_EQ(records[0].cost_nano_usd(), 15);
  EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_PROVIDER);
  EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_SUCCESS);
  EXPECT_EQ(records[0].attempts(), 1u);
  EXPECT_EQ(records[0].provider_response_id(), "chatcmpl-1");
  EXPECT_EQ(records[0].finish_reason(), "stop");
  ASSERT_EQ(records[0].holds_size(), 1);
  EXPECT_EQ(records[0].holds(0).account(), "wallet/ws_1");
  EXPECT_GE(records[0].holds(0).amount_nano_usd(), 15);
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

TEST(PipelineTest, KeepAliveOnBothSides) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  TestClient client(gateway.port());
  for (int i = 0; i < 3; ++i) {
    upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 1, 1))}});
    client.Send(gateway.Post(kBody));
    EXPECT_EQ(client.ReadAnswer().status, 200);
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST(PipelineTest, PipelinedRequestsAreAnsweredInOrder) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    upstream.Expect({.pieces = {HttpAnswer(200, "application/json",
                                           Completion("answer" + std::to_string(i), 1, 1))}});
    requests += gateway.Post(kBody);
  }
  TestClient client(gateway.port());
  client.Send(requests + "GARBAGE\r\n\r\n");
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(client.ReadAnswer().body, HasSubstr("answer" + std::to_string(i) + "\""));
  }
  EXPECT_EQ(client.ReadAnswer().status, 400);
  EXPECT_TRUE(client.AtEnd());
}

TEST(PipelineTest, ChunkedBodiesOnBothSidesAtAnyCut) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const std::string completion = Completion("hello", 10, 5);
  upstream.Expect({.pieces = {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: ",
                              "application/json\r\ntransfer-encoding: chun", "ked\r\n\r\n",
                              Chunk(completion.substr(0, 10)), Chunk(completion.substr(10)),
                              "0\r", "\n\r\n"}});
  TestClient client(gateway.port());
  client.Send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: bearer " +
              gateway.key() + "\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.ReadAnswer();
  for (std::size_t i = 0; i < kBody.size(); i += 7) client.Send(Chunk(kBody.substr(i, 7)));
  client.Send("0\r\nx-trailer: dropped\r\n\r\n");
  const ClientAnswer answer = client.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("\"cost\":0.000000015"));
  EXPECT_EQ(BodyOf(upstream.requests().at(0)).size(), kBody.size() - 5);
}

TEST(PipelineTest, StreamHidesTheUsageThatWasNotAskedFor) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("he")), Chunk(DeltaEvent("llo")),
                              Chunk(DeltaEvent("", "stop")), Chunk(UsageEvent(10, 5)),
                              Chunk(kDoneEvent), std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));
  ASSERT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, DeltaEvent("he") + DeltaEvent("llo") + DeltaEvent("", "stop") +
                             std::string(kDoneEvent));
  EXPECT_EQ(answer.Header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_THAT(BodyOf(upstream.requests().at(0)),
              HasSubstr(R"({"stream_options":{"include_usage":true},"model":"small","stream":true,)"));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 15);
  EXPECT_TRUE(records[0].streamed());
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

TEST(PipelineTest, StreamShowsUsageWithCostWhenAskedFor) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead() + Chunk(DeltaEvent("hello", "stop") +
                                                   UsageEvent(10, 5) + std::string(kDoneEvent)) +
                              std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kUsageBody));
  EXPECT_THAT(answer.body,
              HasSubstr(R"("usage":{"prompt_tokens":10,"completion_tokens":5,"cost":0.000000015}})"));
  EXPECT_TRUE(answer.body.ends_with(kDoneEvent));
}

TEST(PipelineTest, StreamCutAnywhereIsTheSameForTheClient) {
  const std::string events = DeltaEvent("he") + ": comment\r\n\r\n" + DeltaEvent("llo", "stop") +
                             UsageEvent(10, 5) + std::string(kDoneEvent);
  const std::string expected = DeltaEvent("he") + ": comment\r\n\r\n" +
                               DeltaEvent("llo", "stop") + std::string(kDoneEvent);
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  TestClient client(gateway.port());
  for (std::size_t cut = 1; cut < events.size(); cut += 5) {
    upstream.Expect({.pieces = {StreamHead() + Chunk(events.substr(0, cut)),
                                Chunk(events.substr(cut)) + std::string(kLastChunk)},
                     .pause_ms = 1});
    client.Send(gateway.Post(kStreamBody));
    const ClientAnswer answer = client.ReadAnswer();
    ASSERT_EQ(answer.body, expected) << cut;
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST(PipelineTest, FallsBackBeforeTheFirstByteAndRecordsEachAttempt) {
  for (const std::string& failure :
       {HttpAnswer(500, "application/json", "{}"), HttpAnswer(503, "text/html", "<html>"),
        HttpAnswer(401, "application/json", "{}"), HttpAnswer(200, "application/json", "garbage"),
        HttpAnswer(200, "text/event-stream", "data: {}\n\n"), std::string("HTTP/1.1 200 OK\r\nxx"),
        std::string(), HttpAnswer(302, "text/plain", "", "location: http://127.0.0.1:1/\r\n"),
        std::string("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n")}) {
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
    EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_NONE);
    EXPECT_EQ(records[1].charge_nano_usd(), 15);
    EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
  }
}

TEST(PipelineTest, ConnectionRefusedGoesOnToo) {
  int closed_port;
  { closed_port = ScriptedUpstream().port(); }
  ScriptedUpstream second;
  second.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 10, 5))}});
  TestGateway gateway("http://127.0.0.1:" + std::to_string(closed_port), second.base_url());
  EXPECT_EQ(gateway.Call(gateway.Post(kBody)).status, 200);
}

TEST(PipelineTest, AllFailedSaysSo) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(500, "application/json", "{}")}});
  TestGateway gateway(upstream.base_url(), "");
  ExpectError(gateway.Call(gateway.Post(kBody)), 502, "all_providers_failed");
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST(PipelineTest, RateLimitedCredentialsRestAndTheAnswerSaysHowLong) {
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

TEST(PipelineTest, TheProvidersRefusalIsRelayedWithoutItsSecrets) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(
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

TEST(PipelineTest, ACutStreamEndsWithAnErrorAndIsCharged) {
  for (const std::string& end : {std::string(kLastChunk), std::string()}) {
    ScriptedUpstream upstream;
    upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("0123456789abcdef")), end},
                     .close = true});
    TestGateway gateway(upstream.base_url(), "");
    const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));
    EXPECT_TRUE(answer.complete);
    EXPECT_THAT(answer.body, HasSubstr("data: {\"error\":{"));
    EXPECT_THAT(answer.body, HasSubstr("stream_interrupted"));
    EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
    const auto records = gateway.Records(answer.Header("x-generation-id"));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_CUT);
    EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_ESTIMATED);
    // 98 bytes in are 25 tokens, 16 bytes out are 4.
    EXPECT_EQ(records[0].charge_nano_usd(),
              static_cast<std::int64_t>((kStreamBody.size() + 3) / 4 + 4));
    EXPECT_EQ(gateway.WalletLeft(), kWallet - records[0].charge_nano_usd());
  }
}

TEST(PipelineTest, AStreamThatEndsWithoutMarkerButFinishedIsWhole) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("hi", "stop")),
                              std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));
  EXPECT_EQ(answer.body, DeltaEvent("hi", "stop") + std::string(kDoneEvent));
}

TEST(PipelineTest, NoUsageIsEstimated) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(
                       200, "application/json",
                       R"({"id":"a","choices":[{"message":{"content":"12345678"}}]})")}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200);
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_ESTIMATED);
  EXPECT_EQ(records[0].charge_nano_usd(), static_cast<std::int64_t>((kBody.size() + 3) / 4 + 2));
}

TEST(PipelineTest, AClientThatLeavesIsDrainedAndPaysWhatWasUsed) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  auto client = std::make_unique<TestClient>(gateway.port());
  upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("a")), Chunk(DeltaEvent("b")),
                              Chunk(DeltaEvent("c")), Chunk(DeltaEvent("d", "stop")),
                              Chunk(UsageEvent(10, 5)), Chunk(kDoneEvent), std::string(kLastChunk)},
                   .pause_ms = 20});
  client->Send(gateway.Post(kStreamBody));
  const std::string head = client->ReadUntil("\"a\"");
  const std::size_t at = head.find("x-generation-id: ") + 17;
  const std::string id = head.substr(at, head.find("\r\n", at) - at);
  client.reset();
  const auto records = gateway.Records(id);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 15);
  EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_PROVIDER);
  EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED);
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

TEST(PipelineTest, CancelPolicyClosesTheProvidersConnection) {
  ScriptedUpstream upstream;
  GatewayOptions options;
  options.pipeline.drain.drain = false;
  TestGateway gateway(upstream.base_url(), "", options);
  std::vector<std::string> pieces = {StreamHead()};
  for (int i = 0; i < 200; ++i) pieces.push_back(Chunk(DeltaEvent("abcd")));
  upstream.Expect({.pieces = pieces, .pause_ms = 20});
  auto client = std::make_unique<TestClient>(gateway.port());
  client->Send(gateway.Post(kStreamBody));
  const std::string head = client->ReadUntil("abcd");
  const std::size_t at = head.find("x-generation-id: ") + 17;
  const std::string id = head.substr(at, head.find("\r\n", at) - at);
  client.reset();
  const auto records = gateway.Records(id);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_ESTIMATED);
  EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED);
}

TEST(PipelineTest, ATimeoutGoesOnAndIsChargedToNobody) {
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

TEST(PipelineTest, AStalePooledConnectionIsReplacedOnce) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 1, 1))},
                   .close = true});
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("y", 1, 1))}});
  EXPECT_EQ(gateway.Call(gateway.Post(kBody)).status, 200);
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-tollgate-attempts"), "1");
  EXPECT_EQ(upstream.connections(), 2);
}

TEST(PipelineTest, AlmostEmptyWalletLimitsTheOutput) {
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

TEST(PipelineTest, EmptyWalletIsRefusedBeforeAnythingIsSent) {
  ScriptedUpstream upstream;
  GatewayOptions options;
  options.wallet_nano_usd = 100;
  options.pipeline.lease_wait_max = absl::Milliseconds(5);
  TestGateway gateway(upstream.base_url(), "", options);
  ExpectError(gateway.Call(gateway.Post(kBody)), 402, "insufficient_balance");
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), 100);
}

TEST(PipelineTest, ReservedMoneySaysWhenToComeBack) {
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

TEST(PipelineTest, RequestErrorsHaveTheirCodes) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  ExpectError(gateway.Call(gateway.Post("{")), 400, "invalid_json");
  ExpectError(gateway.Call(gateway.Post(R"({"messages":[]})")), 400, "invalid_value");
  ExpectError(gateway.Call(gateway.Post(R"({"model":"no/such","messages":[{"role":"user"}]})")), 404,
              "model_not_found");
  ExpectError(gateway.Call("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n"), 401,
              "missing_api_key");
  ExpectError(gateway.Call("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
                           "tg_live_nonsense\r\n\r\n"),
              401, "invalid_api_key");
  ExpectError(gateway.Call("GET /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n"), 405,
              "method_not_allowed");
  ExpectError(gateway.Call("GET /v2/x HTTP/1.1\r\nhost: x\r\n\r\n"), 404, "route_not_found");
  ExpectError(gateway.Call("GET /v1/%2e%2e/x HTTP/1.1\r\nhost: x\r\n\r\n"), 400,
              "malformed_request");
  ExpectError(gateway.Call("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " +
                           gateway.key() + "\r\ncontent-length: 99999999999\r\n\r\n"),
              413, "request_too_large");
  EXPECT_TRUE(upstream.requests().empty());
}

TEST(PipelineTest, NoConfigurationYet) {
  GatewayOptions options;
  options.publish = false;
  TestGateway gateway("", "", options);
  ExpectError(gateway.Call(gateway.Post(kBody)), 503, "gateway_not_ready");
}

TEST(PipelineTest, StoppingEndsAStreamWithAnErrorEventAndSettlesIt) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("abcd")), Chunk(DeltaEvent("efgh"))},
                   .pause_ms = 3000});
  TestClient client(gateway.port());
  client.Send(gateway.Post(kStreamBody));
  client.ReadUntil("abcd");
  gateway.worker().Drain();
  gateway.worker().StopRequests();
  const ClientAnswer answer = client.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_THAT(answer.body, HasSubstr("gateway_stopping"));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_STOPPED);
}

TEST(PipelineTest, DiskDurabilityWaitsAndWorks) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 10, 5))}});
  GatewayOptions options;
  options.durability = Durability::kDisk;
  TestGateway gateway(upstream.base_url(), "", options);
  EXPECT_EQ(gateway.Call(gateway.Post(kBody)).status, 200);
}

TEST(PipelineTest, TheAccessLogHasOneLineAndNoSecrets) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("reply", 10, 5))}});
  TestGateway gateway(upstream.base_url(), "");
  gateway.Call(gateway.Post(
      R"({"model":"cheap","messages":[{"role":"user","content":"promptcanary"}],"user":"u\n1"})"));
  // The line is written after the answer.
  for (int i = 0; i < 500 && gateway.access_log().lines().empty(); ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  ASSERT_EQ(gateway.access_log().lines().size(), 1u);
  const std::string line = gateway.access_log().lines()[0];
  EXPECT_THAT(line, HasSubstr(R"("key_id":"key_1")"));
  EXPECT_THAT(line, HasSubstr(R"("requested_model":"cheap","model":"acme/small","provider":"p1")"));
  EXPECT_THAT(line, HasSubstr(R"("charge_nano_usd":15)"));
  EXPECT_THAT(line, Not(HasSubstr("canary")));
  EXPECT_THAT(line, Not(HasSubstr(gateway.key())));
}

TEST(PipelineTest, ModelsAndGenerationsCanBeRead) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 10, 5))}});
  TestGateway gateway(upstream.base_url(), "");
  EXPECT_THAT(gateway.Call(gateway.Get("/v1/models")).body,
              HasSubstr(R"("id":"acme/small","object":"model")"));
  for (const std::string target : {"/v1/models/acme/small", "/v1/models/acme%2Fsmall"}) {
    const ClientAnswer model = gateway.Call(gateway.Get(target, false));
    EXPECT_EQ(model.status, 200);
    EXPECT_THAT(model.body, HasSubstr(R"("input":"0.000000001")"));
  }
  ExpectError(gateway.Call(gateway.Get("/v1/models/acme/none")), 404, "model_not_found");
  const std::string id = gateway.Call(gateway.Post(kBody)).Header("x-generation-id");
  const ClientAnswer generation = gateway.Call(gateway.Get("/v1/generation?id=" + id));
  EXPECT_EQ(generation.status, 200);
  EXPECT_THAT(generation.body, HasSubstr("\"total_cost\":0.000000015"));
  EXPECT_THAT(generation.body, HasSubstr("\"tokens_prompt\":10,\"tokens_completion\":5"));
  ExpectError(gateway.Call(gateway.Get("/v1/generation?id=gen_01J00000000000000000000000")), 404,
              "generation_not_found");
  ExpectError(gateway.Call(gateway.Get("/v1/generation?id=x")), 400, "invalid_value");
  ExpectError(gateway.Call(gateway.Get("/v1/credits")), 503, "billing_unavailable");
  ExpectError(gateway.Call(gateway.Get("/v1/credits", false)), 401, "missing_api_key");
}

}  // namespace
}  // namespace tollgate::dataplane
