// Bodies for a provider that speaks the surface's own JSON: the very bytes, unless a quirk of the
// provider concerns something that the request has.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/limits.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

// A chat completion with `members` in front of a question.
std::string Body(std::string_view members) {
  return absl::StrCat(R"({ "model":"acme/small",)", AbslView(members),
                      R"( "messages":[{"role":"user","content":"hi"}],"x":[1, 2]})");
}

// One with `messages`.
std::string Talk(std::string_view messages) {
  return absl::StrCat(R"({ "model":"acme/small","messages":[)", AbslView(messages), "]}");
}

using SetQuirks = std::function<void(catalog::v1::Quirks&)>;

void GiveQuirks(TestGateway& gateway, const SetQuirks& set, std::string_view only = {}) {
  gateway.SetProviders([&](config::v1::Provider& provider) {
    if (only.empty() || provider.id() == only) set(*provider.mutable_quirks());
  });
}

// What a provider with these quirks is sent of a chat completion.
class PassThroughTest : public testing::Test {
 protected:
  std::string Sent(std::string_view body) {
    upstream_.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("yo", 10, 5))}});
    answer_ = gateway_.Call(gateway_.Post(body));
    EXPECT_EQ(answer_.status, 200) << answer_.body;
    return BodyOf(upstream_.requests().back());
  }

  // The body as it passes through: the model is called otherwise, and a limit stands in front when
  // the caller stated none.
  static std::string Passed(std::string body) {
    const std::string_view name = "acme/small";
    body.replace(body.find(name), name.size(), "small");
    const bool limited = body.find("max_") != std::string::npos;
    if (!limited) body.insert(1, absl::StrCat(R"("max_tokens":)", kOutputTokensDefault, ","));
    return body;
  }

  ScriptedUpstream upstream_;
  TestGateway gateway_{upstream_.base_url(), ""};
  ClientAnswer answer_;
};

struct Mended {
  std::string_view name;
  SetQuirks quirks;
  std::string body;     // That the quirks concern.
  std::string wanted;   // What is sent has this,
  std::string missing;  // and not that.
  std::string spared;   // The like of it, which they leave alone.
};

std::vector<Mended> MendedBodies() {
  using Quirks = catalog::v1::Quirks;
  const std::string limit = R"("max_tokens":50,)";
  return {
      {"developer", [](Quirks& quirks) { quirks.set_no_developer_role(true); },
       Talk(R"({"role":"developer","content":"be brief"},{"role":"user","content":"hi"})"),
       R"({"role":"system","content":"be brief"})", "developer",
       Talk(R"({"role":"system","content":"be a developer"},{"role":"user","name":"developer",)"
            R"("content":"hi"})")},
      {"limit", [](Quirks& quirks) { quirks.set_output_limit_field("max_tokens"); },
       Body(R"("max_completion_tokens":50,)"), R"("max_tokens":50)", "max_completion_tokens",
       Body(limit)},
      {"new_limit", [](Quirks& quirks) { quirks.set_output_limit_field("max_completion_tokens"); },
       Body(limit), R"("max_completion_tokens":50)", "max_tokens",
       Body(R"("max_completion_tokens":50,)")},
      {"unsupported", [](Quirks& quirks) { quirks.add_unsupported_parameters("seed"); },
       Body(R"("seed":1,)"), R"("x":[1, 2])", "seed", Body(R"("seed":null,"user":"seed",)")},
      {"unsupported_extra", [](Quirks& quirks) { quirks.add_unsupported_parameters("prediction"); },
       Body(R"("prediction":{"type":"content","content":"a"},)"), R"("x":[1, 2])", "prediction",
       Body(R"("metadata":{"prediction":"no"},)")},
      {"strict", [](Quirks& quirks) { quirks.add_unsupported_parameters("strict"); },
       Body(R"("tools":[{"type":"function","function":{"name":"f","strict":true}}],)"),
       R"("name":"f")", "strict",
       Body(R"("tools":[{"type":"function","function":{"name":"f"}}],)")},
      {"name", [](Quirks& quirks) { quirks.add_unsupported_parameters("messages.name"); },
       Talk(R"({"role":"user","name":"joe","content":"hi"})"), R"("content":"hi")", "joe",
       Body(R"("tools":[{"type":"function","function":{"name":"f"}}],)")},
      {"no_effort", [](Quirks& quirks) { quirks.set_reasoning_request("none"); },
       Body(R"("reasoning_effort":"low",)"), R"("x":[1, 2])", "reasoning", Body(limit)},
      {"effort", [](Quirks& quirks) { quirks.set_reasoning_request("reasoning"); },
       Body(R"("reasoning_effort":"low",)"), R"("reasoning":{"effort":"low"})", "reasoning_effort",
       Body(R"("reasoning":{"effort":"low"},)")},
      {"thoughts", [](Quirks& quirks) { quirks.set_reasoning_history("reasoning_content"); },
       Talk(R"({"role":"assistant","content":"a","reasoning":"hm"},{"role":"user","content":"b"})"),
       R"("reasoning_content":"hm")", R"("reasoning":)",
       Talk(R"({"role":"assistant","content":"a","reasoning_content":"hm"},)"
            R"({"role":"user","content":"b"})")},
  };
}

