// Answers that a provider keeps, from the client's side: gone on with, shown, deleted and cancelled
// by the credential that made them, for the workspace that they were made for.
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/resources.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kUsage = R"("usage":{"input_tokens":10,"output_tokens":5})";

std::string Kept(std::string_view id, std::string_view previous = "null") {
  return absl::StrCat(R"({"id":")", AbslView(id), R"(","previous_response_id":)",
                      AbslView(previous), R"(,"status":"completed","output":[],)", AbslView(kUsage),
                      "}");
}

class KeptResponsesTest : public testing::Test {
 protected:
  KeptResponsesTest() {
    gateway_.SetProviders([](config::v1::Provider& provider) {
      provider.set_format(catalog::v1::FORMAT_OPENAI_RESPONSES);
    });
    // Context bounds what is kept.
    config::v1::Resource offering = OfferingResource("p1", "acme/small");
    offering.mutable_offering()->set_context_tokens_max(1000);
    SetIdentity(offering);
    // The lowest goes first; the others are there to be mistaken for it.
    gateway_.Publish({offering, CredentialResource("cred_other", "p1", "", 1, "sk-other")});
  }

  std::string Send(std::string_view method, std::string_view target, std::string_view body,
                   std::string_view key = {}) {
    return absl::StrCat(AbslView(method), " ", AbslView(target),
                        " HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ",
                        key.empty() ? AbslView(gateway_.key()) : AbslView(key),
                        "\r\nContent-Length: ", body.size(), "\r\n\r\n", AbslView(body));
  }
  ClientAnswer Ask(std::string_view members, std::string_view key = {}) {
    return gateway_.Call(Send(
        "POST", "/v1/responses",
        absl::StrCat(R"({"model":"acme/small","max_output_tokens":50,)", AbslView(members), "}"),
        key));
  }
  ClientAnswer Get(std::string_view target, std::string_view key = {}) {
    return gateway_.Call(Send("GET", target, "", key));
  }
  void Expect(std::string_view body, int status = 200) {
    upstream_.Expect({.pieces = {HttpAnswer(status, "application/json", body)}});
  }
  // An answer of the provider's, and the client's name for it.
  std::string MakeOne(std::string_view id = "resp_1") {
    Expect(Kept(id));
    const ClientAnswer answer = Ask(R"("input":"hi")");
    EXPECT_EQ(answer.status, 200) << answer.body;
    const std::size_t begin = answer.body.find("resp_tg");
    EXPECT_NE(begin, std::string::npos) << answer.body;
    return answer.body.substr(begin, answer.body.find('"', begin) - begin);
  }
  std::string Last() { return upstream_.requests().back(); }

  ScriptedUpstream upstream_;
  TestGateway gateway_{upstream_.base_url(), ""};
};

TEST_F(KeptResponsesTest, ATurnGoesToTheCredentialThatMadeTheLast) {
  const std::string name = MakeOne();
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-canary-p1"));
  // From now on another credential goes first.
  gateway_.Publish({CredentialResource("cred_p1", "p1", "", 5, "sk-canary-p1"),
                    CredentialResource("cred_first", "p1", "", 0, "sk-first")});
  MakeOne("resp_2");
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-first"));
  Expect(Kept("resp_3", "\"resp_1\""));
  const ClientAnswer answer =
      Ask(absl::StrCat(R"("input":"more", "previous_response_id" : ")", name, "\""));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-canary-p1"));
  EXPECT_EQ(BodyOf(Last()), R"({"model":"small","max_output_tokens":50,"input":"more", )"
                            R"("previous_response_id" : "resp_1"})");
  EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"previous_response_id\":\"", name, "\"")));
  EXPECT_THAT(answer.body, Not(HasSubstr("\"resp_3\""))) << "no id of the provider's own";
  EXPECT_THAT(answer.body, HasSubstr("\"cost\":"));
}

