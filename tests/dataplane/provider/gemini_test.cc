// Gemini's generateContent as a provider format: what is sent, and what its answers say.
#include <memory>
#include <string>
#include <vector>

#include "dataplane/provider/format.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const ProviderFormat& Format() { return GeminiFormat(); }

class GeminiWriteTest : public testing::Test {
 protected:
  ir::Part& Add(ir::Role role) {
    if (request_.messages.empty() || request_.messages.back().role != role) {
      request_.messages.emplace_back().role = role;
    }
    return request_.messages.back().parts.emplace_back();
  }

  void Say(ir::Role role, std::string_view text) { Add(role).body = ir::Text{text, {}}; }

  JsonValue Write() {
    decision_.provider_model_id = "gemini-x/1";
    written_.Reset();
    Format().WriteRequest(request_, provider_, decision_, omissions_, written_);
    EXPECT_TRUE(document_.Parse(written_.body)) << written_.body;
    return document_.root();
  }

  ir::Request request_;
  Provider provider_;
  SendDecision decision_;
  ir::Omissions omissions_{"Gemini"};
  WrittenRequest written_;
  JsonDocument document_;
};

TEST_F(GeminiWriteTest, TheModelAndTheStreamAreInThePath) {
  Say(ir::Role::kUser, "x");
  Write();
  EXPECT_EQ(written_.path, "/models/gemini-x%2F1:generateContent");
  decision_.stream = true;
  Write();
  EXPECT_EQ(written_.path, "/models/gemini-x%2F1:streamGenerateContent?alt=sse");
}

TEST_F(GeminiWriteTest, InstructionsStandApartAndNeighboursAreOneTurn) {
  Say(ir::Role::kSystem, "s");
  Say(ir::Role::kUser, "one");
  request_.messages.emplace_back().parts.emplace_back().body = ir::Text{"two", {}};
  const JsonValue body = Write();
  EXPECT_EQ(body["systemInstruction"].raw(), R"({"parts":[{"text":"s"}]})");
  EXPECT_EQ(body["contents"].raw(), R"([{"role":"user","parts":[{"text":"one"},{"text":"two"}]}])");
}

TEST_F(GeminiWriteTest, CallsAreKnownByNameAndSignedOrExcused) {
  Say(ir::Role::kUser, "x");
  ir::Part& own = Add(ir::Role::kAssistant);
  own.body = ir::ToolCall{.id = "a", .name = "f", .arguments = R"({"n":1})"};
  own.signature = {ir::kFamilyGoogle, "CpQB"};
  ir::ToolResult result;
  result.tool_call_id = "a";
  result.parts.emplace_back().body = ir::Text{"3", {}};
  Add(ir::Role::kTool).body = std::move(result);
  Write();
  EXPECT_NE(written_.body.find(R"({"functionCall":{"name":"f","args":{"n":1}},)"
                               R"("thoughtSignature":"CpQB"})"),
            std::string::npos)
      << written_.body;
  EXPECT_NE(written_.body.find(R"({"functionResponse":{"name":"f","response":{"output":"3"}}})"),
            std::string::npos)
      << written_.body;
  request_.messages[1].parts[0].signature = {ir::kFamilyOpenAi, "x"};
  Write();
  EXPECT_NE(written_.body.find("skip_thought_signature_validator"), std::string::npos)
      << "a call of another's model";
}

TEST_F(GeminiWriteTest, SettingsToolsAndSchema) {
  Say(ir::Role::kUser, "x");
  request_.settings.max_output_tokens = 100;
  request_.settings.temperature = "0.5";
  request_.settings.stop = {"END"};
  request_.reasoning.budget_tokens = 600;
  request_.tools.push_back({.name = "f", .parameters = R"({"type":"object"})"});
  request_.tool_choice = {.mode = ir::ToolChoice::Mode::kTool, .name = "f"};
  request_.response_format = {.kind = ir::ResponseFormat::Kind::kJsonSchema,
                              .schema = R"({"type":"object"})"};
  decision_.output_limit = 2000;
  const JsonValue body = Write();
  EXPECT_EQ(body["generationConfig"]["maxOutputTokens"].integer(), 100);
  EXPECT_EQ(body["generationConfig"]["responseJsonSchema"].raw(), R"({"type":"object"})");
  EXPECT_EQ(body["generationConfig"]["stopSequences"].raw(), R"(["END"])");
  EXPECT_TRUE(body["generationConfig"]["thinkingConfig"]["includeThoughts"].boolean().value());
  EXPECT_EQ(body["toolConfig"]["functionCallingConfig"].raw(),
            R"({"mode":"ANY","allowedFunctionNames":["f"]})");
  EXPECT_EQ(
      body["tools"].raw(),
      R"([{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}])");
}

