// OpenAI's responses as a surface: what it reads, and what its clients see of a whole answer.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "dataplane/ir/omission.h"
#include "dataplane/ir/signature.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const Surface& Responses() { return OpenAiResponsesSurface(); }

class ResponsesRequestTest : public testing::Test {
 protected:
  std::optional<GatewayError> Read(std::string members) {
    body_ = R"({"model":"m",)" + std::move(members) + "}";
    request_.Reset();
    if (auto error = Responses().Scan(body_, call_, scan_)) return error;
    return Responses().ReadRequest(body_, call_, scan_, request_);
  }
  std::string ParamOf(const std::string& members) {
    const auto error = Read(members);
    return error.has_value() ? error->param : "(accepted)";
  }

  std::string body_;
  CallHead call_;
  ScannedRequest scan_;
  ir::Request request_;
};

TEST_F(ResponsesRequestTest, ScansWhatAdmissionNeeds) {
  ASSERT_FALSE(Read(
      R"("stream":true,"max_output_tokens":99,"user":"u","tools":[{"type":"function","name":"f"}],)"
      R"("caching":"auto","provider":{"only":["p"]},"input":[{"role":"user","content":[)"
      R"({"type":"input_text","text":"x"},{"type":"input_image","image_url":"https://e.x/a"},)"
      R"({"type":"input_file","file_id":"f"}]},{"type":"function_call","call_id":"c","name":"f",)"
      R"("arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[)"
      R"({"type":"input_image","image_url":"https://e.x/b"}]}])"));
  EXPECT_TRUE(scan_.stream && scan_.include_usage);
  EXPECT_EQ(scan_.output_limit, 99);
  EXPECT_EQ(scan_.user, "u");
  EXPECT_EQ(scan_.messages, 3);
  EXPECT_EQ(scan_.images, 2) << "one of them in the result of a tool";
  EXPECT_EQ(scan_.files, 1);
  EXPECT_EQ(scan_.tools, 1);
  EXPECT_TRUE(scan_.unbounded.empty());
  EXPECT_TRUE(scan_.kept_input.empty());
  EXPECT_EQ(scan_.removed.size(), 2u) << "`caching` and `provider` are the gateway's own";
}

// What the provider keeps is input that no byte of the body stands for.
TEST_F(ResponsesRequestTest, KeptInputIsNoticed) {
  const auto kept = [&](const std::string& members) {
    EXPECT_FALSE(Responses().Scan(R"({"model":"m",)" + members + "}", call_, scan_).has_value());
    return std::string(scan_.kept_input);
  };
  EXPECT_EQ(kept(R"("input":"x","previous_response_id":"r")"), "previous_response_id");
  EXPECT_EQ(kept(R"("input":"x","previous_response_id":null)"), "");
  EXPECT_EQ(kept(R"("conversation":"c")"), "conversation");
  EXPECT_EQ(kept(R"("prompt":{"id":"p"})"), "prompt");
  EXPECT_EQ(kept(R"("input":[{"type":"item_reference","id":"i"}])"), "input");
  EXPECT_EQ(kept(R"("input":[{"id":"i"}])"), "input");
  EXPECT_EQ(kept(R"("input":[{"type":"reasoning","id":"i","summary":[]}])"), "input");
  EXPECT_EQ(kept(R"("input":[{"type":"reasoning","id":"i","encrypted_content":"e"}])"), "");
  EXPECT_EQ(kept(R"("input":[{"type":"reasoning","id":"i","content":[{"text":"x"}]}])"), "");
}

TEST_F(ResponsesRequestTest, IdsOfItemsAreFound) {
  const auto ids = [&](const std::string& items) {
    body_ = R"({"model":"m","input":[)" + items + "]}";
    EXPECT_FALSE(Responses().Scan(body_, call_, scan_).has_value()) << items;
    std::string found;
    for (const ScannedItemId& id : scan_.item_ids) {
      EXPECT_EQ(body_.substr(id.value.begin, id.value.end - id.value.begin),
                "\"" + std::string(id.text) + "\"");
      std::string without = body_;
      without.erase(id.member.begin, id.member.end - id.member.begin);
      found += (found.empty() ? "" : ";") + std::to_string(id.item) + (id.reference ? "!" : "") +
               (id.own ? "=" : "~") + std::string(id.text) + ":" +
               without.substr(22, without.size() - 24);
    }
    return found;
  };
  EXPECT_EQ(ids(R"({"role":"user","content":"x"})"), "");
  EXPECT_EQ(ids(R"({"role":"user","id":null,"content":[{"id":"deeper"}]})"), "");
  EXPECT_EQ(ids(R"({"id":"a"})"), "0!=a:{}");
  EXPECT_EQ(ids(R"({"id" : "a" , "role":"user"})"), R"(0=a:{"role":"user"})");
  EXPECT_EQ(ids(R"({"role":"user", "id": "a" , "x":1})"), R"(0=a:{"role":"user" , "x":1})");
  EXPECT_EQ(ids(R"({"role":"user" , "id":"a"})"), R"(0=a:{"role":"user"})");
  EXPECT_EQ(ids(R"({},{"type":"function_call","\u0069d":"b"})"),
            R"(1=b:{},{"type":"function_call"})");
  EXPECT_EQ(ids(R"({"type":"mcp_approval_response","approval_request_id":"b"})"),
            R"(0!~b:{"type":"mcp_approval_response"})");
  EXPECT_EQ(ids(R"({"type":"item_reference","id":"a"})"), R"(0!=a:{"type":"item_reference"})");
  EXPECT_EQ(ids(R"({"id":"a","type":"reasoning","summary":[]})"),
            R"(0!=a:{"type":"reasoning","summary":[]})");
  EXPECT_EQ(ids(R"({"id":"a","type":"web_search_call"})"), R"(0!=a:{"type":"web_search_call"})");
  EXPECT_EQ(ids(R"({"id":"a","type":"item_reference","type":"message","role":"user"})"),
            R"(0=a:{"type":"item_reference","type":"message","role":"user"})");
  EXPECT_EQ(ParamOf(R"("input":[{"role":"user","content":"x","id":"a","id":"b"}])"), "input");
}

// What a model of another maker thought passes to no provider of responses: it is read first.
TEST_F(ResponsesRequestTest, ThoughtsOfOtherMakersAreNoticed) {
  const auto foreign = [&](const std::string& members) {
    EXPECT_FALSE(Read(R"("input":[{"role":"user","content":"x"},{"type":"reasoning","summary":[)"
                      R"({"type":"summary_text","text":"hm"}],)" +
                      members + "}]"));
    EXPECT_EQ(scan_.kept_input.empty(), scan_.item_ids.empty() || !scan_.item_ids[0].reference);
    return scan_.foreign_parts;
  };
  EXPECT_TRUE(foreign(R"("id":"rs_01JZZZZZZZZZZZZZZZZZZZZZZZ_0")"));
  EXPECT_TRUE(scan_.kept_input.empty()) << "a summary is all that there is of it";
  EXPECT_FALSE(foreign(R"("id":"rs_01JZZZZZZZZZZZZZZZZZZZZZZZ_x")"));
  EXPECT_FALSE(foreign(R"("id":"rs_01jzzzzzzzzzzzzzzzzzzzzzzz_0")"));
  EXPECT_FALSE(foreign(R"("id":"rs_1","encrypted_content":"gAAAA")"));
  EXPECT_TRUE(foreign(
      absl::StrCat(R"("id":"rs_1","encrypted_content":")",
                   ir::ShowSignature({ir::kFamilyAnthropic, "s/x"}, ir::kFamilyOpenAi), "\"")));
}

// What the pipeline decided of ids is what a provider is sent, however deep the item is kept.
TEST_F(ResponsesRequestTest, IdsAreReadAsTheyAreSent) {
  body_ = R"({"model":"m","input":[{"type":"item_reference","id":"a"},)"
          R"({"role":"assistant","content":"x","id":"b"},)"
          R"({"type":"reasoning","id":"c","encrypted_content":"e","summary":[]},)"
          R"({"role":"user","content":"y","id":"d"}]})";
  ASSERT_FALSE(Responses().Scan(body_, call_, scan_).has_value());
  ASSERT_EQ(scan_.item_ids.size(), 4u);
  for (ScannedItemId& id : scan_.item_ids) id.rewritten = id.text != "d";
  scan_.item_ids[0].sent = "own";
  scan_.item_ids[2].sent = "thought";
  request_.Reset();
  ASSERT_FALSE(Responses().ReadRequest(body_, call_, scan_, request_).has_value());
  ASSERT_EQ(request_.messages.size(), 2u);
  const ir::Message& assistant = request_.messages[0];
  EXPECT_EQ(assistant.parts.at(0).As<ir::Opaque>()->json,
            R"({"type":"item_reference","id":"own"})");
  EXPECT_EQ(assistant.id, "");
  EXPECT_EQ(assistant.parts.at(2).As<ir::Reasoning>()->id, "thought");
  EXPECT_EQ(request_.messages[1].id, "d");
}

TEST_F(ResponsesRequestTest, ToolsThatTheProviderRunsHaveNoBound) {
  ASSERT_FALSE(Read(R"("input":"x","tools":[{"type":"custom","name":"a"}])"));
  EXPECT_EQ(scan_.unbounded, "");
  ASSERT_FALSE(Read(R"("input":"x","tools":[{"type":"web_search"}])"));
  EXPECT_EQ(scan_.unbounded, "tools");
  ASSERT_FALSE(Read(R"("input":"x","service_tier":"priority")"));
  EXPECT_EQ(scan_.unbounded, "service_tier");
}

TEST_F(ResponsesRequestTest, BadBodiesAreRefusedByName) {
  EXPECT_EQ(ParamOf(R"("stream":true)"), "input");
  EXPECT_EQ(ParamOf(R"("input":5)"), "input");
  EXPECT_EQ(ParamOf(R"("input":["x"])"), "input");
  EXPECT_EQ(ParamOf(R"("input":"x","background":true)"), "background");
  EXPECT_EQ(ParamOf(R"("input":"x","background":false)"), "(accepted)");
  EXPECT_EQ(ParamOf(R"("input":[{"role":"robot","content":"x"}])"), "input[0].role");
  EXPECT_EQ(ParamOf(R"("input":[{"role":"user","content":"x"},{"type":"function_call"}])"),
            "input[1].call_id");
  EXPECT_EQ(ParamOf(R"("input":"x","tools":[{"type":"function"}])"), "tools[0].name");
  EXPECT_EQ(ParamOf(R"("input":"x","tool_choice":"maybe")"), "tool_choice");
  EXPECT_EQ(ParamOf(R"("input":"x","tool_choice":{"type":"web_search"})"), "tool_choice");
  EXPECT_EQ(ParamOf(R"("input":"x","text":{"format":{"type":"xml"}})"), "text.format");
  EXPECT_EQ(ParamOf(R"("input":"x","text":{"format":{"type":"json_schema","name":"n"}})"),
            "text.format.schema");
  EXPECT_EQ(ParamOf(R"("input":"x","reasoning":{"effort":"enormous"})"), "reasoning.effort");
  EXPECT_EQ(ParamOf(R"("input":"x","max_output_tokens":0)"), "max_output_tokens");
  EXPECT_EQ(ParamOf(R"("input":"x","store":"yes")"), "store");
}

TEST_F(ResponsesRequestTest, ItemsOfOneTurnAreOneMessage) {
  ASSERT_FALSE(
      Read(R"("instructions":"s","input":[{"role":"user","content":"a"},)"
           R"({"role":"user","content":[{"type":"input_text","text":"b"}]},)"
           R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],)"
           R"("encrypted_content":"enc"},)"
           R"({"type":"message","id":"msg_1","role":"assistant","content":[)"
           R"({"type":"output_text","text":"c","annotations":[]},{"type":"refusal",)"
           R"("refusal":"d"}]},)"
           R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},)"
           R"({"type":"custom_tool_call","call_id":"c2","name":"g","input":"x"},)"
           R"({"type":"function_call_output","call_id":"c1","output":"r1"},)"
           R"({"type":"custom_tool_call_output","call_id":"c2","output":"r2"}])"));
  ASSERT_EQ(request_.messages.size(), 5u);
  EXPECT_EQ(request_.messages[0].role, ir::Role::kSystem);
  EXPECT_EQ(request_.messages[2].role, ir::Role::kUser) << "messages of the user stay apart";
  const ir::Message& assistant = request_.messages[3];
  EXPECT_EQ(assistant.id, "msg_1");
  ASSERT_EQ(assistant.parts.size(), 5u);
  EXPECT_EQ(assistant.parts[0].signature.maker, ir::kFamilyOpenAi);
  EXPECT_EQ(assistant.parts[0].As<ir::Reasoning>()->redacted, "enc");
  EXPECT_EQ(assistant.parts[0].As<ir::Reasoning>()->id, "rs_1");
  EXPECT_EQ(assistant.parts[2].As<ir::Refusal>()->text, "d");
  EXPECT_TRUE(assistant.parts[4].As<ir::ToolCall>()->custom);
  const ir::Message& results = request_.messages[4];
  EXPECT_EQ(results.role, ir::Role::kTool);
  ASSERT_EQ(results.parts.size(), 2u);
  EXPECT_TRUE(results.parts[1].As<ir::ToolResult>()->custom);
}

