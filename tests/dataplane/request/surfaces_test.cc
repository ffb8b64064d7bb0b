// What the surfaces answer besides generations: lists of models in each one's shape, counted
// tokens, and each one's errors; and generations of those that never pass a body through.
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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

// A call of `target` with further header lines and, unless it is empty, a body.
ClientAnswer Call(TestGateway& gateway, std::string_view method, std::string_view target,
                  std::string_view lines = "", std::string_view body = "") {
  std::string request = absl::StrCat(AbslView(method), " ", AbslView(target),
                                     " HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ",
                                     gateway.key(), "\r\n", AbslView(lines));
  if (!body.empty()) absl::StrAppend(&request, "Content-Length: ", body.size(), "\r\n");
  absl::StrAppend(&request, "\r\n", AbslView(body));
  return gateway.Call(request);
}

// The ids of the elements of `root[list]`, joined by blanks.
std::string Ids(const ClientAnswer& answer, std::string_view list) {
  JsonDocument document;
  EXPECT_TRUE(document.Parse(answer.body)) << answer.body;
  std::string ids;
  for (const JsonValue model : document.root()[list].elements()) {
    absl::StrAppend(&ids, ids.empty() ? "" : " ", AbslView(model["id"].string()));
  }
  return ids;
}

constexpr std::string_view kAnthropic = "anthropic-version: 2023-06-01\r\n";

TEST(ModelListTest, AnthropicsClientsGetPages) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer all = Call(gateway, "GET", "/v1/models", kAnthropic);
  ASSERT_EQ(all.status, 200);
  EXPECT_EQ(Ids(all, "data"), "cheap small acme/big acme/small");
  EXPECT_THAT(all.body, HasSubstr(R"({"type":"model","id":"cheap",)"));
  EXPECT_THAT(all.body,
              HasSubstr(R"("has_more":false,"first_id":"cheap","last_id":"acme/small"})"));

  const ClientAnswer first = Call(gateway, "GET", "/v1/models?limit=2", kAnthropic);
  EXPECT_EQ(Ids(first, "data"), "cheap small");
  EXPECT_THAT(first.body, HasSubstr(R"("has_more":true,"first_id":"cheap","last_id":"small")"));
  const ClientAnswer second = Call(gateway, "GET", "/v1/models?limit=2&after_id=small", kAnthropic);
  EXPECT_EQ(Ids(second, "data"), "acme/big acme/small");
  EXPECT_THAT(second.body, HasSubstr(R"("has_more":false)"));
  const ClientAnswer back =
      Call(gateway, "GET", "/v1/models?limit=1&before_id=acme%2Fbig", kAnthropic);
  EXPECT_EQ(Ids(back, "data"), "small");
  EXPECT_THAT(back.body, HasSubstr(R"("has_more":true)"));
  EXPECT_EQ(Ids(Call(gateway, "GET", "/v1/models?limit=5&before_id=small", kAnthropic), "data"),
            "cheap");
  const ClientAnswer none = Call(gateway, "GET", "/v1/models?after_id=acme/small", kAnthropic);
  EXPECT_THAT(none.body, HasSubstr(R"("has_more":false,"first_id":null,"last_id":null)"));

  for (const std::string query : {"limit=0", "limit=1001", "limit=x", "limit=-1", "after_id=none",
                                  "before_id=none", "after_id=small&before_id=small"}) {
    const ClientAnswer refused = Call(gateway, "GET", "/v1/models?" + query, kAnthropic);
    EXPECT_EQ(refused.status, 400) << query;
    EXPECT_THAT(refused.body, HasSubstr(R"({"type":"error","error":{"type":"invalid_request)"));
  }
  const ClientAnswer one = Call(gateway, "GET", "/v1/models/acme/small", kAnthropic);
  EXPECT_THAT(one.body, HasSubstr(R"({"type":"model","id":"acme/small","lifecycle":"active",)"));
  const ClientAnswer missing = Call(gateway, "GET", "/v1/models/acme/none", kAnthropic);
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr(R"("type":"not_found_error")"));
}

