#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/provider/gemini/read.h"

namespace tollgate::dataplane {
namespace {

// Reads a part; false for one that says nothing.
bool ReadPart(JsonValue value, std::int64_t& calls, ir::Response& out, ir::Part& part) {
  part.signature = {ir::kFamilyGoogle, value["thoughtSignature"].string()};
  if (const JsonValue call = value["functionCall"]; call.is_object()) {
    std::string_view id = call["id"].string();
    if (id.empty()) id = out.arena.Keep(GeminiCallId(out.id, calls));
    ++calls;
    const JsonValue arguments = call["args"];
    part.body = ir::ToolCall{.id = id,
                             .name = call["name"].string(),
                             .arguments = arguments.is_object() ? arguments.raw() : "{}"};
    return true;
  }
  if (ir::Media media; ReadGeminiMedia(value, media)) {
    part.body = media;
    return true;
  }
  const JsonValue text = value["text"];
  if (!text.is_string()) {
    // What the API ran itself: code, for instance.
    const auto first = value.members().begin();
    part.body = ir::Opaque{ir::kGemini, value.size() > 0 ? (*first).key : "", value.raw()};
    return true;
  }
  if (value["thought"].boolean() == true) {
    part.body = ir::Reasoning{.text = text.string(), .summary = true};
    return true;
  }
  part.body = ir::Text{text.string(), {}};
  return !text.string().empty() || part.signature.present();
}

void ReadGrounding(JsonValue metadata, std::vector<ir::Part>& parts) {
  for (const JsonValue chunk : metadata["groundingChunks"].elements()) {
    const JsonValue web = chunk["web"];
    if (!web.is_object()) continue;
    for (ir::Part& part : parts) {
      ir::Text* text = part.As<ir::Text>();
      if (text == nullptr) continue;
      ir::Citation citation;
      citation.url = web["uri"].string();
      citation.title = web["title"].string();
      text->citations.push_back(citation);
      break;
    }
  }
}

}  // namespace

std::string GeminiCallId(std::string_view response_id, std::int64_t n) {
  return absl::StrCat("call_", AbslView(response_id), "_", n);
}

bool ReadGeminiMedia(JsonValue part, ir::Media& media) {
  if (const JsonValue data = part["inlineData"]; data.is_object()) {
    media.media_type = data["mimeType"].string();
    media.base64 = data["data"].string();
  } else if (const JsonValue file = part["fileData"]; file.is_object()) {
    media.media_type = file["mimeType"].string();
    media.url = file["fileUri"].string();
  } else {
    return false;
  }
  media.kind = ir::KindOf(media.media_type);
  return true;
}

ir::FinishReason ReadGeminiFinish(std::string_view word, bool calls) {
  if (word.empty()) return ir::FinishReason::kUnknown;
  if (word == "STOP") return calls ? ir::FinishReason::kToolCalls : ir::FinishReason::kStop;
  if (word == "MAX_TOKENS") return ir::FinishReason::kLength;
  if (word == "SAFETY" || word == "RECITATION" || word == "BLOCKLIST" ||
      word == "PROHIBITED_CONTENT" || word == "SPII" || word == "IMAGE_SAFETY" ||
      word == "LANGUAGE") {
    return ir::FinishReason::kContentFilter;
  }
  if (word == "MALFORMED_FUNCTION_CALL" || word == "UNEXPECTED_TOOL_CALL") {
    return ir::FinishReason::kError;
  }
  return ir::FinishReason::kOther;
}

bool ReadGeminiResponse(std::string_view body, ir::Response& out) {
  if (!out.document.Parse(body)) return false;
  const JsonValue root = out.document.root();
  if (!root.is_object() || root["error"].has_value()) return false;
  const std::string_view blocked = root["promptFeedback"]["blockReason"].string();
  if (root["candidates"].size() == 0 && blocked.empty()) return false;
  out.id = root["responseId"].string();
  out.model = root["modelVersion"].string();
  std::int64_t calls = 0;
  for (const JsonValue candidate : root["candidates"].elements()) {
    ir::Choice& choice = out.choices.emplace_back();
    choice.index = candidate["index"].integer().value_or(0);
    const std::int64_t calls_before = calls;
    for (const JsonValue value : candidate["content"]["parts"].elements()) {
      ir::Part part;
      if (ReadPart(value, calls, out, part)) choice.parts.push_back(std::move(part));
    }
    ReadGrounding(candidate["groundingMetadata"], choice.parts);
    choice.native_finish = candidate["finishReason"].string();
    choice.finish = ReadGeminiFinish(choice.native_finish, calls > calls_before);
  }
  if (out.choices.empty()) {  // The prompt itself was refused.
    ir::Choice& choice = out.choices.emplace_back();
    choice.native_finish = blocked;
    choice.finish = ir::FinishReason::kContentFilter;
  }
  out.usage = ReadGeminiUsage(root["usageMetadata"]);
  return true;
}

}  // namespace tollgate::dataplane
