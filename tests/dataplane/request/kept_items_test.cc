// Items of answers that a provider keeps, from the client's side: each has a name wherever it is
// shown, and may be named instead of being sent, by the workspace that it was made for alone.
#include <regex>
#include <string>
#include <string_view>
#include <vector>

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

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kUsage = R"("usage":{"input_tokens":10,"output_tokens":5})";
constexpr std::string_view kOutput =
    R"({"id":"rs_1","type":"reasoning","summary":[]},)"
    R"({"type":"message","content":[{"type":"output_text","text":"\"id\":\"msg_1\""}],)"
    R"("id":"msg_1"},{"id":"mcp_1","type":"mcp_call","approval_request_id":"mcpr_1"})";

std::string Answer(std::string_view output = kOutput) {
  return absl::StrCat(R"({"id":"resp_1","status":"completed","output":[)", AbslView(output), "],",
                      AbslView(kUsage), "}");
}

// The first name in an answer of the item with this id.
std::string NameIn(const std::string& text, const std::string& id) {
  std::smatch match;
  const std::regex name("\"([a-z]+_tg[0-9a-f]{40}_" + id + ")\"");
  return std::regex_search(text, match, name) ? match[1].str() : "(no name of " + id + ")";
}

class KeptItemsTest : public testing::Test {
 protected:
  KeptItemsTest() {
    gateway_.SetProviders([](config::v1::Provider& provider) {
      provider.set_format(catalog::v1::FORMAT_OPENAI_RESPONSES);
    });
    config::v1::Resource offering = OfferingResource("p1", "acme/small");
    offering.mutable_offering()->set_context_tokens_max(1000);
    SetIdentity(offering);
    gateway_.Publish({offering});
    // The other workspace can pay too.
    const Money granted = Money::FromNanoUsd(kWallet);
    gateway_.leases().Grant(
        *gateway_.leases().Open("wallet/ws_2", "", true, absl::InfiniteFuture()), granted,
        MonotonicTime::InfiniteFuture(), LeaseShortage::kExhausted, granted);
  }

  std::string Request(std::string_view members, std::string_view key = {}) const {
    const std::string body =
        absl::StrCat(R"({"model":"acme/small","max_output_tokens":50,)", AbslView(members), "}");
    return absl::StrCat("POST /v1/responses HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ",
                        key.empty() ? AbslView(gateway_.key()) : AbslView(key),
                        "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  }
  ClientAnswer Ask(std::string_view members, std::string_view key = {}) {
    return gateway_.Call(Request(members, key));
  }
  ClientAnswer AskWith(std::string_view items, std::string_view key = {}) {
    return Ask(absl::StrCat("\"input\":[", AbslView(items), "]"), key);
  }
  void Expect(std::string_view body) {
    upstream_.Expect({.pieces = {HttpAnswer(200, "application/json", body)}});
  }
  // What the provider is sent of the input.
  std::string Sent(std::string_view items, std::string_view key = {}) {
    Expect(Answer());
    const ClientAnswer answer = AskWith(items, key);
    EXPECT_EQ(answer.status, 200) << answer.body;
    if (answer.status != 200) return "(not sent)";
    const std::string body = BodyOf(upstream_.requests().back());
    const std::size_t begin = body.find("\"input\":[") + 9;
    return body.substr(begin, body.size() - 2 - begin);
  }
  std::string MakeAnswer() {
    Expect(Answer());
    const ClientAnswer answer = Ask(R"("input":"hi")");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  std::string Last() { return upstream_.requests().back(); }
  void ExpectRefused(const ClientAnswer& answer, const std::string& code,
                     const std::string& param) {
    ExpectError(answer, 400, code);
    EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"param\":\"", param, "\"")));
    EXPECT_THAT(answer.body, HasSubstr("end the items of the conversation themselves"));
  }

  ScriptedUpstream upstream_;
  TestGateway gateway_{upstream_.base_url(), ""};
};

std::string Reference(std::string_view id) {
  return absl::StrCat(R"({"type":"item_reference","id":")", AbslView(id), "\"}");
}

