// The events of translated streams on OpenAI's responses.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/string_views.h"
#include "dataplane/http/sse.h"
#include "dataplane/json/document.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

class ResponsesStreamTest : public testing::Test {
 protected:
  ResponsesStreamTest() {
    context_.call = &call_;
    context_.scan = &scan_;
    context_.generation_id = "gen_1";
    context_.requested_model = "m";
    cost_.charge = Money::FromNanoUsd(1'500'000);
    cost_.usage.present = true;
    cost_.usage.tokens.output_text = 5;
    writer_ = OpenAiResponsesSurface().NewStreamWriter(context_);
  }

  void Write(const ir::Event& event) { writer_->Write(event, out_); }
  void Start() {
    ir::Event event;
    event.id = "resp_of_another";
    Write(event);
  }
  ir::Event Part(ir::EventType type, ir::PartType part) {
    ir::Event event;
    event.type = type;
    event.part_type = part;
    return event;
  }
  void Begin(ir::PartType part, std::string_view id = {}, std::string_view name = {}) {
    ir::Event event = Part(ir::EventType::kPartStart, part);
    event.id = id;
    event.name = name;
    Write(event);
  }
  void Delta(ir::PartType part, std::string_view text) {
    ir::Event event = Part(ir::EventType::kDelta, part);
    event.text = text;
    Write(event);
  }
  void Sign(ir::PartType part, const ir::Signature& signature, std::string_view redacted = {}) {
    ir::Event event = Part(ir::EventType::kSignature, part);
    event.signature = signature;
    event.redacted = redacted;
    Write(event);
  }
  void End(ir::PartType part) { Write(Part(ir::EventType::kPartEnd, part)); }
  void Finish(ir::FinishReason reason) {
    ir::Event event;
    event.type = ir::EventType::kFinish;
    event.finish = reason;
    Write(event);
    writer_->Finish(cost_, out_);
  }

  // The types of the events, which are numbered without a gap and named as their data says.
  std::string Types() {
    std::vector<std::string> types;
    SseSplitter splitter;
    std::string scratch;
    std::string_view rest = out_;
    while (const std::size_t size = splitter.Next(rest)) {
      const std::string_view event = rest.substr(0, size);
      JsonDocument document;
      EXPECT_TRUE(document.Parse(SseData(event, scratch))) << event;
      const JsonValue root = document.root();
      EXPECT_EQ(root["sequence_number"].integer(), static_cast<std::int64_t>(types.size()));
      EXPECT_EQ(root["type"].string(), SseName(event));
      types.emplace_back(root["type"].string());
      last_ = std::string(SseData(event, scratch));
      rest.remove_prefix(size);
    }
    EXPECT_TRUE(rest.empty()) << "what is written are whole events";
    return absl::StrJoin(types, "\n");
  }
  // The response of the last event.
  JsonValue Last() {
    EXPECT_TRUE(document_.Parse(last_));
    return document_.root()["response"];
  }
  bool Wrote(std::string_view text) const { return out_.find(text) != std::string::npos; }

  CallHead call_;
  ScannedRequest scan_;
  AnswerContext context_;
  AnswerCost cost_;
  std::unique_ptr<StreamWriter> writer_;
  std::string out_;
  std::string last_;
  JsonDocument document_;
};

TEST_F(ResponsesStreamTest, TheSequenceOfAText) {
  Start();
  Begin(ir::PartType::kText);
  Delta(ir::PartType::kText, "he");
  Delta(ir::PartType::kText, "y");
  End(ir::PartType::kText);
  Finish(ir::FinishReason::kStop);
  EXPECT_EQ(Types(),
            "response.created\nresponse.in_progress\nresponse.output_item.added\n"
            "response.content_part.added\nresponse.output_text.delta\nresponse.output_text.delta\n"
            "response.output_text.done\nresponse.content_part.done\nresponse.output_item.done\n"
            "response.completed");
  const JsonValue response = Last();
  EXPECT_EQ(response["id"].string(), "gen_1");
  EXPECT_EQ(response["status"].string(), "completed");
  EXPECT_EQ(response["output"].raw(),
            R"([{"id":"msg_1_0","type":"message","status":"completed","role":"assistant",)"
            R"("content":[{"type":"output_text","text":"hey","annotations":[],"logprobs":[]}]}])");
  EXPECT_EQ(response["usage"]["cost"].raw(), "0.0015");
  EXPECT_FALSE(Wrote("[DONE]"));
  EXPECT_TRUE(Wrote(R"("item_id":"msg_1_0","output_index":0,"content_index":0,"delta":"he")"));
}

