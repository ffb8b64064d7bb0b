// The life of a request against a scripted provider: what goes out, what comes back, what is
// recorded and what is charged.
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
  upstream.Expect(
      {.pieces = {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: ",
                  "application/json\r\ntransfer-encoding: chun", "ked\r\n\r\n",
                  Chunk(completion.substr(0, 10)), Chunk(completion.substr(10)), "0\r", "\n\r\n"}});
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

TEST(PipelineTest, NoUsageIsEstimated) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {HttpAnswer(200, "application/json",
                             R"({"id":"a","choices":[{"message":{"content":"12345678"}}]})")}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200);
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].usage_source(), usage::v1::USAGE_SOURCE_ESTIMATED);
  EXPECT_EQ(records[0].charge_nano_usd(), static_cast<std::int64_t>((kBody.size() + 3) / 4 + 2));
}

TEST(PipelineTest, AProvidersTextCannotSpoilTheRecord) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {HttpAnswer(200, "application/json",
                             "{\"id\":\"\xff\xfe" + std::string(300, 'x') +
                                 "\",\"choices\":[{\"finish_reason\":\"\xc3\"}],"
                                 "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}")}});
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer = gateway.Call(gateway.Post(kBody));
  EXPECT_EQ(answer.status, 200);
  const auto records = gateway.Records(answer.Header("x-generation-id"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].charge_nano_usd(), 15);
  EXPECT_LE(records[0].provider_response_id().size(), 256u);
}

TEST(PipelineTest, LargeBodiesBothWays) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const std::string content(3'000'000, 'x');
  TestClient client(gateway.port());
  for (int i = 0; i < 2; ++i) {
    upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion(content, 10, 5))}});
    client.Send(gateway.Post(R"({"model":"acme/small","messages":[{"role":"user","content":")" +
                             content + R"("}],"max_tokens":5})"));
    const ClientAnswer answer = client.ReadAnswer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_GT(answer.body.size(), content.size());
    EXPECT_GT(upstream.requests().back().size(), content.size());
  }
}

TEST(PipelineTest, RequestErrorsHaveTheirCodes) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  ExpectError(gateway.Call(gateway.Post("{")), 400, "invalid_json");
  ExpectError(gateway.Call(gateway.Post(R"({"messages":[]})")), 400, "invalid_value");
  ExpectError(gateway.Call(gateway.Post(R"({"model":"no/such","messages":[{"role":"user"}]})")),
              404, "model_not_found");
  ExpectError(gateway.Call("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n"), 401,
              "missing_api_key");
  ExpectError(gateway.Call("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
                           "tg_live_nonsense\r\n\r\n"),
              401, "invalid_api_key");
  const ClientAnswer other_method =
      gateway.Call("GET /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n");
  ExpectError(other_method, 405, "method_not_allowed");
  EXPECT_EQ(other_method.Header("allow"), "POST");
  EXPECT_EQ(other_method.Header("x-tollgate-error"), "method_not_allowed");
  ExpectError(gateway.Call("GET /v2/x HTTP/1.1\r\nhost: x\r\n\r\n"), 404, "route_not_found");
  ExpectError(gateway.Call("GET /v1/%2e%2e/x HTTP/1.1\r\nhost: x\r\n\r\n"), 400,
              "malformed_request");
  ExpectError(
      gateway.Call("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " +
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
