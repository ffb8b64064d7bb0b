// Completions of text, the API before chat: what is read, refused and written.
#include <memory>
#include <string>

#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const Surface& Completions() { return OpenAiCompletionsSurface(); }

class CompletionsTest : public testing::Test {
 protected:
  CompletionsTest() {
    context_.call = &call_;
    context_.scan = &scan_;
    context_.generation_id = "gen_1";
    context_.requested_model = "m";
    cost_.charge = Money::FromNanoUsd(1'500'000);
    cost_.usage.present = true;
    cost_.usage.tokens.input_text = 3;
    cost_.usage.tokens.output_text = 5;
  }

  std::optional<GatewayError> Read(std::string members) {
    body_ = R"({"model":"m",)" + std::move(members) + "}";
    request_.Reset();
    if (auto error = Completions().Scan(body_, call_, scan_)) return error;
    return Completions().ReadRequest(body_, call_, scan_, request_);
  }
  std::string ParamOf(const std::string& members) {
    const auto error = Read(members);
    return error.has_value() ? error->param : "(accepted)";
  }

  std::string body_;
  CallHead call_;
  ScannedRequest scan_;
  ir::Request request_;
  AnswerContext context_;
  AnswerCost cost_;
};

TEST_F(CompletionsTest, ThePromptIsWhatTheUserSays) {
  ASSERT_FALSE(Read(R"("prompt":"Say","stream":true,"stream_options":{"include_usage":true},)"
                    R"("stop":"x","n":2,"best_of":2,"seed":7,"echo":false,"suffix":null,)"
                    R"("logprobs":null,"top_k":5)"));
  EXPECT_TRUE(scan_.stream && scan_.include_usage);
  EXPECT_EQ(scan_.choices, 2);
  EXPECT_EQ(scan_.output_limit, 16) << "the API's own default";
  ASSERT_EQ(request_.messages.size(), 1u);
  EXPECT_EQ(request_.messages[0].parts.at(0).As<ir::Text>()->text, "Say");
  EXPECT_EQ(request_.settings.max_output_tokens, 16);
  EXPECT_EQ(request_.settings.stop.at(0), "x");
  EXPECT_EQ(request_.settings.top_k, "5");
  EXPECT_TRUE(request_.extras.empty());
  ASSERT_FALSE(Read(R"("prompt":["one"],"max_tokens":99)"));
  EXPECT_EQ(scan_.output_limit, 99);
  EXPECT_EQ(request_.messages.at(0).parts.at(0).As<ir::Text>()->text, "one");
}

TEST_F(CompletionsTest, WhatAChatCannotDoIsRefusedByName) {
  EXPECT_EQ(ParamOf(R"("max_tokens":5)"), "prompt");
  EXPECT_EQ(ParamOf(R"("prompt":["a","b"])"), "prompt");
  EXPECT_EQ(ParamOf(R"("prompt":[1,2])"), "prompt");
  EXPECT_EQ(ParamOf(R"("prompt":[[1,2]])"), "prompt");
  EXPECT_EQ(ParamOf(R"("prompt":[])"), "prompt");
  EXPECT_EQ(ParamOf(R"("prompt":"x","suffix":"y")"), "suffix");
  EXPECT_EQ(ParamOf(R"("prompt":"x","suffix":"")"), "(accepted)");
  EXPECT_EQ(ParamOf(R"("prompt":"x","echo":true)"), "echo");
  EXPECT_EQ(ParamOf(R"("prompt":"x","best_of":2)"), "best_of");
  EXPECT_EQ(ParamOf(R"("prompt":"x","best_of":1)"), "(accepted)");
  EXPECT_EQ(ParamOf(R"("prompt":"x","logprobs":3)"), "logprobs");
  EXPECT_EQ(ParamOf(R"("prompt":"x","messages":[{"role":"user","content":"y"}])"), "messages");
  EXPECT_EQ(ParamOf(R"("prompt":"x","tools":[])"), "tools");
  EXPECT_EQ(ParamOf(R"("prompt":"x","temperature":9)"), "temperature");
}

TEST_F(CompletionsTest, AWholeAnswer) {
  ir::Response response;
  ir::Choice& choice = response.choices.emplace_back();
  choice.parts.emplace_back().body = ir::Reasoning{.text = "hm"};
  choice.parts.emplace_back().body = ir::Text{"Hi", {}};
  choice.parts.emplace_back().body = ir::Refusal{"!"};
  choice.parts.emplace_back().body = ir::Media{.media_type = "image/png", .base64 = "AAAA"};
  choice.finish = ir::FinishReason::kLength;
  std::string out;
  Completions().WriteAnswer(response, context_, cost_, out);
  JsonDocument document;
  ASSERT_TRUE(document.Parse(out)) << out;
  EXPECT_EQ(document.root()["object"].string(), "text_completion");
  EXPECT_EQ(document.root()["choices"].raw(),
            R"j([{"text":"Hi!![image](data:image/png;base64,AAAA)","index":0,"logprobs":null,)j"
            R"j("finish_reason":"length"}])j");
  EXPECT_EQ(document.root()["usage"]["prompt_tokens"].integer(), 3);
  EXPECT_EQ(document.root()["usage"]["cost"].raw(), "0.0015");
}

TEST_F(CompletionsTest, AStream) {
  scan_.include_usage = true;
  const std::unique_ptr<StreamWriter> writer = Completions().NewStreamWriter(context_);
  std::string out;
  ir::Event event;
  writer->Write(event, out);
  event.type = ir::EventType::kDelta;
  event.part_type = ir::PartType::kReasoning;
  event.text = "hm";
  writer->Write(event, out);
  event.part_type = ir::PartType::kText;
  event.text = "Hi";
  writer->Write(event, out);
  event = ir::Event();
  event.type = ir::EventType::kFinish;
  event.finish = ir::FinishReason::kStop;
  writer->Write(event, out);
  writer->Finish(cost_, out);
  EXPECT_EQ(out.find("hm"), std::string::npos);
  EXPECT_NE(out.find(R"("choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":null}]})"
                     "\n\n"),
            std::string::npos);
  EXPECT_NE(out.find(R"([{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}])"),
            std::string::npos);
  EXPECT_NE(out.find(R"("choices":[],"usage":{"prompt_tokens":3,)"), std::string::npos);
  EXPECT_TRUE(out.ends_with("data: [DONE]\n\n"));
}

}  // namespace
}  // namespace tollgate::dataplane
