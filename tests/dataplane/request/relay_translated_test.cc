// Requests that are translated: what the provider is sent, what the client sees and pays.
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/json/document.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/anthropic_events.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RelayTranslatedTest, AnAnswerIsWrittenAnewAndCharged) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", kAnthropicAnswer)}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(gateway.Post(
      R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}],"max_tokens":50,)"
      R"("seed":1})"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  JsonDocument document;
  ASSERT_TRUE(document.Parse(answer.body)) << answer.body;
  const JsonValue root = document.root();
  const std::string generation = answer.Header("x-generation-id");
  EXPECT_EQ(root["id"].string(), generation);
  EXPECT_EQ(root["model"].string(), "acme/small");
  EXPECT_EQ((*root["choices"].elements().begin())["message"]["content"].string(), "hello");
  EXPECT_EQ(root["usage"]["prompt_tokens"].integer(), 10);
  EXPECT_EQ(root["usage"]["cost"].raw(), "0.000000015");
  EXPECT_EQ(answer.Header("x-tollgate-cost"), "0.000000015");
  EXPECT_THAT(answer.Header("x-tollgate-warnings"), HasSubstr("unsupported seed"));
  EXPECT_THAT(answer.body, HasSubstr(R"("feature":"seed")"));
  const std::string sent = upstream.requests().at(0);
  EXPECT_THAT(sent, HasSubstr("POST /v1/messages HTTP/1.1"));
  EXPECT_THAT(sent, HasSubstr("x-api-key: sk-canary-p1\r\n"));
  EXPECT_THAT(sent, HasSubstr("anthropic-version: 2023-06-01\r\n"));
  EXPECT_THAT(BodyOf(sent), HasSubstr(R"("model":"small")"));
  EXPECT_THAT(BodyOf(sent), HasSubstr(R"("max_tokens":50)"));
  const auto records = gateway.Records(generation);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 15);
  EXPECT_EQ(records[0].finish_reason(), "stop");
  EXPECT_EQ(records[0].native_finish_reason(), "end_turn");
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

TEST(RelayTranslatedTest, AStreamIsTranslatedWhereverItIsCut) {
  const std::string events =
      AnthropicStart() + ": comment\r\n\r\n" + AnthropicFinish() + AnthropicStop();
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  TestClient client(gateway.port());
  for (std::size_t cut = 1; cut < events.size(); cut += 37) {
    upstream.Expect({.pieces = {StreamHead() + Chunk(events.substr(0, cut)),
                                Chunk(events.substr(cut)) + std::string(kLastChunk)},
                     .pause_ms = 1});
    client.Send(gateway.Post(kUsageBody));
    const ClientAnswer answer = client.ReadAnswer();
    ASSERT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr(R"("delta":{"content":"hello"})")) << cut;
    EXPECT_THAT(answer.body, HasSubstr(R"("finish_reason":"stop")")) << cut;
    EXPECT_THAT(answer.body, HasSubstr(R"("cost":0.000000015)")) << cut;
    EXPECT_TRUE(answer.body.ends_with(kDoneEvent)) << cut;
    EXPECT_TRUE(answer.complete) << cut;
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST(RelayTranslatedTest, ACutStreamIsAnErrorAndIsCharged) {
  // Also one that said why it ends, but not that it is over.
  for (const std::string& end : {std::string(kLastChunk), std::string(),
                                 Chunk(AnthropicFinish()) + std::string(kLastChunk)}) {
    ScriptedUpstream upstream;
    upstream.Expect({.pieces = {StreamHead(), Chunk(AnthropicStart()), end},
                     .close = true,
                     .pause_ms = 50});  // The client has the event before the end comes.
    TestGateway gateway(upstream.base_url(), "");
    SpeakAnthropic(gateway);
    const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));
    EXPECT_THAT(answer.body, HasSubstr("hello"));
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"stream_interrupted")"));
    EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
    const auto records = gateway.Records(answer.Header("x-generation-id"));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_CUT);
    EXPECT_GT(records[0].charge_nano_usd(), 0);
    EXPECT_EQ(gateway.WalletLeft(), kWallet - records[0].charge_nano_usd());
  }
}

TEST(RelayTranslatedTest, AStreamThatBreaksBeforeItsFirstEventIsTriedElsewhere) {
  ScriptedUpstream first;
  ScriptedUpstream second;
  first.Expect(
      {.pieces = {StreamHead(), Chunk(AnthropicEvent("error", R"({"type":"error","error":)"
                                                              R"({"type":"overloaded_error",)"
                                                              R"("message":"busy"}})"))},
       .close = true});
  second.Expect(
      {.pieces = {StreamHead(), Chunk(AnthropicStart() + AnthropicFinish() + AnthropicStop()),
                  std::string(kLastChunk)}});
  TestGateway gateway(first.base_url(), second.base_url());
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(gateway.Post(kStreamBody));
  EXPECT_THAT(answer.body, HasSubstr("hello"));
  EXPECT_TRUE(answer.body.ends_with(kDoneEvent));
  EXPECT_EQ(answer.Header("x-tollgate-attempts"), "2");
}

