// Gemini's generateContent between a client and a provider: passed through, translated, and as one
// JSON array.
#include <string>
#include <string_view>
#include <vector>

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

constexpr std::string_view kRequest =
    R"({"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":50}})";
constexpr std::string_view kUsage =
    R"("usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5})";
// 10 and 5 tokens at the price of the test's models.
constexpr std::string_view kCost = "0.000000015";

void SpeakGemini(TestGateway& gateway) {
  gateway.SetProviders(
      [](config::v1::Provider& provider) { provider.set_format(catalog::v1::FORMAT_GEMINI); });
}

std::string PostGemini(const TestGateway& gateway, std::string_view verb,
                       std::string_view body = kRequest) {
  return absl::StrCat("POST /v1beta/models/acme/small:", AbslView(verb),
                      " HTTP/1.1\r\nHost: gateway\r\nx-goog-api-key: ", gateway.key(),
                      "\r\nContent-Length: ", body.size(), "\r\n\r\n", AbslView(body));
}

// An event as Google sends it.
std::string Event(std::string_view json) {
  return absl::StrCat("data: ", AbslView(json), "\r\n\r\n");
}
std::string First() {
  return R"({"candidates":[{"content":{"parts":[{"text":"hel"}],"role":"model"}}],"of_tomorrow":1,)"
         R"("usageMetadata":{"promptTokenCount":10},"responseId":"r1"})";
}
std::string Last() {
  return absl::StrCat(R"({"candidates":[{"content":{"parts":[{"text":"lo"}],"role":"model"},)"
                      R"("finishReason":"STOP"}],)",
                      AbslView(kUsage), R"(,"responseId":"r1"})");
}
std::string WithCost(std::string body) {
  const std::size_t at = body.find(R"("candidatesTokenCount":5)") + 24;
  return body.insert(at, absl::StrCat(",\"cost\":", AbslView(kCost)));
}

TEST(RelayGeminiTest, AnAnswerIsPassedOnWithItsCost) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Last())}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakGemini(gateway);
  const ClientAnswer answer = gateway.Call(PostGemini(gateway, "generateContent"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, WithCost(Last()));
  EXPECT_EQ(answer.Header("x-tollgate-cost"), kCost);
  const std::string sent = upstream.requests().at(0);
  EXPECT_THAT(sent, HasSubstr("POST /v1/models/small:generateContent HTTP/1.1"));
  EXPECT_THAT(sent, HasSubstr("x-goog-api-key: sk-canary-p1\r\n"));
  EXPECT_EQ(BodyOf(sent), kRequest);
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].provider_response_id(), "r1");
  EXPECT_EQ(records[0].charge_nano_usd(), 15);
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

// Each way of framing, whatever pieces the provider's bytes come in.
TEST(RelayGeminiTest, AStreamIsEventsOrAnArrayWhereverItIsCut) {
  const std::string events = Event(First()) + ": comment\r\n\r\n" + Event(Last());
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  SpeakGemini(gateway);
  TestClient client(gateway.port());
  for (std::size_t cut = 1; cut < events.size(); cut += 19) {
    for (const std::string verb : {"streamGenerateContent?alt=sse", "streamGenerateContent"}) {
      upstream.Expect({.pieces = {StreamHead() + Chunk(events.substr(0, cut)),
                                  Chunk(events.substr(cut)) + std::string(kLastChunk)},
                       .pause_ms = 1});
      client.Send(PostGemini(gateway, verb));
      const ClientAnswer answer = client.ReadAnswer();
      ASSERT_EQ(answer.status, 200);
      if (verb.ends_with("sse")) {
        EXPECT_EQ(answer.body, Event(First()) + ": comment\r\n\r\n" + Event(WithCost(Last())));
        EXPECT_THAT(answer.Header("content-type"), HasSubstr("text/event-stream"));
      } else {
        JsonDocument document;
        ASSERT_TRUE(document.Parse(answer.body)) << cut << ": " << answer.body;
        EXPECT_EQ(document.root().size(), 2u);
        EXPECT_THAT(answer.body, HasSubstr("[" + First() + "\n,\r\n" + WithCost(Last())));
        EXPECT_THAT(answer.Header("content-type"), HasSubstr("application/json"));
      }
      EXPECT_EQ(gateway.Records(answer.Header("x-generation-id")).at(0).charge_nano_usd(), 15);
    }
  }
  EXPECT_THAT(upstream.requests().at(1), HasSubstr(":streamGenerateContent?alt=sse HTTP/1.1"));
}

