// What a request's body says, what is refused, and what becomes of it on its way to the provider.
#include "dataplane/surface/openai_chat/scan.h"

#include <string>

#include "dataplane/json/cursor.h"
#include "dataplane/provider/format.h"
#include "dataplane/request/splice.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The code of the error, or "ok".
std::string Scan(std::string_view body, ScannedRequest& out) {
  const auto error = ScanChatRequest(body, out);
  return error.has_value() ? std::string(RowOf(error->code).name) : "ok";
}
std::string Scan(std::string_view body) {
  ScannedRequest out;
  return Scan(body, out);
}

std::string Rewritten(std::string_view body, std::int64_t output_limit = -1,
                      const std::string& host = "api.example.com") {
  ScannedRequest request;
  EXPECT_EQ(Scan(body, request), "ok") << body;
  Provider provider;
  provider.origin.host = host;
  Splice splice;
  OpenAiChatFormat().Rewrite(
      request, provider, {.provider_model_id = "small\"1", .output_limit = output_limit}, splice);
  std::vector<std::string_view> pieces;
  const std::size_t size = splice.Apply(body, pieces);
  std::string result;
  for (const std::string_view piece : pieces) result += piece;
  EXPECT_EQ(result.size(), size);
  JsonCursor json(result);
  EXPECT_TRUE(json.Skip() && json.AtEnd()) << result;
  return result;
}

TEST(ScanTest, FindsWhatAdmissionNeeds) {
  ScannedRequest out;
  const std::string body =
      R"({"models":["b/c","d"],"model":"a\u002fb","stream":true,"n":2,"max_tokens":7,)"
      R"("max_completion_tokens":5,"user":"u","tools":[{},{"x":[1]}],)"
      R"("stream_options":{"include_usage":true},)"
      R"("provider":{"order":["p1"],"only":["p1","p2"],"ignore":["p3"],"allow_fallbacks":false},)"
      R"("messages":[{"role":"user","content":"x"},{"content":[{"type":"text","text":"image_url"},)"
      R"({"type":"image_url","image_url":{"url":"x"}},{"type":"file"},{"type":"input_audio"}]}]})";
  ASSERT_EQ(Scan(body, out), "ok");
  EXPECT_EQ(out.model, "a/b");
  EXPECT_EQ(body.substr(out.model_value.begin, out.model_value.end - out.model_value.begin),
            R"("a\u002fb")");
  EXPECT_THAT(out.fallback_models, ElementsAre("b/c", "d"));
  EXPECT_TRUE(out.stream);
  EXPECT_TRUE(out.include_usage);
  EXPECT_EQ(out.choices, 2);
  EXPECT_EQ(out.output_limit, 5);
  EXPECT_EQ(out.user, "u");
  EXPECT_EQ(out.tools, 2);
  EXPECT_EQ(out.messages, 2);
  EXPECT_EQ(out.images, 1);
  EXPECT_EQ(out.files, 1);
  EXPECT_THAT(out.wishes.order, ElementsAre("p1"));
  EXPECT_THAT(out.wishes.only, ElementsAre("p1", "p2"));
  EXPECT_THAT(out.wishes.ignore, ElementsAre("p3"));
  EXPECT_FALSE(out.wishes.allow_fallbacks);
  // The next request starts anew.
  ASSERT_EQ(Scan(R"({"model":"x","messages":[{}]})", out), "ok");
  EXPECT_THAT(out.fallback_models, IsEmpty());
  EXPECT_FALSE(out.stream);
  EXPECT_EQ(out.output_limit, -1);
}

TEST(ScanTest, Refusals) {
  const std::string rest = R"("messages":[{"role":"user"}])";
  EXPECT_EQ(Scan(""), "invalid_json");
  EXPECT_EQ(Scan("[]"), "invalid_json");
  EXPECT_EQ(Scan("{" + rest + "}"), "missing_required_parameter");
  EXPECT_EQ(Scan(R"({"model":"a"})"), "missing_required_parameter");
  EXPECT_EQ(Scan(R"({"model":"a","model":"b",)" + rest + "}"), "invalid_json");
  EXPECT_EQ(Scan(R"({"model":"a","mod\u0065l":"b",)" + rest + "}"), "invalid_json");
  EXPECT_EQ(Scan(R"({"model":"a","stream":true,"stream":false,)" + rest + "}"), "invalid_json");
  EXPECT_EQ(Scan(R"({"model":"a",)" + rest + "} x"), "invalid_json");
  EXPECT_EQ(Scan(R"({"model":"a",)" + rest + ",}"), "invalid_json");
  EXPECT_EQ(Scan("{\"model\":\"a\xff\"," + rest + "}"), "invalid_json");
  EXPECT_EQ(
      Scan(R"({"model":"a","x":)" + std::string(70, '[') + std::string(70, ']') + "," + rest + "}"),
      "invalid_json");
  for (const char* model :
       {"1", "null", "\"\"", "[]", "{}", R"("a\n")", R"("a\u0000b")", R"("\ud800")", "true"}) {
    EXPECT_EQ(Scan("{\"model\":" + std::string(model) + "," + rest + "}"), "invalid_value")
        << model;
  }
  EXPECT_EQ(Scan("{\"model\":\"" + std::string(257, 'a') + "\"," + rest + "}"), "invalid_value");
  for (const char* member :
       {R"("stream":1)", R"("stream":"true")", R"("max_tokens":0)", R"("max_tokens":-1)",
        R"("max_tokens":1.5)", R"("max_tokens":9223372036854775808)", R"("max_tokens":"5")",
        R"("max_completion_tokens":[])", R"("n":0)", R"("n":1000)", R"("models":"a")",
        R"("models":[1])", R"("tools":{})", R"("user":7)", R"("stream_options":[])",
        R"("stream_options":{"include_usage":1})", R"("provider":"p")"}) {
    EXPECT_EQ(Scan(R"({"model":"a",)" + std::string(member) + "," + rest + "}"), "invalid_value")
        << member;
  }
  EXPECT_EQ(Scan(R"({"model":"a","messages":[]})"), "invalid_value");
  EXPECT_EQ(Scan(R"({"model":"a","messages":["x"]})"), "invalid_value");
  EXPECT_EQ(Scan(R"({"model":"a","provider":{"sort":"price"},)" + rest + "}"),
            "unsupported_parameter");
  EXPECT_EQ(Scan(R"({"model":"a","providerOptions":{"openai":{}},)" + rest + "}"),
            "unsupported_parameter");
}