TEST_F(ResponsesRequestTest, FilesImagesAndSounds) {
  ASSERT_FALSE(Read(
      R"("input":[{"role":"user","content":[)"
      R"({"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo","detail":"low"},)"
      R"({"type":"input_file","filename":"a.pdf",)"
      R"("file_data":"data:application/pdf;base64,JVBERi"},)"
      R"({"type":"input_file","file_url":"https://e.x/b.pdf"},)"
      R"({"type":"input_image","file_id":"file_1"},)"
      R"({"type":"input_audio","input_audio":{"format":"wav","data":"AAAA"}}]}])"));
  const auto& parts = request_.messages.at(0).parts;
  EXPECT_EQ(parts.at(0).As<ir::Media>()->base64, "iVBORw0KGgo");
  EXPECT_EQ(parts.at(0).As<ir::Media>()->detail, "low");
  EXPECT_EQ(parts.at(1).As<ir::Media>()->media_type, "application/pdf");
  EXPECT_EQ(parts.at(2).As<ir::Media>()->url, "https://e.x/b.pdf");
  EXPECT_EQ(parts.at(3).As<ir::Media>()->file_owner, ir::kFamilyOpenAi);
  EXPECT_EQ(parts.at(4).As<ir::Media>()->kind, ir::Media::Kind::kAudio);
  EXPECT_EQ(
      ParamOf(R"("input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}])"),
      "input[0].content");
}