TEST_F(KeptResponsesTest, AStreamNamesItsAnswerInEachEvent) {
  const auto event = [](std::string_view type, std::string_view status) {
    return absl::StrCat("event: x\ndata: {\"type\":\"", AbslView(type),
                        "\",\"response\":{\"id\":\"resp_1\",\"previous_response_id\":\"resp_0\",",
                        "\"status\":\"", AbslView(status), "\"",
                        type == "response.completed" ? absl::StrCat(",", AbslView(kUsage)) : "",
                        "}}\n\n");
  };
  upstream_.Expect(
      {.pieces = {StreamHead(),
                  Chunk(event("response.created", "in_progress") +
                        event("response.in_progress", "in_progress")),
                  Chunk(event("response.completed", "completed")) + std::string(kLastChunk)}});
  const ClientAnswer answer = Ask(R"("input":"hi","stream":true)");
  for (const std::string_view own : {"\"resp_0\"", "\"resp_1\""}) {
    EXPECT_THAT(answer.body, Not(HasSubstr(own)));
  }
  EXPECT_EQ(Occurrences(answer.body, "\"id\":\"resp_tg"), 3);
  EXPECT_EQ(Occurrences(answer.body, "\"previous_response_id\":\"resp_tg"), 3);
  EXPECT_EQ(Occurrences(answer.body, "\"cost\":0.000000015}"), 1);
  const std::size_t first = answer.body.find("resp_tg");
  const std::string name = answer.body.substr(first, answer.body.find('"', first) - first);
  EXPECT_EQ(Occurrences(answer.body, name), 3) << "one name";
  Expect(Kept("resp_1"));
  EXPECT_EQ(Get("/v1/responses/" + name).status, 200);
  EXPECT_THAT(Last(), HasSubstr("GET /v1/responses/resp_1 HTTP/1.1"));
}

TEST_F(KeptResponsesTest, AnotherWorkspaceIsShownNothing) {
  const std::string name = MakeOne();
  const std::string stranger = gateway_.AddKey("key_2", "ws_2");
  const std::size_t before = upstream_.requests().size();
  const ClientAnswer turn =
      Ask(absl::StrCat(R"("input":"x","previous_response_id":")", name, "\""), stranger);
  ExpectError(turn, 400, "response_not_found");
  EXPECT_THAT(turn.body, HasSubstr(R"("param":"previous_response_id")"));
  ExpectError(Get("/v1/responses/" + name, stranger), 404, "response_not_found");
  ExpectError(Get("/v1/responses/" + name + "/input_items", stranger), 404, "response_not_found");
  ExpectError(gateway_.Call(Send("DELETE", "/v1/responses/" + name, "", stranger)), 404,
              "response_not_found");
  ExpectError(gateway_.Call(Send("POST", "/v1/responses/" + name + "/cancel", "", stranger)), 404,
              "response_not_found");
  // The provider's own id proves nothing.
  ExpectError(Get("/v1/responses/resp_1"), 404, "response_not_found");
  EXPECT_EQ(upstream_.requests().size(), before) << "no provider was asked";
}

// What stands in an account by other ways is asked of the workspace's own accounts alone.
TEST_F(KeptResponsesTest, ForeignIdsGoToTheWorkspacesOwnAccounts) {
  for (const std::string_view members :
       {R"("input":"x","previous_response_id":"resp_9")", R"("input":"x","conversation":"conv_9")",
        R"("input":[{"type":"item_reference","id":"msg_9"}])"}) {
    SCOPED_TRACE(members);
    const std::size_t before = upstream_.requests().size();
    const ClientAnswer refused = Ask(members);
    ExpectError(refused, 400, "unsupported_parameter");
    EXPECT_EQ(upstream_.requests().size(), before);
    gateway_.Publish({CredentialResource("cred_own", "p1", "ws_1", 0, "sk-own")});
    Expect(Kept("resp_10"));
    const ClientAnswer answer = Ask(members);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(Last(), HasSubstr("Bearer sk-own"));
    EXPECT_THAT(BodyOf(Last()), HasSubstr(members));
    gateway_.Unpublish(CredentialResource("cred_own", "p1", "ws_1"));
  }
}

TEST_F(KeptResponsesTest, WhatCannotBeAskedAgainIsRefusedWithWhatToDo) {
  const std::string name = MakeOne();
  const std::string members = absl::StrCat(R"("input":"x","previous_response_id":")", name, "\"");
  // Another model, which that provider does not sell.
  gateway_.Publish({ModelResource("acme/else"), ProviderResource("p9"),
                    CredentialResource("cred_p9", "p9"), OfferingResource("p9", "acme/else")});
  const ClientAnswer elsewhere = gateway_.Call(
      Send("POST", "/v1/responses", absl::StrCat(R"({"model":"acme/else",)", members, "}")));
  ExpectError(elsewhere, 400, "unsupported_parameter");
  EXPECT_THAT(elsewhere.body, HasSubstr(R"("param":"previous_response_id")"));
  EXPECT_THAT(elsewhere.body, HasSubstr("Ask the model that gave the answer"));
  gateway_.Unpublish(CredentialResource("cred_p1", "p1"));
  const ClientAnswer gone = Ask(members);
  ExpectError(gone, 400, "response_not_found");
  EXPECT_THAT(gone.body, HasSubstr("send the items"));
  ExpectError(Get("/v1/responses/" + name), 404, "response_not_found");
}

