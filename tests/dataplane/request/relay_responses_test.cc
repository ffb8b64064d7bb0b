// OpenAI's responses between a client and a provider that both speak them: the body passes through,
// the last event is end and bill in one.
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/limits.h"
#include "dataplane/request/bounds.h"
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
    R"({"model":"acme/small","input":"hi","max_output_tokens":50,"store":true})";
constexpr std::string_view kStreamRequest =
    R"({"model":"acme/small","input":"hi","max_output_tokens":50,"stream":true})";
constexpr std::string_view kUsage = R"("usage":{"input_tokens":10,"output_tokens":5})";

void SpeakResponses(TestGateway& gateway) {
  gateway.SetProviders([](config::v1::Provider& provider) {
    provider.set_format(catalog::v1::FORMAT_OPENAI_RESPONSES);
  });
}

std::string PostResponses(const TestGateway& gateway, std::string_view body) {
  return absl::StrCat("POST /v1/responses HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ",
                      gateway.key(), "\r\nContent-Length: ", body.size(), "\r\n\r\n",
                      AbslView(body));
}

// An answer with the provider's ids where the client is told names: kept_responses_test.cc and
// kept_items_test.cc have those.
std::string WithIds(const std::string& body) {
  static const std::regex kName("[a-z]+_tg[0-9a-f]{40}_");
  return std::regex_replace(body, kName, "");
}

std::string Event(std::string_view type, std::string_view members) {
  return absl::StrCat("event: ", AbslView(type), "\ndata: {\"type\":\"", AbslView(type), "\",",
                      AbslView(members), "}\n\n");
}
std::string Created() {
  return Event("response.created",
               R"("sequence_number":0,"response":{"id":"resp_1","status":"in_progress"})");
}
std::string Delta(std::string_view text) {
  return Event("response.output_text.delta",
               absl::StrCat("\"sequence_number\":1,\"delta\":\"", AbslView(text), "\""));
}
std::string Completed() {
  return Event("response.completed",
               absl::StrCat(R"("sequence_number":2,"response":{"id":"resp_1",)"
                            R"("status":"completed","output":[],)",
                            AbslView(kUsage), "}"));
}

TEST(RelayResponsesTest, AnAnswerIsPassedOnWithItsCost) {
  const std::string answered = absl::StrCat(
      R"({"id":"resp_1","status":"completed","output":[],"of_tomorrow":1,)", AbslView(kUsage), "}");
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", answered)}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakResponses(gateway);
  const ClientAnswer answer = gateway.Call(PostResponses(gateway, kRequest));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(WithIds(answer.body),
            R"({"id":"resp_1","status":"completed","output":[],"of_tomorrow":1,)"
            R"("usage":{"input_tokens":10,"output_tokens":5,"cost":0.000000015}})");
  const std::string sent = upstream.requests().at(0);
  EXPECT_THAT(sent, HasSubstr("POST /v1/responses HTTP/1.1"));
  EXPECT_EQ(BodyOf(sent), R"({"model":"small","input":"hi","max_output_tokens":50,"store":true})");
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].provider_response_id(), "resp_1");
  EXPECT_EQ(records[0].finish_reason(), "stop");
  EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
}

TEST(RelayResponsesTest, TheLastEventOfAStreamIsEndAndBill) {
  const std::string events = Created() + Delta("he") + Delta("llo") + Completed();
  std::string expected = events;
  expected.insert(expected.find("}}}"), R"(,"cost":0.000000015)");
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  SpeakResponses(gateway);
  TestClient client(gateway.port());
  for (std::size_t cut = 1; cut < events.size(); cut += 37) {
    upstream.Expect({.pieces = {StreamHead() + Chunk(events.substr(0, cut)),
                                Chunk(events.substr(cut)) + std::string(kLastChunk)},
                     .pause_ms = 1});
    client.Send(PostResponses(gateway, kStreamRequest));
    const ClientAnswer answer = client.ReadAnswer();
    ASSERT_EQ(WithIds(answer.body), expected) << cut;
    const auto records = gateway.Records(answer.Header("x-generation-id"));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].charge_nano_usd(), 15);
    EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_PROVIDER);
  }
}

TEST(RelayResponsesTest, AStreamWithoutItsLastEventIsCut) {
  const std::string failed =
      Event("response.failed", R"("response":{"error":{"code":"x","message":"m"}})");
  for (const std::string& end :
       {std::string(kLastChunk), std::string(), Chunk(failed) + std::string(kLastChunk)}) {
    ScriptedUpstream upstream;
    upstream.Expect({.pieces = {StreamHead(), Chunk(Created() + Delta("he")), end},
                     .close = true,
                     .pause_ms = 20});
    TestGateway gateway(upstream.base_url(), "");
    SpeakResponses(gateway);
    const ClientAnswer answer = gateway.Call(PostResponses(gateway, kStreamRequest));
    EXPECT_THAT(answer.body, HasSubstr("event: error\ndata: {\"type\":\"error\","
                                       "\"sequence_number\":2,\"code\":\"stream_interrupted\""));
    EXPECT_THAT(answer.body, Not(HasSubstr("response.completed")));
    const auto records = gateway.Records(answer.Header("x-generation-id"));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].outcome(), usage::v1::ATTEMPT_OUTCOME_CUT);
    EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_ESTIMATED);
  }
}

