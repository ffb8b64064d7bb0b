#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/provider/openai_chat/read.h"
#include "dataplane/provider/openai_responses/read.h"

namespace tollgate::dataplane {
namespace {

class ResponseReader {
 public:
  ResponseReader(ir::Response& out, ir::Choice& choice) : out_(out), choice_(choice) {}

  void ReadItem(JsonValue item) {
    const std::string_view type = item["type"].string();
    if (type == "message") {
      for (const JsonValue part : item["content"].elements()) ReadContent(part);
    } else if (type == "function_call" || type == "custom_tool_call") {
      const bool custom = type == "custom_tool_call";
      calls_ = true;
      Add().body = ir::ToolCall{.id = item["call_id"].string(),
                                .name = item["name"].string(),
                                .arguments = item[custom ? "input" : "arguments"].string(),
                                .custom = custom};
    } else if (type == "reasoning") {
      ReadReasoning(item);
    } else if (type == "image_generation_call" && item["result"].is_string()) {
      const std::string_view bytes = item["result"].string();
      Add().body = ir::Media{.kind = ir::Media::Kind::kImage,
                             .media_type = ir::SniffMediaType(bytes),
                             .base64 = bytes};
    } else {
      Add().body = ir::Opaque{ir::kOpenAiResponses, type, item.raw()};
    }
  }

  bool calls() const { return calls_; }

 private:
  ir::Part& Add() { return choice_.parts.emplace_back(); }

  void ReadContent(JsonValue part) {
    const std::string_view type = part["type"].string();
    if (type == "refusal") {
      Add().body = ir::Refusal{part["refusal"].string()};
      return;
    }
    ir::Text text{part["text"].string(), {}};
    for (const JsonValue value : part["annotations"].elements()) {
      text.citations.push_back(ReadResponsesAnnotation(value));
    }
    Add().body = std::move(text);
    if (const JsonValue entries = part["logprobs"]; entries.size() > 0) {
      choice_.logprobs = out_.arena.Keep(
          absl::StrCat("{\"content\":", AbslView(entries.raw()), ",\"refusal\":null}"));
    }
  }

  void ReadReasoning(JsonValue item) {
    ResponsesThought thought = ReadResponsesThought(item);
    ir::Part& part = Add();
    part.body = ir::Reasoning{.text = out_.arena.Keep(std::move(thought.text)),
                              .summary = thought.summary,
                              .redacted = item["encrypted_content"].string(),
                              .id = item["id"].string()};
    part.signature.maker = ir::kFamilyOpenAi;
  }

  ir::Response& out_;
  ir::Choice& choice_;
  bool calls_ = false;
};

}  // namespace

ir::FinishReason ReadResponsesFinish(JsonValue response, bool calls, std::string_view& native) {
  native = response["incomplete_details"]["reason"].string();
  if (native == "max_output_tokens") return ir::FinishReason::kLength;
  if (native == "content_filter") return ir::FinishReason::kContentFilter;
  const std::string_view status = response["status"].string();
  if (native.empty()) native = status;
  if (status != "completed") return ir::FinishReason::kOther;
  return calls ? ir::FinishReason::kToolCalls : ir::FinishReason::kStop;
}

ir::Citation ReadResponsesAnnotation(JsonValue value) {
  ir::Citation citation;
  citation.owner = ir::kOpenAiResponses;
  citation.json = value.raw();
  citation.kind = value["type"].string() == "url_citation" ? ir::Citation::Kind::kUrl
                                                           : ir::Citation::Kind::kOther;
  citation.url = value["url"].string();
  citation.title = value["title"].string();
  if (citation.title.empty()) citation.title = value["filename"].string();
  citation.begin = value["start_index"].integer().value_or(-1);
  citation.end = value["end_index"].integer().value_or(-1);
  return citation;
}

ResponsesThought ReadResponsesThought(JsonValue item) {
  ResponsesThought thought;
  thought.summary = item["summary"].size() > 0 || item["content"].size() == 0;
  for (const JsonValue part : item[thought.summary ? "summary" : "content"].elements()) {
    if (!thought.text.empty()) thought.text += kThoughtSeparator;
    thought.text += part["text"].string();
  }
  return thought;
}

bool ReadResponsesResponse(std::string_view body, ir::Response& out) {
  if (!out.document.Parse(body)) return false;
  const JsonValue root = out.document.root();
  const std::string_view status = root["status"].string();
  if (!root["output"].is_array() || root["error"].has_value() ||
      (status != "completed" && status != "incomplete")) {
    return false;
  }
  out.id = root["id"].string();
  out.model = root["model"].string();
  out.created = root["created_at"].integer().value_or(0);
  out.service_tier = root["service_tier"].string();
  out.usage = ReadChatUsage(root["usage"]);
  ir::Choice& choice = out.choices.emplace_back();
  ResponseReader reader(out, choice);
  choice.parts.reserve(root["output"].size());
  for (const JsonValue item : root["output"].elements()) reader.ReadItem(item);
  choice.finish = ReadResponsesFinish(root, reader.calls(), choice.native_finish);
  return true;
}

}  // namespace tollgate::dataplane
