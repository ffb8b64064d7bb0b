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
  EXPECT_GT(Count(answer.body, "xxxxx"), 40);
  EXPECT_LT(Count(answer.body, "xxxxx"), 51);
  const std::string tail = answer.body.substr(answer.body.find("hello"));
  EXPECT_THAT(tail, HasSubstr("event: content_block_stop\n"
                              "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n"));
  EXPECT_THAT(tail, HasSubstr(R"("delta":{"stop_reason":"max_tokens","stop_sequence":null})"));
  EXPECT_THAT(tail, HasSubstr(R"("tollgate":{"stop_reason":"output_limit_reached")"));
  EXPECT_TRUE(tail.ends_with(AnthropicStop()));
  EXPECT_THAT(answer.body, Not(HasSubstr("event: error")));
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