TEST_F(ResponsesRequestTest, SettingsToolsAndFormat) {
  ASSERT_FALSE(
      Read(R"("input":"x","temperature":0.5,"top_logprobs":2,"parallel_tool_calls":false,)"
           R"("metadata":{"a":"b"},"truncation":"disabled","store":false,)"
           R"("include":["message.output_text.logprobs","reasoning.encrypted_content"],)"
           R"("reasoning":{"effort":"low","summary":"auto","context":"all"},"caching":"auto",)"
           R"("text":{"verbosity":"high","format":{"type":"json_schema","name":"n",)"
           R"("schema":{"type":"object"},"strict":true}},)"
           R"("tool_choice":{"type":"allowed_tools","mode":"required","tools":[)"
           R"({"type":"function","name":"f"}]},"tools":[{"type":"function","name":"f",)"
           R"("parameters":{},"strict":true},{"type":"custom","name":"g","format":)"
           R"({"type":"grammar","syntax":"lark","definition":"x"}},{"type":"mcp"}])"));
  const ir::Settings& settings = request_.settings;
  EXPECT_EQ(settings.temperature, "0.5");
  EXPECT_EQ(settings.logprobs, true);
  EXPECT_EQ(settings.verbosity, "high");
  EXPECT_EQ(request_.parallel_tool_calls, false);
  EXPECT_EQ(request_.reasoning.effort, ir::Effort::kLow);
  EXPECT_EQ(request_.reasoning.summary, "auto");
  EXPECT_TRUE(request_.auto_caching);
  EXPECT_EQ(request_.response_format.kind, ir::ResponseFormat::Kind::kJsonSchema);
  EXPECT_EQ(request_.tool_choice.mode, ir::ToolChoice::Mode::kRequired);
  EXPECT_EQ(request_.tool_choice.allowed.at(0), "f");
  EXPECT_EQ(request_.tools.at(1).definition,
            R"({"type":"grammar","grammar":{"syntax":"lark","definition":"x"}})");
  EXPECT_EQ(request_.tools.at(2).kind, ir::Tool::Kind::kOpaque);
  EXPECT_EQ(request_.tools.at(2).name, "mcp");
  ASSERT_EQ(request_.extras.size(), 1u) << "what says nothing is not remembered";
  EXPECT_EQ(request_.extras[0].name, "reasoning.context");
}

