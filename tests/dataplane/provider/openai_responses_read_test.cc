// OpenAI's responses as a provider's format: answers, streams and usage.
#include <memory>
#include <string>

#include "dataplane/ir/collector.h"
#include "dataplane/provider/format.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const ProviderFormat& Responses() { return OpenAiResponsesFormat(); }

constexpr std::string_view kUsage =
    R"({"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":5},)"
    R"("output_tokens":50,"output_tokens_details":{"reasoning_tokens":30},"total_tokens":150})";

std::string Completed(std::string_view status, std::string_view details) {
  return std::string(R"({"type":"response.)") + std::string(status) +
         R"(","sequence_number":9,"response":{"id":"resp_1","status":")" + std::string(status) +
         R"(","incomplete_details":)" + std::string(details) +
         R"(,"error":null,"output":[{"type":"message","content":[{"type":"output_text",)"
         R"("text":"repeated"}]}],"usage":)" +
         std::string(kUsage) + "}}";
}

void ExpectUsage(const TokenUsage& usage) {
  EXPECT_EQ(usage.input_text, 35);
  EXPECT_EQ(usage.cache_read, 60);
  EXPECT_EQ(usage.cache_write_5m, 5);
  EXPECT_EQ(usage.output_reasoning, 30);
  EXPECT_EQ(usage.output_text, 20);
}

TEST(ResponsesFactsTest, TheTerminalEventIsTheEndAndHasTheUsage) {
  const std::string completed = Completed("completed", "null");
  const AnswerFacts facts = Responses().ReadEvent(completed);
  ASSERT_TRUE(facts.valid);
  EXPECT_TRUE(facts.is_end);
  EXPECT_FALSE(facts.is_error);
  EXPECT_EQ(facts.id, "resp_1");
  EXPECT_EQ(facts.finish_reason, "completed");
  EXPECT_EQ(facts.content_bytes, 0) << "what it repeats came before";
  ASSERT_TRUE(facts.usage.present);
  ExpectUsage(facts.usage.tokens);
  EXPECT_EQ(completed.substr(facts.usage.close), "}}}");
  const std::string incomplete = Completed("incomplete", R"({"reason":"max_output_tokens"})");
  EXPECT_TRUE(Responses().ReadEvent(incomplete).is_end);
  EXPECT_EQ(Responses().ReadEvent(incomplete).finish_reason, "max_output_tokens");
}

TEST(ResponsesFactsTest, DeltasAreCountedOnce) {
  const auto bytes = [](std::string_view data) {
    const AnswerFacts facts = Responses().ReadEvent(data);
    EXPECT_TRUE(facts.valid && facts.has_choices && !facts.is_end) << data;
    return facts.content_bytes;
  };
  EXPECT_EQ(bytes(R"({"type":"response.output_text.delta","delta":"abc"})"), 3);
  EXPECT_EQ(bytes(R"({"delta":"ab","type":"response.function_call_arguments.delta"})"), 2);
  EXPECT_EQ(bytes(R"({"type":"response.reasoning_summary_text.delta","delta":"abcd"})"), 4);
  EXPECT_EQ(bytes(R"({"type":"response.output_item.added","item":{"name":"fn"}})"), 2);
  EXPECT_EQ(bytes(R"({"type":"response.output_item.done","item":{"name":"fn"}})"), 0);
  EXPECT_EQ(bytes(R"({"type":"response.output_text.done","text":"abc"})"), 0);
  EXPECT_EQ(bytes(R"({"type":"response.created","response":{"id":"r","usage":null}})"), 0);
  EXPECT_EQ(bytes(R"({"type":"response.of.the.future","delta":{"x":1}})"), 0);
}

TEST(ResponsesFactsTest, Errors) {
  const AnswerFacts flat = Responses().ReadEvent(
      R"({"type":"error","code":"server_error","message":"no","param":null})");
  EXPECT_TRUE(flat.is_error);
  EXPECT_EQ(flat.error_message, "no");
  EXPECT_EQ(flat.error_code, "server_error");
  const AnswerFacts failed = Responses().ReadEvent(
      R"({"type":"response.failed","response":{"status":"failed","error":{"code":"c",)"
      R"("message":"m"}}})");
  EXPECT_TRUE(failed.is_error);
  EXPECT_FALSE(failed.is_end);
  EXPECT_EQ(failed.error_message, "m");
  EXPECT_FALSE(Responses().ReadEvent("<html>").valid);
  EXPECT_FALSE(Responses().ReadEvent("[DONE]").is_end) << "the terminal event is another";
  EXPECT_TRUE(Responses().has_end_marker());
}

TEST(ResponsesFactsTest, WholeAnswers) {
  const std::string whole =
      R"({"id":"resp_1","status":"completed","error":null,"output":[{"type":"message","content":[)"
      R"({"type":"output_text","text":"abc"}]},{"type":"function_call","name":"f",)"
      R"("arguments":"{}"}],"usage":)" +
      std::string(kUsage) + "}";
  const AnswerFacts facts = Responses().ReadAnswer(whole);
  EXPECT_TRUE(facts.valid && facts.has_choices && !facts.is_error);
  EXPECT_EQ(facts.content_bytes, 6);
  EXPECT_EQ(facts.finish_reason, "completed");
  ExpectUsage(facts.usage.tokens);
  EXPECT_TRUE(Responses().ReadAnswer(R"({"status":"failed","error":{"message":"x"}})").is_error);
  EXPECT_FALSE(Responses().ReadAnswer(R"({"status":"queued","output":[]})").has_choices)
      << "nobody would be there to meter it";
}