TEST(ScanTest, EveryPrefixIsRefused) {
  const std::string body =
      R"({"model":"a","stream":true,"stream_options":{"x":1},)"
      R"("messages":[{"content":[{"type":"text"}]}],"provider":{"order":["p"]}})";
  ASSERT_EQ(Scan(body), "ok");
  for (std::size_t i = 0; i < body.size(); ++i) EXPECT_NE(Scan(body.substr(0, i)), "ok") << i;
}

TEST(SpliceTest, OnlyWhatIsOursChanges) {
  EXPECT_EQ(Rewritten(R"({ "model" : "a/b" , "messages" : [ {} ] , "temperature" : 0.10 })"),
            R"({ "model" : "small\"1" , "messages" : [ {} ] , "temperature" : 0.10 })");
}

TEST(SpliceTest, GatewayMembersGoWithTheirComma) {
  const std::string m = R"("model":"a","messages":[{}])";
  const std::string want = R"("model":"small\"1","messages":[{}])";
  EXPECT_EQ(Rewritten("{" + m + R"(,"models":["x"]})"), "{" + want + "}");
  EXPECT_EQ(Rewritten(R"({"models":["x"],)" + m + "}"), "{" + want + "}");
  EXPECT_EQ(Rewritten(R"({"models":["x"] , "provider":{} ,)" + m + "}"), "{" + want + "}");
  EXPECT_EQ(Rewritten("{" + m + R"(,"models":[],"provider":{},"providerOptions":{"gateway":{}}})"),
            "{" + want + "}");
  EXPECT_EQ(Rewritten(R"({"model":"a","models":[],"messages":[{}]})"), "{" + want + "}");
  EXPECT_EQ(Rewritten(R"({"models":[],"model":"a","provider":null,"messages":[{}]})"),
            "{" + want + "}");
}

TEST(SpliceTest, UsageIsAlwaysAskedForInStreams) {
  const std::string m = R"("model":"small\"1","messages":[{}])";
  const std::string in = R"("model":"a","messages":[{}])";
  EXPECT_EQ(Rewritten(R"({"stream":true,)" + in + "}"),
            R"({"stream_options":{"include_usage":true},"stream":true,)" + m + "}");
  EXPECT_EQ(Rewritten(R"({"stream":false,)" + in + "}"), R"({"stream":false,)" + m + "}");
  EXPECT_EQ(Rewritten(R"({"stream":true,"stream_options":null,)" + in + "}"),
            R"({"stream":true,"stream_options":{"include_usage":true},)" + m + "}");
  EXPECT_EQ(Rewritten(R"({"stream":true,"stream_options":{},)" + in + "}"),
            R"({"stream":true,"stream_options":{"include_usage":true},)" + m + "}");
  EXPECT_EQ(Rewritten(R"({"stream":true,"stream_options":{"x":1},)" + in + "}"),
            R"({"stream":true,"stream_options":{"include_usage":true,"x":1},)" + m + "}");
  EXPECT_EQ(Rewritten(R"({"stream":true,"stream_options":{"include_usage":false},)" + in + "}"),
            R"({"stream":true,"stream_options":{"include_usage":true},)" + m + "}");
  EXPECT_EQ(Rewritten(R"({"models":["x"],"stream":true,)" + in + "}"),
            R"({"stream_options":{"include_usage":true},"stream":true,)" + m + "}");
}

TEST(SpliceTest, OutputLimit) {
  const std::string m = R"("model":"small\"1","messages":[{}])";
  const std::string in = R"("model":"a","messages":[{}])";
  EXPECT_EQ(Rewritten("{" + in + R"(,"max_tokens":900})", 7), "{" + m + R"(,"max_tokens":7})");
  EXPECT_EQ(Rewritten("{" + in + R"(,"max_tokens":900,"max_completion_tokens":800})", 7),
            "{" + m + R"(,"max_tokens":7,"max_completion_tokens":7})");
  EXPECT_EQ(Rewritten("{" + in + "}", 7), R"({"max_tokens":7,)" + m + "}");
  EXPECT_EQ(Rewritten("{" + in + "}", 7, "api.openai.com"),
            R"({"max_completion_tokens":7,)" + m + "}");
  EXPECT_EQ(Rewritten("{" + in + R"(,"max_tokens":null})", 7), "{" + m + R"(,"max_tokens":7})");
}

}  // namespace
}  // namespace tollgate::dataplane
