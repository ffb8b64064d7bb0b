// Anthropic's messages as a surface: what it reads, and what its clients see.
#include <memory>
#include <string>

#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const Surface& Messages() { return AnthropicMessagesSurface(); }

class AnthropicMessagesTest : public testing::Test {
 protected:
  std::optional<GatewayError> Read(std::string body) {
    body_ = std::move(body);
    if (auto error = Messages().Scan(body_, call_, scan_)) return error;
    return Messages().ReadRequest(body_, call_, scan_, request_);
  }

  static std::string Body(const std::string& members) {
    return R"({"model":"m","max_tokens":99,)" + members + "}";
  }

  std::string body_;
  CallHead call_;
  ScannedRequest scan_;
  ir::Request request_;
};

TEST_F(AnthropicMessagesTest, ScansWhatAdmissionNeeds) {
  ASSERT_FALSE(Read(Body(
      R"("stream":true,"metadata":{"user_id":"u"},"tools":[{"name":"f"}],"messages":[)"
      R"({"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://e.x/a"}},)"
      R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":)"
      R"({"type":"base64","media_type":"image/png","data":"AAAA"}}]},)"
      R"({"type":"document","source":{"type":"text","data":"x"}}]}],"provider":{"only":["p"]})")));
  EXPECT_EQ(scan_.model, "m");
  EXPECT_TRUE(scan_.stream);
  EXPECT_EQ(scan_.output_limit, 99);
  EXPECT_EQ(scan_.user, "u");
  EXPECT_EQ(scan_.images, 2) << "one of them in the result of a tool";
  EXPECT_EQ(scan_.files, 1);
  EXPECT_EQ(scan_.tools, 1);
  EXPECT_EQ(scan_.removed.size(), 1u) << "`provider` is the gateway's own";
}

TEST_F(AnthropicMessagesTest, WhatNothingBoundsIsNamed) {
  const std::string messages = R"("messages":[{"role":"user","content":"x"}])";
  for (const std::string tool : {"web_search_20250305", "web_fetch_20250910", "code_execution_x"}) {
    ASSERT_FALSE(Read(Body(messages + R"(,"tools":[{"type":")" + tool + R"(","name":"t"}])")));
    EXPECT_EQ(scan_.unbounded, "tools") << tool;
  }
  ASSERT_FALSE(Read(Body(messages + R"(,"mcp_servers":[{"type":"url"}])")));
  EXPECT_EQ(scan_.unbounded, "mcp_servers");
  ASSERT_FALSE(Read(
      Body(messages + R"(,"mcp_servers":null,"tools":[{"type":"bash_20250124"},{"name":"f"}])")));
  EXPECT_EQ(scan_.unbounded, "");
  EXPECT_EQ(scan_.tools, 2);
}

TEST_F(AnthropicMessagesTest, BadBodiesAreRefusedByName) {
  EXPECT_EQ(Read(R"({"max_tokens":1,"messages":[{}]})")->param, "model");
  EXPECT_EQ(Read(R"({"model":"m"})")->param, "messages");
  EXPECT_EQ(Read(Body(R"("messages":[])"))->param, "messages");
  EXPECT_EQ(Read(R"({"model":"m","model":"n","messages":[{}]})")->code, ErrorCode::kInvalidJson);
  EXPECT_EQ(Read(Body(R"("messages":[{"role":"robot","content":"x"}])"))->param,
            "messages[0].role");
  EXPECT_EQ(
      Read(Body(R"("messages":[{"role":"user","content":"x"}],"thinking":{"type":"x"})"))->param,
      "thinking");
  EXPECT_EQ(
      Read(Body(R"("messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"tool"})"))
          ->param,
      "tool_choice.name");
}

TEST_F(AnthropicMessagesTest, ReadsInstructionsResultsAndThoughts) {
  ASSERT_FALSE(Read(
      Body(R"("messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[)"
           R"({"type":"thinking","thinking":"hm","signature":"Eq"},)"
           R"({"type":"tool_use","id":"t","name":"f","input":{"a":1}}]},{"role":"user","content":[)"
           R"({"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no"},)"
           R"({"type":"text","text":"go on","cache_control":{"type":"ephemeral","ttl":"1h"}}]}],)"
           R"("system":[{"type":"text","text":"s"}],"output_config":{"effort":"low"})")));
  ASSERT_EQ(request_.messages.size(), 5u);
  EXPECT_EQ(request_.messages[0].role, ir::Role::kSystem) << "wherever the member stands";
  const ir::Message& assistant = request_.messages[2];
  EXPECT_EQ(assistant.parts[0].signature.maker, ir::kFamilyAnthropic);
  EXPECT_EQ(assistant.parts[1].As<ir::ToolCall>()->arguments, R"({"a":1})");
  EXPECT_EQ(request_.messages[3].role, ir::Role::kTool);
  EXPECT_TRUE(request_.messages[3].parts[0].As<ir::ToolResult>()->is_error);
  EXPECT_EQ(request_.messages[4].role, ir::Role::kUser);
  EXPECT_EQ(request_.messages[4].parts[0].cache->ttl, ir::CacheMark::Ttl::k1Hour);
  EXPECT_EQ(request_.reasoning.effort, ir::Effort::kLow);
}

