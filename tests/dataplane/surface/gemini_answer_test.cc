// Gemini's generateContent as a surface: what its clients see of translated answers.
#include <memory>
#include <string>
#include <vector>

#include "dataplane/http/sse.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const Surface& Gemini() { return GeminiSurface(); }

class GeminiAnswerTest : public testing::Test {
 protected:
  GeminiAnswerTest() {
    context_.call = &call_;
    context_.scan = &scan_;
    context_.generation_id = "gen_1";
    context_.requested_model = "acme/m";
    context_.provider_id = "p";
    AttemptNote note;
    note.model_id = "acme/m";
    note.provider_id = "q";
    note.status = 500;
    note.error = "http";
    attempts_.push_back(note);
    note.provider_id = "p";
    note.success = true;
    note.status = 200;
    note.error = {};
    attempts_.push_back(note);
    cost_.charge = Money::FromNanoUsd(1'500'000);
    cost_.usage.present = true;
    cost_.usage.tokens.input_text = 10;
    cost_.usage.tokens.input_audio = 3;
    cost_.usage.tokens.cache_read = 4;
    cost_.usage.tokens.cache_write_5m = 6;
    cost_.usage.tokens.output_text = 5;
    cost_.usage.tokens.output_reasoning = 2;
    cost_.attempts = attempts_;
  }

  JsonValue Whole() {
    text_.clear();
    Gemini().WriteAnswer(response_, context_, cost_, text_);
    EXPECT_TRUE(document_.Parse(text_)) << text_;
    return document_.root();
  }

  void Write(const ir::Event& event) {
    if (writer_ == nullptr) writer_ = Gemini().NewStreamWriter(context_);
    writer_->Write(event, stream_);
  }

  // The data of the events so far; each must be JSON.
  std::vector<std::string> Events() const {
    std::vector<std::string> events;
    SseSplitter splitter;
    std::string scratch;
    std::string_view rest = stream_;
    while (const std::size_t size = splitter.Next(rest)) {
      const std::string_view data = SseData(rest.substr(0, size), scratch);
      rest.remove_prefix(size);
      if (data.empty()) continue;
      JsonDocument document;
      EXPECT_TRUE(document.Parse(data)) << data;
      events.emplace_back(data);
    }
    EXPECT_TRUE(rest.empty() || rest == "\n") << "half an event: " << rest;
    return events;
  }

  // The parts of an event's candidate.
  static std::string Parts(const std::string& event) {
    JsonDocument document;
    EXPECT_TRUE(document.Parse(event));
    const JsonValue candidates = document.root()["candidates"];
    if (candidates.size() == 0) return {};
    return std::string((*candidates.elements().begin())["content"]["parts"].raw());
  }

  // What a client that keeps the parts of an answer sends on the next turn.
  void ReadBack(const std::string& parts) {
    back_ = R"({"contents":[{"role":"model","parts":)" + parts + "}]}";
    request_.Reset();
    const auto error = Gemini().ReadRequest(back_, call_, scan_, request_);
    EXPECT_FALSE(error.has_value()) << error->text();
    ASSERT_EQ(request_.messages.size(), 1u);
  }

  CallHead call_;
  ScannedRequest scan_;
  AnswerContext context_;
  AnswerCost cost_;
  std::vector<AttemptNote> attempts_;
  ir::Response response_;
  JsonDocument document_;
  std::string text_;
  std::unique_ptr<StreamWriter> writer_;
  std::string stream_;
  std::string back_;
  ir::Request request_;
};

TEST_F(GeminiAnswerTest, AllClassesOfUsageTheCostAndTheAttempts) {
  ir::Choice& choice = response_.choices.emplace_back();
  choice.parts.emplace_back().body = ir::Text{"Hi", {}};
  choice.finish = ir::FinishReason::kLength;
  const JsonValue root = Whole();
  EXPECT_EQ(root["candidates"].raw(),
            R"([{"content":{"parts":[{"text":"Hi"}],"role":"model"},"finishReason":"MAX_TOKENS",)"
            R"("index":0}])");
  EXPECT_EQ(root["modelVersion"].string(), "acme/m");
  EXPECT_EQ(root["responseId"].string(), "gen_1");
  EXPECT_EQ(root["usageMetadata"].raw(),
            R"({"promptTokenCount":23,"candidatesTokenCount":5,"totalTokenCount":30,)"
            R"("thoughtsTokenCount":2,"promptTokensDetails":[{"modality":"TEXT","tokenCount":20},)"
            R"({"modality":"AUDIO","tokenCount":3}],"cachedContentTokenCount":4,)"
            R"("cacheTokensDetails":[{"modality":"TEXT","tokenCount":4}],"cacheWriteTokenCount":6,)"
            R"("candidatesTokensDetails":[{"modality":"TEXT","tokenCount":5}],"cost":0.0015})");
  const JsonValue gateway = root["providerMetadata"]["gateway"];
  EXPECT_EQ(gateway["generationId"].string(), "gen_1");
  EXPECT_EQ(gateway["attempts"].raw(),
            R"([{"model":"acme/m","provider":"q","success":false,"statusCode":500,"error":"http"},)"
            R"({"model":"acme/m","provider":"p","success":true,"statusCode":200}])");
}

