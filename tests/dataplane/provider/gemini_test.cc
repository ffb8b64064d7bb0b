// Gemini's generateContent as a provider format: what is sent, and what its answers say.
#include <memory>
#include <optional>
#include <string>
#include <utility>
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
  EXPECT_NE(written_.body.find(R"({"functionCall":{"id":"a","name":"f","args":{"n":1}},)"
                               R"("thoughtSignature":"CpQB"})"),
            std::string::npos)
      << written_.body;
  EXPECT_NE(
      written_.body.find(R"({"functionResponse":{"id":"a","name":"f","response":{"output":"3"}}})"),
      std::string::npos)
      << written_.body;
  provider_.origin.host = "us-central1-aiplatform.googleapis.com";
  Write();
  EXPECT_EQ(written_.body.find(R"("id":)"), std::string::npos) << "which knows no ids";
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

// Thoughts go back to Google's models as they came, and to no others' as Google's.
TEST_F(GeminiWriteTest, ThoughtsOfItsOwn) {
  Say(ir::Role::kUser, "x");
  ir::Part& own = Add(ir::Role::kAssistant);
  own.body = ir::Reasoning{.text = "hm", .summary = true};
  own.signature = {ir::kFamilyGoogle, "Cp"};
  ir::Part& other = Add(ir::Role::kAssistant);
  other.body = ir::Reasoning{.text = "secret"};
  other.signature = {ir::kFamilyAnthropic, "Eq"};
  Write();
  EXPECT_NE(written_.body.find(R"([{"text":"hm","thought":true,"thoughtSignature":"Cp"}])"),
            std::string::npos)
      << written_.body;
  EXPECT_EQ(written_.body.find("secret"), std::string::npos);
  EXPECT_EQ(written_.body.find("Eq"), std::string::npos);
}

TEST_F(GeminiWriteTest, WhatOnlyThisApiKnowsStandsWhereItStood) {
  ir::Part& part = Add(ir::Role::kUser);
  part.body = ir::Media{.kind = ir::Media::Kind::kVideo,
                        .file_id = "https://youtu.be/x",
                        .file_owner = ir::kFamilyGoogle};
  part.extras.push_back({ir::kGemini, "videoMetadata", R"({"fps":2})"});
  Add(ir::Role::kUser).body = ir::Opaque{ir::kGemini, "executableCode", R"({"executableCode":{}})"};
  ir::Tool& tool = request_.tools.emplace_back();
  tool.name = "f";
  tool.extras.push_back({ir::kGemini, "behavior", R"("BLOCKING")"});
  request_.tools.push_back({.kind = ir::Tool::Kind::kOpaque,
                            .name = "googleSearch",
                            .owner = ir::kGemini,
                            .definition = R"({"googleSearch":{}})"});
  request_.extras = {{ir::kGemini, "generationConfig.speechConfig", R"({"v":1})"},
                     {ir::kGemini, "toolConfig.retrievalConfig", R"({"r":1})"},
                     {ir::kGemini, "safetySettings", "[]"}};
  const JsonValue body = Write();
  EXPECT_FALSE(omissions_.refused());
  EXPECT_TRUE(omissions_.warnings().empty());
  EXPECT_EQ(body["contents"].raw(),
            R"([{"role":"user","parts":[{"fileData":{"fileUri":"https://youtu.be/x"},)"
            R"("videoMetadata":{"fps":2}},{"executableCode":{}}]}])");
  EXPECT_EQ(
      body["tools"].raw(),
      R"([{"googleSearch":{}},{"functionDeclarations":[{"name":"f","behavior":"BLOCKING"}]}])");
  EXPECT_EQ(body["generationConfig"].raw(), R"({"speechConfig":{"v":1}})");
  EXPECT_EQ(body["toolConfig"].raw(), R"({"retrievalConfig":{"r":1}})");
  EXPECT_EQ(body["safetySettings"].raw(), "[]");
}

TEST_F(GeminiWriteTest, ResultsAreObjects) {
  Say(ir::Role::kUser, "x");
  Add(ir::Role::kAssistant).body = ir::ToolCall{.id = "a", .name = "f", .arguments = "{}"};
  const auto response = [&](std::string_view text, bool json, bool error) {
    if (request_.messages.size() > 2) request_.messages.pop_back();
    ir::ToolResult result;
    result.tool_call_id = "a";
    result.json = json;
    result.is_error = error;
    result.parts.emplace_back().body = ir::Text{text, {}};
    Add(ir::Role::kTool).body = std::move(result);
    Write();
    const std::size_t at = written_.body.find(R"("response":)") + 11;
    return written_.body.substr(at, written_.body.find("}}]}", at) - at);
  };
  EXPECT_EQ(response("3", false, false), R"({"output":"3")"
                                         "}");
  EXPECT_EQ(response(R"({"t":3})", true, false), R"({"t":3})");
  EXPECT_EQ(response(R"({"output":3})", true, false), R"({"output":{"output":3}})")
      << "that name means something";
  EXPECT_EQ(response("[3]", true, true), R"({"error":[3]})");
}