TEST_F(KeptItemsTest, EachItemOfAnAnswerHasAName) {
  const std::string answer = MakeAnswer();
  for (const std::string id : {"rs_1", "msg_1", "mcp_1", "mcpr_1"}) {
    EXPECT_THAT(NameIn(answer, id), testing::StartsWith(id.substr(0, id.find('_')) + "_tg"));
    EXPECT_THAT(answer, Not(HasSubstr("\"" + id + "\"")));
  }
  EXPECT_THAT(answer, HasSubstr(R"("text":"\"id\":\"msg_1\"")")) << "what the model says stays";
}

TEST_F(KeptItemsTest, AReferenceGoesToWhoMadeTheItem) {
  const std::string answer = MakeAnswer();
  // From now on another credential goes first.
  gateway_.Publish({CredentialResource("cred_p1", "p1", "", 5, "sk-canary-p1"),
                    CredentialResource("cred_first", "p1", "", 0, "sk-first")});
  Expect(Answer());
  EXPECT_EQ(Ask(R"("input":"x")").status, 200);
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-first"));
  const std::string user = R"({"role":"user", "content":"and?"})";
  EXPECT_EQ(Sent(absl::StrCat(user, ",", Reference(NameIn(answer, "rs_1")), ", ",
                              Reference(NameIn(answer, "msg_1")))),
            absl::StrCat(user, ",", Reference("rs_1"), ", ", Reference("msg_1")));
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-canary-p1"));
  // The API takes a reference without its type, and a thought by its id alone.
  EXPECT_EQ(Sent(absl::StrCat("{\"id\" : \"", NameIn(answer, "msg_1"), "\"}")),
            R"({"id" : "msg_1"})");
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-canary-p1"));
  EXPECT_EQ(Sent(absl::StrCat(R"({"type":"reasoning","summary":[],"id":")", NameIn(answer, "rs_1"),
                              "\"}")),
            R"({"type":"reasoning","summary":[],"id":"rs_1"})");
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-canary-p1"));
  EXPECT_EQ(Sent(absl::StrCat(R"({"type":"mcp_approval_response","approve":true,)",
                              R"("approval_request_id":")", NameIn(answer, "mcpr_1"), "\"}")),
            R"({"type":"mcp_approval_response","approve":true,"approval_request_id":"mcpr_1"})");
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-canary-p1"));
}

TEST_F(KeptItemsTest, AnotherWorkspaceIsToldNothing) {
  const std::string answer = MakeAnswer();
  const std::string stranger = gateway_.AddKey("key_2", "ws_2");
  const std::string name = NameIn(answer, "msg_1");
  std::string never = name;
  never.back() = '2';
  const std::size_t before = upstream_.requests().size();
  std::string told;
  for (const std::string& id : {name, never}) {
    const ClientAnswer refused = AskWith(Reference(id), stranger);
    ExpectRefused(refused, "response_not_found", "input[0]");
    const std::string message = refused.body.substr(0, refused.body.find("\"generation_id\""));
    EXPECT_TRUE(told.empty() || told == message) << "whether it is there is not said: " << message;
    told = message;
  }
  ExpectRefused(AskWith(Reference(never)), "response_not_found", "input[0]");
  for (const std::size_t at : {0, 6, 40}) {
    std::string changed = name;
    changed[at] = changed[at] == '0' ? '1' : '0';
    EXPECT_EQ(AskWith(Reference(changed)).status, 400) << changed;
  }
  // The name of an answer is none of an item, and the other way round.
  ExpectRefused(AskWith(Reference(NameIn(answer, "resp_1"))), "response_not_found", "input[0]");
  EXPECT_EQ(Ask(absl::StrCat(R"("input":"x","previous_response_id":")", name, "\"")).status, 400);
  EXPECT_EQ(upstream_.requests().size(), before) << "no provider was asked";
}

// An account that several workspaces share is asked for no id that its provider gave.
TEST_F(KeptItemsTest, BareIdsGoToTheWorkspacesOwnAccounts) {
  for (const std::string& item :
       {Reference("msg_9"), std::string(R"({"id":"msg_9"})"),
        std::string(R"({"type":null,"id":"msg_9"})"),
        std::string(R"({"type":"reasoning","id":"rs_9","summary":[{"text":"x"}]})"),
        std::string(R"({"type":"reasoning","id":"rs_9","encrypted_content":"","content":[]})"),
        std::string(R"({"type":"web_search_call","\u0069d":"ws_9"})"),
        std::string(R"({"type":"mcp_approval_response","approval_request_id":"mcpr_9"})")}) {
    SCOPED_TRACE(item);
    const std::size_t before = upstream_.requests().size();
    ExpectRefused(AskWith(R"({"role":"user","content":"x"},)" + item), "unsupported_parameter",
                  "input[1]");
    EXPECT_EQ(upstream_.requests().size(), before);
    gateway_.Publish({CredentialResource("cred_own", "p1", "ws_1", 0, "sk-own")});
    EXPECT_EQ(Sent(item), item) << "byte for byte";
    EXPECT_THAT(Last(), HasSubstr("Bearer sk-own"));
    gateway_.Unpublish(CredentialResource("cred_own", "p1", "ws_1"));
  }
}

