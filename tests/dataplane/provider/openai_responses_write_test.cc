// Requests as OpenAI's responses are to see them.
#include <string>

#include "dataplane/provider/format.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

class ResponsesWriteTest : public testing::Test {
 protected:
  ResponsesWriteTest() {
    provider_.id = "acme";
    decision_.provider_model_id = "gpt-x";
    decision_.model = &model_;
  }

  ir::Message& Say(ir::Role role, std::string_view text) {
    ir::Message& message = request_.messages.emplace_back();
    message.role = role;
    message.parts.emplace_back().body = ir::Text{text, {}};
    return message;
  }

  JsonValue Write() {
    omissions_ = ir::Omissions("openai_responses");
    written_.Reset();
    OpenAiResponsesFormat().WriteRequest(request_, provider_, decision_, omissions_, written_);
    EXPECT_TRUE(document_.Parse(written_.body)) << written_.body;
    return document_.root();
  }

  bool Warned(std::string_view feature) {
    for (const ir::Warning& warning : omissions_.warnings()) {
      if (warning.feature == feature) return true;
    }
    return false;
  }

  Model model_;
  Provider provider_;
  SendDecision decision_;
  ir::Request request_;
  ir::Omissions omissions_{"openai_responses"};
  WrittenRequest written_;
  JsonDocument document_;
};

TEST_F(ResponsesWriteTest, AConversationIsAListOfItems) {
  Say(ir::Role::kSystem, "s");
  Say(ir::Role::kUser, "q");
  ir::Message& assistant = request_.messages.emplace_back();
  assistant.role = ir::Role::kAssistant;
  ir::Part thought;
  thought.body = ir::Reasoning{.text = "hm", .summary = true, .redacted = "enc", .id = "rs_1"};
  thought.signature.maker = ir::kFamilyOpenAi;
  assistant.parts.push_back(std::move(thought));
  assistant.parts.emplace_back().body = ir::Text{"a", {}};
  assistant.parts.emplace_back().body = ir::ToolCall{.id = "c1", .name = "f", .arguments = "{}"};
  ir::ToolResult result;
  result.tool_call_id = "c1";
  result.parts.emplace_back().body = ir::Text{"r", {}};
  ir::Message& tool = request_.messages.emplace_back();
  tool.role = ir::Role::kTool;
  tool.parts.emplace_back().body = std::move(result);
  decision_.stream = true;
  const JsonValue body = Write();
  EXPECT_EQ(written_.path, "/responses");
  EXPECT_EQ(body["stream"].boolean(), true);
  EXPECT_EQ(body["store"].boolean(), false) << "nothing is kept unless it is asked for";
  EXPECT_EQ(body["input"].raw(),
            R"([{"type":"message","role":"system","content":"s"},)"
            R"({"type":"message","role":"user","content":"q"},)"
            R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],)"
            R"("encrypted_content":"enc"},)"
            R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"a",)"
            R"("annotations":[]}]},)"
            R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},)"
            R"({"type":"function_call_output","call_id":"c1","output":"r"}])");
}

TEST_F(ResponsesWriteTest, ThoughtsOfOthersAreNotSent) {
  ir::Message& assistant = Say(ir::Role::kAssistant, "a");
  ir::Part thought;
  thought.body = ir::Reasoning{.text = "hm"};
  thought.signature = {ir::kFamilyAnthropic, "sig"};
  assistant.parts.insert(assistant.parts.begin(), std::move(thought));
  EXPECT_EQ(Write()["input"].size(), 1u);
  EXPECT_FALSE(omissions_.refused());
}

TEST_F(ResponsesWriteTest, AThoughtThatLedToNothingIsNotSent) {
  ir::Message& assistant = request_.messages.emplace_back();
  assistant.role = ir::Role::kAssistant;
  ir::Part& thought = assistant.parts.emplace_back();
  thought.body = ir::Reasoning{.redacted = "enc", .id = "rs_1"};
  thought.signature.maker = ir::kFamilyOpenAi;
  EXPECT_EQ(Write()["input"].size(), 0u);
  assistant.parts.emplace_back().body = ir::Text{"a", {}};
  EXPECT_EQ(Write()["input"].size(), 2u);
}