TEST_F(GeminiWriteTest, EffortsAreLevelsOrBudgets) {
  Say(ir::Role::kUser, "x");
  request_.reasoning.effort = ir::Effort::kLow;
  decision_.output_limit = 10'000;
  const auto config = [&](std::string_view model) {
    decision_.provider_model_id = model;
    written_.Reset();
    Format().WriteRequest(request_, provider_, decision_, omissions_, written_);
    EXPECT_TRUE(document_.Parse(written_.body));
    return std::string(document_.root()["generationConfig"]["thinkingConfig"].raw());
  };
  EXPECT_EQ(config("gemini-2.5-pro"), R"({"thinkingBudget":2000,"includeThoughts":true})");
  EXPECT_EQ(config("gemini-3-pro"), R"({"thinkingLevel":"LOW","includeThoughts":true})");
  request_.reasoning.effort = ir::Effort::kNone;
  request_.reasoning.hidden = true;
  EXPECT_EQ(config("gemini-3-pro"), R"({"thinkingLevel":"MINIMAL","includeThoughts":false})");
}

TEST_F(GeminiWriteTest, WhatItCannotExpress) {
  Say(ir::Role::kUser, "x");
  request_.settings.logit_bias = "{}";
  request_.settings.user = "u";
  request_.settings.logprobs = true;
  request_.settings.top_logprobs = 2;
  request_.extras.push_back({ir::kOpenAiChat, "prediction", "{}"});
  const JsonValue body = Write();
  EXPECT_FALSE(omissions_.refused());
  std::string left_out;
  for (const ir::Warning& warning : omissions_.warnings()) left_out += warning.feature + " ";
  EXPECT_EQ(left_out, "prediction logit_bias user ");
  EXPECT_EQ(body["generationConfig"].raw(), R"({"responseLogprobs":true,"logprobs":2})");
  request_.tools.push_back({.kind = ir::Tool::Kind::kCustom, .name = "c"});
  Write();
  EXPECT_EQ(omissions_.refused_param(), "tools");
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

TEST(GeminiReadTest, EachReasonToEnd) {
  const auto reason = [](const std::string& word, const std::string& parts = "") {
    ir::Response response;
    const std::string answer = R"({"candidates":[{"content":{"parts":[)" + parts +
                               R"(]},"finishReason":")" + word + R"("}]})";
    EXPECT_TRUE(Format().ReadResponse(answer, response));
    return response.choices.at(0).finish;
  };
  EXPECT_EQ(reason("STOP"), ir::FinishReason::kStop);
  EXPECT_EQ(reason("STOP", R"({"functionCall":{"name":"f"}})"), ir::FinishReason::kToolCalls);
  EXPECT_EQ(reason("FUNCTION_CALL"), ir::FinishReason::kToolCalls);
  EXPECT_EQ(reason("MAX_TOKENS"), ir::FinishReason::kLength);
  EXPECT_EQ(reason("SPII"), ir::FinishReason::kContentFilter);
  EXPECT_EQ(reason("MALFORMED_FUNCTION_CALL"), ir::FinishReason::kError);
  EXPECT_EQ(reason("OF_TOMORROW"), ir::FinishReason::kOther);
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

// The types of events, and the texts of those that have one.
std::string Told(const ir::EventList& events) {
  constexpr std::string_view kNames[] = {"start",  "part",     "delta",    "signature", "citation",
                                         "media",  "logprobs", "end-part", "finish",    "usage",
                                         "opaque", "end",      "error"};
  std::string told;
  for (const ir::Event& event : events) {
    told += kNames[static_cast<std::size_t>(event.type)];
    if (!event.text.empty()) told += "=" + std::string(event.text);
    told += " ";
  }
  return told;
}

TEST(GeminiReadTest, AStreamTellsCallsCodeSourcesAndProbabilities) {
  const std::unique_ptr<EventReader> reader = Format().NewEventReader();
  const auto read = [&](const std::string& candidate) {
    ir::EventList events;
    EXPECT_TRUE(reader->Read("", R"({"responseId":"r","candidates":[)" + candidate + "]}", events));
    return Told(events);
  };
  EXPECT_EQ(read(R"({"content":{"parts":[{"text":"hm","thought":true}]}})"),
            "start part delta=hm ");
  EXPECT_EQ(read(R"({"content":{"parts":[{"functionCall":{"name":"f","args":{"n":1}},)"
                 R"("thoughtSignature":"Cp"}]}})"),
            "end-part part delta={\"n\":1} signature end-part ");
  EXPECT_EQ(read(R"({"content":{"parts":[{"executableCode":{"code":"1"}}]}})"),
            "opaque=executableCode ");
  EXPECT_EQ(read(R"({"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="},)"
                 R"("thought":true}]}})"),
            "opaque=inlineData ")
      << "none of the answer's";
  EXPECT_EQ(read(R"({"content":{"parts":[{"text":"so"}]},"logprobsResult":{"chosenCandidates":)"
                 R"([{"token":"so","logProbability":-0.5}]}})"),
            "part delta=so logprobs ");
  EXPECT_EQ(read(R"({"content":{"parts":[{"text":""}]},"finishReason":"STOP",)"
                 R"("groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://e.x"}}]}})"),
            "opaque=groundingMetadata citation end-part finish ");
}

TEST(GeminiReadTest, AStreamWhosePromptWasRefusedIsWhole) {
  const std::unique_ptr<EventReader> reader = Format().NewEventReader();
  const std::string blocked =
      R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}})";
  ir::EventList events;
  ASSERT_TRUE(reader->Read("", blocked, events));
  reader->AtEnd(events);
  EXPECT_EQ(Told(events), "start finish usage end ");
}