// What is there as a whole is sent to whoever serves, with its id where it is known.
TEST_F(KeptItemsTest, WholeItemsGoWithoutIdsThatAreNotTheirs) {
  const std::string answer = MakeAnswer();
  const std::string name = NameIn(answer, "msg_1");
  const auto message = [](std::string_view id) {
    return absl::StrCat(R"({"id":")", AbslView(id), R"(", "role":"assistant","content":"x"})");
  };
  const std::string without = R"({"role":"assistant","content":"x"})";
  EXPECT_EQ(Sent(message(name)), message("msg_1"));
  const std::string stranger = gateway_.AddKey("key_2", "ws_2");
  EXPECT_EQ(Sent(message(name), stranger), without) << "another workspace's";
  EXPECT_EQ(Sent(message("msg_9")), without) << "nobody's";
  EXPECT_EQ(Sent(R"({"role":"user","content":"x" , "id" : "msg_9"})"),
            R"({"role":"user","content":"x"})");
  EXPECT_EQ(Sent(R"({"role":"user", "id":"msg_9", "content":"x"})"),
            R"({"role":"user", "content":"x"})");
  EXPECT_EQ(Sent(R"({"type":"reasoning","id":"rs_9","summary":[],"encrypted_content":"e"})"),
            R"({"type":"reasoning","summary":[],"encrypted_content":"e"})");
  EXPECT_EQ(Sent(R"({"type":"reasoning","id":"rs_9","content":[{"text":"x"}]})"),
            R"({"type":"reasoning","content":[{"text":"x"}]})");
  gateway_.Publish({CredentialResource("cred_p1", "p1", "", 5, "sk-canary-p1"),
                    CredentialResource("cred_first", "p1", "", 0, "sk-first")});
  EXPECT_EQ(Sent(message(name)), without) << "another credential's";
  EXPECT_THAT(Last(), HasSubstr("Bearer sk-first"));
  gateway_.Publish({CredentialResource("cred_own", "p1", "ws_1", 0, "sk-own")});
  EXPECT_EQ(Sent(message("msg_9")), message("msg_9")) << "the workspace's own account";
  EXPECT_EQ(Sent(message(name)), without);
  ExpectError(AskWith(R"({"role":"user","content":"x","id":"msg_1","id":"msg_2"})"), 400,
              "invalid_json");
}

TEST_F(KeptItemsTest, OneRequestNamesWhatOneCredentialMade) {
  const std::string first = MakeAnswer();
  gateway_.Publish({CredentialResource("cred_p1", "p1", "", 5, "sk-canary-p1"),
                    CredentialResource("cred_first", "p1", "", 0, "sk-first")});
  const std::string second = MakeAnswer();
  const std::size_t before = upstream_.requests().size();
  const ClientAnswer two = AskWith(
      absl::StrCat(Reference(NameIn(first, "msg_1")), ",", Reference(NameIn(second, "msg_1"))));
  ExpectRefused(two, "unsupported_parameter", "input[1]");
  EXPECT_THAT(two.body, HasSubstr("`input[0]`"));
  const ClientAnswer with_answer =
      Ask(absl::StrCat(R"("previous_response_id":")", NameIn(first, "resp_1"), R"(","input":[)",
                       Reference(NameIn(second, "msg_1")), "]"));
  ExpectRefused(with_answer, "unsupported_parameter", "input[0]");
  EXPECT_THAT(with_answer.body, HasSubstr("`previous_response_id`"));
  ExpectRefused(AskWith(absl::StrCat(Reference(NameIn(first, "msg_1")), ",", Reference("msg_9"))),
                "unsupported_parameter", "input[1]");
  EXPECT_EQ(upstream_.requests().size(), before);
  Expect(Answer());
  EXPECT_EQ(Ask(absl::StrCat(R"("previous_response_id":")", NameIn(first, "resp_1"),
                             R"(","input":[)", Reference(NameIn(first, "msg_1")), "]"))
                .status,
            200);
  gateway_.Unpublish(CredentialResource("cred_p1", "p1"));
  const ClientAnswer gone = AskWith(Reference(NameIn(first, "msg_1")));
  ExpectRefused(gone, "response_not_found", "input[0]");
  EXPECT_THAT(gone.body, HasSubstr("no longer there"));
}