TEST_F(ResponsesRequestTest, WhatOnlyAProviderOfThisFormatHas) {
  ASSERT_FALSE(Read(R"("input":[{"type":"item_reference","id":"i"}],"store":true,)"
                    R"("previous_response_id":"r","max_tool_calls":3,"newer":{"x":1})"));
  EXPECT_EQ(request_.messages.at(0).parts.at(0).As<ir::Opaque>()->type, "item_reference");
  ir::Omissions omissions("Anthropic's messages");
  ir::OmitExtras(request_.extras, {ir::kAnthropicMessages}, omissions);
  EXPECT_TRUE(omissions.refused());
  EXPECT_EQ(omissions.refused_param(), "previous_response_id");
  EXPECT_EQ(omissions.warnings().size(), 3u) << "store, max_tool_calls, newer";
}

// What another's model signed comes back as it was, by way of a client that keeps items.
TEST_F(ResponsesRequestTest, SignaturesOfOthersComeBack) {
  ASSERT_FALSE(
      Read(R"("input":[{"type":"reasoning","id":"rs_g_0","summary":[{"type":"summary_text",)"
           R"("text":"hm"}],"encrypted_content":"tollgate.anthropic.s/Eq"},)"
           R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"},)"
           R"({"type":"reasoning","id":"rs_g_2","summary":[],)"
           R"("encrypted_content":"tollgate.google.p/sig"},)"
           R"({"type":"reasoning","id":"rs_g_3","summary":[],)"
           R"("encrypted_content":"tollgate.anthropic.r/opaque"}])"));
  const auto& parts = request_.messages.at(0).parts;
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].signature.maker, ir::kFamilyAnthropic);
  EXPECT_EQ(parts[0].signature.value, "Eq");
  EXPECT_EQ(parts[0].As<ir::Reasoning>()->text, "hm");
  EXPECT_FALSE(parts[0].As<ir::Reasoning>()->summary);
  EXPECT_EQ(parts[1].signature.maker, ir::kFamilyGoogle);
  EXPECT_EQ(parts[1].signature.value, "sig");
  EXPECT_EQ(parts[2].As<ir::Reasoning>()->redacted, "opaque");
}