TEST_F(GeminiAnswerTest, EachReasonToEnd) {
  const auto reason = [&](ir::FinishReason finish, std::string_view native) {
    response_.choices.clear();
    ir::Choice& choice = response_.choices.emplace_back();
    choice.finish = finish;
    choice.native_finish = native;
    return std::string((*Whole()["candidates"].elements().begin())["finishReason"].string());
  };
  EXPECT_EQ(reason(ir::FinishReason::kToolCalls, "tool_use"), "STOP");
  EXPECT_EQ(reason(ir::FinishReason::kRefusal, "refusal"), "SAFETY");
  EXPECT_EQ(reason(ir::FinishReason::kContentFilter, "RECITATION"), "RECITATION") << "Google's own";
  EXPECT_EQ(reason(ir::FinishReason::kContextWindow, ""), "MAX_TOKENS");
  EXPECT_EQ(reason(ir::FinishReason::kOther, "strange"), "OTHER");
}

// What another's model signed comes back as it was.
TEST_F(GeminiAnswerTest, SignaturesOfOthersSurviveTheClient) {
  ir::Choice& choice = response_.choices.emplace_back();
  ir::Part& thought = choice.parts.emplace_back();
  thought.body = ir::Reasoning{.text = "hm"};
  thought.signature = {ir::kFamilyAnthropic, "Eq/a+="};
  ir::Part& redacted = choice.parts.emplace_back();
  redacted.body = ir::Reasoning{.text = "sum", .summary = true, .redacted = "a/b", .id = "rs_1"};
  redacted.signature.maker = ir::kFamilyOpenAi;
  choice.parts.emplace_back().body = ir::Reasoning{.text = "nobody signed"};
  choice.parts.emplace_back().body = ir::ToolCall{.id = "t", .name = "f", .arguments = "{}"};
  Whole();
  ReadBack(Parts(text_));
  const std::vector<ir::Part>& parts = request_.messages[0].parts;
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].As<ir::Reasoning>()->text, "hm");
  EXPECT_EQ(parts[0].signature.maker, ir::kFamilyAnthropic);
  EXPECT_EQ(parts[0].signature.value, "Eq/a+=");
  EXPECT_EQ(parts[1].signature.maker, ir::kFamilyOpenAi);
  EXPECT_EQ(parts[1].As<ir::Reasoning>()->redacted, "a/b");
  EXPECT_EQ(parts[1].As<ir::Reasoning>()->id, "rs_1");
  EXPECT_EQ(parts[2].signature.maker, "") << "not taken for Google's";
  EXPECT_EQ(parts[3].As<ir::ToolCall>()->id, "t");
}

TEST_F(GeminiAnswerTest, AClientThatWritesTheUrlSafeAlphabetIsUnderstood) {
  ir::Choice& choice = response_.choices.emplace_back();
  ir::Part& thought = choice.parts.emplace_back();
  thought.body = ir::Reasoning{.text = "hm"};
  thought.signature = {ir::kFamilyAnthropic, "~~~>>>"};
  Whole();
  std::string parts = Parts(text_);
  for (char& c : parts) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  ReadBack(parts);
  EXPECT_EQ(request_.messages[0].parts.at(0).signature.value, "~~~>>>");
}

TEST_F(GeminiAnswerTest, HiddenThoughtsKeepTheirSignatures) {
  context_.hide_reasoning = true;
  ir::Choice& choice = response_.choices.emplace_back();
  ir::Part& thought = choice.parts.emplace_back();
  thought.body = ir::Reasoning{.text = "secret"};
  thought.signature = {ir::kFamilyAnthropic, "Eq"};
  choice.parts.emplace_back().body = ir::Reasoning{.text = "secret too"};
  Whole();
  EXPECT_EQ(text_.find("secret"), std::string::npos) << text_;
  ReadBack(Parts(text_));
  ASSERT_EQ(request_.messages[0].parts.size(), 1u);
  EXPECT_EQ(request_.messages[0].parts[0].signature.value, "Eq");
}