// Providers of other formats have the summary of a thought, or need none.
TEST_F(KeptItemsTest, AThoughtDoesNotKeepAModelOfAnotherFormatAway) {
  const std::string name = NameIn(MakeAnswer(), "rs_1");
  const auto items = [](std::string_view id) {
    return absl::StrCat(R"({"role":"user","content":"x"},{"type":"reasoning","id":")", AbslView(id),
                        R"(","summary":[{"type":"summary_text","text":"hm"}]})");
  };
  gateway_.SetProviders(
      [](config::v1::Provider& provider) { provider.set_format(catalog::v1::FORMAT_OPENAI_CHAT); });
  const std::string stranger = gateway_.AddKey("key_2", "ws_2");
  for (const std::string& key : {gateway_.key(), stranger}) {
    for (const std::string& id : {name, std::string("rs_01J_0")}) {
      Expect(Completion("ok", 3, 2));
      EXPECT_EQ(AskWith(items(id), key).status, 200) << id;
      EXPECT_THAT(BodyOf(Last()), Not(HasSubstr(id)));
    }
  }
  ExpectRefused(AskWith(absl::StrCat(items(name), ",", Reference(name))), "response_not_found",
                "input[1]");
}

// What another maker's model thought, as the gateway showed it, is nothing to a provider of these.
TEST_F(KeptItemsTest, ThoughtsOfOtherMakersAreLeftOut) {
  const std::string sent =
      Sent(R"({"role":"user","content":"x"},{"type":"reasoning","summary":[{"type":)"
           R"("summary_text","text":"hm"}],"id":"rs_01JZZZZZZZZZZZZZZZZZZZZZZZ_0"},)"
           R"({"role":"assistant","id":"msg_01JZZZZZZZZZZZZZZZZZZZZZZZ_1","content":"y"})");
  EXPECT_THAT(sent, AllOf(HasSubstr("\"y\""), Not(HasSubstr("hm")), Not(HasSubstr("_01JZ"))));
}

// A model whose provider keeps nothing says which member, and what to do.
TEST_F(KeptItemsTest, AnotherFormatIsToldNoReference) {
  const std::string answer = MakeAnswer();
  gateway_.SetProviders(
      [](config::v1::Provider& provider) { provider.set_format(catalog::v1::FORMAT_ANTHROPIC); });
  const std::size_t before = upstream_.requests().size();
  const ClientAnswer bare = AskWith(Reference("msg_9"));
  ExpectRefused(bare, "unsupported_parameter", "input[0]");
  EXPECT_THAT(bare.body, HasSubstr("`store` set to false"));
  EXPECT_EQ(AskWith(Reference(NameIn(answer, "msg_1"))).status, 400);
  EXPECT_EQ(upstream_.requests().size(), before);
}

TEST_F(KeptItemsTest, MoreReferencesThanAreLookedAtAreRefused) {
  const std::string reference = Reference(NameIn(MakeAnswer(), "msg_1"));
  std::string items = reference;
  for (int i = 0; i < 4096; ++i) items += "," + reference;
  ExpectRefused(AskWith(items), "unsupported_parameter", "input[4096]");
}

TEST_F(KeptItemsTest, TheListOfItemsIsPagedByNames) {
  const std::string path =
      absl::StrCat("/v1/responses/", NameIn(MakeAnswer(), "resp_1"), "/input_items");
  const auto get = [&](const std::string& target) {
    return gateway_.Call(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: g\r\nAuthorization: ",
                                      "Bearer ", gateway_.key(), "\r\n\r\n"));
  };
  Expect(R"({"object":"list","data":[{"id":"msg_7"},{"type":"message","id":"msg_8"}],)"
         R"("first_id":"msg_7","last_id":"msg_8","has_more":true})");
  const std::string page = get(path).body;
  const std::string last = NameIn(page, "msg_8");
  EXPECT_EQ(Occurrences(page, last), 2) << page;
  EXPECT_EQ(Occurrences(page, NameIn(page, "msg_7")), 2) << page;
  Expect(R"({"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false})");
  EXPECT_EQ(get(absl::StrCat(path, "?limit=2&after=", last)).status, 200);
  EXPECT_THAT(Last(), HasSubstr("/v1/responses/resp_1/input_items?limit=2&after=msg_8 HTTP"));
  Expect(Answer());
  EXPECT_THAT(Sent(Reference(last)), Reference("msg_8")) << "what was listed can be referred to";
}