constexpr char kAnswer[] =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},)"
    R"({"text":"Hi"},{"functionCall":{"name":"f","args":{"n":1}},"thoughtSignature":"Cp"}]},)"
    R"("finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":30,)"
    R"("cachedContentTokenCount":20,"candidatesTokenCount":5,"thoughtsTokenCount":7,)"
    R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":26},)"
    R"({"modality":"AUDIO","tokenCount":4}]},"modelVersion":"g","responseId":"r1"})";

TEST(GeminiReadTest, AWholeAnswer) {
  ir::Response response;
  ASSERT_TRUE(Format().ReadResponse(kAnswer, response));
  const std::vector<ir::Part>& parts = response.choices.at(0).parts;
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].As<ir::Reasoning>()->text, "hm");
  EXPECT_EQ(parts[1].As<ir::Text>()->text, "Hi");
  EXPECT_EQ(parts[2].As<ir::ToolCall>()->id, "call_r1_0") << "every client wants one";
  EXPECT_EQ(parts[2].signature.value, "Cp");
  EXPECT_EQ(response.choices[0].finish, ir::FinishReason::kToolCalls);
  const TokenUsage& tokens = response.usage.tokens;
  EXPECT_EQ(tokens.cache_read, 20);
  EXPECT_EQ(tokens.input_audio, 4);
  EXPECT_EQ(tokens.input_text, 6);
  EXPECT_EQ(tokens.output_text, 5);
  EXPECT_EQ(tokens.output_reasoning, 7);
}

TEST(GeminiReadTest, ARefusedPromptIsAnAnswerAndAnErrorIsNone) {
  ir::Response response;
  ASSERT_TRUE(Format().ReadResponse(R"({"promptFeedback":{"blockReason":"SAFETY"}})", response));
  EXPECT_EQ(response.choices.at(0).finish, ir::FinishReason::kContentFilter);
  ir::Response none;
  EXPECT_FALSE(Format().ReadResponse(R"({"error":{"code":500}})", none));
  EXPECT_FALSE(Format().ReadResponse("{}", none));
}

TEST(GeminiReadTest, AStreamIsWholeWhenItSaidWhyItEnded) {
  const std::unique_ptr<EventReader> reader = Format().NewEventReader();
  const std::string first =
      R"({"candidates":[{"content":{"parts":[{"text":"Hi"}]},"index":0}],"responseId":"r"})";
  const std::string last =
      R"({"candidates":[{"content":{"parts":[{"text":"!"}]},"finishReason":"MAX_TOKENS"}],)"
      R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}})";
  ir::EventList events;
  ASSERT_TRUE(reader->Read("", first, events));
  ir::EventList end;
  reader->AtEnd(end);
  EXPECT_TRUE(end.empty()) << "cut";
  ASSERT_TRUE(reader->Read("", last, events));
  reader->AtEnd(end);
  ASSERT_EQ(end.size(), 1u);
  EXPECT_EQ(end[0].type, ir::EventType::kEnd);
  std::string types;
  for (const ir::Event& event : events) types += std::to_string(static_cast<int>(event.type)) + " ";
  // Start, part, delta; delta, end of the part, finish, usage.
  EXPECT_EQ(types, "0 1 2 2 7 8 9 ");
}

TEST(GeminiErrorTest, ClassesAndDelays) {
  const ProviderError error = Format().ReadError(
      429, R"({"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[)"
           R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2.5s"}]}})");
  EXPECT_EQ(error.error_class, ProviderErrorClass::kRateLimit);
  EXPECT_EQ(error.retry_after, absl::Seconds(3));
  EXPECT_EQ(Format().ReadError(400, "nonsense").error_class, ProviderErrorClass::kUnknown);
}

}  // namespace
}  // namespace tollgate::dataplane