TEST(RelayGeminiTest, ACutStreamIsAnErrorInEachFraming) {
  for (const std::string verb : {"streamGenerateContent?alt=sse", "streamGenerateContent"}) {
    ScriptedUpstream upstream;
    upstream.Expect({.pieces = {StreamHead(), Chunk(Event(First())), std::string(kLastChunk)},
                     .close = true,
                     .pause_ms = 20});
    TestGateway gateway(upstream.base_url(), "");
    SpeakGemini(gateway);
    const ClientAnswer answer = gateway.Call(PostGemini(gateway, verb));
    EXPECT_THAT(answer.body, HasSubstr(R"({"error":{"code":502,)"));
    EXPECT_THAT(answer.body, Not(HasSubstr("finishReason")));
    JsonDocument document;
    EXPECT_EQ(document.Parse(answer.body), !verb.ends_with("sse")) << answer.body;
    const auto records = gateway.Records(answer.Header("x-generation-id"));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_CUT);
    EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_ESTIMATED)
        << "the prompt alone is no report of all";
  }
}

// A model whose provider speaks OpenAI's chat completions.
TEST(RelayGeminiTest, AModelOfAnotherFormatIsReached) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  ClientAnswer answer = gateway.Call(PostGemini(gateway, "generateContent"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("parts":[{"text":"hello"}],"role":"model")"));
  EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"cost\":", AbslView(kCost))));
  EXPECT_THAT(BodyOf(upstream.requests().at(0)), HasSubstr(R"("role":"user")"));
  upstream.Expect({.pieces = {StreamHead(),
                              Chunk(DeltaEvent("hel") + DeltaEvent("lo", "stop") +
                                    UsageEvent(10, 5) + std::string(kDoneEvent)),
                              std::string(kLastChunk)}});
  answer = gateway.Call(PostGemini(gateway, "streamGenerateContent"));
  JsonDocument document;
  ASSERT_TRUE(document.Parse(answer.body)) << answer.body;
  EXPECT_EQ(document.root().size(), 3u);
  EXPECT_THAT(answer.body, HasSubstr(R"("finishReason":"STOP")"));
  EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"cost\":", AbslView(kCost))));
}

TEST(RelayGeminiTest, WhatIsWrongIsSaidAsGoogleSaysIt) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  SpeakGemini(gateway);
  ClientAnswer answer =
      gateway.Call(PostGemini(gateway, "generateContent", R"({"contents":"hi"})"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr(R"("status":"INVALID_ARGUMENT")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("field":"contents")"));
  upstream.Expect(
      {.pieces = {HttpAnswer(429, "application/json",
                             R"({"error":{"code":429,"message":"slow","status":)"
                             R"("RESOURCE_EXHAUSTED","details":[{"retryDelay":"7s"}]}})")}});
  answer = gateway.Call(PostGemini(gateway, "generateContent"));
  EXPECT_EQ(answer.status, 429) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("status":"RESOURCE_EXHAUSTED")"));
  EXPECT_EQ(answer.Header("retry-after"), "7");
  EXPECT_THAT(answer.body, HasSubstr(R"("retryDelay":"7s")"));
}

TEST(RelayGeminiTest, TheProviderCountsForAModelOfItsOwn) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", R"({"totalTokens":31})")}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakGemini(gateway);
  const ClientAnswer answer = gateway.Call(
      PostGemini(gateway, "countTokens", R"({"contents":[{"parts":[{"text":"hi"}]}]})"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("totalTokens":31)"));
  EXPECT_THAT(upstream.requests().at(0), HasSubstr("POST /v1/models/small:countTokens HTTP/1.1"));
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

}  // namespace
}  // namespace tollgate::dataplane
