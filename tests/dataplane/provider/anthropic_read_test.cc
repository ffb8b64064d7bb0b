// What Anthropic's messages say, whole, streamed, failed and passed through.
#include <string>
#include <vector>

#include "dataplane/provider/format.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const ProviderFormat& Format() { return AnthropicMessagesFormat(); }

constexpr char kAnswer[] =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[)"
    R"({"type":"thinking","thinking":"hm","signature":"Eq"},{"type":"text","text":"Hi"},)"
    R"({"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],"stop_reason":"tool_use",)"
    R"("stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":7,)"
    R"("cache_read_input_tokens":20,"cache_creation":{"ephemeral_5m_input_tokens":4,)"
    R"("ephemeral_1h_input_tokens":3},"output_tokens":5}})";

void ExpectUsage(const TokenUsage& tokens) {
  EXPECT_EQ(tokens.input_text, 10);
  EXPECT_EQ(tokens.cache_read, 20);
  EXPECT_EQ(tokens.cache_write_5m, 4);
  EXPECT_EQ(tokens.cache_write_1h, 3);
  EXPECT_EQ(tokens.output_text, 5);
  EXPECT_EQ(tokens.requests, 1);
}

TEST(AnthropicReadTest, AWholeAnswer) {
  ir::Response response;
  ASSERT_TRUE(Format().ReadResponse(kAnswer, response));
  ASSERT_EQ(response.choices.size(), 1u);
  const std::vector<ir::Part>& parts = response.choices[0].parts;
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].As<ir::Reasoning>()->text, "hm");
  EXPECT_EQ(parts[0].signature.value, "Eq");
  EXPECT_EQ(parts[0].signature.maker, ir::kFamilyAnthropic);
  EXPECT_EQ(parts[1].As<ir::Text>()->text, "Hi");
  EXPECT_EQ(parts[2].As<ir::ToolCall>()->arguments, R"({"a":1})");
  EXPECT_EQ(response.choices[0].finish, ir::FinishReason::kToolCalls);
  ASSERT_TRUE(response.usage.present);
  ExpectUsage(response.usage.tokens);
}

TEST(AnthropicReadTest, AnErrorIsNoAnswer) {
  ir::Response response;
  EXPECT_FALSE(Format().ReadResponse(R"({"type":"error","error":{}})", response));
  EXPECT_FALSE(Format().ReadResponse("{", response));
}

TEST(AnthropicReadTest, WhatPassesThroughIsCountedAlike) {
  const AnswerFacts facts = Format().ReadAnswer(kAnswer);
  ASSERT_TRUE(facts.valid);
  EXPECT_TRUE(facts.has_choices);
  EXPECT_EQ(facts.id, "msg_1");
  EXPECT_EQ(facts.finish_reason, "tool_use");
  EXPECT_GT(facts.content_bytes, 0);
  ASSERT_TRUE(facts.usage.present);
  ExpectUsage(facts.usage.tokens);
  EXPECT_EQ(std::string_view(kAnswer).substr(facts.usage.close), "}}")
      << "a cost goes in front of the brace of the usage";
}

TEST(AnthropicReadTest, TheStartOfAStreamIsNoPlaceForACost) {
  const AnswerFacts start = Format().ReadEvent(
      R"({"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":9}}})");
  EXPECT_TRUE(start.usage.present);
  EXPECT_EQ(start.usage.tokens.input_text, 9);
  EXPECT_EQ(start.usage.close, 0u);
  const AnswerFacts last = Format().ReadEvent(
      R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}})");
  EXPECT_EQ(last.finish_reason, "end_turn");
  EXPECT_EQ(last.usage.tokens.output_text, 4);
  EXPECT_NE(last.usage.close, 0u);
  EXPECT_TRUE(Format().ReadEvent(R"({"type":"message_stop"})").is_end);
  EXPECT_TRUE(
      Format().ReadEvent(R"({"type":"error","error":{"type":"overloaded_error"}})").is_error);
}

TEST(AnthropicReadTest, WhichBlockIsOpenIsKnownOfAStreamThatPassesThrough) {
  EXPECT_EQ(Format()
                .ReadEvent(R"({"type":"content_block_start","index":2,"content_block":{}})")
                .part_begun,
            2);
  EXPECT_EQ(Format().ReadEvent(R"({"type":"content_block_stop","index":2})").part_ended, 2);
  const AnswerFacts delta = Format().ReadEvent(R"({"type":"content_block_delta","index":2})");
  EXPECT_EQ(delta.part_begun, -1);
  EXPECT_EQ(delta.part_ended, -1);
  EXPECT_TRUE(Format().has_end_marker());
}

