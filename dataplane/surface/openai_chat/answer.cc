#include "dataplane/surface/openai_chat/answer.h"

#include <algorithm>

#include "dataplane/ir/data_url.h"
#include "dataplane/ir/reasoning_details.h"
#include "dataplane/ir/text_places.h"

namespace tollgate::dataplane {
namespace {

void WriteToolCalls(const std::vector<ir::Part>& parts, JsonWriter& json) {
  json.Member("tool_calls").BeginArray();
  for (const ir::Part& part : parts) {
    const ir::ToolCall* call = part.As<ir::ToolCall>();
    if (call == nullptr) continue;
    json.BeginObject();
    json.Member("id").String(call->id);
    json.Member("type").String(call->custom ? "custom" : "function");
    json.Member(call->custom ? "custom" : "function").BeginObject();
    json.Member("name").String(call->name);
    json.Member(call->custom ? "input" : "arguments").String(call->arguments);
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
}

// What a message has of each kind.
struct Content {
  std::string text;
  std::string refusal;
  std::string reasoning;
  bool any_text = false;
  bool any_refusal = false;
  bool calls = false;
  bool images = false;
  bool citations = false;
  bool details = false;
};

Content Gather(const std::vector<ir::Part>& parts, bool hide_reasoning) {
  Content content;
  for (const ir::Part& part : parts) {
    if (const auto* text = part.As<ir::Text>()) {
      content.text += text->text;
      content.any_text = true;
      content.citations |= !text->citations.empty();
    } else if (const auto* refusal = part.As<ir::Refusal>()) {
      content.refusal += refusal->text;
      content.any_refusal = true;
    } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
      if (hide_reasoning) continue;
      content.reasoning += reasoning->text;
      content.details = true;
    } else if (part.As<ir::ToolCall>() != nullptr) {
      content.calls = true;
      content.details |= part.signature.present();
    } else if (part.As<ir::Media>() != nullptr) {
      content.images = true;
    }
  }
  return content;
}

void WriteDetails(const std::vector<ir::Part>& parts, bool hide_reasoning, JsonWriter& json) {
  json.Member("reasoning_details").BeginArray();
  std::int64_t index = 0;
  for (const ir::Part& part : parts) {
    if (const auto* reasoning = part.As<ir::Reasoning>()) {
      if (hide_reasoning) continue;
      index = ir::WriteReasoningDetails(*reasoning, part.signature, index, json);
    } else if (const auto* call = part.As<ir::ToolCall>()) {
      if (part.signature.present()) {
        index = ir::WriteCallSignature(call->id, part.signature, index, json);
      }
    }
  }
  json.EndArray();
}

void WriteOptionalText(std::string_view name, std::string_view text, bool present,
                       JsonWriter& json) {
  json.Member(name);
  if (present) {
    json.String(text);
  } else {
    json.Null();
  }
}

void WriteMessage(const std::vector<ir::Part>& parts, bool hide_reasoning, JsonWriter& json) {
  const Content content = Gather(parts, hide_reasoning);
  json.BeginObject();
  json.Member("role").String("assistant");
  WriteOptionalText("content", content.text, content.any_text, json);
  WriteOptionalText("refusal", content.refusal, content.any_refusal, json);
  if (!content.reasoning.empty()) json.Member("reasoning").String(content.reasoning);
  if (content.details) WriteDetails(parts, hide_reasoning, json);
  if (content.calls) WriteToolCalls(parts, json);
  if (content.images) {
    json.Member("images").BeginArray();
    for (const ir::Part& part : parts) {
      if (const auto* media = part.As<ir::Media>()) WriteChatImage(*media, json);
    }
    json.EndArray();
  }
  if (content.citations) {
    json.Member("annotations").BeginArray();
    std::int64_t before = 0;
    for (const ir::Part& part : parts) {
      const auto* text = part.As<ir::Text>();
      if (text == nullptr) continue;
      for (const ir::Citation& citation : text->citations) {
        WriteChatAnnotation(citation, before, json);
      }
      before += ir::CountCharacters(text->text);
    }
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace

std::string_view ChatFinishReason(ir::FinishReason reason) {
  const std::string_view word = ir::FinishReasonWord(reason);
  // Clients know four words; a provider's failure is told apart by `native_finish_reason`.
  return word.empty() || word == "error" ? "stop" : word;
}

void WriteChatImage(const ir::Media& media, JsonWriter& json) {
  json.BeginObject();
  json.Member("type").String("image_url");
  json.Member("image_url").BeginObject();
  json.Member("url").String(ir::UrlOf(media));
  json.EndObject();
  json.EndObject();
}

void WriteChatAnnotation(const ir::Citation& citation, std::int64_t before, JsonWriter& json) {
  const bool placed = citation.begin >= 0 && citation.end >= citation.begin;
  if (citation.owner == ir::kOpenAiChat && !citation.json.empty()) {
    json.Raw(citation.json);
    return;
  }
  json.BeginObject();
  json.Member("type").String("url_citation");
  json.Member("url_citation").BeginObject();
  json.Member("url").String(citation.url);
  json.Member("title").String(citation.title);
  // There even when it is empty: ScanChatRequest() knows what the gateway wrote by it.
  json.Member("content").String(citation.cited_text);
  json.Member("start_index").Integer(placed ? before + citation.begin : 0);
  json.Member("end_index").Integer(placed ? before + citation.end : 0);
  json.EndObject();
  json.EndObject();
}

void WriteChatUsage(const AnswerCost& cost, JsonWriter& json, const ChatShape& shape) {
  const ir::Usage& usage = cost.usage;
  const TokenUsage& tokens = usage.tokens;
  json.BeginObject();
  json.Member("prompt_tokens").Integer(usage.input());
  json.Member("completion_tokens").Integer(usage.output());
  json.Member("total_tokens").Integer(usage.input() + usage.output());
  json.Member("prompt_tokens_details").BeginObject();
  json.Member("cached_tokens").Integer(usage.cached());
  json.Member("cache_write_tokens").Integer(usage.cache_write());
  json.Member("audio_tokens").Integer(tokens.input_audio + tokens.input_audio_cache_read);
  json.EndObject();
  json.Member("completion_tokens_details").BeginObject();
  json.Member("reasoning_tokens").Integer(tokens.output_reasoning);
  json.Member("audio_tokens").Integer(tokens.output_audio);
  json.Member("image_tokens").Integer(tokens.output_image);
  json.EndObject();
  json.Member("cost").Raw(cost.charge.ToUsdString());
  json.Member("is_byok").Bool(cost.byok);
  json.Member("market_cost").Raw(cost.market_cost.ToUsdString());
  if (shape.openrouter) {
    json.Member("cost_details").BeginObject();
    json.Member("upstream_inference_cost");
    if (cost.byok) {
      json.Raw(cost.market_cost.ToUsdString());
    } else {
      json.Null();  // Of a caller's own credential alone.
    }
    json.Member("upstream_inference_prompt_cost").Raw(cost.market_input_cost.ToUsdString());
    json.Member("upstream_inference_completions_cost")
        .Raw((cost.market_cost - cost.market_input_cost).ToUsdString());
    json.EndObject();
  }
  json.EndObject();
}

void WriteChatWarnings(std::span<const ir::Warning> warnings, JsonWriter& json) {
  if (warnings.empty()) return;
  json.Member("warnings").BeginArray();
  for (const ir::Warning& warning : warnings) {
    json.BeginObject();
    json.Member("type").String(warning.kind == ir::Warning::Kind::kUnsupported     ? "unsupported"
                               : warning.kind == ir::Warning::Kind::kCompatibility ? "compatibility"
                                                                                   : "other");
    json.Member("feature").String(warning.feature);
    json.Member("details").String(warning.details);
    json.EndObject();
  }
  json.EndArray();
}

void WriteChatAnswer(const ir::Response& response, const AnswerContext& context,
                     const AnswerCost& cost, std::string& out, const ChatShape& shape) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("id").String(context.generation_id);
  json.Member("object").String("chat.completion");
  json.Member("created").Integer(absl::ToUnixSeconds(context.created));
  json.Member("model").String(context.requested_model);
  if (shape.openrouter) {
    json.Member("provider").String(context.provider_id);
    json.Member("system_fingerprint").Null();
  }
  json.Member("choices").BeginArray();
  for (const ir::Choice& choice : response.choices) {
    json.BeginObject();
    json.Member("index").Integer(choice.index);
    json.Member("message");
    WriteMessage(choice.parts, context.hide_reasoning, json);
    json.Member("finish_reason").String(ChatFinishReason(choice.finish));
    if (!choice.native_finish.empty()) {
      json.Member("native_finish_reason").String(choice.native_finish);
    }
    json.Member("logprobs");
    json.Raw(choice.logprobs.empty() ? "null" : choice.logprobs);
    json.EndObject();
  }
  json.EndArray();
  json.Member("usage");
  WriteChatUsage(cost, json, shape);
  if (!response.service_tier.empty()) json.Member("service_tier").String(response.service_tier);
  for (const ir::Extra& extra : response.extras) {
    if (shape.openrouter && (extra.name == "provider" || extra.name == "system_fingerprint")) {
      continue;  // Written already.
    }
    if (extra.owner == ir::kOpenAiChat) json.ForeignMember(extra.name).Raw(extra.json);
  }
  WriteChatWarnings(context.warnings, json);
  json.Member("generationId").String(context.generation_id);
  json.EndObject();
}

}  // namespace tollgate::dataplane