// What this gateway told of another maker's sources is not sent on as Anthropic's own.
TEST_F(AnthropicMessagesTest, CitationsThatItsOwnApiMadeTravel) {
  const auto owner = [&](const std::string& citation) {
    request_.Reset();
    EXPECT_FALSE(Read(Body(R"("messages":[{"role":"assistant","content":[{"type":"text","text":)"
                           R"("a","citations":[)" +
                           citation + "]}]}]")));
    return request_.messages.at(0).parts.at(0).As<ir::Text>()->citations.at(0).owner;
  };
  EXPECT_EQ(owner(R"({"type":"web_search_result_location","url":"u","encrypted_index":"Eo"})"),
            ir::kAnthropicMessages);
  EXPECT_EQ(owner(R"({"type":"web_search_result_location","url":"u","encrypted_index":""})"), "");
  EXPECT_EQ(owner(R"({"type":"search_result_location","start_block_index":0,"end_block_index":1})"),
            ir::kAnthropicMessages);
  EXPECT_EQ(owner(R"({"type":"search_result_location","start_block_index":0,"end_block_index":0})"),
            "");
}

TEST_F(AnthropicMessagesTest, WhatIsNotKnownTravels) {
  ASSERT_FALSE(
      Read(Body(R"("messages":[{"role":"user","content":[{"type":"search_result","x":1}]}],)"
                R"("context_management":{"edits":[]},"mcp_servers":[])")));
  EXPECT_EQ(request_.messages[0].parts[0].As<ir::Opaque>()->json,
            R"({"type":"search_result","x":1})");
  ASSERT_EQ(request_.extras.size(), 2u);
  EXPECT_EQ(request_.extras[0].owner, ir::kAnthropicMessages);
  EXPECT_TRUE(request_.extras[1].essential);
}

class AnthropicAnswerTest : public testing::Test {
 protected:
  AnthropicAnswerTest() {
    context_.call = &call_;
    context_.scan = &scan_;
    context_.generation_id = "gen_1";
    context_.requested_model = "m";
    context_.provider_id = "p";
    context_.input_tokens_estimate = 33;
    cost_.charge = Money::FromNanoUsd(1'500'000);
    cost_.usage.present = true;
    cost_.usage.tokens.input_text = 10;
    cost_.usage.tokens.cache_read = 4;
    cost_.usage.tokens.output_text = 5;
    cost_.usage.tokens.output_reasoning = 2;
  }

  std::string Whole() {
    std::string out;
    Messages().WriteAnswer(response_, context_, cost_, out);
    EXPECT_TRUE(document_.Parse(out)) << out;
    text_ = std::move(out);
    document_.Parse(text_);
    return text_;
  }

  CallHead call_;
  ScannedRequest scan_;
  AnswerContext context_;
  AnswerCost cost_;
  ir::Response response_;
  JsonDocument document_;
  std::string text_;
};

TEST_F(AnthropicAnswerTest, UsageExcludesWhatWasCachedAndHasTheCost) {
  ir::Choice& choice = response_.choices.emplace_back();
  choice.parts.emplace_back().body = ir::Text{"Hi", {}};
  choice.finish = ir::FinishReason::kLength;
  Whole();
  const JsonValue root = document_.root();
  EXPECT_EQ(root["type"].string(), "message");
  EXPECT_EQ(root["stop_reason"].string(), "max_tokens");
  EXPECT_EQ(root["usage"]["input_tokens"].integer(), 10);
  EXPECT_EQ(root["usage"]["cache_read_input_tokens"].integer(), 4);
  EXPECT_EQ(root["usage"]["output_tokens"].integer(), 7);
  EXPECT_EQ(root["usage"]["cost"].raw(), "0.0015");
  EXPECT_EQ(root["provider_metadata"]["gateway"]["generationId"].string(), "gen_1");
}