TEST(ModelListTest, OpenRoutersClientsGetPricesAndEndpoints) {
  ScriptedUpstream one;
  ScriptedUpstream two;
  TestGateway gateway(one.base_url(), two.base_url());
  for (const std::string target : {"/api/v1/models", "/api/v1/models/user"}) {
    const ClientAnswer list = Call(gateway, "GET", target);
    ASSERT_EQ(list.status, 200);
    EXPECT_EQ(Ids(list, "data"), "cheap small acme/big acme/small");
    EXPECT_THAT(list.body, HasSubstr(R"("pricing":{"prompt":"0.000000001","completion":)"));
    EXPECT_THAT(list.body, HasSubstr(R"("total_count":4,"links":{"next":null}})"));
  }
  const ClientAnswer model = Call(gateway, "GET", "/api/v1/model/acme/small");
  EXPECT_THAT(model.body, HasSubstr(R"({"data":{"id":"acme/small","canonical_slug":)"));
  for (const std::string prefix : {"/api", ""}) {
    const ClientAnswer sellers = Call(gateway, "GET", prefix + "/v1/models/acme/small/endpoints");
    ASSERT_EQ(sellers.status, 200) << sellers.body;
    EXPECT_THAT(sellers.body, HasSubstr(R"("provider_name":"p1")"));
    EXPECT_THAT(sellers.body, HasSubstr(R"("provider_name":"p2")"));
  }
  const ClientAnswer big = Call(gateway, "GET", "/api/v1/models/acme/big/endpoints");
  EXPECT_THAT(big.body, Not(HasSubstr(R"("provider_name":"p2")")));
  const ClientAnswer missing = Call(gateway, "GET", "/api/v1/models/acme/none/endpoints");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr(R"({"error":{"code":404,"message":")"));
}

TEST(ModelListTest, TheAiSdkGetsTheSpecificationOfItsPath) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  for (const auto& [base, version] :
       {std::pair{"/v1/ai", "v2"}, {"/v3/ai", "v3"}, {"/v4/ai", "v4"}}) {
    const ClientAnswer config = Call(gateway, "GET", absl::StrCat(base, "/config"));
    ASSERT_EQ(config.status, 200) << config.body;
    EXPECT_EQ(Ids(config, "models"), "cheap small acme/big acme/small");
    EXPECT_THAT(config.body,
                HasSubstr(absl::StrCat(R"("specification":{"specificationVersion":")", version,
                                       R"(","provider":"gateway","modelId":"acme/small"})")));
    EXPECT_THAT(config.body, HasSubstr(R"("pricing":{"input":"0.000000001","output":")"));
    EXPECT_THAT(config.body, HasSubstr(R"("modelType":"language")"));
  }
}

TEST(ModelListTest, AWrongKeyIsRefusedInEachShape) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const auto refused = [&](std::string_view target, std::string_view lines) {
    const ClientAnswer answer = gateway.Call(absl::StrCat(
        "GET ", AbslView(target), " HTTP/1.1\r\nHost: gateway\r\n", AbslView(lines), "\r\n"));
    EXPECT_EQ(answer.status, 401) << target;
    return answer.body;
  };
  const std::string wrong = "Authorization: Bearer tg-wrong\r\n";
  EXPECT_THAT(refused("/v1/models", wrong), HasSubstr(R"("code":"invalid_api_key")"));
  EXPECT_THAT(refused("/v1/models", absl::StrCat(AbslView(kAnthropic), "x-api-key: wrong\r\n")),
              HasSubstr(R"({"type":"error","error":{"type":"authentication_error")"));
  EXPECT_THAT(refused("/api/v1/models", wrong), HasSubstr(R"({"error":{"code":401,)"));
  EXPECT_THAT(refused("/v4/ai/config", wrong), HasSubstr(R"("type":"authentication_error")"));
  EXPECT_THAT(refused("/api/v1/credits", ""), HasSubstr(R"({"error":{"code":401,)"));
  EXPECT_THAT(refused("/v1/report", ""), HasSubstr(R"("type":"authentication_error")"));
}

constexpr std::string_view kCountBody =
    R"({"model":"acme/small","messages":[{"role":"user","content":"Twelve chars"}]})";

