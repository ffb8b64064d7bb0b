// Requests that are translated: what the provider is sent, what the client sees and pays.
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/json/document.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

// Providers that speak Anthropic's messages: calls of chat completions are translated.
void SpeakAnthropic(TestGateway& gateway, std::string_view only = {}) {
  gateway.SetProviders([&](config::v1::Provider& provider) {
    if (only.empty() || provider.id() == only) provider.set_format(catalog::v1::FORMAT_ANTHROPIC);
  });
}

constexpr std::string_view kAnthropicAnswer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"small","content":)"
    R"([{"type":"text","text":"hello"}],"stop_reason":"end_turn","stop_sequence":null,)"
    R"("usage":{"input_tokens":10,"output_tokens":5}})";

std::string Event(std::string_view name, std::string_view data) {
  return absl::StrCat("event: ", AbslView(name), "\ndata: ", AbslView(data), "\n\n");
}

std::string StartEvents() {
  return Event("message_start",
               R"({"type":"message_start","message":{"id":"msg_1","type":"message",)"
               R"("role":"assistant","model":"small","content":[],"stop_reason":null,)"
               R"("usage":{"input_tokens":10,"output_tokens":1}}})") +
         Event("content_block_start", R"({"type":"content_block_start","index":0,)"
                                      R"("content_block":{"type":"text","text":""}})") +
         Event("ping", R"({"type":"ping"})") +
         Event("content_block_delta", R"({"type":"content_block_delta","index":0,)"
                                      R"("delta":{"type":"text_delta","text":"hello"}})");
}

std::string EndEvents() {
  return Event("content_block_stop", R"({"type":"content_block_stop","index":0})") +
         Event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn",)"
                                R"("stop_sequence":null},"usage":{"output_tokens":5}})") +
         Event("message_stop", R"({"type":"message_stop"})");
}

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
  const std::string& sent = upstream.requests().at(0);
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
  const std::string events = StartEvents() + ": comment\r\n\r\n" + EndEvents();
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
  for (const std::string& end : {std::string(kLastChunk), std::string()}) {
    ScriptedUpstream upstream;
    upstream.Expect({.pieces = {StreamHead(), Chunk(StartEvents()), end}, .close = true});
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
  first.Expect({.pieces = {StreamHead(), Chunk(Event("error", R"({"type":"error","error":)"
                                                              R"({"type":"overloaded_error",)"
                                                              R"("message":"busy"}})"))},
                .close = true});
  second.Expect({.pieces = {StreamHead(), Chunk(StartEvents() + EndEvents()),
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
  const ClientAnswer answer = gateway.Call(gateway.Post(
      R"({"model":"acme/small","messages":[{"role":"clown","content":"hi"}]})"));
  ExpectError(answer, 400, "invalid_value");
  EXPECT_THAT(answer.body, HasSubstr(R"("param":"messages[0].role")"));
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
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
