#include "dataplane/surface/ai_sdk_gateway/answer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/surface/ai_sdk_gateway/signature.h"

namespace tollgate::dataplane {
namespace {

bool SpeaksV2(const AnswerContext& context) { return context.call->version == "2"; }

std::string_view FinishWord(ir::FinishReason reason) {
  switch (reason) {
    case ir::FinishReason::kStop:
    case ir::FinishReason::kStopSequence:
      return "stop";
    case ir::FinishReason::kLength:
    case ir::FinishReason::kContextWindow:
      return "length";
    case ir::FinishReason::kToolCalls:
      return "tool-calls";
    case ir::FinishReason::kContentFilter:
    case ir::FinishReason::kRefusal:
      return "content-filter";
    case ir::FinishReason::kError:
      return "error";
    case ir::FinishReason::kUnknown:
    case ir::FinishReason::kPause:
    case ir::FinishReason::kOther:
      break;
  }
  return "other";
}

void WriteUsage(const ir::Usage& usage, bool v2, JsonWriter& json) {
  json.BeginObject();
  if (v2) {
    json.Member("inputTokens").Integer(usage.input());
    json.Member("outputTokens").Integer(usage.output());
    json.Member("totalTokens").Integer(usage.input() + usage.output());
    json.Member("reasoningTokens").Integer(usage.tokens.output_reasoning);
    json.Member("cachedInputTokens").Integer(usage.cached());
  } else {
    json.Member("inputTokens").BeginObject();
    json.Member("total").Integer(usage.input());
    json.Member("noCache").Integer(usage.input() - usage.cached() - usage.cache_write());
    json.Member("cacheRead").Integer(usage.cached());
    json.Member("cacheWrite").Integer(usage.cache_write());
    json.EndObject();
    json.Member("outputTokens").BeginObject();
    json.Member("total").Integer(usage.output());
    json.Member("text").Integer(usage.output() - usage.tokens.output_reasoning);
    json.Member("reasoning").Integer(usage.tokens.output_reasoning);
    json.EndObject();
    json.Member("raw").BeginObject();
    json.EndObject();
  }
  json.EndObject();
}

// The parts of one answer as elements of `content`.
class ContentWriter {
 public:
  ContentWriter(const AnswerContext& context, JsonWriter& json) : context_(context), json_(json) {}

  void Write(const ir::Part& part) {
    if (const auto* text = part.As<ir::Text>()) {
      WriteText(text->text, part.signature);
      for (const ir::Citation& citation : text->citations) {
        WriteGatewaySource(citation, sources_++, json_);
      }
    } else if (const auto* refusal = part.As<ir::Refusal>()) {
      WriteText(refusal->text, {});  // Clients have no place of its own for it.
    } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
      if (!context_.hide_reasoning) WriteReasoning(*reasoning, part.signature);
    } else if (const auto* call = part.As<ir::ToolCall>()) {
      WriteCall(*call, part.signature);
    } else if (const auto* media = part.As<ir::Media>()) {
      WriteGatewayFile(*media, context_, json_);
    } else if (const auto* opaque = part.As<ir::Opaque>()) {
      left_out_.Add(opaque->type);
    }
  }

  const LeftOutParts& left_out() const { return left_out_; }

 private:
  void WriteText(std::string_view text, const ir::Signature& signature) {
    json_.BeginObject();
    json_.Member("type").String("text");
    json_.Member("text").String(text);
    WriteKeptSignature({.signature = signature}, json_);
    json_.EndObject();
  }

  void WriteReasoning(const ir::Reasoning& reasoning, const ir::Signature& signature) {
    json_.BeginObject();
    json_.Member("type").String("reasoning");
    json_.Member("text").String(reasoning.text);
    WriteKeptSignature({.signature = signature, .redacted = reasoning.redacted, .id = reasoning.id},
                       json_);
    json_.EndObject();
  }

  // The input is JSON as text, not an object as in prompts.
  void WriteCall(const ir::ToolCall& call, const ir::Signature& signature) {
    json_.BeginObject();
    json_.Member("type").String("tool-call");
    json_.Member("toolCallId").String(call.id);
    json_.Member("toolName").String(call.name);
    json_.Member("input").String(call.arguments.empty() ? "{}" : call.arguments);
    if (call.provider_executed) json_.Member("providerExecuted").Bool(true);
    WriteKeptSignature({.signature = signature}, json_);
    json_.EndObject();
  }

  const AnswerContext& context_;
  JsonWriter& json_;
  std::int64_t sources_ = 0;
  LeftOutParts left_out_;
};

// The SDK's sources have no place in the text, but room for what a provider says of them.
void WriteSourcePlace(const ir::Citation& citation, JsonWriter& json) {
  const bool placed = citation.begin >= 0 && citation.end >= citation.begin;
  if (!placed && citation.cited_text.empty()) return;
  json.Member("providerMetadata").BeginObject();
  json.Member("gateway").BeginObject();
  if (placed) {
    json.Member("startIndex").Integer(citation.begin);
    json.Member("endIndex").Integer(citation.end);
  }
  if (!citation.cited_text.empty()) json.Member("citedText").String(citation.cited_text);
  json.EndObject();
  json.EndObject();
}

}  // namespace

