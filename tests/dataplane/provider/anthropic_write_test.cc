// Requests as Anthropic's messages are to see them.
#include <memory>
#include <string>

#include "dataplane/provider/format.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

class AnthropicWriteTest : public testing::Test {
 protected:
  ir::Message& Say(ir::Role role, std::string_view text) {
    ir::Message& message = request_.messages.emplace_back();
    message.role = role;
    message.parts.emplace_back().body = ir::Text{text, {}};
    return message;
  }

  ir::Part& Add(ir::Role role) {
    if (request_.messages.empty() || request_.messages.back().role != role) {
      request_.messages.emplace_back().role = role;
    }
    return request_.messages.back().parts.emplace_back();
  }

  void Call(std::string_view id) {
    Add(ir::Role::kAssistant).body =
        ir::ToolCall{.id = id, .name = "weather", .arguments = R"({"city":"Oslo"})"};
  }

  void Result(std::string_view id, std::string_view text) {
    ir::ToolResult result;
    result.tool_call_id = id;
    result.parts.emplace_back().body = ir::Text{text, {}};
    Add(ir::Role::kTool).body = std::move(result);
  }

  // The body, read again.
  JsonValue Write() {
    decision_.provider_model_id = "claude-x";
    written_.Reset();
    AnthropicMessagesFormat().WriteRequest(request_, provider_, decision_, omissions_, written_);
    EXPECT_TRUE(document_.Parse(written_.body)) << written_.body;
    return document_.root();
  }

  bool Warned(std::string_view feature) {
    for (const ir::Warning& warning : omissions_.warnings()) {
      if (warning.feature == feature) return true;
    }
    return false;
  }

  ir::Request request_;
  Provider provider_;
  SendDecision decision_;
  ir::Omissions omissions_{"Anthropic's messages"};
  WrittenRequest written_;
  JsonDocument document_;
};

TEST_F(AnthropicWriteTest, InstructionsStandApartAndNeighboursAreOneTurn) {
  Say(ir::Role::kSystem, "Be brief.");
  Say(ir::Role::kUser, "one");
  Say(ir::Role::kUser, "two");
  Say(ir::Role::kDeveloper, "And kind.");
  const JsonValue body = Write();
  EXPECT_EQ(body["system"].raw(),
            R"([{"type":"text","text":"Be brief."},{"type":"text","text":"And kind."}])");
  EXPECT_EQ(body["messages"].raw(), R"([{"role":"user","content":[{"type":"text","text":"one"},)"
                                    R"({"type":"text","text":"two"}]}])");
  EXPECT_TRUE(Warned("system")) << "the second instruction stood amid the conversation";
  EXPECT_EQ(written_.path, "/messages");
  EXPECT_EQ(written_.header_lines, "anthropic-version: 2023-06-01\r\n");
}

TEST_F(AnthropicWriteTest, ParallelResultsAreOneTurnAheadOfWhatTheUserSays) {
  Say(ir::Role::kUser, "weather?");
  Call("call:1");
  Call("call_2");
  Result("call:1", "3");
  Result("call_2", "4");
  Say(ir::Role::kUser, "well?");
  const JsonValue messages = Write()["messages"];
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(written_.body.find("call:1"), std::string::npos) << "a letter that the API refuses";
  auto turn = messages.elements().begin();
  ++turn;
  EXPECT_EQ((*turn)["content"].raw(),
            R"([{"type":"tool_use","id":"call_1","name":"weather","input":{"city":"Oslo"}},)"
            R"({"type":"tool_use","id":"call_2","name":"weather","input":{"city":"Oslo"}}])");
  ++turn;
  EXPECT_EQ(
      (*turn)["content"].raw(),
      R"([{"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"3"}]},)"
      R"({"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"4"}]},)"
      R"({"type":"text","text":"well?"}])");
}