TEST(GeminiReadTest, ProbabilitiesAreOpenAisAndBack) {
  ir::Response response;
  ASSERT_TRUE(Format().ReadResponse(
      R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP",)"
      R"("logprobsResult":)"
      R"({"chosenCandidates":[{"token":"a","tokenId":7,"logProbability":-0.5}],"topCandidates":)"
      R"([{"candidates":[{"token":"b","logProbability":-1}]}]}}]})",
      response));
  EXPECT_EQ(response.choices.at(0).logprobs,
            R"({"content":[{"token":"a","logprob":-0.5,"bytes":null,"top_logprobs":[{"token":"b",)"
            R"("logprob":-1,"bytes":null}]}],"refusal":null})");
}

// What is put into an answer that passes through.
std::string WithCost(const std::string& body, const AnswerFacts& facts) {
  if (facts.usage.close == 0) return "no place";
  if (facts.usage.cost_end != 0) {
    return body.substr(0, facts.usage.cost_begin) + "1" + body.substr(facts.usage.cost_end);
  }
  return body.substr(0, facts.usage.close) + (facts.usage.empty ? "" : ",") + R"("cost":1)" +
         body.substr(facts.usage.close);
}

TEST(GeminiFactsTest, TheCostHasItsPlaceInTheLastEvent) {
  const std::string usage = R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2})";
  const std::string first =
      R"({"candidates":[{"content":{"parts":[{"text":"Hi"},{"functionCall":{"name":"f","args":)"
      R"({"n":1}}}]}}],"responseId":"r","usageMetadata":{"promptTokenCount":3}})";
  AnswerFacts facts = Format().ReadEvent(first);
  EXPECT_TRUE(facts.valid);
  EXPECT_EQ(facts.content_bytes, 2 + 1 + 7) << "what was written, not how it is wrapped";
  EXPECT_TRUE(facts.usage.present) << "of the prompt alone";
  EXPECT_EQ(WithCost(first, facts), "no place");
  const std::string last =
      R"({"candidates":[{"finishReason":"STOP"}],)" + usage + R"(,"responseId":"r"})";
  facts = Format().ReadEvent(last);
  EXPECT_TRUE(facts.usage.present);
  EXPECT_EQ(facts.finish_reason, "STOP");
  EXPECT_EQ(facts.usage.tokens.output_text, 2);
  EXPECT_EQ(WithCost(last, facts),
            R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,)"
            R"("candidatesTokenCount":2,"cost":1},"responseId":"r"})");
  const std::string told =
      R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"cost":7,"promptTokenCount":3}})";
  EXPECT_EQ(WithCost(told, Format().ReadAnswer(told)),
            R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{)"
            R"("cost":1,"promptTokenCount":3}})");
}

TEST(GeminiFactsTest, WhatIsNoAnswer) {
  EXPECT_FALSE(Format().ReadEvent("[DONE]").valid);
  EXPECT_FALSE(Format().ReadAnswer("{}").has_choices);
  const AnswerFacts error = Format().ReadEvent(R"({"error":{"message":"m","status":"INTERNAL"}})");
  EXPECT_TRUE(error.is_error);
  EXPECT_EQ(error.error_code, "INTERNAL");
}

TEST(GeminiFactsTest, CountsTokensByThePath) {
  std::string path;
  EXPECT_TRUE(Format().AppendCountPath({.provider_model_id = "a/b", .stream = true}, path));
  EXPECT_EQ(path, "/models/a%2Fb:countTokens");
  EXPECT_EQ(Format().ReadTokenCount(R"({"totalTokens":31})"), 31);
  EXPECT_EQ(Format().ReadTokenCount("{}"), std::nullopt);
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
