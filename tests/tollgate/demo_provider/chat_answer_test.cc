#include "tollgate/demo_provider/chat_answer.h"

#include "gtest/gtest.h"
#include "tollgate/demo_provider/tokens.h"

namespace tollgate {
namespace {

DemoModel ModelNamed(const std::string& id) {
  for (const DemoModel& model : DemoModels()) {
    if (model.id == id) return model;
  }
  ADD_FAILURE() << id;
  return {};
}

ChatRequest Request() {
  ChatRequest request;
  request.user_text = "How are you today?";
  request.input_tokens = 20;
  return request;
}

std::string TextOf(const ChatAnswer& answer) {
  std::string text;
  for (const AnswerToken& token : answer.output) text += answer.TextOf(token);
  return text;
}

TEST(ComposeAnswer, IsTheSameForTheSameRequest) {
  const ChatAnswer one = ComposeAnswer(Request(), ModelNamed("demo/chat"), "id", 1);
  const ChatAnswer two = ComposeAnswer(Request(), ModelNamed("demo/chat"), "id", 1);
  EXPECT_EQ(TextOf(one), TextOf(two));
  EXPECT_EQ(one.tokens, two.tokens);
  EXPECT_EQ(one.finish_reason, "stop");
  EXPECT_EQ(one.tokens.output_text, CountTokens(TextOf(one)));
  EXPECT_EQ(one.tokens.input_text, 20);
  EXPECT_EQ(one.reported, one.tokens);
}

TEST(ComposeAnswer, KeepsTheOutputLimitToTheToken) {
  const ChatAnswer whole = ComposeAnswer(Request(), ModelNamed("demo/chat"), "id", 1);
  for (std::int64_t limit = 0; limit <= whole.tokens.output_text + 1; ++limit) {
    ChatRequest request = Request();
    request.output_tokens_max = limit;
    const ChatAnswer answer = ComposeAnswer(request, ModelNamed("demo/chat"), "id", 1);
    EXPECT_EQ(answer.tokens.output_text, std::min(limit, whole.tokens.output_text));
    EXPECT_EQ(answer.finish_reason, limit < whole.tokens.output_text ? "length" : "stop");
    EXPECT_EQ(TextOf(whole).substr(0, TextOf(answer).size()), TextOf(answer));
  }
}

TEST(ComposeAnswer, CountsReasoningWithinTheLimit) {
  const ChatAnswer whole = ComposeAnswer(Request(), ModelNamed("demo/reasoner"), "id", 1);
  EXPECT_EQ(whole.tokens.output_reasoning, 24 + 20 / 4);
  ChatRequest request = Request();
  request.output_tokens_max = 10;
  const ChatAnswer answer = ComposeAnswer(request, ModelNamed("demo/reasoner"), "id", 1);
  EXPECT_EQ(answer.tokens.output_reasoning, 10);
  EXPECT_EQ(answer.tokens.output_text, 0);
  EXPECT_EQ(answer.finish_reason, "length");
}

TEST(ComposeAnswer, SplitsThePromptWithTheCache) {
  ChatRequest request = Request();
  request.input_tokens = 21;
  const ChatAnswer answer = ComposeAnswer(request, ModelNamed("demo/cached"), "id", 1);
  EXPECT_EQ(answer.tokens.cache_read, 10);
  EXPECT_EQ(answer.tokens.input_text, 11);
}

TEST(ComposeAnswer, CountsToolCallsAndCutsThemToo) {
  ChatRequest request = Request();
  request.tool_calls = {{"a", R"({"x":1})"}, {"b", "{}"}};
  const ChatAnswer answer = ComposeAnswer(request, ModelNamed("demo/chat"), "id", 1);
  EXPECT_EQ(answer.finish_reason, "tool_calls");
  EXPECT_EQ(answer.tokens.output_text, 1 + CountTokens(R"({"x":1})") + 1 + 1);
  request.output_tokens_max = 2;
  const ChatAnswer cut = ComposeAnswer(request, ModelNamed("demo/chat"), "id", 1);
  EXPECT_EQ(cut.calls.size(), 1U) << "the second call was never opened";
  EXPECT_EQ(cut.finish_reason, "length");
}

}  // namespace
}  // namespace tollgate