TEST_F(AnthropicWriteTest, ArgumentsThatAreNoObjectAreWrapped) {
  Say(ir::Role::kUser, "x");
  Add(ir::Role::kAssistant).body = ir::ToolCall{.id = "a", .name = "f", .arguments = "{\"broken"};
  Result("a", "no");
  Write();
  EXPECT_NE(written_.body.find(R"("input":{"arguments":"{\"broken"})"), std::string::npos)
      << written_.body;
}

TEST_F(AnthropicWriteTest, TheLimitIsTheCallersOrWhatCanBeAfforded) {
  Say(ir::Role::kUser, "x");
  EXPECT_EQ(Write()["max_tokens"].integer(), 4096);
  request_.settings.max_output_tokens = 900;
  EXPECT_EQ(Write()["max_tokens"].integer(), 900);
  decision_.output_limit = 50;
  EXPECT_EQ(Write()["max_tokens"].integer(), 50);
}

TEST_F(AnthropicWriteTest, EffortBecomesABudgetBelowTheLimit) {
  Say(ir::Role::kUser, "x");
  request_.settings.max_output_tokens = 10'000;
  request_.settings.temperature = "0.5";
  request_.reasoning.effort = ir::Effort::kMedium;
  const JsonValue body = Write();
  EXPECT_EQ(body["thinking"].raw(), R"({"type":"enabled","budget_tokens":5000})");
  EXPECT_FALSE(body["temperature"].exists());
  EXPECT_TRUE(Warned("temperature"));
}

TEST_F(AnthropicWriteTest, ReasoningIsLeftOutWhereTheApiWouldRefuseIt) {
  Say(ir::Role::kUser, "x");
  request_.reasoning.effort = ir::Effort::kHigh;
  request_.settings.max_output_tokens = 500;
  EXPECT_FALSE(Write()["thinking"].exists());
  EXPECT_TRUE(Warned("reasoning")) << "no room for a budget";
  request_.settings.max_output_tokens = 8000;
  request_.tool_choice.mode = ir::ToolChoice::Mode::kRequired;
  EXPECT_FALSE(Write()["thinking"].exists());
  request_.tool_choice.mode = ir::ToolChoice::Mode::kAuto;
  EXPECT_TRUE(Write()["thinking"].exists());
  Call("a");
  Result("a", "3");
  EXPECT_FALSE(Write()["thinking"].exists()) << "a turn called a tool without a signed thought";
}

TEST_F(AnthropicWriteTest, OwnThoughtsGoBackUntouchedAndOthersDoNot) {
  Say(ir::Role::kUser, "x");
  request_.reasoning.budget_tokens = 2000;
  request_.settings.max_output_tokens = 4000;
  ir::Part& other = Add(ir::Role::kAssistant);
  other.body = ir::Reasoning{.text = "hm"};
  other.signature = {ir::kFamilyOpenAi, "secret"};
  ir::Part& own = Add(ir::Role::kAssistant);
  own.body = ir::Reasoning{.text = "I think"};
  own.signature = {ir::kFamilyAnthropic, "EqQB"};
  ir::Part& redacted = Add(ir::Role::kAssistant);
  redacted.body = ir::Reasoning{.redacted = "Emwk"};
  redacted.signature.maker = ir::kFamilyAnthropic;
  Call("a");
  Result("a", "3");
  Write();
  EXPECT_NE(written_.body.find(R"([{"type":"thinking","thinking":"I think","signature":"EqQB"},)"
                               R"({"type":"redacted_thinking","data":"Emwk"},{"type":"tool_use")"),
            std::string::npos)
      << written_.body;
  EXPECT_EQ(written_.body.find("secret"), std::string::npos);
}

TEST_F(AnthropicWriteTest, WhatWouldChangeTheAnswerIsRefused) {
  const auto refused = [&](auto change) {
    ir::Request request;
    ir::Omissions omissions("Anthropic's messages");
    ir::Message& message = request.messages.emplace_back();
    message.parts.emplace_back().body = ir::Text{"x", {}};
    change(request);
    WrittenRequest out;
    AnthropicMessagesFormat().WriteRequest(request, provider_, decision_, omissions, out);
    return omissions.refused();
  };
  EXPECT_FALSE(refused([](ir::Request&) {}));
  EXPECT_FALSE(refused([](ir::Request& r) { r.settings.seed = 7; }));
  EXPECT_TRUE(refused([](ir::Request& r) { r.settings.choices = 2; }));
  EXPECT_TRUE(refused([](ir::Request& r) { r.settings.logprobs = true; }));
  EXPECT_TRUE(refused([](ir::Request& r) { r.settings.modalities = {"text", "audio"}; }));
  EXPECT_TRUE(refused([](ir::Request& r) {
    r.messages.back().parts.emplace_back().body =
        ir::Media{.kind = ir::Media::Kind::kAudio, .base64 = "AAAA"};
  }));
  EXPECT_TRUE(refused([](ir::Request& r) {
    r.messages.back().parts.emplace_back().body = ir::Opaque{ir::kOpenAiChat, "strange", "{}"};
  }));
  EXPECT_TRUE(refused(
      [](ir::Request& r) { r.tools.push_back({.kind = ir::Tool::Kind::kCustom, .name = "sql"}); }));
}

TEST_F(AnthropicWriteTest, FilesAndImagesByAnySource) {
  Say(ir::Role::kUser, "look");
  Add(ir::Role::kUser).body = ir::Media{.media_type = "image/*", .base64 = "iVBORw0KGgo="};
  Add(ir::Role::kUser).body = ir::Media{.url = "https://e.x/a.png"};
  Add(ir::Role::kUser).body = ir::Media{.kind = ir::Media::Kind::kFile,
                                        .media_type = "application/pdf",
                                        .base64 = "JVBERi0=",
                                        .filename = "a.pdf"};
  Add(ir::Role::kUser).body =
      ir::Media{.kind = ir::Media::Kind::kFile, .media_type = "text/plain", .base64 = "aGVsbG8="};
  Write();
  for (
      const char* block :
      {R"({"type":"image","source":{"type":"base64","media_type":"image/png",)"
       R"("data":"iVBORw0KGgo="}})",
       R"({"type":"image","source":{"type":"url","url":"https://e.x/a.png"}})",
       R"({"type":"document","source":{"type":"base64","media_type":"application/pdf",)"
       R"("data":"JVBERi0="},"title":"a.pdf"})",
       R"({"type":"document","source":{"type":"text",)"
        R"("media_type":"text/plain","data":"hello"}})"}) {
    EXPECT_NE(written_.body.find(block), std::string::npos) << block << "\n" << written_.body;
  }
}

TEST_F(AnthropicWriteTest, FourCacheMarksAndNoMore) {
  for (int i = 0; i < 6; ++i) {
    Say(ir::Role::kUser, "x").parts.back().cache = ir::CacheMark{};
  }
  Write();
  std::size_t marks = 0;
  for (std::size_t at = written_.body.find("cache_control"); at != std::string::npos;
       at = written_.body.find("cache_control", at + 1)) {
    ++marks;
  }
  EXPECT_EQ(marks, 4u);
  EXPECT_TRUE(Warned("cache_control"));
}

TEST_F(AnthropicWriteTest, AutomaticCachingMarksTheInstructionsAndTheLastTwoTurns) {
  request_.auto_caching = true;
  Say(ir::Role::kSystem, "s");
  Say(ir::Role::kUser, "one");
  Say(ir::Role::kAssistant, "two");
  Say(ir::Role::kUser, "three");
  Write();
  const std::string mark = R"(","cache_control":{"type":"ephemeral"}})";
  for (const char* text : {"s", "one", "three"}) {
    EXPECT_NE(written_.body.find(text + mark), std::string::npos) << written_.body;
  }
  EXPECT_EQ(written_.body.find("two" + mark), std::string::npos);
}

TEST_F(AnthropicWriteTest, ToolsAndSchemas) {
  Say(ir::Role::kUser, "x");
  request_.tools.push_back({.name = "f", .parameters = R"({"type":"object"})", .strict = true});
  request_.tools.push_back({.name = "g"});
  request_.tool_choice = {.mode = ir::ToolChoice::Mode::kRequired, .allowed = {"f"}};
  request_.parallel_tool_calls = false;
  request_.response_format = {.kind = ir::ResponseFormat::Kind::kJsonSchema,
                              .schema = R"({"type":"object"})"};
  const JsonValue body = Write();
  EXPECT_EQ(body["tools"].raw(),
            R"([{"name":"f","input_schema":{"type":"object"},"strict":true}])");
  EXPECT_EQ(body["tool_choice"].raw(), R"({"type":"any","disable_parallel_tool_use":true})");
  EXPECT_EQ(body["output_config"].raw(),
            R"({"format":{"type":"json_schema","schema":{"type":"object"}}})");
}

}  // namespace
}  // namespace tollgate::dataplane