// Two choices are a thing that Anthropic's messages cannot say.
constexpr std::string_view kTwoChoices =
    R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}],"n":2,"max_tokens":50})";

TEST(RelayTranslatedTest, WhatCannotBeSentIsRefusedByNameAndCostsNothing) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), upstream.base_url());
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(gateway.Post(kTwoChoices));
  ExpectError(answer, 400, "unsupported_parameter");
  EXPECT_THAT(answer.body, HasSubstr(R"("param":"n")"));
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST(RelayTranslatedTest, AnAttemptThatCannotBeSentGoesToTheNext) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  TestGateway gateway(upstream.base_url(), upstream.base_url());
  SpeakAnthropic(gateway, "p1");
  const ClientAnswer answer = gateway.Call(gateway.Post(kTwoChoices));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-tollgate-provider"), "p2");
  EXPECT_EQ(answer.Header("x-tollgate-attempts"), "1");
}

TEST(RelayTranslatedTest, AMalformedMemberIsTheClientsFault) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), upstream.base_url());
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(
      gateway.Post(R"({"model":"acme/small","messages":[{"role":"clown","content":"hi"}]})"));
  ExpectError(answer, 400, "invalid_value");
  EXPECT_THAT(answer.body, HasSubstr(R"("param":"messages[0].role")"));
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

// A chat client's stream that cannot be paid any further.
TEST(RelayTranslatedTest, AStreamThatCannotGrowIsStoppedByItsLength) {
  ScriptedUpstream upstream;
  std::string texts;
  for (int i = 0; i < 60; ++i) texts += AnthropicText("xxxxx");
  upstream.Expect({.pieces = {StreamHead(), Chunk(AnthropicStart()), Chunk(texts)}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  // Fifty tokens were allowed; the provider goes on beyond them.
  const ClientAnswer answer = gateway.Call(gateway.Post(kUsageBody));
  EXPECT_TRUE(answer.complete);
  EXPECT_THAT(answer.body, HasSubstr("hello"));
  EXPECT_GT(Occurrences(answer.body, "xxxxx"), 40);
  EXPECT_LT(Occurrences(answer.body, "xxxxx"), 51);
  EXPECT_THAT(answer.body, HasSubstr(R"("finish_reason":"length")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("tollgate":{"stop_reason":"output_limit_reached")"));
  EXPECT_TRUE(answer.body.ends_with(kDoneEvent));
}

TEST(RelayTranslatedTest, ARefusalByTheRulesHasTheCodeThatClientsKnow) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {HttpAnswer(400, "application/json",
                             R"({"type":"error","error":{"type":"invalid_request_error",)"
                             R"("message":"Output blocked by content filtering policy"}})")}});
  upstream.Expect({.pieces = {HttpAnswer(
                       400, "application/json",
                       R"({"type":"error","error":{"type":"invalid_request_error",)"
                       R"("message":"prompt is too long: 210000 tokens > 200000 maximum"}})")}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  ExpectError(gateway.Call(gateway.Post(kBody)), 400, "content_filter");
  ExpectError(gateway.Call(gateway.Post(kBody)), 400, "context_length_exceeded");
}

TEST(RelayTranslatedTest, RateLimitsAreToldInTheSurfacesForm) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(
                       429, "application/json",
                       R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})",
                       "retry-after: 7\r\nanthropic-ratelimit-requests-limit: 50\r\n"
                       "anthropic-ratelimit-requests-remaining: 0\r\n"
                       "anthropic-ratelimit-requests-reset: 2000-01-01T00:00:00Z\r\n")}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  ExpectError(answer, 429, "providers_rate_limited");
  EXPECT_EQ(answer.Header("retry-after"), "7");
  EXPECT_EQ(answer.Header("x-ratelimit-limit-requests"), "50");
  EXPECT_EQ(answer.Header("x-ratelimit-remaining-requests"), "0");
  EXPECT_EQ(answer.Header("x-ratelimit-reset-requests"), "0s");
  EXPECT_EQ(answer.Header("x-ratelimit-limit-tokens"), "");
}

TEST(RelayTranslatedTest, WhatIsNoAnswerIsTriedElsewhere) {
  ScriptedUpstream first;
  ScriptedUpstream second;
  first.Expect({.pieces = {HttpAnswer(200, "application/json", R"({"choices":[]})")}});
  second.Expect({.pieces = {HttpAnswer(200, "application/json", kAnthropicAnswer)}});
  TestGateway gateway(first.base_url(), second.base_url());
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("x-tollgate-provider"), "p2");
}

}  // namespace
}  // namespace tollgate::dataplane