TEST(CountTokensTest, AProviderOfTheFormatIsAskedAndNothingIsCharged) {
  ScriptedUpstream upstream;
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", R"({"input_tokens":42})")}});
  TestGateway gateway(upstream.base_url(), "");
  gateway.SetProviders(
      [](config::v1::Provider& provider) { provider.set_format(catalog::v1::FORMAT_ANTHROPIC); });
  const ClientAnswer answer =
      Call(gateway, "POST", "/v1/messages/count_tokens", kAnthropic, kCountBody);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, R"({"input_tokens":42})");
  EXPECT_EQ(answer.Header("x-tollgate-count"), "provider");
  EXPECT_EQ(answer.Header("x-tollgate-provider"), "p1");
  const std::string sent = upstream.requests().at(0);
  EXPECT_THAT(sent, HasSubstr("POST /v1/messages/count_tokens HTTP/1.1"));
  EXPECT_THAT(sent, HasSubstr("anthropic-version: 2023-06-01\r\n"));
  EXPECT_EQ(BodyOf(sent),
            R"({"model":"small","messages":[{"role":"user","content":"Twelve chars"}]})");
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST(CountTokensTest, OtherwiseTheGatewayCounts) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const ClientAnswer answer =
      Call(gateway, "POST", "/v1/messages/count_tokens", kAnthropic, kCountBody);
  ASSERT_EQ(answer.status, 200) << answer.body;
  // Three for the request, four for the message, three for its text.
  EXPECT_EQ(answer.body, R"({"input_tokens":10})");
  EXPECT_EQ(answer.Header("x-tollgate-count"), "estimate");
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST(CountTokensTest, AProviderThatCannotCountIsNoFailureAndARefusalIsOne) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  gateway.SetProviders(
      [](config::v1::Provider& provider) { provider.set_format(catalog::v1::FORMAT_ANTHROPIC); });
  const std::string error =
      R"({"type":"error","error":{"type":"invalid_request_error","message":"too odd"}})";
  for (const int status : {404, 405, 429, 500}) {
    upstream.Expect({.pieces = {HttpAnswer(status, "application/json", error)}});
    const ClientAnswer answer =
        Call(gateway, "POST", "/v1/messages/count_tokens", kAnthropic, kCountBody);
    EXPECT_EQ(answer.status, 200) << status << answer.body;
    EXPECT_EQ(answer.Header("x-tollgate-count"), "estimate") << status;
  }
  upstream.Expect({.close = true});
  EXPECT_EQ(Call(gateway, "POST", "/v1/messages/count_tokens", kAnthropic, kCountBody).status, 200);
  upstream.Expect({.pieces = {HttpAnswer(400, "application/json", error)}});
  const ClientAnswer refused =
      Call(gateway, "POST", "/v1/messages/count_tokens", kAnthropic, kCountBody);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("too odd"));
  const ClientAnswer unknown =
      Call(gateway, "POST", "/v1/messages/count_tokens", kAnthropic,
           R"({"model":"acme/none","messages":[{"role":"user","content":"a"}]})");
  EXPECT_EQ(unknown.status, 404);
}

TEST(OpenRouterTest, UsageIsAlwaysInTheStreamAndTheCostHasDetails) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  const ClientAnswer answer = Call(gateway, "POST", "/api/v1/chat/completions", "", kBody);
  ASSERT_EQ(answer.status, 200) << answer.body;
  JsonDocument document;
  ASSERT_TRUE(document.Parse(answer.body));
  const JsonValue root = document.root();
  EXPECT_EQ(root["provider"].string(), "p1");
  EXPECT_TRUE(root["system_fingerprint"].is_null());
  EXPECT_EQ(root["usage"]["cost"].raw(), "0.000000015");
  const JsonValue details = root["usage"]["cost_details"];
  EXPECT_EQ(details["upstream_inference_prompt_cost"].raw(), "0.00000001");
  EXPECT_EQ(details["upstream_inference_completions_cost"].raw(), "0.000000005");
  EXPECT_TRUE(details["upstream_inference_cost"].is_null());

  upstream.Expect(
      {.pieces = {StreamHead() +
                  Chunk(DeltaEvent("hello", "stop") + UsageEvent(10, 5) + std::string(kDoneEvent)) +
                  std::string(kLastChunk)}});
  const ClientAnswer stream = Call(gateway, "POST", "/api/v1/chat/completions", "", kStreamBody);
  ASSERT_EQ(stream.status, 200);
  EXPECT_THAT(stream.body, HasSubstr(R"("provider":"p1","choices":[)"));
  EXPECT_THAT(stream.body, HasSubstr(R"("cost":0.000000015)"));
  EXPECT_TRUE(stream.body.ends_with(kDoneEvent));
}

TEST(OpenRouterTest, AStreamThatIsCutEndsInAChunkWithAnError) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect({.pieces = {StreamHead() + Chunk(DeltaEvent("hel"))}, .close = true});
  const ClientAnswer stream = Call(gateway, "POST", "/api/v1/chat/completions", "", kStreamBody);
  ASSERT_EQ(stream.status, 200);
  EXPECT_THAT(stream.body,
              HasSubstr(R"("finish_reason":"error"}],"error":{"code":502,"message":")"));
  EXPECT_THAT(stream.body, Not(HasSubstr("[DONE]")));
}