TEST(ResponsesReadTest, EveryKindOfItem) {
  const std::string body =
      R"({"id":"resp_1","created_at":7,"status":"completed","error":null,"service_tier":"flex",)"
      R"("output":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"a"},)"
      R"({"type":"summary_text","text":"b"}],"encrypted_content":"enc"},)"
      R"({"type":"message","content":[{"type":"output_text","text":"hi","annotations":[)"
      R"({"type":"url_citation","url":"https://e.x","title":"t","start_index":0,"end_index":2}],)"
      R"("logprobs":[{"token":"hi","logprob":-1}]},{"type":"refusal","refusal":"no"}]},)"
      R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},)"
      R"({"type":"custom_tool_call","call_id":"c2","name":"g","input":"x"},)"
      R"({"type":"web_search_call","id":"ws"}],"usage":)" +
      std::string(kUsage) + "}";
  ir::Response response;
  ASSERT_TRUE(Responses().ReadResponse(body, response));
  ASSERT_EQ(response.choices.size(), 1u);
  const ir::Choice& choice = response.choices[0];
  ASSERT_EQ(choice.parts.size(), 6u);
  const auto* thought = choice.parts[0].As<ir::Reasoning>();
  EXPECT_EQ(thought->text, "a\n\nb");
  EXPECT_EQ(thought->redacted, "enc");
  EXPECT_EQ(thought->id, "rs_1");
  EXPECT_EQ(choice.parts[0].signature.maker, ir::kFamilyOpenAi);
  EXPECT_EQ(choice.parts[1].As<ir::Text>()->citations.at(0).end, 2);
  EXPECT_EQ(choice.parts[2].As<ir::Refusal>()->text, "no");
  EXPECT_EQ(choice.parts[3].As<ir::ToolCall>()->id, "c1");
  EXPECT_TRUE(choice.parts[4].As<ir::ToolCall>()->custom);
  EXPECT_EQ(choice.parts[5].As<ir::Opaque>()->type, "web_search_call");
  EXPECT_EQ(choice.logprobs, R"({"content":[{"token":"hi","logprob":-1}],"refusal":null})");
  EXPECT_EQ(choice.finish, ir::FinishReason::kToolCalls);
  EXPECT_EQ(response.service_tier, "flex");
  ExpectUsage(response.usage.tokens);
}

TEST(ResponsesReadTest, WhyAnAnswerEnds) {
  const auto finish = [](const std::string& members) {
    ir::Response response;
    const std::string body = R"({"output":[],)" + members + "}";
    EXPECT_TRUE(Responses().ReadResponse(body, response)) << body;
    return response.choices.at(0).finish;
  };
  EXPECT_EQ(finish(R"("status":"completed")"), ir::FinishReason::kStop);
  EXPECT_EQ(finish(R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})"),
            ir::FinishReason::kLength);
  EXPECT_EQ(finish(R"("status":"incomplete","incomplete_details":{"reason":"content_filter"})"),
            ir::FinishReason::kContentFilter);
  ir::Response response;
  EXPECT_FALSE(Responses().ReadResponse(R"({"output":[],"status":"failed"})", response));
  EXPECT_FALSE(Responses().ReadResponse(R"({"error":{"message":"x"}})", response));
}

class ResponsesEventsTest : public testing::Test {
 protected:
  // False when the stream is broken.
  bool Read(std::string_view data) {
    ir::EventList events;
    const bool good = reader_->Read({}, data, events);
    for (const ir::Event& event : events) {
      ended_ |= event.type == ir::EventType::kEnd;
      failed_ |= event.type == ir::EventType::kError;
      collector_.Add(event);
    }
    return good;
  }
  void Begin() {
    ASSERT_TRUE(Read(R"({"type":"response.created","response":{"id":"resp_1"}})"));
    ASSERT_TRUE(Read(R"({"type":"response.in_progress","response":{"id":"resp_1"}})"));
  }
  const ir::Choice& choice() const { return collector_.response().choices.at(0); }

  std::unique_ptr<EventReader> reader_ = Responses().NewEventReader();
  ir::Collector collector_;
  bool ended_ = false;
  bool failed_ = false;
};