TEST_F(ResponsesStreamTest, ThoughtsCallsAndWhatIsSignedOfThem) {
  Start();
  Begin(ir::PartType::kReasoning);
  Delta(ir::PartType::kReasoning, "hm");
  Sign(ir::PartType::kReasoning, {ir::kFamilyAnthropic, "Eq"});
  End(ir::PartType::kReasoning);
  Begin(ir::PartType::kToolCall, "c", "f");
  Delta(ir::PartType::kToolCall, "{}");
  Sign(ir::PartType::kToolCall, {ir::kFamilyGoogle, "sig"});
  End(ir::PartType::kToolCall);
  Finish(ir::FinishReason::kToolCalls);
  EXPECT_EQ(Types(),
            "response.created\nresponse.in_progress\nresponse.output_item.added\n"
            "response.reasoning_summary_part.added\nresponse.reasoning_summary_text.delta\n"
            "response.reasoning_summary_text.done\nresponse.reasoning_summary_part.done\n"
            "response.output_item.done\nresponse.output_item.added\n"
            "response.function_call_arguments.delta\nresponse.function_call_arguments.done\n"
            "response.output_item.done\nresponse.output_item.added\nresponse.output_item.done\n"
            "response.completed");
  EXPECT_EQ(
      Last()["output"].raw(),
      R"([{"id":"rs_1_0","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],)"
      R"("encrypted_content":"tollgate.anthropic.s/Eq"},)"
      R"({"id":"fc_1_1","type":"function_call","status":"completed","call_id":"c","name":"f",)"
      R"("arguments":"{}"},)"
      R"({"id":"rs_1_2","type":"reasoning","summary":[],)"
      R"("encrypted_content":"tollgate.google.p/sig"}])");
}

TEST_F(ResponsesStreamTest, AThoughtOfOpenAisThatShowsNothing) {
  Start();
  Begin(ir::PartType::kReasoning, "rs_7");
  Sign(ir::PartType::kReasoning, {ir::kFamilyOpenAi, {}}, "enc");
  End(ir::PartType::kReasoning);
  Begin(ir::PartType::kReasoning);  // One that has nothing at all.
  End(ir::PartType::kReasoning);
  Finish(ir::FinishReason::kStop);
  Types();
  const JsonValue output = Last()["output"];
  EXPECT_EQ(output.size(), 1u);
  EXPECT_TRUE(Wrote(R"("encrypted_content":"enc")"));
}

TEST_F(ResponsesStreamTest, RefusalsCustomCallsCitationsAndLogprobs) {
  Start();
  Begin(ir::PartType::kText);
  Delta(ir::PartType::kText, "a");
  ir::Event logprobs = Part(ir::EventType::kLogprobs, ir::PartType::kText);
  logprobs.json = R"([{"token":"a","logprob":-1}])";
  Write(logprobs);
  const ir::Citation citation{.url = "https://e.x", .title = "t"};
  ir::Event cited = Part(ir::EventType::kCitation, ir::PartType::kText);
  cited.citation = &citation;
  Write(cited);
  End(ir::PartType::kText);
  Begin(ir::PartType::kRefusal);
  Delta(ir::PartType::kRefusal, "no");
  End(ir::PartType::kRefusal);
  ir::Event custom = Part(ir::EventType::kPartStart, ir::PartType::kToolCall);
  custom.id = "c";
  custom.name = "g";
  custom.custom = true;
  Write(custom);
  Delta(ir::PartType::kToolCall, "x");
  End(ir::PartType::kToolCall);
  Finish(ir::FinishReason::kRefusal);
  const std::string types = Types();
  for (const char* type :
       {"response.output_text.annotation.added", "response.refusal.delta", "response.refusal.done",
        "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done"}) {
    EXPECT_NE(types.find(type), std::string::npos) << type;
  }
  EXPECT_TRUE(types.ends_with("response.incomplete"));
  const JsonValue output = Last()["output"];
  ASSERT_EQ(output.size(), 2u) << "text and refusal are parts of one message";
  EXPECT_TRUE(Wrote(R"("text":"a","annotations":[{"type":"url_citation","url":"https://e.x",)"
                    R"("title":"t","start_index":0,"end_index":0}],)"
                    R"("logprobs":[{"token":"a","logprob":-1}])"));
}

TEST_F(ResponsesStreamTest, AStreamThatBreaksSaysSoInBothWays) {
  Start();
  Begin(ir::PartType::kText);
  Delta(ir::PartType::kText, "he");
  GatewayError error;
  error.code = ErrorCode::kStreamInterrupted;
  writer_->Fail(error, out_);
  EXPECT_TRUE(Types().ends_with("error\nresponse.failed"));
  EXPECT_EQ(Last()["status"].string(), "failed");
  EXPECT_EQ(Last()["error"]["code"].string(), "server_error");
  EXPECT_FALSE(Wrote("response.completed"));
}

TEST_F(ResponsesStreamTest, AStopOfTheGatewaysSaysWhy) {
  Start();
  GatewayError why;
  why.code = ErrorCode::kBudgetExceeded;
  cost_.stopped = &why;
  Finish(ir::FinishReason::kLength);
  EXPECT_TRUE(Types().ends_with("response.incomplete"));
  EXPECT_EQ(Last()["incomplete_details"]["reason"].string(), "max_output_tokens");
  EXPECT_EQ(Last()["tollgate"]["stop_reason"].string(), "budget_exceeded");
}

}  // namespace
}  // namespace tollgate::dataplane
