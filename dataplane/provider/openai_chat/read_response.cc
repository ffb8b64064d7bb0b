#include "dataplane/ir/data_url.h"
#include "dataplane/ir/reasoning_details.h"
#include "dataplane/provider/openai_chat/read.h"
#include "dataplane/provider/openai_chat/usage.h"

namespace tollgate::dataplane {
namespace {

ir::Part& Add(std::vector<ir::Part>& parts) { return parts.emplace_back(); }

void ReadContent(JsonValue content, JsonValue annotations, std::vector<ir::Part>& parts) {
  if (content.is_string()) {
    if (content.string().empty()) return;
    ir::Text text{content.string(), {}};
    for (const JsonValue value : annotations.elements()) {
      text.citations.push_back(ReadChatAnnotation(value));
    }
    Add(parts).body = std::move(text);
    return;
  }
  // Some compatible servers answer with a list of parts.
  for (const JsonValue value : content.elements()) {
    const std::string_view type = value["type"].string();
    if (type == "text") Add(parts).body = ir::Text{value["text"].string(), {}};
    if (type == "thinking") Add(parts).body = ir::Reasoning{.text = value["thinking"].string()};
  }
}

void ReadReasoning(JsonValue message, std::vector<ir::Part>& parts) {
  if (message["reasoning_details"].size() > 0) {
    return ir::ReadReasoningDetails(message["reasoning_details"], parts);
  }
  for (const std::string_view name : {"reasoning_content", "reasoning"}) {
    const std::string_view text = message[name].string();
    if (text.empty()) continue;
    Add(parts).body = ir::Reasoning{.text = text};
    return;
  }
}

void ReadToolCalls(JsonValue message, std::vector<ir::Part>& parts) {
  for (const JsonValue value : message["tool_calls"].elements()) {
    const bool custom = value["type"].string() == "custom";
    const JsonValue called = value[custom ? "custom" : "function"];
    ir::Part& part = Add(parts);
    part.body = ir::ToolCall{.id = value["id"].string(),
                             .name = called["name"].string(),
                             .arguments = called[custom ? "input" : "arguments"].string(),
                             .custom = custom};
    part.signature = {ir::kFamilyGoogle,
                      value["extra_content"]["google"]["thought_signature"].string()};
  }
  if (const JsonValue call = message["function_call"]; call.is_object()) {
    Add(parts).body = ir::ToolCall{.id = call["name"].string(),
                                   .name = call["name"].string(),
                                   .arguments = call["arguments"].string()};
  }
}

void ReadChoice(JsonValue value, ir::Choice& choice) {
  const JsonValue message = value["message"];
  choice.index = value["index"].integer().value_or(0);
  ReadReasoning(message, choice.parts);
  ReadContent(message["content"], message["annotations"], choice.parts);
  if (const std::string_view refusal = message["refusal"].string(); !refusal.empty()) {
    Add(choice.parts).body = ir::Refusal{refusal};
  }
  ReadToolCalls(message, choice.parts);
  ir::AttachSignatures(message["reasoning_details"], choice.parts);
  for (const JsonValue image : message["images"].elements()) {
    ir::Media media;
    if (ReadChatImage(image, media)) Add(choice.parts).body = media;
  }
  if (const JsonValue audio = message["audio"]; audio.is_object()) {
    choice.extras.push_back({ir::kOpenAiChat, "audio", audio.raw(), false});
  }
  choice.native_finish = value["finish_reason"].string();
  choice.finish = ReadChatFinish(choice.native_finish);
  if (value["logprobs"].is_object()) choice.logprobs = value["logprobs"].raw();
}

}  // namespace

ir::FinishReason ReadChatFinish(std::string_view word) {
  if (word.empty()) return ir::FinishReason::kUnknown;
  if (word == "stop" || word == "eos") return ir::FinishReason::kStop;
  if (word == "length") return ir::FinishReason::kLength;
  if (word == "tool_calls" || word == "function_call") return ir::FinishReason::kToolCalls;
  if (word == "content_filter") return ir::FinishReason::kContentFilter;
  if (word == "error") return ir::FinishReason::kError;
  return ir::FinishReason::kOther;
}

ir::Usage ReadChatUsage(JsonValue value) {
  ir::Usage usage;
  if (!value.is_object()) return usage;
  JsonCursor cursor(value.raw());
  UsageReport report;
  if (!ReadUsage(cursor, report) || !report.present) return usage;
  usage.present = true;
  usage.tokens = report.tokens;
  return usage;
}

ir::Citation ReadChatAnnotation(JsonValue value) {
  ir::Citation citation;
  citation.owner = ir::kOpenAiChat;
  citation.json = value.raw();
  const JsonValue cited = value["url_citation"];
  citation.kind = cited.is_object() ? ir::Citation::Kind::kUrl : ir::Citation::Kind::kOther;
  citation.url = cited["url"].string();
  citation.title = cited["title"].string();
  citation.cited_text = cited["content"].string();
  citation.begin = cited["start_index"].integer().value_or(-1);
  citation.end = cited["end_index"].integer().value_or(-1);
  return citation;
}

bool ReadChatImage(JsonValue value, ir::Media& media) {
  media.kind = ir::Media::Kind::kImage;
  return ir::TakeUrl(value["image_url"]["url"].string(), media);
}

bool ReadChatResponse(std::string_view body, ir::Response& out) {
  if (!out.document.Parse(body)) return false;
  const JsonValue root = out.document.root();
  if (!root["choices"].is_array() || root["choices"].size() == 0 || root["error"].has_value()) {
    return false;
  }
  for (const JsonMember m : root.members()) {
    if (m.key == "id") {
      out.id = m.value.string();
    } else if (m.key == "model") {
      out.model = m.value.string();
    } else if (m.key == "created") {
      out.created = m.value.integer().value_or(0);
    } else if (m.key == "service_tier") {
      out.service_tier = m.value.string();
    } else if (m.key == "usage") {
      out.usage = ReadChatUsage(m.value);
    } else if (m.key == "choices") {
      out.choices.reserve(m.value.size());
      for (const JsonValue value : m.value.elements()) {
        ReadChoice(value, out.choices.emplace_back());
      }
    } else if (m.key != "object" && m.value.has_value()) {
      out.extras.push_back({ir::kOpenAiChat, m.key, m.value.raw(), false});
    }
  }
  return true;
}

}  // namespace tollgate::dataplane
