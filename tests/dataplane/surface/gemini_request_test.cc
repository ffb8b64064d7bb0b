// Gemini's generateContent as a surface: what it reads.
#include <memory>
#include <string>

#include "dataplane/http/request_head.h"
#include "dataplane/ir/omission.h"
#include "dataplane/provider/format.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const Surface& Gemini() { return GeminiSurface(); }

class GeminiRequestTest : public testing::Test {
 protected:
  GeminiRequestTest() {
    call_.model = "acme/m";
    call_.stream = false;
  }

  std::optional<GatewayError> Read(std::string body) {
    body_ = std::move(body);
    if (auto error = Gemini().Scan(body_, call_, scan_)) return error;
    request_.Reset();
    return Gemini().ReadRequest(body_, call_, scan_, request_);
  }

  // A body with one text, and these members.
  static std::string With(const std::string& members) {
    return R"({"contents":[{"parts":[{"text":"hi"}]}],)" + members + "}";
  }

  // What a provider of the same format is sent.
  std::string Sent(std::int64_t output_limit) {
    Splice splice;
    GeminiFormat().Rewrite(scan_, Provider(),
                           {.provider_model_id = "g-1", .output_limit = output_limit}, splice);
    std::vector<std::string_view> pieces;
    splice.Apply(body_, pieces);
    std::string sent;
    for (const std::string_view piece : pieces) sent += piece;
    return sent;
  }

  std::string body_;
  CallHead call_;
  ScannedRequest scan_;
  ir::Request request_;
};

TEST_F(GeminiRequestTest, ScansWhatAdmissionNeeds) {
  ASSERT_FALSE(Read(R"({"contents":[{"role":"user","parts":[)"
                    R"({"inlineData":{"mimeType":"image/png","data":"AA=="}},)"
                    R"({"file_data":{"file_uri":"https://e.x/a","mime_type":"application/pdf"}}]},)"
                    R"({"role":"model","parts":[{"functionCall":{"name":"f"}}]},)"
                    R"({"parts":{"functionResponse":{"name":"f","response":{},"parts":[)"
                    R"({"inlineData":{"mimeType":"image/png","data":"AA=="}}]}}}],)"
                    R"("generation_config":{"max_output_tokens":7,"candidateCount":2},)"
                    R"("tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],)"
                    R"("provider":{"only":["p"]}})"));
  EXPECT_EQ(scan_.model, "acme/m") << "of the path";
  EXPECT_EQ(scan_.messages, 3);
  EXPECT_EQ(scan_.images, 2) << "one of them in the result of a tool";
  EXPECT_EQ(scan_.files, 1);
  EXPECT_EQ(scan_.tools, 2);
  EXPECT_EQ(scan_.output_limit, 7);
  EXPECT_EQ(scan_.choices, 2);
  EXPECT_EQ(scan_.unbounded, "");
  EXPECT_EQ(scan_.removed.size(), 1u) << "`provider` is the gateway's own";
}

TEST_F(GeminiRequestTest, WhatNothingBoundsIsNamed) {
  ASSERT_FALSE(Read(With(R"("tools":[{"googleSearch":{}}])")));
  EXPECT_EQ(scan_.unbounded, "tools");
  ASSERT_FALSE(Read(With(R"("cached_content":"cachedContents/x")")));
  EXPECT_EQ(scan_.unbounded, "cachedContent");
  ASSERT_FALSE(Read(With(R"("serviceTier":"PRIORITY")")));
  EXPECT_EQ(scan_.unbounded, "serviceTier");
}

TEST_F(GeminiRequestTest, BadBodiesAreRefusedByName) {
  EXPECT_EQ(Read(R"({"generationConfig":{}})")->param, "contents");
  EXPECT_EQ(Read(R"({"contents":[]})")->param, "contents");
  EXPECT_EQ(Read(R"({"contents":"hi"})")->param, "contents");
  EXPECT_EQ(Read(R"({"contents":[{"role":"robot","parts":[]}]})")->param, "contents[0].role");
  EXPECT_EQ(Read(R"({"contents":[{"parts":[{}]}]})")->param, "contents[0].parts");
  EXPECT_EQ(Read(R"({"contents":[{"parts":[],"name":"x"}]})")->param, "contents[0].name");
  EXPECT_EQ(
      Read(R"({"contents":[{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]})")->param,
      "contents[0].parts.functionResponse");
  EXPECT_EQ(Read(With(R"("generationConfig":{"maxOutputTokens":0})"))->param,
            "generationConfig.maxOutputTokens");
  EXPECT_EQ(Read(With(R"("generationConfig":{"candidateCount":1000})"))->param,
            "generationConfig.candidateCount");
  EXPECT_EQ(Read(With(R"("generationConfig":{"thinkingConfig":{"thoughtful":1}})"))->param,
            "generationConfig.thinkingConfig.thoughtful");
  EXPECT_EQ(Read(With(R"("toolConfig":{"functionCallingConfig":{"mode":"SOME"}})"))->param,
            "toolConfig.functionCallingConfig.mode");
}