// What another's model signed comes back as it was, by way of a client that knows thoughts only.
TEST_F(AnthropicAnswerTest, SignaturesOfOthersSurviveTheClient) {
  ir::Choice& choice = response_.choices.emplace_back();
  ir::Part& thought = choice.parts.emplace_back();
  thought.body = ir::Reasoning{.text = "sum", .summary = true, .redacted = "a/b+c=", .id = "rs_1"};
  thought.signature.maker = ir::kFamilyOpenAi;
  ir::Part& call = choice.parts.emplace_back();
  call.body = ir::ToolCall{.id = "t", .name = "f", .arguments = "{}"};
  call.signature = {ir::kFamilyGoogle, "CpQB/"};
  Whole();
  const std::string body = R"({"model":"m","messages":[{"role":"assistant","content":)" +
                           std::string(document_.root()["content"].raw()) + "}]}";
  ir::Request request;
  ASSERT_FALSE(Messages().ReadRequest(body, call_, scan_, request));
  ASSERT_EQ(request.messages.size(), 1u);
  const std::vector<ir::Part>& parts = request.messages[0].parts;
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].signature.maker, ir::kFamilyOpenAi);
  EXPECT_EQ(parts[0].As<ir::Reasoning>()->redacted, "a/b+c=");
  EXPECT_EQ(parts[0].As<ir::Reasoning>()->id, "rs_1");
  EXPECT_EQ(parts[0].As<ir::Reasoning>()->text, "sum");
  EXPECT_EQ(parts[1].signature.maker, ir::kFamilyGoogle);
  EXPECT_EQ(parts[1].signature.value, "CpQB/");
}

TEST_F(AnthropicAnswerTest, AStreamIsAValidSequence) {
  const std::unique_ptr<StreamWriter> writer = Messages().NewStreamWriter(context_);
  std::string out;
  const auto write = [&](ir::Event event) { writer->Write(event, out); };
  write({.type = ir::EventType::kStart});
  write({.type = ir::EventType::kPartStart, .part_type = ir::PartType::kReasoning});
  write({.type = ir::EventType::kDelta, .part_type = ir::PartType::kReasoning, .text = "hm"});
  write({.type = ir::EventType::kPartEnd, .part_type = ir::PartType::kReasoning});
  write({.type = ir::EventType::kPartStart,
         .part_type = ir::PartType::kToolCall,
         .part = 1,
         .id = "t",
         .name = "f"});
  write({.type = ir::EventType::kDelta,
         .part_type = ir::PartType::kToolCall,
         .part = 1,
         .text = "{}"});
  write({.type = ir::EventType::kPartEnd, .part_type = ir::PartType::kToolCall, .part = 1});
  write({.type = ir::EventType::kFinish, .finish = ir::FinishReason::kToolCalls});
  EXPECT_EQ(out.find("message_delta"), std::string::npos) << "held back until the cost is known";
  writer->Finish(cost_, out);
  std::string types;
  for (std::size_t at = out.find("event: "); at != std::string::npos;
       at = out.find("event: ", at + 1)) {
    types += out.substr(at + 7, out.find('\n', at) - at - 7) + " ";
  }
  EXPECT_EQ(types,
            "message_start content_block_start content_block_delta content_block_stop "
            "content_block_start content_block_delta content_block_stop message_delta "
            "message_stop ");
  EXPECT_NE(out.find(R"("input_tokens":33)"), std::string::npos) << "the estimate, at the start";
  EXPECT_NE(out.find(R"("stop_reason":"tool_use")"), std::string::npos);
}

TEST_F(AnthropicAnswerTest, ARefusalIsSaid) {
  ir::Choice& choice = response_.choices.emplace_back();
  choice.parts.emplace_back().body = ir::Refusal{"No."};
  choice.finish = ir::FinishReason::kStop;
  Whole();
  EXPECT_EQ(document_.root()["stop_reason"].string(), "refusal");
  const std::unique_ptr<StreamWriter> writer = Messages().NewStreamWriter(context_);
  std::string out;
  writer->Write({.type = ir::EventType::kStart}, out);
  writer->Write({.type = ir::EventType::kPartStart, .part_type = ir::PartType::kRefusal}, out);
  writer->Write({.type = ir::EventType::kPartEnd, .part_type = ir::PartType::kRefusal}, out);
  writer->Write({.type = ir::EventType::kFinish, .finish = ir::FinishReason::kStop}, out);
  writer->Finish(cost_, out);
  EXPECT_NE(out.find(R"("stop_reason":"refusal")"), std::string::npos) << out;
}

TEST_F(AnthropicAnswerTest, ErrorsHaveTheTypesOfTheirStatus) {
  std::string out;
  GatewayError error;
  error.code = ErrorCode::kInsufficientBalance;
  Messages().AppendError(error, "gen_1", out);
  EXPECT_NE(out.find(R"("type":"billing_error")"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("request_id":"gen_1")"), std::string::npos);
  out.clear();
  error.code = ErrorCode::kProvidersCooling;
  Messages().AppendStreamError(error, "gen_1", out);
  EXPECT_TRUE(out.starts_with("event: error\ndata: {\"type\":\"error\"")) << out;
  EXPECT_NE(out.find("rate_limit_error"), std::string::npos);
}

}  // namespace
}  // namespace tollgate::dataplane
