// Anthropic's messages on providers that speak them: what passes through, and how it ends.
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "dataplane/json/document.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/anthropic_events.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/resources.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RelayMessagesTest, AStreamPassesThroughWithItsCost) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead(), Chunk(AnthropicStart() + AnthropicFinish()),
                              Chunk(AnthropicStop()), std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(PostMessages(gateway, kStreamBody));
  EXPECT_THAT(answer.body, HasSubstr(R"("usage":{"output_tokens":5,"cost":0.000000015})"));
  EXPECT_TRUE(answer.body.ends_with(AnthropicStop()));
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

// The API says that message_stop comes last: without it nobody knows what is missing.
TEST(RelayMessagesTest, AStreamWithoutItsTerminalEventIsAnError) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead(), Chunk(AnthropicStart()), Chunk(AnthropicFinish()),
                              std::string(kLastChunk)},
                   .pause_ms = 20});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(PostMessages(gateway, kStreamBody));
  EXPECT_THAT(answer.body, HasSubstr("hello"));
  EXPECT_THAT(answer.body, Not(HasSubstr("message_stop")));
  EXPECT_THAT(answer.body, HasSubstr("event: error\ndata: {\"type\":\"error\""));
  EXPECT_THAT(answer.body, HasSubstr("stream_interrupted"));
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_CUT);
  EXPECT_EQ(records[0].charge_nano_usd(), 15) << "what was reported is owed";
}

TEST(RelayMessagesTest, AStreamBeyondItsHoldEndsAsByItsLimit) {
  ScriptedUpstream upstream;
  std::string texts;
  for (int i = 0; i < 60; ++i) texts += AnthropicText("xxxxx");
  upstream.Expect({.pieces = {StreamHead(), Chunk(AnthropicStart()), Chunk(texts)}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(PostMessages(gateway, kStreamBody));
  EXPECT_TRUE(answer.complete);
  EXPECT_GT(Occurrences(answer.body, "xxxxx"), 40);
  EXPECT_LT(Occurrences(answer.body, "xxxxx"), 51);
  const std::string tail = answer.body.substr(answer.body.find("hello"));
  EXPECT_THAT(tail, HasSubstr("event: content_block_stop\n"
                              "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n"));
  EXPECT_THAT(tail, HasSubstr(R"("delta":{"stop_reason":"max_tokens","stop_sequence":null,)"));
  EXPECT_THAT(tail, HasSubstr(R"("tollgate":{"stop_reason":"output_limit_reached")"));
  EXPECT_TRUE(tail.ends_with(AnthropicStop()));
  EXPECT_THAT(answer.body, Not(HasSubstr("event: error")));
}

// A conversation that another maker's model began: what Anthropic would not know again is not sent.
TEST(RelayMessagesTest, ThoughtsAndCitationsOfOthersDoNotReachAnthropic) {
  const auto sent = [](std::string_view blocks) {
    ScriptedUpstream upstream;
    upstream.Expect({.pieces = {HttpAnswer(200, "application/json", kAnthropicAnswer)}});
    TestGateway gateway(upstream.base_url(), "");
    SpeakAnthropic(gateway);
    const std::string body = absl::StrCat(
        R"({"model":"acme/small","max_tokens":50,"messages":[{"role":"user","content":"q"},)"
        R"({"role":"assistant","content":[)",
        AbslView(blocks), R"(]},{"role":"user","content":"hi"}]})");
    const ClientAnswer answer = gateway.Call(PostMessages(gateway, body));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(R"("type":"message")"));
    return BodyOf(upstream.requests().at(0));
  };
  const std::string text = R"({"type":"text","text":"hello"})";
  for (const std::string_view thought :
       {R"({"type":"thinking","thinking":"hm","signature":"tollgate.openai.r/rs_1/b3Bh"})",
        R"({"type":"thinking","thinking":"hm","signature":""})",
        R"({"type":"redacted_thinking","data":"tollgate.google.p/Z29v"})"}) {
    const std::string body = sent(absl::StrCat(AbslView(thought), ",", text));
    EXPECT_THAT(body, Not(HasSubstr("thinking"))) << thought;
    EXPECT_THAT(body, HasSubstr(text));
  }
  for (const std::string_view citation :
       {R"({"type":"web_search_result_location","url":"https://a.test","encrypted_index":"",)"
        R"("title":"A","cited_text":""})",
        R"({"type":"search_result_location","source":"A","search_result_index":0,)"
        R"("start_block_index":0,"end_block_index":0,"title":"A","cited_text":""})"}) {
    const std::string body = sent(absl::StrCat(R"({"type":"text","text":"hello","citations":[)",
                                               AbslView(citation), "]}"));
    EXPECT_THAT(body, HasSubstr(text));
    EXPECT_THAT(body, Not(HasSubstr("citations"))) << citation;
  }
  // Its own are sent as they are.
  const std::string own =
      R"({"type": "thinking", "thinking": "hm", "signature": "RXo="}, {"type": "text",)"
      R"( "text": "a", "citations": [{"type": "web_search_result_location",)"
      R"( "encrypted_index": "x", "url": "https://a.test"}]})";
  EXPECT_THAT(sent(own), HasSubstr(own));
}

TEST(RelayMessagesTest, RateLimitsOfTheKeyAreToldInTheApisForm) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", kAnthropicAnswer)}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  config::v1::Resource workspace = WorkspaceResource("ws_1");
  workspace.mutable_workspace()->mutable_limits()->set_requests_per_minute(2);
  SetIdentity(workspace);
  gateway.Publish({workspace});
  const ClientAnswer answer = gateway.Call(PostMessages(gateway, kBody));
  EXPECT_EQ(answer.Header("anthropic-ratelimit-requests-limit"), "2");
  EXPECT_EQ(answer.Header("anthropic-ratelimit-requests-remaining"), "1");
  EXPECT_THAT(answer.Header("anthropic-ratelimit-requests-reset"), testing::EndsWith("Z"));
  EXPECT_EQ(answer.Header("x-ratelimit-limit-requests"), "");
  EXPECT_EQ(answer.Header("request-id"), answer.Header("x-generation-id"));
  EXPECT_EQ(answer.Header("x-request-id"), "");
}