TEST_F(ResponsesEventsTest, ThoughtsTextAndCallsInTheirOrder) {
  Begin();
  for (const char* data :
       {R"({"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1",)"
        R"("type":"reasoning","summary":[]}})",
        R"({"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0})",
        R"({"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"a"})",
        R"({"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1})",
        R"({"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"b"})",
        R"({"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1",)"
        R"("type":"reasoning","summary":[],"encrypted_content":"enc"}})",
        R"({"type":"response.output_item.added","output_index":1,"item":{"type":"message"}})",
        R"({"type":"response.content_part.added","output_index":1,"part":{"type":"output_text"}})",
        R"({"type":"response.output_text.delta","output_index":1,"delta":"he"})",
        R"({"type":"response.output_text.delta","output_index":1,"delta":"y"})",
        R"({"type":"response.output_text.done","output_index":1,"text":"hey"})",
        R"({"type":"response.content_part.done","output_index":1,"part":{"type":"output_text",)"
        R"("text":"hey"}})",
        R"({"type":"response.output_item.done","output_index":1,"item":{"type":"message"}})",
        R"({"type":"response.output_item.added","output_index":2,"item":{"type":"function_call",)"
        R"("call_id":"c","name":"f","arguments":""}})",
        R"({"type":"response.function_call_arguments.delta","output_index":2,"delta":"{}"})",
        R"({"type":"response.output_item.done","output_index":2,"item":{"type":"function_call",)"
        R"("arguments":"{}"}})"}) {
    ASSERT_TRUE(Read(data)) << data;
  }
  EXPECT_FALSE(ended_);
  ASSERT_TRUE(Read(Completed("completed", "null")));
  EXPECT_TRUE(ended_);
  ASSERT_EQ(choice().parts.size(), 3u);
  EXPECT_EQ(choice().parts[0].As<ir::Reasoning>()->text, "a\n\nb");
  EXPECT_EQ(choice().parts[0].As<ir::Reasoning>()->redacted, "enc");
  EXPECT_EQ(choice().parts[1].As<ir::Text>()->text, "hey");
  EXPECT_EQ(choice().parts[2].As<ir::ToolCall>()->arguments, "{}");
  EXPECT_EQ(choice().finish, ir::FinishReason::kToolCalls);
  ExpectUsage(collector_.response().usage.tokens);
}

// What was not streamed is taken from the events that end an item; a thought of which nothing is
// shown is kept for what it is encrypted as.
TEST_F(ResponsesEventsTest, WhatIsSaidOnlyAtTheEndOfAnItem) {
  Begin();
  for (const char* data :
       {R"({"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1",)"
        R"("type":"reasoning"}})",
        R"({"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1",)"
        R"("type":"reasoning","encrypted_content":"enc"}})",
        R"({"type":"response.output_item.added","output_index":1,"item":{"type":"message"}})",
        R"({"type":"response.output_item.done","output_index":1,"item":{"type":"message",)"
        R"("content":[{"type":"output_text","text":"all"}]}})",
        R"({"type":"response.output_item.added","output_index":2,"item":)"
        R"({"type":"custom_tool_call","call_id":"c","name":"f"}})",
        R"({"type":"response.output_item.done","output_index":2,"item":)"
        R"({"type":"custom_tool_call","input":"x"}})"}) {
    ASSERT_TRUE(Read(data)) << data;
  }
  ASSERT_TRUE(Read(Completed("completed", "null")));
  ASSERT_EQ(choice().parts.size(), 3u);
  EXPECT_EQ(choice().parts[0].As<ir::Reasoning>()->id, "rs_1");
  EXPECT_EQ(choice().parts[1].As<ir::Text>()->text, "all");
  EXPECT_EQ(choice().parts[2].As<ir::ToolCall>()->arguments, "x");
  EXPECT_TRUE(choice().parts[2].As<ir::ToolCall>()->custom);
}

TEST_F(ResponsesEventsTest, BrokenStreams) {
  Begin();
  EXPECT_FALSE(Read(R"({"type":"response.output_text.delta","output_index":0,"delta":"x"})"))
      << "no item is open";
  ASSERT_TRUE(Read(R"({"type":"response.output_item.added","output_index":0,"item":)"
                   R"({"type":"message"}})"));
  EXPECT_FALSE(Read(R"({"type":"response.output_text.delta","output_index":1,"delta":"x"})"));
  EXPECT_FALSE(Read(R"({"type":"response.output_item.added","output_index":1,"item":)"
                    R"({"type":"function_call","name":"f"}})"))
      << "a call without an id cannot be answered";
  EXPECT_FALSE(Read("<html>"));
  EXPECT_FALSE(ended_);
}

TEST_F(ResponsesEventsTest, FailuresAndUnknownEvents) {
  Begin();
  EXPECT_TRUE(Read(R"({"type":"response.of.the.future","x":[1]})"));
  EXPECT_TRUE(
      Read(R"({"type":"response.failed","response":{"error":{"code":"c","message":"m"}}})"));
  EXPECT_TRUE(failed_);
  ir::EventList events;
  reader_->AtEnd(events);
  EXPECT_TRUE(events.empty()) << "a stream without its terminal event was cut";
}

TEST(ResponsesErrorTest, TheEnvelopeIsThatOfChat) {
  const ProviderError error =
      Responses().ReadError(400, R"({"error":{"message":"too long","type":"invalid_request_error",)"
                                 R"("code":"context_length_exceeded"}})");
  EXPECT_EQ(error.error_class, ProviderErrorClass::kContextLength);
  EXPECT_EQ(error.message, "too long");
}

}  // namespace
}  // namespace tollgate::dataplane