class AnthropicEventsTest : public testing::Test {
 protected:
  bool Read(const std::string& data) {
    texts_.push_back(data);
    ir::EventList events;
    const bool good = reader_->Read("", texts_.back(), events);
    for (const ir::Event& event : events) {
      seen_ += std::to_string(static_cast<int>(event.type)) + ":" + std::to_string(event.part) +
               (event.text.empty() ? "" : "=" + std::string(event.text)) + " ";
      if (event.type == ir::EventType::kUsage) usage_ = event.usage;
      if (event.type == ir::EventType::kError) status_ = event.status;
    }
    return good;
  }

  bool Start() {
    return Read(R"({"type":"message_start","message":{"id":"m","usage":)"
                R"({"input_tokens":9,"cache_read_input_tokens":2,"output_tokens":1}}})");
  }

  std::unique_ptr<EventReader> reader_ = Format().NewEventReader();
  std::vector<std::string> texts_;
  std::string seen_;
  ir::Usage usage_;
  int status_ = 0;
};

TEST_F(AnthropicEventsTest, BlocksBecomeParts) {
  ASSERT_TRUE(Start());
  ASSERT_TRUE(Read(R"({"type":"ping"})"));
  ASSERT_TRUE(Read(R"({"type":"content_block_start","index":0,)"
                   R"("content_block":{"type":"text","text":""}})"));
  ASSERT_TRUE(Read(R"({"type":"content_block_delta","index":0,)"
                   R"("delta":{"type":"text_delta","text":"Hi"}})"));
  ASSERT_TRUE(Read(R"({"type":"content_block_stop","index":0})"));
  ASSERT_TRUE(
      Read(R"({"type":"content_block_start","index":1,)"
           R"("content_block":{"type":"server_tool_use","id":"s","name":"x","input":{}}})"));
  ASSERT_TRUE(Read(R"({"type":"content_block_stop","index":1})"));
  ASSERT_TRUE(Read(R"({"type":"content_block_start","index":2,)"
                   R"("content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})"));
  ASSERT_TRUE(Read(R"({"type":"content_block_stop","index":2})"));
  ASSERT_TRUE(Read(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},)"
                   R"("usage":{"output_tokens":40}})"));
  ASSERT_TRUE(Read(R"({"type":"message_stop"})"));
  // Start, usage; text; what the provider ran is passed over; a call without arguments; finish,
  // usage, end.
  EXPECT_EQ(seen_, "0:0 9:0 1:0 2:0=Hi 7:0 1:1 2:1={} 7:1 8:0 9:0 11:0 ");
  EXPECT_EQ(usage_.tokens.input_text, 9);
  EXPECT_EQ(usage_.tokens.cache_read, 2);
  EXPECT_EQ(usage_.tokens.output_text, 40);
}

TEST_F(AnthropicEventsTest, WithoutItsLastEventAStreamIsCut) {
  ASSERT_TRUE(Start());
  ASSERT_TRUE(Read(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
                   R"("usage":{"output_tokens":4}})"));
  ir::EventList events;
  reader_->AtEnd(events);
  EXPECT_TRUE(events.empty());
}

TEST_F(AnthropicEventsTest, EventsOutOfOrderBreakTheStream) {
  EXPECT_FALSE(Read(R"({"type":"content_block_stop","index":0})")) << "before the start";
  ASSERT_TRUE(Start());
  EXPECT_FALSE(Read(R"({"type":"content_block_delta","index":0,"delta":{}})"));
  EXPECT_FALSE(Read(R"({"type":"message_stop"})")) << "without a reason";
  EXPECT_FALSE(Read("not json"));
  EXPECT_TRUE(Read(R"({"type":"of_next_year"})")) << "the API says to pass it over";
}

TEST_F(AnthropicEventsTest, AnErrorHasTheStatusOfItsType) {
  ASSERT_TRUE(Start());
  ASSERT_TRUE(Read(R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})"));
  EXPECT_EQ(status_, 529);
}

TEST(AnthropicErrorTest, ClassesByTypeAndWords) {
  const auto class_of = [](const std::string& type, const std::string& message) {
    return Format()
        .ReadError(400, R"({"type":"error","error":{"type":")" + type + R"(","message":")" +
                            message + R"("}})")
        .error_class;
  };
  EXPECT_EQ(class_of("overloaded_error", "x"), ProviderErrorClass::kOverloaded);
  EXPECT_EQ(class_of("authentication_error", "x"), ProviderErrorClass::kCredential);
  EXPECT_EQ(class_of("invalid_request_error", "x"), ProviderErrorClass::kRequest);
  EXPECT_EQ(class_of("invalid_request_error", "prompt is too long: 9 tokens"),
            ProviderErrorClass::kContextLength);
  EXPECT_EQ(class_of("invalid_request_error", "Your credit balance is too low to access"),
            ProviderErrorClass::kQuota);
  EXPECT_EQ(Format().ReadError(500, "<html>").error_class, ProviderErrorClass::kUnknown);
}

}  // namespace
}  // namespace tollgate::dataplane