// Without a limit of the caller's, a stream that cannot be paid further ends by its length.
TEST(RelayResponsesTest, AStreamThatMayCostNoMoreIsIncomplete) {
  constexpr std::string_view kOpen = R"({"model":"acme/small","input":"hi","stream":true})";
  const std::int64_t input =
      static_cast<std::int64_t>(kOpen.size()) + kRequestOverheadTokens + kMessageOverheadTokens;
  // 900 times 8 bytes are more than the 2,048 tokens that are held at first.
  const std::string added =
      Event("response.output_item.added",
            R"("sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message",)"
            R"("status":"in_progress","role":"assistant","content":[]})") +
      Event("response.content_part.added",
            R"("sequence_number":2,"output_index":0,"item_id":"msg_1","content_index":0,)"
            R"("part":{"type":"output_text","text":"","annotations":[]})");
  const auto delta = [](int number, std::string_view text) {
    return Event(
        "response.output_text.delta",
        absl::StrCat("\"sequence_number\":", number, R"(,"output_index":0,)",
                     R"("item_id":"msg_1","content_index":0,"delta":")", AbslView(text), "\""));
  };
  std::string much;
  for (int i = 0; i < 900; ++i) much += delta(4 + i, "xxxxxxxx");
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {StreamHead(), Chunk(Created() + added + delta(3, "first")), Chunk(much)},
       .pause_ms = 200});
  TestGateway gateway(upstream.base_url(), "",
                      {.wallet_nano_usd = input + kOutputTokensDefault,
                       .pipeline = {.lease_wait_max = absl::Milliseconds(50)}});
  SpeakResponses(gateway);
  TestClient client(gateway.port());
  client.Send(PostResponses(gateway, kOpen));
  client.ReadUntil("first");
  // Others take what it could have grown into.
  AccountSet wallet;
  wallet.Add(gateway.leases().Find("wallet/ws_1"));
  Hold others;
  ASSERT_EQ(gateway.leases().TryHold(wallet, gateway.leases().MostAffordable(wallet), &others).kind,
            HoldResult::kHeld);
  const std::string rest = client.ReadUntil("\r\n0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr("event: response.incomplete\n"));
  EXPECT_THAT(rest, HasSubstr(R"("incomplete_details":{"reason":"max_output_tokens"})"));
  EXPECT_THAT(rest, HasSubstr(R"("tollgate":{"stop_reason":"insufficient_balance")"));
  EXPECT_THAT(WithIds(rest), HasSubstr(R"("id":"resp_1")"));
  gateway.leases().Release(std::move(others));
  // All that the client was sent is in the last event, and the numbers go on.
  const int sent = Occurrences(rest, "\"delta\":\"xxxxxxxx\"");
  EXPECT_GT(sent, 100);
  std::string text = "first";
  for (int i = 0; i < sent; ++i) text += "xxxxxxxx";
  EXPECT_THAT(rest, Not(HasSubstr("\"msg_1\""))) << "what was open is closed by its name";
  EXPECT_THAT(
      WithIds(rest),
      HasSubstr(absl::StrCat(R"("output":[{"id":"msg_1","type":"message","status":"incomplete",)",
                             R"("role":"assistant","content":[{"type":"output_text","text":")",
                             text, R"(","annotations":[],"logprobs":[]}]}])")));
  int number = 4 + sent;
  for (const std::string_view type : {"response.output_text.done", "response.content_part.done",
                                      "response.output_item.done", "response.incomplete"}) {
    EXPECT_THAT(rest, HasSubstr(absl::StrCat("\"type\":\"", AbslView(type),
                                             "\",\"sequence_number\":", number++)));
  }
}

// What the provider keeps of a conversation is held at the size of the model's context.
TEST(RelayResponsesTest, KeptInputIsHeldOrRefused) {
  const std::string kept =
      absl::StrCat(R"({"id":"resp_1","status":"completed","output":[],)", AbslView(kUsage), "}");
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", kept)}});
  TestGateway gateway(upstream.base_url(), "");
  SpeakResponses(gateway);
  const std::string first = gateway.Call(PostResponses(gateway, kRequest)).body;
  const std::size_t begin = first.find("resp_tg");
  ASSERT_NE(begin, std::string::npos) << first;
  const std::string name = first.substr(begin, first.find('"', begin) - begin);
  const ClientAnswer answer = gateway.Call(PostResponses(
      gateway, absl::StrCat(R"({"model":"acme/small","input":"and?","max_output_tokens":50,)",
                            R"("previous_response_id":")", name, "\"}")));
  EXPECT_EQ(answer.status, RowOf(ErrorCode::kUnboundedCost).status)
      << "nobody says how long the context of this model is";
  EXPECT_THAT(answer.body, HasSubstr(R"("param":"previous_response_id")"));
}

// A model whose provider keeps nothing says so by name.
TEST(RelayResponsesTest, AProviderOfAnotherFormatKeepsNothing) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  for (const std::string& body :
       {std::string(R"({"model":"acme/small","input":"x","tools":[{"type":"apply_patch"}]})"),
        std::string(R"({"model":"acme/small","input":[{"type":"apply_patch_call","id":"i"}]})")}) {
    const ClientAnswer answer = gateway.Call(PostResponses(gateway, body));
    ExpectError(answer, 400, "unsupported_parameter");
    EXPECT_THAT(answer.body, HasSubstr("apply_patch"));
  }
  EXPECT_EQ(upstream.requests().size(), 0u);
}

}  // namespace
}  // namespace tollgate::dataplane