// Policy and provider must see the same value, however it is spelled.
TEST_F(GeminiRequestTest, WhatIsSaidTwiceIsRefused) {
  EXPECT_EQ(Read(With(R"("generationConfig":{},"generation_config":{})"))->param,
            "generationConfig");
  EXPECT_EQ(Read(With(R"("generationConfig":{"maxOutputTokens":9,"max_output_tokens":10})"))->param,
            "generationConfig.maxOutputTokens");
  EXPECT_EQ(Read(With(R"("tools":[],"tools":[])"))->code, ErrorCode::kInvalidJson);
}

TEST_F(GeminiRequestTest, TheLimitIsSentWhereverItHasToStand) {
  ASSERT_FALSE(Read(With(R"("generationConfig":{"maxOutputTokens":700})")));
  EXPECT_EQ(Sent(-1), body_);
  EXPECT_EQ(Sent(300), With(R"("generationConfig":{"maxOutputTokens":300})"));
  ASSERT_FALSE(Read(With(R"("generationConfig":{"topK":1})")));
  EXPECT_EQ(Sent(300), With(R"("generationConfig":{"maxOutputTokens":300,"topK":1})"));
  ASSERT_FALSE(Read(With(R"("generationConfig":{})")));
  EXPECT_EQ(Sent(300), With(R"("generationConfig":{"maxOutputTokens":300})"));
  ASSERT_FALSE(Read(R"({"contents":[{"parts":[{"text":"hi"}]}]})"));
  EXPECT_EQ(
      Sent(300),
      R"({"generationConfig":{"maxOutputTokens":300},"contents":[{"parts":[{"text":"hi"}]}]})");
}

TEST_F(GeminiRequestTest, ABodyThatPassesThroughNamesTheProvidersModelAndHidesOthersSignatures) {
  // "tollgate.anthropic.s/x" in base64.
  ASSERT_FALSE(
      Read(R"({"model":"models/acme/m","models":["b"],"contents":[{"role":"model","parts":[)"
           R"({"text":"hm","thought":true,"thoughtSignature":"dG9sbGdhdGUuYW50aHJvcGljLnMveA=="},)"
           R"({"text":"so","thoughtSignature":"CpQB"}]}]})"));
  EXPECT_EQ(Sent(-1),
            R"({"model":"models/g-1","contents":[{"role":"model","parts":[)"
            R"({"text":"hm","thought":true,"thoughtSignature":"skip_thought_signature_validator"},)"
            R"({"text":"so","thoughtSignature":"CpQB"}]}]})");
}

TEST_F(GeminiRequestTest, InstructionsCallsAndResultsInEitherSpelling) {
  ASSERT_FALSE(Read(
      R"({"contents":[{"role":"user","parts":[{"text":"hi"}]},)"
      R"({"role":"model","parts":[{"function_call":{"name":"f","args":{"a":1}},)"
      R"("thought_signature":"CpQB_-0"},{"functionCall":{"id":"x","name":"f"}},)"
      R"({"functionCall":{"name":"g"}}]},)"
      R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"one"}}},)"
      R"({"function_response":{"name":"g","response":{"error":"no"}}},)"
      R"({"functionResponse":{"id":"x","name":"f","response":{"t":2}}},{"text":"go on"}]}],)"
      R"("system_instruction":{"parts":{"text":"s"}}})"));
  ASSERT_EQ(request_.messages.size(), 5u);
  EXPECT_EQ(request_.messages[0].role, ir::Role::kSystem) << "wherever the member stands";
  const std::vector<ir::Part>& calls = request_.messages[2].parts;
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].As<ir::ToolCall>()->id, "call_0") << "every other API wants an id";
  EXPECT_EQ(calls[0].As<ir::ToolCall>()->arguments, R"({"a":1})");
  EXPECT_EQ(calls[0].signature.maker, ir::kFamilyGoogle);
  EXPECT_EQ(calls[0].signature.value, "CpQB/+0=") << "the standard alphabet";
  EXPECT_EQ(calls[1].As<ir::ToolCall>()->id, "x");
  EXPECT_EQ(request_.messages[3].role, ir::Role::kTool);
  const std::vector<ir::Part>& results = request_.messages[3].parts;
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].As<ir::ToolResult>()->tool_call_id, "call_0") << "by its name";
  EXPECT_EQ(results[0].As<ir::ToolResult>()->parts.at(0).As<ir::Text>()->text, "one");
  EXPECT_EQ(results[1].As<ir::ToolResult>()->tool_call_id, "call_2");
  EXPECT_TRUE(results[1].As<ir::ToolResult>()->is_error);
  EXPECT_EQ(results[2].As<ir::ToolResult>()->tool_call_id, "x") << "by its id";
  EXPECT_TRUE(results[2].As<ir::ToolResult>()->json);
  EXPECT_EQ(request_.messages[4].parts.at(0).As<ir::Text>()->text, "go on");
}