void WriteGatewaySource(const ir::Citation& citation, std::int64_t number, JsonWriter& json) {
  json.BeginObject();
  json.Member("type").String("source");
  json.Member("sourceType").String(citation.url.empty() ? "document" : "url");
  json.Member("id").String(absl::StrCat("source-", number));
  if (citation.url.empty()) {
    json.Member("mediaType").String("text/plain");
    json.Member("title").String(citation.title.empty() ? citation.cited_text : citation.title);
  } else {
    json.Member("url").String(citation.url);
    if (!citation.title.empty()) json.Member("title").String(citation.title);
  }
  WriteSourcePlace(citation, json);
  json.EndObject();
}

void WriteGatewayFile(const ir::Media& media, const AnswerContext& context, JsonWriter& json) {
  const bool bytes = !media.base64.empty();
  json.BeginObject();
  json.Member("type").String("file");
  std::string_view type = media.media_type;
  if (type.empty()) type = ir::SniffMediaType(media.base64);
  json.Member("mediaType").String(type.empty() ? "application/octet-stream" : type);
  json.Member("data");
  if (context.call->version == "4") {
    json.BeginObject();
    json.Member("type").String(bytes ? "data" : "url");
    json.Member(bytes ? "data" : "url").String(bytes ? media.base64 : media.url);
    json.EndObject();
  } else {
    json.String(bytes ? media.base64 : media.url);
  }
  json.EndObject();
}

void WriteGatewayWarnings(const AnswerContext& context, JsonWriter& json) {
  const bool v2 = SpeaksV2(context);
  json.Member("warnings").BeginArray();
  for (const ir::Warning& warning : context.warnings) {
    json.BeginObject();
    if (warning.kind == ir::Warning::Kind::kUnsupported) {
      json.Member("type").String(v2 ? "unsupported-setting" : "unsupported");
      json.Member(v2 ? "setting" : "feature").String(warning.feature);
      json.Member("details").String(warning.details);
    } else if (warning.kind == ir::Warning::Kind::kCompatibility && !v2) {
      json.Member("type").String("compatibility");
      json.Member("feature").String(warning.feature);
      json.Member("details").String(warning.details);
    } else {
      json.Member("type").String("other");
      json.Member("message").String(warning.details);
    }
    json.EndObject();
  }
  json.EndArray();
}

void WriteGatewayEnd(ir::FinishReason finish, std::string_view native_finish,
                     const AnswerContext& context, const AnswerCost& cost,
                     const LeftOutParts& left_out, const FamilyMetadata& family, JsonWriter& json) {
  const bool v2 = SpeaksV2(context);
  const std::string_view word = FinishWord(finish);
  json.Member("finishReason");
  if (v2) {
    json.String(finish == ir::FinishReason::kUnknown ? "unknown" : word);
  } else {
    json.BeginObject();
    json.Member("unified").String(word);
    if (!native_finish.empty()) json.Member("raw").String(native_finish);
    json.EndObject();
  }
  json.Member("usage");
  WriteUsage(cost.usage, v2, json);
  json.Member("providerMetadata").BeginObject();
  WriteGatewayMetadata(context, cost, left_out, json);
  family.Write(json);
  if (cost.stopped != nullptr) WriteStopped(*cost.stopped, context.generation_id, json);
  json.EndObject();
}

void WriteGatewayAnswer(const ir::Response& response, const AnswerContext& context,
                        const AnswerCost& cost, std::string& out) {
  const ir::Choice* choice = response.choices.empty() ? nullptr : &response.choices.front();
  JsonWriter json(out);
  json.BeginObject();
  json.Member("content").BeginArray();
  ContentWriter content(context, json);
  if (choice != nullptr) {
    for (const ir::Part& part : choice->parts) content.Write(part);
  }
  json.EndArray();
  FamilyMetadata family;
  if (choice != nullptr) {
    for (const ir::Extra& extra : choice->extras) family.Keep(extra.owner, extra.name, extra.json);
    JsonDocument logprobs;
    if (logprobs.Parse(choice->logprobs)) family.AddLogprobs(logprobs.root()["content"].raw());
  }
  WriteGatewayEnd(choice == nullptr ? ir::FinishReason::kUnknown : choice->finish,
                  choice == nullptr ? std::string_view() : choice->native_finish, context, cost,
                  content.left_out(), family, json);
  WriteGatewayWarnings(context, json);
  json.Member("response").BeginObject();
  json.Member("id").String(context.generation_id);
  json.Member("modelId").String(context.requested_model);
  json.EndObject();
  json.EndObject();
}

}  // namespace tollgate::dataplane