// One stream, split anywhere: the same names in all events, and nothing else of it changed.
TEST_F(KeptItemsTest, AStreamNamesItsItemsInEachEvent) {
  const auto event = [](std::string_view type, std::string_view members) {
    return absl::StrCat("event: ", AbslView(type), "\ndata: {\"type\":\"", AbslView(type), "\",",
                        AbslView(members), "}\n\n");
  };
  const std::string item = R"("item":{"type":"message","id":"msg_1","content":[]})";
  const std::string events =
      event("response.created", R"("response":{"id":"resp_1","output":[]})") +
      event("response.output_item.added", R"("output_index":0,"item":{"id":"rs_1"})") +
      event("response.output_item.done", R"("output_index":0,"item":{"id":"rs_1"})") +
      event("response.output_item.added", R"("output_index":1,)" + item) +
      event("response.output_text.delta", R"("item_id":"msg_1","delta":"he")") +
      event("response.output_text.delta", R"("delta":"llo","item_id":"msg_1")") +
      event("response.output_item.done", R"("output_index":1,)" + item) +
      event("response.completed",
            absl::StrCat(R"("response":{"output":[{"id":"rs_1"},{"id":"msg_1"}],"id":"resp_1",)",
                         R"("status":"completed",)", AbslView(kUsage), "}"));
  const std::string whole = MakeAnswer();
  std::string expected = events;
  for (const std::string id : {"resp_1", "rs_1", "msg_1"}) {
    expected =
        std::regex_replace(expected, std::regex("\"" + id + "\""), "\"" + NameIn(whole, id) + "\"");
  }
  expected.insert(expected.find("}}}"), R"(,"cost":0.000000015)");
  TestClient client(gateway_.port());
  const std::string request = Request(R"("input":"hi","stream":true)");
  for (std::size_t cut = 1; cut < events.size(); cut += 11) {
    upstream_.Expect({.pieces = {StreamHead() + Chunk(events.substr(0, cut)),
                                 Chunk(events.substr(cut)) + std::string(kLastChunk)},
                      .pause_ms = 1});
    client.Send(request);
    ASSERT_EQ(client.ReadAnswer().body, expected) << cut;
  }
}

// Where a quirk of the provider's lets no body pass, its answer is found again all the same.
TEST_F(KeptItemsTest, ATranslatedAnswerIsKeptToo) {
  gateway_.SetProviders([](config::v1::Provider& provider) {
    provider.mutable_quirks()->add_unsupported_parameters("top_p");
  });
  const std::string answer = absl::StrCat(
      R"({"id":"resp_5","object":"response","status":"completed","model":"small","output":[)",
      R"({"id":"msg_5","type":"message","role":"assistant","content":[)",
      R"({"type":"output_text","text":"x","annotations":[]}]}],)", AbslView(kUsage), "}");
  const std::string members = R"("input":"hi","top_p":0.5)";
  Expect(answer);
  const ClientAnswer first = Ask(members);
  ASSERT_EQ(first.status, 200) << first.body;
  const std::string name = NameIn(first.body, "resp_5");
  EXPECT_THAT(first.body, AllOf(HasSubstr(absl::StrCat("{\"id\":\"", name, "\"")),
                                HasSubstr("\"store\":true")));
  EXPECT_THAT(BodyOf(Last()), AllOf(Not(HasSubstr("top_p")), Not(HasSubstr("store"))));
  const std::string reference = Reference(NameIn(MakeAnswer(), "msg_1"));
  Expect(answer);
  const ClientAnswer second =
      Ask(absl::StrCat(R"("top_p":0.5,"previous_response_id":")", name, R"(","input":[)", reference,
                       R"(,{"role":"assistant","id":"msg_9","content":"y"}])"));
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_THAT(second.body, HasSubstr(absl::StrCat("\"previous_response_id\":\"", name, "\"")));
  EXPECT_THAT(BodyOf(Last()),
              AllOf(HasSubstr(R"("previous_response_id":"resp_5")"), HasSubstr(Reference("msg_1")),
                    Not(HasSubstr("msg_9")), Not(HasSubstr("_tg"))));
  Expect(answer);
  const ClientAnswer forgotten = Ask(members + R"(,"store":false)");
  EXPECT_THAT(BodyOf(Last()), HasSubstr("\"store\":false"));
  EXPECT_THAT(forgotten.body, AllOf(HasSubstr("{\"id\":\"gen_"), HasSubstr("\"store\":false")));
  const auto event = [](std::string_view type, std::string_view response) {
    return absl::StrCat("data: {\"type\":\"", AbslView(type),
                        "\",\"response\":", AbslView(response), "}\n\n");
  };
  upstream_.Expect({.pieces = {StreamHead(), Chunk(event("response.created", R"({"id":"resp_5"})") +
                                                   event("response.completed", answer)) +
                                                 std::string(kLastChunk)}});
  const ClientAnswer streamed = Ask(members + R"(,"stream":true)");
  EXPECT_EQ(Occurrences(streamed.body, name), 3) << streamed.body;
}

}  // namespace
}  // namespace tollgate::dataplane