class ResponsesAnswerTest : public testing::Test {
 protected:
  ResponsesAnswerTest() {
    context_.call = &call_;
    context_.scan = &scan_;
    context_.generation_id = "gen_1";
    context_.requested_model = "m";
    context_.provider_id = "p";
    context_.created = absl::FromUnixSeconds(1000);
    cost_.charge = cost_.market_cost = Money::FromNanoUsd(1'500'000);
    cost_.usage.present = true;
    cost_.usage.tokens.input_text = 10;
    cost_.usage.tokens.cache_read = 4;
    cost_.usage.tokens.output_text = 5;
    cost_.usage.tokens.output_reasoning = 2;
  }

  JsonValue Whole() {
    text_.clear();
    Responses().WriteAnswer(response_, context_, cost_, text_);
    EXPECT_TRUE(document_.Parse(text_)) << text_;
    return document_.root();
  }

  CallHead call_;
  ScannedRequest scan_;
  AnswerContext context_;
  AnswerCost cost_;
  ir::Response response_;
  JsonDocument document_;
  std::string text_;
};

TEST_F(ResponsesAnswerTest, ItemsUsageAndCost) {
  ir::Choice& choice = response_.choices.emplace_back();
  ir::Part& thought = choice.parts.emplace_back();
  thought.body = ir::Reasoning{.text = "hm"};
  thought.signature = {ir::kFamilyAnthropic, "Eq"};
  ir::Text text{"Hi", {}};
  text.citations.push_back({.url = "https://e.x", .title = "t", .begin = 0, .end = 2});
  choice.parts.emplace_back().body = std::move(text);
  choice.parts.emplace_back().body = ir::Text{" you", {}};
  ir::Part& call = choice.parts.emplace_back();
  call.body = ir::ToolCall{.id = "c", .name = "f", .arguments = "{}"};
  call.signature = {ir::kFamilyGoogle, "sig"};
  choice.finish = ir::FinishReason::kToolCalls;
  const JsonValue root = Whole();
  EXPECT_EQ(root["id"].string(), "gen_1");
  EXPECT_EQ(root["object"].string(), "response");
  EXPECT_EQ(root["created_at"].integer(), 1000);
  EXPECT_EQ(root["status"].string(), "completed");
  EXPECT_TRUE(root["incomplete_details"].is_null());
  EXPECT_EQ(
      root["output"].raw(),
      R"([{"id":"rs_1_0","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],)"
      R"("encrypted_content":"tollgate.anthropic.s/Eq"},)"
      R"({"id":"msg_1_1","type":"message","status":"completed","role":"assistant","content":[)"
      R"({"type":"output_text","text":"Hi","annotations":[{"type":"url_citation",)"
      R"("url":"https://e.x","title":"t","start_index":0,"end_index":2}],"logprobs":[]},)"
      R"({"type":"output_text","text":" you","annotations":[],"logprobs":[]}]},)"
      R"({"id":"fc_1_2","type":"function_call","status":"completed","call_id":"c","name":"f",)"
      R"("arguments":"{}"},)"
      R"({"id":"rs_1_3","type":"reasoning","summary":[],)"
      R"("encrypted_content":"tollgate.google.p/sig"}])");
  EXPECT_EQ(root["usage"].raw(),
            R"({"input_tokens":14,"input_tokens_details":{"cached_tokens":4,)"
            R"("cache_write_tokens":0},"output_tokens":7,"output_tokens_details":)"
            R"({"reasoning_tokens":2},"total_tokens":21,"cost":0.0015,"is_byok":false,)"
            R"("market_cost":0.0015})");
  EXPECT_EQ(root["provider_metadata"]["gateway"]["cost"].string(), "0.0015");
  EXPECT_EQ(root["store"].boolean(), false);
}