TEST_F(PassThroughTest, AQuirkMendsWhatItConcernsAndNothingElse) {
  for (const Mended& mended : MendedBodies()) {
    SCOPED_TRACE(mended.name);
    GiveQuirks(gateway_, [](catalog::v1::Quirks& quirks) { quirks.Clear(); });
    EXPECT_EQ(Sent(mended.body), Passed(mended.body)) << "without the quirk";
    GiveQuirks(gateway_, mended.quirks);
    const std::string sent = Sent(mended.body);
    EXPECT_THAT(sent, HasSubstr(R"("model":"small")"));
    EXPECT_THAT(sent, HasSubstr(mended.wanted));
    EXPECT_THAT(sent, Not(HasSubstr(mended.missing)));
    EXPECT_EQ(Sent(mended.spared), Passed(mended.spared)) << "what the quirk leaves alone";
  }
}

// One limit under the other name is renamed where it stands; all else stays as it was written.
TEST_F(PassThroughTest, TheLimitIsRenamedInPlace) {
  for (const auto& [wanted, other] : {std::pair("max_tokens", "max_completion_tokens"),
                                      std::pair("max_completion_tokens", "max_tokens")}) {
    GiveQuirks(gateway_, [wanted = wanted](catalog::v1::Quirks& quirks) {
      quirks.set_output_limit_field(wanted);
    });
    for (const std::string_view value : {" : 50 ", ":50"}) {
      const auto body = [&](std::string_view name) {
        return Body(absl::StrCat("\"", AbslView(name), "\"", AbslView(value), ","));
      };
      EXPECT_EQ(Sent(body(other)), Passed(body(wanted)));
      EXPECT_EQ(answer_.Header("x-tollgate-warnings"), "");
    }
    // An escaped name is the same name.
    EXPECT_EQ(Sent(Body(absl::StrCat("\"", std::string(other).replace(3, 1, "\\u005f"), "\":50,"))),
              Passed(Body(absl::StrCat("\"", wanted, "\":50,"))));
    // Of both the lesser is sent.
    const std::string both = Sent(Body(R"("max_tokens":50,"max_completion_tokens":40,)"));
    EXPECT_THAT(both, HasSubstr(absl::StrCat("\"", wanted, "\":40")));
    EXPECT_THAT(both, Not(HasSubstr(absl::StrCat("\"", other, "\""))));
  }
}