TEST(OpenRouterTest, ItsOwnCommentKeepsAStreamAlive) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect(
      {.pieces = {StreamHead() + Chunk(DeltaEvent("hel")), Chunk(": ping\n\n"),
                  Chunk(DeltaEvent("lo", "stop") + UsageEvent(10, 5) + std::string(kDoneEvent)) +
                      std::string(kLastChunk)}});
  const ClientAnswer stream = Call(gateway, "POST", "/api/v1/chat/completions", "", kStreamBody);
  EXPECT_THAT(stream.body, HasSubstr("\n\n: OPENROUTER PROCESSING\n\ndata: "));
  EXPECT_THAT(stream.body, Not(HasSubstr("ping")));
}

TEST(OpenRouterTest, WhatItCannotPromiseIsRefusedByName) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const auto send = [&](std::string_view member) {
    return Call(gateway, "POST", "/api/v1/chat/completions", "",
                absl::StrCat(R"({"model":"acme/small","messages":[{"role":"user","content":"a"}],)",
                             AbslView(member), "}"));
  };
  for (const auto& [member, param] :
       {std::pair{R"("provider":{"zdr":true})", "provider.zdr"},
        {R"("provider":{"data_collection":"deny"})", "provider.data_collection"},
        {R"("provider":{"sort":"latency"})", "provider.sort"},
        {R"("provider":{"quantizations":["fp8"]})", "provider.quantizations"},
        {R"("provider":{"max_price":{"prompt":1}})", "provider.max_price"},
        {R"("provider":{"nonsense":1})", "provider"},
        {R"("route":"other")", "route"},
        {R"("plugins":[{"id":"web"}])", "plugins"},
        {R"("transforms":["middle-out"])", "transforms"}}) {
    const ClientAnswer answer = send(member);
    EXPECT_EQ(answer.status, 400) << member;
    EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"param\":\"", param, "\""))) << member;
  }
  for (const std::string_view member :
       {R"("provider":{"zdr":false,"data_collection":"allow","sort":null,"quantizations":[]})",
        R"("route":"fallback")", R"("plugins":[])", R"("session_id":"s")"}) {
    upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("x", 1, 1))}});
    EXPECT_EQ(send(member).status, 200) << member;
    EXPECT_THAT(BodyOf(upstream.requests().back()), Not(HasSubstr(member.substr(0, 8))));
  }
}

constexpr std::string_view kGatewayBody =
    R"({"prompt":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"maxOutputTokens":50})";

std::string GatewayLines(std::string_view version, bool stream) {
  return absl::StrCat("ai-gateway-protocol-version: 0.0.1\r\nai-language-model-id: acme/small\r\n",
                      "ai-language-model-specification-version: ", AbslView(version), "\r\n",
                      "ai-language-model-streaming: ", stream ? "true" : "false", "\r\n");
}

TEST(AiSdkGatewayTest, TheShapeIsThatOfTheVersionInTheHead) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  for (const std::string_view version : {"2", "3", "4"}) {
    upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
    const ClientAnswer answer =
        Call(gateway, "POST", "/v1/ai/language-model", GatewayLines(version, false), kGatewayBody);
    ASSERT_EQ(answer.status, 200) << answer.body;
    JsonDocument document;
    ASSERT_TRUE(document.Parse(answer.body)) << answer.body;
    const JsonValue root = document.root();
    EXPECT_THAT(answer.body, HasSubstr(R"({"content":[{"type":"text","text":"hello"}],)"));
    if (version == "2") {
      EXPECT_EQ(root["finishReason"].string(), "stop");
      EXPECT_EQ(root["usage"]["inputTokens"].integer(), 10);
      EXPECT_EQ(root["usage"]["totalTokens"].integer(), 15);
    } else {
      EXPECT_EQ(root["finishReason"]["unified"].string(), "stop");
      EXPECT_EQ(root["usage"]["inputTokens"]["total"].integer(), 10);
      EXPECT_EQ(root["usage"]["outputTokens"]["total"].integer(), 5);
    }
    const JsonValue metadata = root["providerMetadata"]["gateway"];
    EXPECT_EQ(metadata["generationId"].string(), answer.Header("x-generation-id"));
    EXPECT_EQ(metadata["cost"].string(), "0.000000015");
    EXPECT_EQ(metadata["inputInferenceCost"].string(), "0.00000001");
    EXPECT_EQ(metadata["routing"]["finalProvider"].string(), "p1");
    EXPECT_EQ(metadata["routing"]["totalProviderAttemptCount"].integer(), 1);
    EXPECT_THAT(BodyOf(upstream.requests().back()),
                HasSubstr(R"("max_tokens":50,"messages":[{"role":"user","content":"hi"}])"));
  }
}

