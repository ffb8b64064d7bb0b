#include "dataplane/surface/anthropic_messages/answer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/surface/anthropic_messages/citations.h"
#include "dataplane/surface/anthropic_messages/signed_block.h"

namespace tollgate::dataplane {
namespace {

void WriteRedacted(const SignedBlock& block, JsonWriter& json) {
  json.BeginObject();
  json.Member("type").String("redacted_thinking");
  json.Member("data").String(ShowSigned(block));
  json.EndObject();
}

void WriteTextBlocks(std::string_view text, const std::vector<ir::Citation>& citations,
                     JsonWriter& json) {
  for (const CitedBlock& block : SplitByCitations(text, citations)) {
    json.BeginObject();
    json.Member("type").String("text");
    json.Member("text").String(text.substr(block.begin, block.end - block.begin));
    json.Member("citations");
    if (block.citations.empty()) {
      json.Null();
    } else {
      json.BeginArray();
      for (const ir::Citation* citation : block.citations) {
        WriteMessagesCitation(*citation, false, json);
      }
      json.EndArray();
    }
    json.EndObject();
  }
}

void WriteReasoning(const ir::Reasoning& reasoning, const ir::Signature& signature, bool hidden,
                    JsonWriter& json) {
  SignedBlock block{SignedBlock::Kind::kSignature, signature, reasoning.id, reasoning.redacted};
  if (!reasoning.redacted.empty()) block.kind = SignedBlock::Kind::kRedacted;
  if (reasoning.text.empty() && !reasoning.redacted.empty()) return WriteRedacted(block, json);
  json.BeginObject();
  json.Member("type").String("thinking");
  json.Member("thinking").String(hidden ? std::string_view() : reasoning.text);
  json.Member("signature").String(ShowSigned(block));
  json.EndObject();
}

void WriteBlocks(const ir::Part& part, bool hide_reasoning, JsonWriter& json) {
  if (const auto* text = part.As<ir::Text>()) {
    WriteTextBlocks(text->text, text->citations, json);
  } else if (const auto* refusal = part.As<ir::Refusal>()) {
    WriteTextBlocks(refusal->text, {}, json);
  } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
    return WriteReasoning(*reasoning, part.signature, hide_reasoning, json);
  } else if (const auto* call = part.As<ir::ToolCall>()) {
    json.BeginObject();
    WriteMessagesCall(call->id, call->name, json);
    json.Member("input");
    JsonDocument arguments;
    if (arguments.Parse(call->arguments) && arguments.root().is_object()) {
      json.Raw(call->arguments);
    } else {
      json.BeginObject();
      if (!call->arguments.empty()) json.Member("arguments").String(call->arguments);
      json.EndObject();
    }
    json.EndObject();
  } else if (const auto* media = part.As<ir::Media>()) {
    WriteTextBlocks(MessagesImageText(*media), {}, json);
  } else if (const auto* opaque = part.As<ir::Opaque>()) {
    if (opaque->owner == ir::kAnthropicMessages) json.Raw(opaque->json);
  }
  if (part.signature.present()) {
    WriteRedacted({SignedBlock::Kind::kOfPart, part.signature, {}, {}}, json);
  }
}

}  // namespace

void WriteMessagesCall(std::string_view id, std::string_view name, JsonWriter& json) {
  json.Member("type").String("tool_use");
  json.Member("id").String(id);
  json.Member("name").String(name);
  json.Member("caller").BeginObject();
  json.Member("type").String("direct");  // Called by the model, not by code that it wrote.
  json.EndObject();
}

std::string_view MessagesStopReason(ir::FinishReason reason) {
  switch (reason) {
    case ir::FinishReason::kStopSequence:
      return "stop_sequence";
    case ir::FinishReason::kLength:
      return "max_tokens";
    case ir::FinishReason::kToolCalls:
      return "tool_use";
    case ir::FinishReason::kContentFilter:
    case ir::FinishReason::kRefusal:
      return "refusal";
    case ir::FinishReason::kPause:
      return "pause_turn";
    case ir::FinishReason::kContextWindow:
      return "model_context_window_exceeded";
    case ir::FinishReason::kUnknown:
    case ir::FinishReason::kStop:
    case ir::FinishReason::kError:
    case ir::FinishReason::kOther:
      break;
  }
  return "end_turn";
}

ir::FinishReason RefusedReason(ir::FinishReason reason) {
  return reason == ir::FinishReason::kStop ? ir::FinishReason::kRefusal : reason;
}

std::string MessagesImageText(const ir::Media& media) {
  return absl::StrCat("![image](", ir::UrlOf(media), ")");
}

