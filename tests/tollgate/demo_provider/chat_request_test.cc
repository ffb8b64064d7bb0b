#include "tollgate/demo_provider/chat_request.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr char kUser[] = R"("messages":[{"role":"user","content":"Weather in Paris?"}])";

std::string Body(const std::string& more) {
  return std::string(R"({"model":"m",)") + kUser + more + "}";
}

TEST(ParseChatRequest, ReadsWhatTheAnswerDependsOn) {
  ASSERT_OK_AND_ASSIGN(const ChatRequest request,
                       ParseChatRequest(Body(R"(,"stream":true,"max_tokens":9,
                           "max_completion_tokens":7,"stream_options":{"include_usage":true})")));
  EXPECT_EQ(request.model, "m");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_EQ(request.output_tokens_max, 7);
  EXPECT_EQ(request.user_text, "Weather in Paris?");
  EXPECT_EQ(request.input_tokens, 5);
  EXPECT_THAT(request.tool_calls, SizeIs(0));
}

TEST(ParseChatRequest, ReadsTextParts) {
  ASSERT_OK_AND_ASSIGN(const ChatRequest request,
                       ParseChatRequest(R"({"model":"m","messages":[{"role":"user","content":[
          {"type":"text","text":"one"},{"type":"image_url","image_url":{"url":"data:"}},
          {"type":"text","text":" two"}]}]})"));
  EXPECT_EQ(request.user_text, "one two");
}

TEST(ParseChatRequest, RefusesWhatIsNoRequest) {
  const struct {
    const char* body;
    const char* objection;
  } kCases[] = {
      {"", "not JSON"},
      {"{", "not JSON"},
      {"[]", "must be a JSON object"},
      {"{}", "'model' is missing"},
      {R"({"model":"m"})", "'messages' must be an array"},
      {R"({"model":"m","messages":["x"]})", "must be an object"},
      {R"({"model":"m","messages":[],"n":2})", "'n' must be 1"},
  };
  for (const auto& test_case : kCases) {
    EXPECT_THAT(ParseChatRequest(test_case.body),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test_case.objection)))
        << test_case.body;
  }
}

constexpr char kTools[] = R"(,"tools":[
  {"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":
    {"city":{"type":"string"},"days":{"type":"integer"},"unit":{"enum":["C","F"]}}}}},
  {"type":"function","function":{"name":"time"}},
  {"type":"function","function":{"name":"news","parameters":{"type":"object"}}},
  {"type":"function","function":{"name":"sport"}}])";

TEST(ParseChatRequest, CallsToolsInParallel) {
  ASSERT_OK_AND_ASSIGN(const ChatRequest request, ParseChatRequest(Body(kTools)));
  ASSERT_THAT(request.tool_calls, SizeIs(kDemoToolCallsMax));
  EXPECT_EQ(request.tool_calls[0].name, "weather");
  EXPECT_EQ(request.tool_calls[0].arguments, R"({"city":"Paris","days":1,"unit":"C"})");
  EXPECT_EQ(request.tool_calls[1].arguments, "{}");
}

TEST(ParseChatRequest, CallsOneToolWhenTold) {
  ASSERT_OK_AND_ASSIGN(
      const ChatRequest one,
      ParseChatRequest(Body(std::string(kTools) + R"(,"parallel_tool_calls":false)")));
  EXPECT_THAT(one.tool_calls, SizeIs(1));
  ASSERT_OK_AND_ASSIGN(
      const ChatRequest chosen,
      ParseChatRequest(Body(std::string(kTools) +
                            R"(,"tool_choice":{"type":"function","function":{"name":"news"}})")));
  ASSERT_THAT(chosen.tool_calls, SizeIs(1));
  EXPECT_EQ(chosen.tool_calls[0].name, "news");
  ASSERT_OK_AND_ASSIGN(const ChatRequest none,
                       ParseChatRequest(Body(std::string(kTools) + R"(,"tool_choice":"none")")));
  EXPECT_THAT(none.tool_calls, SizeIs(0));
}

TEST(ParseChatRequest, AnswersAToolsResultWithText) {
  ASSERT_OK_AND_ASSIGN(
      const ChatRequest request,
      ParseChatRequest(std::string(R"({"model":"m","messages":[{"role":"user","content":"x"},
          {"role":"assistant","content":null},{"role":"tool","content":"21 C"}])") +
                       kTools + "}"));
  EXPECT_EQ(request.tool_result, "21 C");
  EXPECT_THAT(request.tool_calls, SizeIs(0));
}

TEST(ParseChatRequest, MakesAnAnswerOfTheSchema) {
  ASSERT_OK_AND_ASSIGN(
      const ChatRequest request,
      ParseChatRequest(Body(R"(,"response_format":{"type":"json_schema","json_schema":{"schema":
          {"type":"object","properties":{"city":{"type":"string"},"ok":{"type":["boolean","null"]},
           "tags":{"type":"array","items":{"anyOf":[{"type":"number"}]}}}}}})")));
  EXPECT_EQ(request.json_answer, R"({"city":"Paris","ok":true,"tags":[1]})");
}

TEST(ParseChatRequest, BoundsTheDepthOfASchema) {
  std::string schema = R"({"type":"string"})";
  for (int i = 0; i < 100; ++i) schema = R"({"type":"array","items":)" + schema + "}";
  ASSERT_OK_AND_ASSIGN(
      const ChatRequest request,
      ParseChatRequest(Body(R"(,"response_format":{"type":"json_schema","json_schema":{"schema":)" +
                            schema + "}}")));
  EXPECT_EQ(request.json_answer, "[[[[[[[[[null]]]]]]]]]");
}

}  // namespace
}  // namespace tollgate
