// Streams: what the client sees and pays, wherever bytes are cut and whoever leaves.
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

TEST(RelayStreamTest, StreamHidesTheUsageThatWasNotAskedFor) {
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
  EXPECT_THAT(
      BodyOf(upstream.requests().at(0)),
      HasSubstr(R"({"stream_options":{"include_usage":true},"model":"small","stream":true,)"));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 15);
  EXPECT_TRUE(records[0].streamed());
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

TEST(RelayStreamTest, StreamShowsUsageWithCostWhenAskedFor) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {StreamHead() +
                  Chunk(DeltaEvent("hello", "stop") + UsageEvent(10, 5) + std::string(kDoneEvent)) +
                  std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kUsageBody));
  EXPECT_THAT(
      answer.body,
      HasSubstr(R"("usage":{"prompt_tokens":10,"completion_tokens":5,"cost":0.000000015}})"));
  EXPECT_TRUE(answer.body.ends_with(kDoneEvent));
}

TEST(RelayStreamTest, StreamCutAnywhereIsTheSameForTheClient) {
  const std::string events = DeltaEvent("he") + ": comment\r\n\r\n" + DeltaEvent("llo", "stop") +
                             UsageEvent(10, 5) + std::string(kDoneEvent);
  const std::string expected =
      DeltaEvent("he") + ": comment\r\n\r\n" + DeltaEvent("llo", "stop") + std::string(kDoneEvent);
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

TEST(RelayStreamTest, ACutStreamEndsWithAnErrorAndIsCharged) {
  for (const std::string& end : {std::string(kLastChunk), std::string()}) {
    ScriptedUpstream upstream;
    upstream.Expect({.pieces = {StreamHead(), Chunk(DeltaEvent("0123456789abcdef")), end},
                     .close = true,
                     .pause_ms = 20});  // The client has the event before the end comes.
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

TEST(RelayStreamTest, AStreamThatEndsWithoutMarkerButFinishedIsWhole) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {StreamHead(), Chunk(DeltaEvent("hi", "stop")), std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));
  EXPECT_EQ(answer.body, DeltaEvent("hi", "stop") + std::string(kDoneEvent));
}

// One of two choices has ended: the other was cut.
TEST(RelayStreamTest, AStreamWithoutMarkerMustHaveFinishedEveryChoice) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {StreamHead(), Chunk(DeltaEvent("hi", "stop")), std::string(kLastChunk)},
       .pause_ms = 20});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer =
      gateway.Call(gateway.Post(R"({"model":"acme/small","stream":true,"n":2,"max_tokens":50,)"
                                R"("messages":[{"role":"user","content":"hi"}]})"));
  EXPECT_THAT(answer.body, HasSubstr("stream_interrupted"));
  EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
}

TEST(RelayStreamTest, AClientThatLeavesIsDrainedAndPaysWhatWasUsed) {
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

TEST(RelayStreamTest, CancelPolicyClosesTheProvidersConnection) {
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

TEST(RelayStreamTest, OfSeveralReportsTheLastThatTakesNothingBackCounts) {
  ScriptedUpstream upstream;
  std::string events;
  for (const std::string& usage :
       {UsageEvent(10, 5), UsageEvent(10, 7), UsageEvent(3, 2), UsageEvent(-1, 5)}) {
    events += usage;
  }
  upstream.Expect(
      {.pieces = {StreamHead() + Chunk(DeltaEvent("x", "stop") + events + std::string(kDoneEvent)) +
                  std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 17);
}

TEST(RelayStreamTest, SlowHeadsAndBodiesAreEnded) {
  ScriptedUpstream upstream;
  GatewayOptions options;
  options.timeouts.head = absl::Milliseconds(200);
  options.timeouts.body_idle = absl::Milliseconds(200);
  options.timeouts.keep_alive = absl::Milliseconds(200);
  TestGateway gateway(upstream.base_url(), "", options);
  TestClient silent(gateway.port());
  TestClient head(gateway.port());
  head.Send("POST /v1/chat/completions HTTP/1.1\r\nHost:");
  TestClient body(gateway.port());
  const std::string post = gateway.Post(kBody);
  body.Send(post.substr(0, post.size() - 1));
  ExpectError(head.ReadAnswer(), 408, "request_timeout");
  EXPECT_TRUE(head.AtEnd());
  ExpectError(body.ReadAnswer(), 408, "request_timeout");
  EXPECT_TRUE(body.AtEnd());
  EXPECT_TRUE(silent.AtEnd());
}

TEST(RelayStreamTest, ASlowReaderHoldsTheProviderBack) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const std::string event = DeltaEvent(std::string(60'000, 'x'));
  std::vector<std::string> pieces = {StreamHead()};
  for (int i = 0; i < 200; ++i) pieces.push_back(Chunk(event));
  pieces.push_back(Chunk(DeltaEvent("", "stop") + UsageEvent(10, 5) + std::string(kDoneEvent)));
  pieces.emplace_back(kLastChunk);
  upstream.Expect({.pieces = pieces, .pause_ms = 0});
  TestClient client(gateway.port());
  std::string body(kStreamBody);  // With a limit that lets two hundred events through.
  body.replace(body.find("50"), 2, "500");
  client.Send(gateway.Post(body));
  absl::SleepFor(absl::Milliseconds(200));
  const ClientAnswer answer = client.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_GT(answer.body.size(), 200 * event.size());
  EXPECT_TRUE(answer.body.ends_with(kDoneEvent));
}

TEST(RelayStreamTest, StoppingEndsAStreamWithAnErrorEventAndSettlesIt) {
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

}  // namespace
}  // namespace tollgate::dataplane