TEST_F(ResponsesWriteTest, ImagesFilesAndResultsWithThem) {
  ir::Message& user = Say(ir::Role::kUser, "q");
  user.parts.emplace_back().body = ir::Media{.media_type = "image/png", .base64 = "AAAA"};
  user.parts.emplace_back().body =
      ir::Media{.kind = ir::Media::Kind::kFile, .url = "https://e.x/a.pdf"};
  user.parts.emplace_back().body = ir::Media{.kind = ir::Media::Kind::kFile,
                                             .media_type = "application/pdf",
                                             .base64 = "JVBERi",
                                             .filename = "a.pdf"};
  ir::ToolResult result;
  result.tool_call_id = "c";
  result.custom = true;
  result.parts.emplace_back().body = ir::Media{.url = "https://e.x/i.png", .detail = "low"};
  ir::Message& tool = request_.messages.emplace_back();
  tool.role = ir::Role::kTool;
  tool.parts.emplace_back().body = std::move(result);
  EXPECT_EQ(Write()["input"].raw(),
            R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"q"},)"
            R"({"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"auto"},)"
            R"({"type":"input_file","file_url":"https://e.x/a.pdf"},)"
            R"({"type":"input_file","filename":"a.pdf",)"
            R"("file_data":"data:application/pdf;base64,JVBERi"}]},)"
            R"({"type":"custom_tool_call_output","call_id":"c","output":[{"type":"input_image",)"
            R"("image_url":"https://e.x/i.png","detail":"low"}]}])");
  EXPECT_TRUE(OpenAiResponsesFormat().TakesUrl({.kind = ir::Media::Kind::kFile}, provider_));
  EXPECT_FALSE(OpenAiResponsesFormat().TakesUrl({.kind = ir::Media::Kind::kAudio}, provider_));
}

TEST_F(ResponsesWriteTest, ToolsSayThatTheyAreNotStrict) {
  Say(ir::Role::kUser, "q");
  ir::Tool& function = request_.tools.emplace_back();
  function.name = "f";
  ir::Tool& strict = request_.tools.emplace_back();
  strict.name = "g";
  strict.parameters = R"({"type":"object"})";
  strict.strict = true;
  ir::Tool& custom = request_.tools.emplace_back();
  custom.kind = ir::Tool::Kind::kCustom;
  custom.name = "h";
  custom.definition = R"({"type":"grammar","grammar":{"syntax":"regex","definition":"a+"}})";
  request_.tool_choice = {ir::ToolChoice::Mode::kAuto, {}, {"f", "h"}};
  const JsonValue body = Write();
  EXPECT_EQ(body["tools"].raw(),
            R"([{"type":"function","name":"f","parameters":{"type":"object","properties":{}},)"
            R"("strict":false},{"type":"function","name":"g","parameters":{"type":"object"},)"
            R"("strict":true},{"type":"custom","name":"h","format":{"type":"grammar",)"
            R"("syntax":"regex","definition":"a+"}}])");
  EXPECT_EQ(body["tool_choice"].raw(),
            R"({"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"},)"
            R"({"type":"custom","name":"h"}]})");
  request_.tool_choice = {ir::ToolChoice::Mode::kTool, "g", {}};
  EXPECT_EQ(Write()["tool_choice"].raw(), R"({"type":"function","name":"g"})");
}

TEST_F(ResponsesWriteTest, ToolsOfOthersAreRefusedByName) {
  Say(ir::Role::kUser, "q");
  ir::Tool& tool = request_.tools.emplace_back();
  tool.kind = ir::Tool::Kind::kOpaque;
  tool.name = "web_search_20250305";
  tool.owner = ir::kAnthropicMessages;
  tool.definition = "{}";
  Write();
  EXPECT_TRUE(omissions_.refused());
  EXPECT_EQ(omissions_.refused_param(), "tools");
  EXPECT_NE(omissions_.refusal().find("web_search_20250305"), std::string::npos);
}

TEST_F(ResponsesWriteTest, ReasoningAsksForWhatCanBeSentBack) {
  Say(ir::Role::kUser, "q");
  EXPECT_FALSE(Write()["include"].exists()) << "models that do not reason refuse it";
  request_.reasoning.effort = ir::Effort::kMax;
  JsonValue body = Write();
  EXPECT_EQ(body["reasoning"].raw(), R"({"effort":"xhigh","summary":"auto"})");
  EXPECT_EQ(body["include"].raw(), R"(["reasoning.encrypted_content"])");
  request_.reasoning = {};
  request_.reasoning.budget_tokens = 1000;
  request_.reasoning.hidden = true;
  request_.settings.max_output_tokens = 5000;
  EXPECT_EQ(Write()["reasoning"].raw(), R"({"effort":"low"})");
  request_.reasoning = {};
  request_.reasoning.effort = ir::Effort::kNone;
  body = Write();
  EXPECT_EQ(body["reasoning"].raw(), R"({"effort":"none"})");
  EXPECT_FALSE(body["include"].exists());
  request_.reasoning.effort = ir::Effort::kLow;
  model_.capabilities = {"tools"};
  EXPECT_FALSE(Write()["reasoning"].exists());
  EXPECT_TRUE(Warned("reasoning"));
  request_.reasoning = {};
  model_.capabilities = {"reasoning"};
  EXPECT_EQ(Write()["include"].size(), 1u) << "it thinks without being asked";
}