TEST_F(GeminiRequestTest, FilesOfAllKinds) {
  ASSERT_FALSE(
      Read(R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"_-8"}},)"
           R"({"fileData":{"mimeType":"application/pdf","fileUri":"https://e.x/a.pdf"}},)"
           R"({"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x"}},)"
           R"({"fileData":{"fileUri":"https://youtu.be/x"},"videoMetadata":{"fps":2}}]}]})"));
  const std::vector<ir::Part>& parts = request_.messages.at(0).parts;
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].As<ir::Media>()->kind, ir::Media::Kind::kImage);
  EXPECT_EQ(parts[0].As<ir::Media>()->base64, "/+8=");
  EXPECT_EQ(parts[1].As<ir::Media>()->url, "https://e.x/a.pdf");
  EXPECT_EQ(parts[2].As<ir::Media>()->file_owner, ir::kFamilyGoogle) << "nobody else can have it";
  EXPECT_EQ(parts[3].extras.at(0).json, R"({"fps":2})");
  EXPECT_EQ(
      Read(R"({"contents":[{"parts":[{"fileData":{"fileUri":"file:///etc/passwd"}}]}]})")->param,
      "contents[0].parts.fileData.fileUri");
}

TEST_F(GeminiRequestTest, SettingsAreReadAndOthersTravel) {
  ASSERT_FALSE(Read(With(
      R"("generationConfig":{"temperature":0.5,"topP":0.9,"top_k":40,"seed":-3,)"
      R"("stopSequences":["a"],)"
      R"("responseLogprobs":true,"logprobs":2,"responseModalities":["TEXT","IMAGE"],)"
      R"("responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":)"
      R"({"b":{"type":"STRING","nullable":true},"a":{"type":"ARRAY","maxItems":"3","items":)"
      R"({"type":"INTEGER"}}},"propertyOrdering":["a","b"]},)"
      R"("thinkingConfig":{"includeThoughts":true,)"
      R"("thinkingBudget":1024},"speechConfig":{"x":1}},"safetySettings":[{"category":"X"}],)"
      R"("cachedContent":"cachedContents/x")")));
  const ir::Settings& settings = request_.settings;
  EXPECT_EQ(settings.temperature, "0.5");
  EXPECT_EQ(settings.top_k, "40");
  EXPECT_EQ(settings.seed, -3);
  EXPECT_EQ(settings.stop, std::vector<std::string_view>{"a"});
  EXPECT_EQ(settings.logprobs, true);
  EXPECT_EQ(settings.top_logprobs, 2);
  EXPECT_EQ(settings.modalities, (std::vector<std::string_view>{"text", "image"}));
  EXPECT_EQ(request_.response_format.schema,
            R"({"type":"object","properties":{"a":{"type":"array","maxItems":3,"items":)"
            R"({"type":"integer"}},"b":{"type":["string","null"]}}})");
  EXPECT_EQ(request_.reasoning.budget_tokens, 1024);
  EXPECT_FALSE(request_.reasoning.hidden);
  ASSERT_EQ(request_.extras.size(), 3u);
  EXPECT_EQ(request_.extras[0].name, "generationConfig.speechConfig");
  EXPECT_FALSE(request_.extras[1].essential);
  EXPECT_TRUE(request_.extras[2].essential) << "without what is cached it is another question";
}