// What an answer of another maker's model had, as clients give it back.
TEST_F(PassThroughTest, WhatThisGatewayWroteOfOthersIsNotThrustUponAProvider) {
  const auto said = [](std::string_view members) {
    return Talk(absl::StrCat(R"({"role":"assistant","content":"a",)", AbslView(members),
                             R"(},{"role":"user","content":"b"})"));
  };
  const std::string details = said(
      R"("reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm",)"
      R"("signature":"c2ln","format":"anthropic-claude-v1","index":0}])");
  const std::string cited = said(
      R"("annotations":[{"type":"url_citation","url_citation":{"url":"https://a.test","title":"A",)"
      R"("content":"","start_index":0,"end_index":1}}])");
  for (const std::string& body : {details, cited}) {
    const std::string sent = Sent(body);
    EXPECT_THAT(sent, HasSubstr(R"("content":"a")"));
    EXPECT_THAT(sent, Not(HasSubstr("reasoning")));
    EXPECT_THAT(sent, Not(HasSubstr("annotations")));
  }
  EXPECT_EQ(answer_.Header("x-tollgate-warnings"), "unsupported annotations");
  // A provider's own stay as they are.
  for (const std::string& body :
       {said(R"("reasoning_details":[{"type":"reasoning.text","text":"hm","format":"acme-v1"}])"),
        said(R"("reasoning_content":"hm","reasoning":"hm")"),
        said(R"("annotations":[{"type":"url_citation","url_citation":{"end_index":1,)"
             R"("start_index":0,"title":"A","url":"https://a.test"}}])"),
        said(R"("annotations":[],"reasoning_details":null)")}) {
    EXPECT_EQ(Sent(body), Passed(body));
  }
  GiveQuirks(gateway_, [](catalog::v1::Quirks& quirks) {
    quirks.set_reasoning_history("reasoning_details");
  });
  EXPECT_THAT(Sent(details), HasSubstr("c2ln")) << "a gateway knows what gateways write";
}

TEST_F(PassThroughTest, WhatIsLeftOutIsSaid) {
  GiveQuirks(gateway_, [](catalog::v1::Quirks& quirks) {
    quirks.add_unsupported_parameters("seed");
    quirks.add_unsupported_parameters("prediction");
  });
  Sent(Body(R"("seed":1,"prediction":{},)"));
  const std::string warnings = answer_.Header("x-tollgate-warnings");
  EXPECT_THAT(warnings, HasSubstr("unsupported seed"));
  EXPECT_THAT(warnings, HasSubstr("unsupported prediction"));
  EXPECT_THAT(answer_.body, HasSubstr(R"("warnings":[)"));
  Sent(Body(R"("user":"u",)"));
  EXPECT_EQ(answer_.Header("x-tollgate-warnings"), "");
  EXPECT_THAT(answer_.body, HasSubstr(R"("id":"chatcmpl-1")")) << "the provider's own answer";
}

TEST_F(PassThroughTest, NothingIsRefusedForWhatIsSwitchedOff) {
  GiveQuirks(gateway_, [](catalog::v1::Quirks& quirks) {
    for (const char* name : {"logprobs", "top_logprobs", "n"}) {
      quirks.add_unsupported_parameters(name);
    }
  });
  const std::string sent = Sent(Body(R"("logprobs":false,"top_logprobs":0,"n":1,)"));
  EXPECT_THAT(sent, Not(HasSubstr("logprobs")));
  EXPECT_THAT(sent, Not(HasSubstr(R"("n":)")));
}

TEST_F(PassThroughTest, AnImageByUrlIsNotThrustUponAProviderThatFetchesNone) {
  GiveQuirks(gateway_, [](catalog::v1::Quirks& quirks) { quirks.set_no_image_url(true); });
  const auto picture = [](std::string_view url) {
    return Talk(
        absl::StrCat(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":")",
                     AbslView(url), R"("}}]})"));
  };
  const std::string bytes = picture("data:image/png;base64,iVBORw0KGgo=");
  EXPECT_EQ(Sent(bytes), Passed(bytes));
  // This gateway's own address is none that it fetches from: the provider is not asked.
  const ClientAnswer answer = gateway_.Call(gateway_.Post(picture("http://127.0.0.1:1/a.png")));
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(upstream_.requests().size(), 1u);
}

constexpr std::string_view kSchema =
    R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}],"max_tokens":50,)"
    R"("response_format":{"type":"json_schema","json_schema":{"name":"s","schema":)"
    R"({"type":"object"}}}})";

TEST(MendedAttemptTest, WhatAProviderCannotKeepIsRefusedOrGoesToTheNext) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), upstream.base_url());
  const SetQuirks quirks = [](catalog::v1::Quirks& set) { set.set_no_json_schema(true); };
  GiveQuirks(gateway, quirks, "p1");
  upstream.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("{}", 10, 5))}});
  const ClientAnswer next = gateway.Call(gateway.Post(kSchema));
  EXPECT_EQ(next.status, 200) << next.body;
  EXPECT_EQ(next.Header("x-tollgate-provider"), "p2");
  EXPECT_THAT(upstream.requests().at(0), HasSubstr("json_schema"));
  GiveQuirks(gateway, quirks);
  const ClientAnswer refused = gateway.Call(gateway.Post(kSchema));
  ExpectError(refused, 400, "unsupported_parameter");
  EXPECT_THAT(refused.body, HasSubstr(R"("param":"response_format")"));
  EXPECT_EQ(upstream.requests().size(), 1u);
}

