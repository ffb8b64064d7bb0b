#include <string>

#include "dataplane/provider/format.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

AnswerFacts Usage(const std::string& usage) {
  static std::string text;  // The facts point into it.
  text = R"({"choices":[],"usage":)" + usage + "}";
  return OpenAiChatFormat().ReadEvent(text);
}

TEST(OpenAiUsageTest, ClassesAreDisjoint) {
  const AnswerFacts facts = Usage(
      R"({"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,)"
      R"("prompt_tokens_details":{"cached_tokens":60,"audio_tokens":10,"cache_write_tokens":5},)"
      R"("completion_tokens_details":{"reasoning_tokens":30,"audio_tokens":4}})");
  ASSERT_TRUE(facts.usage.present);
  const TokenUsage& usage = facts.usage.tokens;
  EXPECT_EQ(usage.cache_read, 60);
  EXPECT_EQ(usage.cache_write_5m, 5);
  EXPECT_EQ(usage.input_audio, 10);
  EXPECT_EQ(usage.input_text, 25);
  EXPECT_EQ(usage.output_reasoning, 30);
  EXPECT_EQ(usage.output_audio, 4);
  EXPECT_EQ(usage.output_text, 16);
  EXPECT_EQ(usage.requests, 1);
}

TEST(OpenAiUsageTest, PartsNeverExceedTheirSum) {
  const AnswerFacts facts = Usage(
      R"({"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":60},)"
      R"("completion_tokens_details":{"reasoning_tokens":30}})");
  EXPECT_EQ(facts.usage.tokens.cache_read, 10);
  EXPECT_EQ(facts.usage.tokens.input_text, 0);
  EXPECT_EQ(facts.usage.tokens.output_reasoning, 5);
  EXPECT_EQ(facts.usage.tokens.output_text, 0);
}

// xAI reports so; OpenAI's total is the sum of the other two.
TEST(OpenAiUsageTest, ThoughtsBesideTheCompletionAreCountedToo) {
  const auto read = [](const std::string& total) {
    return Usage(R"({"prompt_tokens":30,"completion_tokens":9,"total_tokens":)" + total +
                 R"(,"completion_tokens_details":{"reasoning_tokens":200}})")
        .usage.tokens;
  };
  EXPECT_EQ(read("239").output_reasoning, 200);
  EXPECT_EQ(read("239").output_text, 9);
  EXPECT_EQ(read("39").output_reasoning, 9) << "no more than its sum";
  EXPECT_EQ(read("39").output_text, 0);
  EXPECT_EQ(read("240").output_reasoning, 9) << "a total that no sum explains";
}

TEST(OpenAiUsageTest, WhatIsNotBelievedIsAbsent) {
  for (const char* usage :
       {"null", "{}", "[]", "5", R"({"prompt_tokens":-1})", R"({"prompt_tokens":1.5})",
        R"({"prompt_tokens":9223372036854775808})", R"({"prompt_tokens":4611686018427387904})",
        R"({"prompt_tokens":"7"})", R"({"prompt_tokens":1,"completion_tokens":-5})",
        R"({"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":-1}})",
        R"({"total_tokens":5})"}) {
    EXPECT_FALSE(Usage(usage).usage.present) << usage;
    EXPECT_TRUE(Usage(usage).valid) << usage;
  }
  EXPECT_FALSE(Usage("{").valid);
}

TEST(OpenAiUsageTest, ThePlaceOfTheCost) {
  EXPECT_EQ(Usage("null").usage.close, 0u);
  const AnswerFacts empty = Usage("{ }");
  EXPECT_TRUE(empty.usage.empty);
  EXPECT_EQ(empty.usage.close, 24u);
  const AnswerFacts own = Usage(R"({"prompt_tokens":1,"cost": 0.5 })");
  EXPECT_EQ(own.usage.cost_end - own.usage.cost_begin, 3u);
}

TEST(OpenAiChatFormatTest, Events) {
  const ProviderFormat& format = OpenAiChatFormat();
  EXPECT_TRUE(format.ReadEvent("[DONE]").is_end);
  EXPECT_FALSE(format.ReadEvent("[DONE").valid);
  const AnswerFacts delta =
      format.ReadEvent(R"({"id":"x","choices":[{"delta":{"content":"abc","reasoning_content":"de",)"
                       R"("role":"assistant",)"
                       R"("tool_calls":[{"index":0,"function":{"name":"fn","arguments":"{}"}}]},)"
                       R"("finish_reason":"tool_calls"}]})");
  EXPECT_TRUE(delta.valid);
  EXPECT_TRUE(delta.has_choices);
  EXPECT_EQ(delta.content_bytes, 9);
  EXPECT_EQ(delta.finish_reason, "tool_calls");
  EXPECT_EQ(delta.id, "x");
  const AnswerFacts error =
      format.ReadEvent(R"({"error":{"message":"no","code":"overloaded","type":"x"}})");
  EXPECT_TRUE(error.is_error);
  EXPECT_EQ(error.error_message, "no");
  EXPECT_EQ(error.error_code, "overloaded");
  EXPECT_FALSE(format.ReadEvent(R"({"error":null,"choices":[]})").is_error);
  EXPECT_FALSE(format.ReadEvent("<html>").valid);
}

}  // namespace
}  // namespace tollgate::dataplane