TEST_F(ResponsesAnswerTest, LogprobsStandWithTheText) {
  ir::Choice& choice = response_.choices.emplace_back();
  choice.parts.emplace_back().body = ir::Text{"]", {}};
  const auto logprobs = [&](std::string_view object) {
    choice.logprobs = object;
    const JsonValue message = *Whole()["output"].elements().begin();
    return std::string((*message["content"].elements().begin())["logprobs"].raw());
  };
  EXPECT_EQ(logprobs(R"({"content":[{"token":"]","logprob":-1}],"refusal":[{"token":"x"}]})"),
            R"([{"token":"]","logprob":-1}])");
  EXPECT_EQ(logprobs(R"({"content":null,"refusal":[{"token":"x"}]})"), "[]");
}

TEST_F(ResponsesAnswerTest, WhyItIsIncomplete) {
  ir::Choice& choice = response_.choices.emplace_back();
  choice.parts.emplace_back().body = ir::Refusal{"no"};
  const auto reason = [&](ir::FinishReason finish) {
    choice.finish = finish;
    const JsonValue root = Whole();
    EXPECT_EQ(root["status"].string(), "incomplete");
    return std::string(root["incomplete_details"]["reason"].string());
  };
  EXPECT_EQ(reason(ir::FinishReason::kLength), "max_output_tokens");
  EXPECT_EQ(reason(ir::FinishReason::kContextWindow), "max_output_tokens");
  EXPECT_EQ(reason(ir::FinishReason::kContentFilter), "content_filter");
  EXPECT_EQ(reason(ir::FinishReason::kRefusal), "content_filter");
  const std::string text = text_;
  EXPECT_NE(text.find(R"({"type":"refusal","refusal":"no"})"), std::string::npos);
}