// Answers of requests that were mended, next to those that passed through: a client sees the same
// text, usage and cost.
TEST(MendedAttemptTest, AnswersAreWhatTheyAreWhenABodyPassesThrough) {
  for (const bool mended : {false, true}) {
    for (const bool stream : {false, true}) {
      SCOPED_TRACE(absl::StrCat("mended ", mended, " stream ", stream));
      ScriptedUpstream upstream;
      TestGateway gateway(upstream.base_url(), "");
      if (mended) {
        GiveQuirks(gateway,
                   [](catalog::v1::Quirks& quirks) { quirks.add_unsupported_parameters("seed"); });
      }
      std::string piece = HttpAnswer(200, "application/json", Completion("hello", 10, 5));
      if (stream) {
        piece = absl::StrCat(StreamHead(),
                             Chunk(DeltaEvent("hel") + DeltaEvent("lo", "stop") +
                                   UsageEvent(10, 5) + std::string(kDoneEvent)),
                             AbslView(kLastChunk));
      }
      upstream.Expect({.pieces = {piece}});
      const std::string_view wish =
          stream ? R"("seed":1,"stream":true,"stream_options":{"include_usage":true},)"
                 : R"("seed":1,)";
      const ClientAnswer answer = gateway.Call(gateway.Post(Body(wish)));
      ASSERT_EQ(answer.status, 200) << answer.body;
      EXPECT_TRUE(answer.complete);
      EXPECT_EQ(answer.body.find("warnings") != std::string::npos, mended);
      EXPECT_EQ(answer.Header("x-tollgate-warnings"), mended ? "unsupported seed" : "");
      EXPECT_EQ(answer.Header("x-tollgate-provider"), "p1");
      EXPECT_EQ(answer.Header("x-tollgate-attempts"), "1");
      EXPECT_EQ(answer.Header("x-tollgate-cost"), stream ? "" : "0.000000015");
      EXPECT_THAT(answer.body, HasSubstr(R"("finish_reason":"stop")"));
      EXPECT_THAT(answer.body, HasSubstr(R"("prompt_tokens":10)"));
      EXPECT_THAT(answer.body, HasSubstr(R"("cost":0.000000015)"));
      EXPECT_THAT(answer.body, HasSubstr(stream ? R"("content":"hel")" : R"("content":"hello")"));
      EXPECT_EQ(answer.body.ends_with(kDoneEvent), stream);
      const std::string sent = BodyOf(upstream.requests().at(0));
      EXPECT_EQ(sent.find("seed") == std::string::npos, mended) << sent;
      const auto records = gateway.Records(answer.Header("x-generation-id"));
      ASSERT_EQ(records.size(), 1u);
      EXPECT_EQ(records[0].charge_nano_usd(), 15);
      EXPECT_EQ(records[0].finish_reason(), "stop");
      EXPECT_EQ(gateway.WalletLeft(), kWallet - 15);
    }
  }
}

TEST(MendedAttemptTest, AStreamOfAProviderThatReportsNoUsageIsNotAskedForIt) {
  ScriptedUpstream upstream;
  upstream.Expect(
      {.pieces = {StreamHead() + Chunk(DeltaEvent("hello", "stop") + std::string(kDoneEvent)),
                  std::string(kLastChunk)}});
  TestGateway gateway(upstream.base_url(), "");
  GiveQuirks(gateway, [](catalog::v1::Quirks& quirks) { quirks.set_no_stream_usage(true); });
  const ClientAnswer answer = gateway.Call(gateway.Post(kUsageBody));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(BodyOf(upstream.requests().at(0)), Not(HasSubstr("stream_options")));
  EXPECT_THAT(answer.body, HasSubstr(R"("cost":)")) << "an estimate";
  EXPECT_TRUE(answer.body.ends_with(kDoneEvent));
}

TEST(MendedAttemptTest, ResponsesAreMendedToo) {
  ScriptedUpstream upstream;
  TestGateway gateway(upstream.base_url(), "");
  gateway.SetProviders([](config::v1::Provider& provider) {
    provider.set_format(catalog::v1::FORMAT_OPENAI_RESPONSES);
    provider.mutable_quirks()->add_unsupported_parameters("reasoning.summary");
    provider.mutable_quirks()->add_unsupported_parameters("truncation");
  });
  const auto sent = [&](std::string_view members) {
    upstream.Expect(
        {.pieces = {HttpAnswer(
             200, "application/json",
             R"({"id":"resp_1","object":"response","status":"completed","model":"m",)"
             R"("output":[{"type":"message","id":"msg_1","role":"assistant",)"
             R"("status":"completed","content":[{"type":"output_text","text":"yo",)"
             R"("annotations":[]}]}],"usage":{"input_tokens":10,"output_tokens":5}})")}});
    const std::string body =
        absl::StrCat(R"({"model":"acme/small",)", AbslView(members), R"("input":"hi"})");
    const ClientAnswer answer = gateway.Call(
        absl::StrCat("POST /v1/responses HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ",
                     gateway.key(), "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return BodyOf(upstream.requests().back());
  };
  EXPECT_EQ(sent(R"("max_output_tokens":50,"instructions":"truncation",)"),
            R"({"model":"small","max_output_tokens":50,"instructions":"truncation","input":"hi"})");
  EXPECT_THAT(sent(R"("truncation":"auto",)"), Not(HasSubstr("truncation")));
  EXPECT_THAT(sent(R"("reasoning":{"effort":"low","summary":"auto"},)"), Not(HasSubstr("summary")));
}

}  // namespace
}  // namespace tollgate::dataplane