TEST(AiSdkGatewayTest, AttemptsAreTold) {
  ScriptedUpstream one;
  ScriptedUpstream two;
  one.Expect({.pieces = {HttpAnswer(503, "application/json", "{}")}});
  two.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  TestGateway gateway(one.base_url(), two.base_url());
  const ClientAnswer answer =
      Call(gateway, "POST", "/v4/ai/language-model", GatewayLines("4", false),
           R"({"prompt":[{"role":"user","content":[{"type":"text","text":"hi"}]}],)"
           R"("providerOptions":{"gateway":{"order":["p1","p2"]},"anthropic":{"thinking":{}}}})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr(R"("attemptNumber":1,"provider":"p1")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("success":false,"error":"status_5xx")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("attemptNumber":2,"provider":"p2")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("modelAttemptCount":1,"totalProviderAttemptCount":2)"));
}

TEST(AiSdkGatewayTest, AStreamHasItsPartsInOrder) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  upstream.Expect(
      {.pieces = {StreamHead() +
                  Chunk(DeltaEvent("hello", "stop") + UsageEvent(10, 5) + std::string(kDoneEvent)) +
                  std::string(kLastChunk)}});
  const ClientAnswer answer =
      Call(gateway, "POST", "/v3/ai/language-model", GatewayLines("3", true), kGatewayBody);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("content-type"), "text/event-stream; charset=utf-8");
  std::size_t at = 0;
  for (const std::string_view part :
       {R"({"type":"stream-start","warnings":[]})", R"({"type":"response-metadata","id":"gen_)",
        R"({"type":"text-start","id":"0"})", R"({"type":"text-delta","id":"0","delta":"hello"})",
        R"({"type":"text-end","id":"0"})", R"({"type":"finish","finishReason":{)",
        R"("cost":"0.000000015")", "data: [DONE]"}) {
    at = answer.body.find(part, at);
    ASSERT_NE(at, std::string::npos) << part << "\n" << answer.body;
  }
}

TEST(AiSdkGatewayTest, ErrorsHaveTheTypesOfTheSdk) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  const auto send = [&](std::string_view lines, std::string_view body) {
    return Call(gateway, "POST", "/v4/ai/language-model", lines, body);
  };
  const std::string good = GatewayLines("4", false);
  const ClientAnswer none =
      send(absl::StrReplaceAll(good, {{"acme/small", "acme/none"}}), kGatewayBody);
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.body, HasSubstr(R"("type":"model_not_found")"));
  EXPECT_THAT(none.body, HasSubstr(R"("param":{"modelId":"acme/none"})"));
  EXPECT_THAT(none.body, HasSubstr(R"("generationId":"gen_)"));
  EXPECT_EQ(send("ai-gateway-protocol-version: 0.0.1\r\n", kGatewayBody).status, 400);
  EXPECT_EQ(send(absl::StrReplaceAll(good, {{"version: 4", "version: 9"}}), kGatewayBody).status,
            400);
  for (const auto& [option, param] :
       {std::pair{R"("zeroDataRetention":true)", "providerOptions.gateway.zeroDataRetention"},
        {R"("byok":{})", "providerOptions.gateway.byok"},
        {R"("nonsense":1)", "providerOptions.gateway.nonsense"}}) {
    const ClientAnswer refused =
        send(good, absl::StrCat(R"({"prompt":[{"role":"user","content":[]}],)"
                                R"("providerOptions":{"gateway":{)",
                                option, "}}}"));
    EXPECT_EQ(refused.status, 400) << option;
    EXPECT_THAT(refused.body, HasSubstr(absl::StrCat("\"param\":\"", param, "\"")));
  }
  upstream.Expect({.pieces = {StreamHead() + Chunk(DeltaEvent("hel"))}, .close = true});
  const ClientAnswer cut = send(GatewayLines("4", true), kGatewayBody);
  EXPECT_THAT(cut.body, HasSubstr(R"({"type":"error","error":{"message":")"));
  EXPECT_THAT(cut.body, HasSubstr(R"("statusCode":502,"isRetryable":true)"));
  EXPECT_THAT(cut.body, Not(HasSubstr(R"("type":"finish")")));
}

}  // namespace
}  // namespace tollgate::dataplane