TEST(RelayMessagesTest, RateLimitsOfTheProviderAreTold) {
  ScriptedUpstream upstream;
  const std::string lines =
      "retry-after: 7\r\nx-ratelimit-limit-requests: 50\r\n"
      "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 1s\r\n";
  upstream.Expect({.pieces = {HttpAnswer(429, "application/json",
                                         R"({"error":{"message":"slow","code":null}})", lines)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(PostMessages(gateway, kBody));
  EXPECT_EQ(answer.status, 429);
  EXPECT_THAT(answer.body, HasSubstr(R"("type":"rate_limit_error")"));
  EXPECT_EQ(answer.Header("retry-after"), "7");
  EXPECT_EQ(answer.Header("anthropic-ratelimit-requests-limit"), "50");
  EXPECT_EQ(answer.Header("anthropic-ratelimit-requests-remaining"), "0");
  EXPECT_THAT(answer.Header("anthropic-ratelimit-requests-reset"), testing::EndsWith("Z"));
}

// The operator's own limits are nobody's business; those of the caller's account are theirs.
TEST(RelayMessagesTest, RateLimitsOfAnAnswerAreToldToWhoseAccountItIs) {
  ScriptedUpstream upstream;
  const std::string answer = HttpAnswer(200, "application/json", kAnthropicAnswer,
                                        "anthropic-ratelimit-tokens-remaining: 1234\r\n");
  upstream.Expect({.pieces = {answer}});
  upstream.Expect({.pieces = {answer}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakAnthropic(gateway);
  EXPECT_EQ(
      gateway.Call(PostMessages(gateway, kBody)).Header("anthropic-ratelimit-tokens-remaining"),
      "");
  gateway.Publish({CredentialResource("cred_own", "p1", "ws_1", 0, "sk-own")});
  EXPECT_EQ(
      gateway.Call(PostMessages(gateway, kBody)).Header("anthropic-ratelimit-tokens-remaining"),
      "1234");
}

// Chat completions behind this surface: the stream is Anthropic's from its first byte to its last.
TEST(RelayMessagesTest, ATranslatedStreamIsAValidSequence) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {StreamHead() + Chunk(DeltaEvent("he")) +
                                  Chunk(DeltaEvent("llo", "stop") + UsageEvent(10, 5)),
                              Chunk(kDoneEvent), std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(PostMessages(gateway, kStreamBody));
  std::string names;
  for (std::size_t at = answer.body.find("event: "); at != std::string::npos;
       at = answer.body.find("event: ", at + 1)) {
    names += answer.body.substr(at + 7, answer.body.find('\n', at) - at - 7) + " ";
  }
  EXPECT_EQ(names,
            "message_start content_block_start content_block_delta content_block_delta "
            "content_block_stop message_delta message_stop ");
  EXPECT_THAT(answer.body, HasSubstr(R"("stop_reason":"end_turn")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("cost":0.000000015)"));
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

}  // namespace
}  // namespace tollgate::dataplane