TEST_F(GeminiRequestTest, ThinkingInEachOfItsWays) {
  ASSERT_FALSE(Read(With(R"("generationConfig":{})")));
  EXPECT_TRUE(request_.reasoning.hidden) << "nobody asked for thoughts";
  EXPECT_FALSE(request_.reasoning.present());
  ASSERT_FALSE(Read(With(R"("generationConfig":{"thinkingConfig":{"thinkingBudget":0}})")));
  EXPECT_EQ(request_.reasoning.enabled, false);
  ASSERT_FALSE(Read(With(R"("generationConfig":{"thinkingConfig":{"thinkingBudget":-1}})")));
  EXPECT_TRUE(request_.reasoning.adaptive);
  ASSERT_FALSE(Read(With(R"("generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}})")));
  EXPECT_EQ(request_.reasoning.effort, ir::Effort::kLow);
  ASSERT_FALSE(Read(With(R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})")));
  EXPECT_TRUE(request_.reasoning.adaptive) << "thoughts that are shown have to be thought";
}

TEST_F(GeminiRequestTest, ToolsAndTheirChoice) {
  ASSERT_FALSE(Read(
      With(R"("tools":[{"functionDeclarations":[{"name":"f","description":"d","parameters":)"
           R"({"type":"OBJECT"},"behavior":"BLOCKING"}],"googleSearch":{"a":1}}],"toolConfig":)"
           R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]},)"
           R"("retrievalConfig":{"languageCode":"en"}})")));
  ASSERT_EQ(request_.tools.size(), 2u);
  EXPECT_EQ(request_.tools[0].parameters, R"({"type":"object"})");
  EXPECT_EQ(request_.tools[0].extras.at(0).name, "behavior");
  EXPECT_EQ(request_.tools[1].kind, ir::Tool::Kind::kOpaque);
  EXPECT_EQ(request_.tools[1].definition, R"({"googleSearch":{"a":1}})");
  EXPECT_EQ(request_.tool_choice.mode, ir::ToolChoice::Mode::kTool);
  EXPECT_EQ(request_.tool_choice.name, "f");
  EXPECT_EQ(request_.extras.at(0).name, "toolConfig.retrievalConfig");
  ASSERT_FALSE(Read(With(R"("toolConfig":{"functionCallingConfig":{"mode":"NONE"}})")));
  EXPECT_EQ(request_.tool_choice.mode, ir::ToolChoice::Mode::kNone);
}

TEST_F(GeminiRequestTest, ThatCallsAreValidatedIsNotDroppedInSilence) {
  ASSERT_FALSE(Read(With(R"("toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}})")));
  EXPECT_EQ(request_.tool_choice.mode, ir::ToolChoice::Mode::kAuto);
  ASSERT_EQ(request_.extras.size(), 1u);
  EXPECT_EQ(request_.extras[0].owner, ir::kOfNoFormat);
  EXPECT_EQ(request_.extras[0].name, "toolConfig.functionCallingConfig.mode");
  EXPECT_FALSE(request_.extras[0].essential);
  ASSERT_FALSE(Read(With(R"("toolConfig":{"functionCallingConfig":{"mode":"VALIDATED",)"
                         R"("allowedFunctionNames":["f"]}})")));
  EXPECT_EQ(request_.tool_choice.allowed.size(), 1u);
  EXPECT_TRUE(request_.extras.empty());
}

TEST_F(GeminiRequestTest, WordsFromAListAreGoogles) {
  ASSERT_FALSE(Read(With(R"("generationConfig":{"responseMimeType":"text/x.enum",)"
                         R"("responseSchema":{"type":"STRING","enum":["a"]}})")));
  ASSERT_EQ(request_.extras.size(), 2u);
  EXPECT_TRUE(request_.extras[0].essential);
  EXPECT_EQ(request_.response_format.kind, ir::ResponseFormat::Kind::kUnset);
}

TEST_F(GeminiRequestTest, ACountMayHaveAllInOneMember) {
  call_.stream.reset();
  ASSERT_FALSE(Read(R"({"generateContentRequest":{"model":"models/acme/m","contents":[{"parts":[)"
                    R"({"text":"hi"}]}],"systemInstruction":{"parts":[{"text":"s"}]}}})"));
  EXPECT_EQ(scan_.messages, 1);
  EXPECT_EQ(request_.messages.size(), 2u);
  EXPECT_NE(Sent(-1).find(R"("model":"models/g-1")"), std::string::npos);
  call_.stream = false;
  EXPECT_EQ(Read(R"({"generateContentRequest":{"contents":[{"parts":[{"text":"hi"}]}]}})")->param,
            "contents")
      << "that is no way to generate";
}

}  // namespace
}  // namespace tollgate::dataplane