TEST_F(ResponsesWriteTest, TextFormatVerbosityAndLogprobs) {
  Say(ir::Role::kUser, "q");
  request_.response_format.kind = ir::ResponseFormat::Kind::kJsonSchema;
  request_.response_format.schema = R"({"type":"object"})";
  request_.response_format.strict = true;
  request_.settings.verbosity = "low";
  request_.settings.logprobs = true;
  request_.settings.top_logprobs = 3;
  const JsonValue body = Write();
  EXPECT_EQ(body["text"].raw(),
            R"({"format":{"type":"json_schema","name":"response","strict":true,)"
            R"("schema":{"type":"object"}},"verbosity":"low"})");
  EXPECT_EQ(body["include"].raw(), R"(["message.output_text.logprobs"])");
  EXPECT_EQ(body["top_logprobs"].integer(), 3);
  provider_.quirks.no_json_schema = true;
  Write();
  EXPECT_EQ(omissions_.refused_param(), "response_format");
}

TEST_F(ResponsesWriteTest, WhatTheApiDoesNotHave) {
  Say(ir::Role::kUser, "q").cache = ir::CacheMark{};
  request_.messages[0].name = "bob";
  request_.settings.seed = 1;
  request_.settings.top_k = "5";
  request_.settings.presence_penalty = "0.5";
  request_.settings.logit_bias = R"({"1":2})";
  const JsonValue body = Write();
  for (const char* name :
       {"seed", "top_k", "presence_penalty", "logit_bias", "cache_control", "name"}) {
    EXPECT_TRUE(Warned(name)) << name;
    EXPECT_FALSE(body[name].exists()) << name;
  }
  EXPECT_FALSE(omissions_.refused());
  request_.settings.stop.push_back("x");
  Write();
  EXPECT_EQ(omissions_.refused_param(), "stop");
  request_.settings.stop.clear();
  request_.settings.choices = 2;
  Write();
  EXPECT_EQ(omissions_.refused_param(), "n");
}

TEST_F(ResponsesWriteTest, WhatAMessageCannotSay) {
  Say(ir::Role::kUser, "q").parts.emplace_back().body =
      ir::Media{.kind = ir::Media::Kind::kFile, .text = "plain", .context = "c", .citations = true};
  ir::ToolResult result;
  result.tool_call_id = "c";
  result.is_error = true;
  ir::Message& tool = request_.messages.emplace_back();
  tool.role = ir::Role::kTool;
  tool.parts.emplace_back().body = std::move(result);
  Write();
  for (const char* name : {"context", "citations", "is_error"}) EXPECT_TRUE(Warned(name)) << name;
  EXPECT_FALSE(Warned("messages"));
  Say(ir::Role::kAssistant, "I begin");
  Write();
  EXPECT_TRUE(Warned("messages")) << "it is not gone on with";
}

TEST_F(ResponsesWriteTest, TheLimitIsAtLeastWhatTheApiTakes) {
  Say(ir::Role::kUser, "q");
  request_.settings.max_output_tokens = 100;
  decision_.output_limit = 40;
  EXPECT_EQ(Write()["max_output_tokens"].integer(), 40);
  EXPECT_FALSE(Warned("max_output_tokens"));
  request_.settings.max_output_tokens = 5;
  EXPECT_EQ(Write()["max_output_tokens"].integer(), 16);
  EXPECT_TRUE(Warned("max_output_tokens"));
}

TEST_F(ResponsesWriteTest, OptionsOfTheFamilyGoFirst) {
  Say(ir::Role::kUser, "q");
  request_.settings.user = "u";
  request_.reasoning.effort = ir::Effort::kHigh;
  request_.extras = {{"openai", "reasoningEffort", R"("low")"},
                     {"openai", "user", R"("other")"},
                     {"openai", "store", "true"},
                     {"openai", "include", R"(["file_search_call.results"])"},
                     {"openai", "somethingNew", "1"},
                     {"google", "thinkingConfig", "{}"}};
  JsonValue body = Write();
  EXPECT_EQ(body["reasoning"]["effort"].string(), "low");
  EXPECT_EQ(body["user"].string(), "other");
  EXPECT_EQ(body["store"].boolean(), true);
  EXPECT_EQ(body["include"].size(), 2u);
  EXPECT_TRUE(Warned("somethingNew"));
  EXPECT_FALSE(Warned("thinkingConfig")) << "it is meant for another";
  request_.extras = {{"openai", "previousResponseId", R"("r")"}};
  Write();
  EXPECT_EQ(omissions_.refused_param(), "previousResponseId");
}

TEST_F(ResponsesWriteTest, ABodyThatPassesThroughIsHardlyTouched) {
  ScannedRequest scan;
  const std::string body = R"({"model":"acme/m","input":"hi","store":true})";
  scan.model_value = {9, 17};
  scan.object_open = 1;
  decision_.output_limit = 77;
  Splice splice;
  OpenAiResponsesFormat().Rewrite(scan, provider_, decision_, splice);
  std::vector<std::string_view> pieces;
  splice.Apply(body, pieces);
  std::string sent;
  for (const std::string_view piece : pieces) sent += piece;
  EXPECT_EQ(sent, R"({"max_output_tokens":77,"model":"gpt-x","input":"hi","store":true})");
}

}  // namespace
}  // namespace tollgate::dataplane