TEST_F(ResponsesAnswerTest, HiddenThoughtsAreKeptForTheNextTurnOnly) {
  context_.hide_reasoning = true;
  ir::Choice& choice = response_.choices.emplace_back();
  ir::Part& thought = choice.parts.emplace_back();
  thought.body = ir::Reasoning{.text = "secret", .summary = true, .redacted = "enc", .id = "rs_9"};
  thought.signature.maker = ir::kFamilyOpenAi;
  choice.parts.emplace_back().body = ir::Reasoning{.text = "of nobody"};
  choice.finish = ir::FinishReason::kStop;
  EXPECT_EQ(Whole()["output"].raw(),
            R"([{"id":"rs_9","type":"reasoning","summary":[],"encrypted_content":"enc"}])");
}

TEST_F(ResponsesAnswerTest, ErrorsAreInOpenAisEnvelope) {
  GatewayError error;
  error.code = ErrorCode::kStreamInterrupted;
  std::string body;
  Responses().AppendError(error, "gen_1", body);
  ASSERT_TRUE(document_.Parse(body));
  EXPECT_EQ(document_.root()["error"]["code"].string(), "stream_interrupted");
  std::string event;
  Responses().AppendNumberedStreamError(error, 7, "gen_1", event);
  EXPECT_TRUE(event.starts_with("event: error\ndata: {\"type\":\"error\",\"sequence_number\":7,"))
      << event;
  const std::string data = event.substr(event.find('{'));
  ASSERT_TRUE(document_.Parse(data)) << data;
  EXPECT_EQ(document_.root()["code"].string(), "stream_interrupted");
  EXPECT_EQ(document_.root()["error"]["code"].string(), "stream_interrupted");
}

// A stream that may cost no more ends as by its length, and says why.
TEST_F(ResponsesAnswerTest, TheStopOfAStreamThatPassedThrough) {
  GatewayError why;
  why.code = ErrorCode::kBudgetExceeded;
  StreamStop stop;
  stop.response_id = "resp_1";
  stop.model = "m";
  stop.events = 12;
  stop.cost = cost_;
  stop.cost.stopped = &why;
  std::string event;
  Responses().AppendStreamStop(stop, "gen_1", event);
  EXPECT_TRUE(event.starts_with("event: response.incomplete\n"));
  const std::string data = event.substr(event.find('{'));
  ASSERT_TRUE(document_.Parse(data)) << data;
  const JsonValue root = document_.root();
  EXPECT_EQ(root["sequence_number"].integer(), 12);
  const JsonValue response = root["response"];
  EXPECT_EQ(response["id"].string(), "resp_1");
  EXPECT_EQ(response["incomplete_details"]["reason"].string(), "max_output_tokens");
  EXPECT_EQ(response["usage"]["cost"].raw(), "0.0015");
  EXPECT_EQ(response["tollgate"]["stop_reason"].string(), "budget_exceeded");
}

}  // namespace
}  // namespace tollgate::dataplane