TEST_F(GeminiAnswerTest, ProbabilitiesAndSources) {
  ir::Choice& choice = response_.choices.emplace_back();
  ir::Citation citation;
  citation.url = "https://e.x";
  citation.title = "t";
  choice.parts.emplace_back().body = ir::Text{"a", {citation}};
  choice.logprobs = R"({"content":[{"token":"a","logprob":-0.5,"top_logprobs":[)"
                    R"({"token":"b","logprob":-1}]}]})";
  Whole();
  EXPECT_NE(text_.find(R"("groundingChunks":[{"web":{"uri":"https://e.x","title":"t"}}])"),
            std::string::npos)
      << text_;
  EXPECT_NE(text_.find(R"("avgLogprobs":-0.5,"logprobsResult":{"chosenCandidates":[{"token":"a",)"
                       R"("logProbability":-0.5}],"topCandidates":[{"candidates":[{"token":"b",)"
                       R"("logProbability":-1}]}]})"),
            std::string::npos)
      << text_;
}

TEST_F(GeminiAnswerTest, AStreamIsAnswersInSmall) {
  Write({.type = ir::EventType::kStart});
  Write({.type = ir::EventType::kPartStart, .part_type = ir::PartType::kReasoning});
  Write({.type = ir::EventType::kDelta, .part_type = ir::PartType::kReasoning, .text = "h"});
  Write({.type = ir::EventType::kDelta, .part_type = ir::PartType::kReasoning, .text = "m"});
  Write({.type = ir::EventType::kSignature,
         .part_type = ir::PartType::kReasoning,
         .signature = {ir::kFamilyAnthropic, "Eq"}});
  Write({.type = ir::EventType::kPartEnd, .part_type = ir::PartType::kReasoning});
  Write({.type = ir::EventType::kPartStart,
         .part_type = ir::PartType::kToolCall,
         .part = 1,
         .id = "t",
         .name = "f"});
  for (const std::string_view piece : {"{\"a\"", ":1}"}) {
    Write({.type = ir::EventType::kDelta,
           .part_type = ir::PartType::kToolCall,
           .part = 1,
           .text = piece});
  }
  Write({.type = ir::EventType::kPartEnd, .part_type = ir::PartType::kToolCall, .part = 1});
  Write({.type = ir::EventType::kFinish, .finish = ir::FinishReason::kToolCalls});
  EXPECT_EQ(stream_.find("finishReason"), std::string::npos) << "held back until the cost is known";
  EXPECT_EQ(Events().size(), 4u);
  writer_->Finish(cost_, stream_);
  const std::vector<std::string> events = Events();
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(Parts(events[0]), R"([{"text":"h","thought":true}])");
  EXPECT_EQ(Parts(events[3]), R"([{"functionCall":{"id":"t","name":"f","args":{"a":1}}}])");
  EXPECT_NE(events[4].find(R"("finishReason":"STOP")"), std::string::npos);
  EXPECT_NE(events[4].find(R"("cost":0.0015)"), std::string::npos);
  EXPECT_EQ(Parts(events[4]), R"([{"text":""}])") << "clients refuse a content without parts";
  // A client sends all parts that came.
  std::string parts;
  for (int i = 0; i < 4; ++i) {
    const std::string part = Parts(events[static_cast<std::size_t>(i)]);
    parts += (i == 0 ? "" : ",") + part.substr(1, part.size() - 2);
  }
  ReadBack("[" + parts + "]");
  ASSERT_EQ(request_.messages[0].parts.size(), 2u) << "one thought";
  EXPECT_EQ(request_.messages[0].parts[0].As<ir::Reasoning>()->text, "hm");
  EXPECT_EQ(request_.messages[0].parts[0].signature.value, "Eq");
}

TEST_F(GeminiAnswerTest, AStreamThatBrokeEndsWithAnError) {
  Write({.type = ir::EventType::kPartStart});
  Write({.type = ir::EventType::kDelta, .text = "Hi"});
  GatewayError error;
  error.code = ErrorCode::kStreamInterrupted;
  writer_->Fail(error, stream_);
  const std::vector<std::string> events = Events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[1].starts_with(R"({"error":{"code":502,)")) << events[1];
  EXPECT_EQ(stream_.find("finishReason"), std::string::npos);
}

TEST_F(GeminiAnswerTest, AStreamThatWasStoppedSaysWhy) {
  Write({.type = ir::EventType::kFinish, .finish = ir::FinishReason::kLength});
  GatewayError why;
  why.code = ErrorCode::kBudgetExceeded;
  cost_.stopped = &why;
  writer_->Finish(cost_, stream_);
  EXPECT_NE(stream_.find(R"("finishReason":"MAX_TOKENS")"), std::string::npos);
  EXPECT_NE(stream_.find("budget_exceeded"), std::string::npos) << stream_;
}

TEST_F(GeminiAnswerTest, AStreamThatPassesThroughIsStoppedTheSameWay) {
  GatewayError why;
  why.code = ErrorCode::kInsufficientBalance;
  StreamStop stop;
  stop.response_id = R"(r\u0031)";
  stop.model = "acme/m";
  stop.cost = cost_;
  stop.cost.stopped = &why;
  Gemini().AppendStreamStop(stop, "gen_1", stream_);
  const std::vector<std::string> events = Events();
  ASSERT_EQ(events.size(), 1u);
  ASSERT_TRUE(document_.Parse(events[0]));
  const JsonValue root = document_.root();
  EXPECT_EQ(root["responseId"].string(), "r1");
  EXPECT_EQ(root["usageMetadata"]["promptTokenCount"].integer(), 23);
  EXPECT_NE(events[0].find(R"("finishReason":"MAX_TOKENS")"), std::string::npos);
  EXPECT_NE(events[0].find("insufficient_balance"), std::string::npos);
}

}  // namespace
}  // namespace tollgate::dataplane