namespace {

// input_tokens is what was neither read from nor written to a cache.
void WriteUsageMembers(const ir::Usage& usage, std::string_view service_tier, JsonWriter& json) {
  json.Member("input_tokens").Integer(usage.input() - usage.cached() - usage.cache_write());
  json.Member("cache_creation_input_tokens").Integer(usage.cache_write());
  json.Member("cache_read_input_tokens").Integer(usage.cached());
  json.Member("cache_creation").BeginObject();
  json.Member("ephemeral_5m_input_tokens").Integer(usage.tokens.cache_write_5m);
  json.Member("ephemeral_1h_input_tokens").Integer(usage.tokens.cache_write_1h);
  json.EndObject();
  json.Member("output_tokens").Integer(usage.output());
  json.Member("output_tokens_details").BeginObject();
  json.Member("thinking_tokens").Integer(usage.tokens.output_reasoning);
  json.EndObject();
  json.Member("server_tool_use");
  if (usage.tokens.searches > 0) {
    json.BeginObject();
    json.Member("web_search_requests").Integer(usage.tokens.searches);
    json.Member("web_fetch_requests").Integer(0);
    json.EndObject();
  } else {
    json.Null();
  }
  json.Member("inference_geo").Null();
  json.Member("speed").Null();
  json.Member("service_tier");
  if (service_tier.empty()) {
    json.Null();
  } else {
    // The API's words; whatever else served, it was none of the others.
    const bool known = service_tier == "priority" || service_tier == "batch";
    json.String(known ? service_tier : "standard");
  }
}

}  // namespace

void WriteMessagesUsage(const AnswerCost& cost, std::string_view service_tier, JsonWriter& json) {
  json.BeginObject();
  WriteUsageMembers(cost.usage, service_tier, json);
  json.Member("cost").Raw(cost.charge.ToUsdString());
  json.EndObject();
}

void WriteMessagesUsage(const ir::Usage& usage, std::string_view service_tier, JsonWriter& json) {
  json.BeginObject();
  WriteUsageMembers(usage, service_tier, json);
  json.EndObject();
}

namespace {

void WriteText(std::string_view text, JsonWriter& json) {
  if (text.empty()) {
    json.Null();
  } else {
    json.String(text);
  }
}

void WriteRaw(std::string_view value, JsonWriter& json) {
  if (value.empty()) {
    json.Null();
  } else {
    json.Raw(value);
  }
}

}  // namespace

void WriteMessagesMetadata(const AnswerContext& context, const AnswerCost& cost, JsonWriter& json) {
  json.Member("provider_metadata").BeginObject();
  json.Member("gateway").BeginObject();
  json.Member("generationId").String(context.generation_id);
  json.Member("cost").String(cost.charge.ToUsdString());
  json.Member("marketCost").String(cost.market_cost.ToUsdString());
  json.Member("provider").String(context.provider_id);
  if (!context.warnings.empty()) {
    json.Member("warnings").BeginArray();
    for (const ir::Warning& warning : context.warnings) json.String(warning.details);
    json.EndArray();
  }
  json.EndObject();
  json.EndObject();
}

void WriteMessagesStart(std::string_view id, std::string_view model, const ir::Usage& usage,
                        std::string_view service_tier, JsonWriter& json) {
  json.Member("message").BeginObject();
  json.Member("id").String(id);
  json.Member("type").String("message");
  json.Member("role").String("assistant");
  json.Member("model").String(model);
  json.Member("content").BeginArray();
  json.EndArray();
  json.Member("container").Null();
  json.Member("diagnostics").Null();
  json.Member("stop_details").Null();
  json.Member("stop_reason").Null();
  json.Member("stop_sequence").Null();
  json.Member("usage");
  WriteMessagesUsage(usage, service_tier, json);
  json.EndObject();
}

void WriteMessagesEnd(const MessagesEnd& end, JsonWriter& json) {
  json.Member("stop_reason").String(MessagesStopReason(end.reason));
  json.Member("stop_sequence");
  WriteText(end.stop_sequence, json);
  json.Member("container");
  WriteRaw(end.container, json);
  json.Member("stop_details");
  const bool refused = MessagesStopReason(end.reason) == "refusal";
  if (!end.stop_details.empty() || !refused) return WriteRaw(end.stop_details, json);
  json.BeginObject();
  json.Member("type").String("refusal");
  json.Member("category").Null();
  json.Member("explanation");
  WriteText(end.refusal, json);
  json.EndObject();
}

void WriteMessagesAnswer(const ir::Response& response, const AnswerContext& context,
                         const AnswerCost& cost, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("id").String(context.generation_id);
  json.Member("type").String("message");
  json.Member("role").String("assistant");
  json.Member("model").String(context.requested_model);
  json.Member("content").BeginArray();
  const ir::Choice* choice = response.choices.empty() ? nullptr : &response.choices.front();
  MessagesEnd end;
  if (choice != nullptr) {
    end.reason = choice->finish;
    end.stop_sequence = choice->stop_sequence;
    for (const ir::Extra& extra : choice->extras) {
      if (extra.owner != ir::kAnthropicMessages) continue;
      if (extra.name == "container") end.container = extra.json;
      if (extra.name == "stop_details") end.stop_details = extra.json;
    }
    for (const ir::Part& part : choice->parts) {
      const auto* refusal = part.As<ir::Refusal>();
      // The API's own says it there alone.
      if (refusal != nullptr && !end.stop_details.empty()) continue;
      WriteBlocks(part, context.hide_reasoning, json);
      if (refusal == nullptr) continue;
      end.reason = RefusedReason(end.reason);
      end.refusal = refusal->text;
    }
  }
  json.EndArray();
  WriteMessagesEnd(end, json);
  json.Member("diagnostics").Null();
  json.Member("usage");
  WriteMessagesUsage(cost, response.service_tier, json);
  WriteMessagesMetadata(context, cost, json);
  json.EndObject();
}

}  // namespace tollgate::dataplane
