#include <utility>

#include "dataplane/ir/text_places.h"
#include "dataplane/provider/anthropic/read.h"

namespace tollgate::dataplane {
namespace {

void ReadText(JsonValue block, ir::Part& part) {
  ir::Text text{block["text"].string(), {}};
  for (const JsonValue citation : block["citations"].elements()) {
    text.citations.push_back(ReadAnthropicCitation(citation));
    // The words that a citation is of are its block.
    text.citations.back().begin = 0;
    text.citations.back().end = ir::CountCharacters(text.text);
  }
  part.body = std::move(text);
}

void ReadBlock(JsonValue block, std::vector<ir::Part>& parts) {
  const std::string_view type = block["type"].string();
  ir::Part& part = parts.emplace_back();
  if (type == "text") {
    ReadText(block, part);
  } else if (type == "thinking") {
    part.body = ir::Reasoning{.text = block["thinking"].string()};
    part.signature = {ir::kFamilyAnthropic, block["signature"].string()};
  } else if (type == "redacted_thinking") {
    part.body = ir::Reasoning{.redacted = block["data"].string()};
    part.signature.maker = ir::kFamilyAnthropic;
  } else if (type == "tool_use") {
    const JsonValue input = block["input"];
    part.body = ir::ToolCall{.id = block["id"].string(),
                             .name = block["name"].string(),
                             .arguments = input.exists() ? input.raw() : "{}"};
  } else {
    part.body = ir::Opaque{ir::kAnthropicMessages, type, block.raw()};
  }
}

}  // namespace

ir::FinishReason ReadAnthropicStop(std::string_view word) {
  if (word.empty()) return ir::FinishReason::kUnknown;
  if (word == "end_turn") return ir::FinishReason::kStop;
  if (word == "stop_sequence") return ir::FinishReason::kStopSequence;
  if (word == "max_tokens") return ir::FinishReason::kLength;
  if (word == "tool_use") return ir::FinishReason::kToolCalls;
  if (word == "refusal") return ir::FinishReason::kRefusal;
  if (word == "pause_turn") return ir::FinishReason::kPause;
  if (word == "model_context_window_exceeded") return ir::FinishReason::kContextWindow;
  return ir::FinishReason::kOther;
}

std::string_view AnthropicTier(std::string_view word) {
  return word == "standard" ? "default" : word;
}

ir::Citation ReadAnthropicCitation(JsonValue value) {
  ir::Citation citation;
  const std::string_view type = value["type"].string();
  citation.owner = ir::kAnthropicMessages;
  citation.json = value.raw();
  citation.cited_text = value["cited_text"].string();
  if (type == "web_search_result_location") {
    citation.kind = ir::Citation::Kind::kUrl;
    citation.url = value["url"].string();
    citation.title = value["title"].string();
  } else if (type == "char_location" || type == "page_location" ||
             type == "content_block_location") {
    citation.kind = ir::Citation::Kind::kDocument;
    citation.document_index = value["document_index"].integer().value_or(-1);
    citation.title = value["document_title"].string();
  } else {
    citation.kind = ir::Citation::Kind::kOther;
    citation.title = value["title"].string();
  }
  return citation;
}

bool ReadAnthropicResponse(std::string_view body, ir::Response& out) {
  if (!out.document.Parse(body)) return false;
  const JsonValue root = out.document.root();
  if (root["type"].string() != "message" || !root["content"].is_array()) return false;
  out.id = root["id"].string();
  out.model = root["model"].string();
  ir::Choice& choice = out.choices.emplace_back();
  choice.parts.reserve(root["content"].size());
  for (const JsonValue block : root["content"].elements()) ReadBlock(block, choice.parts);
  choice.native_finish = root["stop_reason"].string();
  choice.finish = ReadAnthropicStop(choice.native_finish);
  choice.stop_sequence = root["stop_sequence"].string();
  // Why the model refused is what others call a refusal.
  const JsonValue details = root["stop_details"];
  if (const std::string_view why = details["explanation"].string(); !why.empty()) {
    choice.parts.emplace_back().body = ir::Refusal{why};
  }
  if (details["explanation"].is_string() || details["category"].is_string()) {
    choice.extras.push_back({ir::kAnthropicMessages, "stop_details", details.raw(), false});
  }
  if (const JsonValue container = root["container"]; container.is_object()) {
    choice.extras.push_back({ir::kAnthropicMessages, "container", container.raw(), false});
  }
  TakeAnthropicUsage(root["usage"], out.usage);
  out.service_tier = AnthropicTier(root["usage"]["service_tier"].string());
  return true;
}

}  // namespace tollgate::dataplane