TEST_F(KeptResponsesTest, ItIsShownDeletedAndCancelledFreeOfCharge) {
  const std::string name = MakeOne();
  const std::int64_t left = gateway_.WalletLeft();
  Expect(Kept("resp_1", "\"resp_0\""));
  const ClientAnswer shown =
      Get(absl::StrCat("/v1/responses/", name, "?include%5B%5D=reasoning.encrypted_content"));
  EXPECT_EQ(shown.status, 200) << shown.body;
  EXPECT_THAT(Last(), HasSubstr("GET /v1/responses/resp_1?include%5B%5D=reasoning.encrypted_content"
                                " HTTP/1.1"));
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-canary-p1"));
  EXPECT_THAT(shown.body, HasSubstr(absl::StrCat("\"id\":\"", name, "\"")));
  EXPECT_THAT(shown.body, HasSubstr("\"previous_response_id\":\"resp_tg"));
  EXPECT_THAT(shown.body, Not(HasSubstr("cost")));
  EXPECT_EQ(shown.Header("x-tollgate-provider"), "p1");

  constexpr std::string_view kList = R"({"object":"list","data":[{"id":"msg_1"}]})";
  Expect(kList);
  const ClientAnswer items =
      Get(absl::StrCat("/v1/responses/", name, "/input_items?limit=5&order=asc"));
  EXPECT_THAT(
      items.body,
      testing::MatchesRegex(R"(\{"object":"list","data":\[\{"id":"msg_tg[0-9a-f]+_msg_1"\}\]\})"));
  EXPECT_THAT(Last(), HasSubstr("GET /v1/responses/resp_1/input_items?limit=5&order=asc HTTP"));

  Expect(R"({"error":{"message":"Cannot cancel a synchronous response."}})", 400);
  const ClientAnswer cancelled =
      gateway_.Call(Send("POST", absl::StrCat("/v1/responses/", name, "/cancel"), ""));
  ExpectError(cancelled, 400, "provider_rejected");
  EXPECT_THAT(cancelled.body, HasSubstr("Cannot cancel"));
  EXPECT_THAT(Last(), HasSubstr("POST /v1/responses/resp_1/cancel HTTP/1.1"));

  Expect(R"({"id":"resp_1","object":"response","deleted":true})");
  const ClientAnswer deleted = gateway_.Call(Send("DELETE", "/v1/responses/" + name, ""));
  EXPECT_EQ(deleted.body,
            absl::StrCat(R"({"id":")", name, R"(","object":"response","deleted":true})"));
  EXPECT_THAT(Last(), HasSubstr("DELETE /v1/responses/resp_1 HTTP/1.1"));
  Expect(R"({"error":{"message":"Response with id 'resp_1' not found."}})", 404);
  ExpectError(Get("/v1/responses/" + name), 404, "response_not_found");

  EXPECT_EQ(gateway_.WalletLeft(), left) << "nothing of this is charged";
  int retrieved = 0;
  for (const std::string& line : gateway_.access_log().lines()) {
    retrieved += line.find(R"("outcome":"retrieved")") != std::string::npos;
  }
  EXPECT_EQ(retrieved, 3);
}

TEST_F(KeptResponsesTest, WhatIsNoQueryOfTheseIsRefusedByName) {
  const std::string name = MakeOne();
  const ClientAnswer streamed = Get(absl::StrCat("/v1/responses/", name, "?stream=true"));
  ExpectError(streamed, 400, "unsupported_parameter");
  EXPECT_THAT(streamed.body, HasSubstr(R"("param":"stream")"));
  ExpectError(Get(absl::StrCat("/v1/responses/", name, "?key=sk-x")), 400, "unsupported_parameter");
  Expect(Kept("resp_1"));
  EXPECT_EQ(Get(absl::StrCat("/v1/responses/", name, "?stream=false")).status, 200);
  ExpectError(gateway_.Call("GET /v1/responses/" + name + " HTTP/1.1\r\nHost: g\r\n\r\n"), 401,
              "missing_api_key");
}

TEST_F(KeptResponsesTest, AProviderThatFailsIsSaidSo) {
  const std::string name = MakeOne();
  Expect("oops", 503);
  ExpectError(Get("/v1/responses/" + name), 502, "all_providers_failed");
  upstream_.Expect({.pieces = {HttpAnswer(429, "application/json", "{}", "retry-after: 7\r\n")}});
  const ClientAnswer limited = Get("/v1/responses/" + name);
  ExpectError(limited, 429, "providers_rate_limited");
  EXPECT_EQ(limited.Header("retry-after"), "7");
  Expect("[1]");
  ExpectError(Get("/v1/responses/" + name), 502, "all_providers_failed");
}

}  // namespace
}  // namespace tollgate::dataplane
