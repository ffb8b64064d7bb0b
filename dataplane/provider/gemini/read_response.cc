#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/json/writer.h"
#include "dataplane/provider/gemini/citations.h"
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
  const bool thought = value["thought"].boolean() == true;
  // Images that were but thought of are none of the answer's.
  if (ir::Media media; !thought && ReadGeminiMedia(value, media)) {
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
  if (thought) {
    part.body = ir::Reasoning{.text = text.string(), .summary = true};
    return true;
  }
  part.body = ir::Text{text.string(), {}};
  return !text.string().empty() || part.signature.present();
}

// `texts` are those of the parts `written`, by their index in `choice`.
void AddCitations(JsonValue candidate, const GeminiTexts& texts,
                  const std::vector<std::size_t>& written, ir::Choice& choice) {
  for (const std::string_view name : kGeminiBesides) {
    const JsonValue value = candidate[name];
    if (value.has_value()) choice.extras.push_back({ir::kGemini, name, value.raw()});
  }
  if (written.empty()) return;  // There is nothing that citations could be of.
  for (const GeminiCitation& found : ReadGeminiCitations(candidate, texts)) {
    choice.parts[written[found.part]].As<ir::Text>()->citations.push_back(found.citation);
  }
}

// The parts of a candidate, with the citations of their texts.
void ReadParts(JsonValue candidate, std::int64_t& calls, ir::Response& out, ir::Choice& choice) {
  GeminiTexts texts;
  std::vector<std::size_t> written;
  std::int64_t index = 0;
  for (const JsonValue value : candidate["content"]["parts"].elements()) {
    ir::Part part;
    if (ReadPart(value, calls, out, part)) {
      if (const auto* text = part.As<ir::Text>()) {
        texts.Begin(index);
        texts.Append(text->text);
        written.push_back(choice.parts.size());
      }
      choice.parts.push_back(std::move(part));
    }
    ++index;
  }
  AddCitations(candidate, texts, written, choice);
}

void WriteToken(JsonValue token, JsonWriter& json) {
  json.Member("token").String(token["token"].string());
  const JsonValue probability = token["logProbability"];
  json.Member("logprob").Raw(probability.is_number() ? probability.raw() : "0");
  json.Member("bytes").Null();
}

}  // namespace

std::string GeminiLogprobs(JsonValue result) {
  std::string out;
  if (result["chosenCandidates"].size() == 0) return out;
  std::vector<JsonValue> tops;
  for (const JsonValue top : result["topCandidates"].elements()) tops.push_back(top["candidates"]);
  JsonWriter json(out);
  json.BeginArray();
  std::size_t at = 0;
  for (const JsonValue chosen : result["chosenCandidates"].elements()) {
    json.BeginObject();
    WriteToken(chosen, json);
    json.Member("top_logprobs").BeginArray();
    if (at < tops.size()) {
      for (const JsonValue top : tops[at].elements()) {
        json.BeginObject();
        WriteToken(top, json);
        json.EndObject();
      }
    }
    json.EndArray();
    json.EndObject();
    ++at;
  }
  json.EndArray();
  return out;
}

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
  // The API has no such reason; what imitates it has.
  if (word == "FUNCTION_CALL") return ir::FinishReason::kToolCalls;
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
    ReadParts(candidate, calls, out, choice);
    if (const std::string entries = GeminiLogprobs(candidate["logprobsResult"]); !entries.empty()) {
      choice.logprobs =
          out.arena.Keep(absl::StrCat("{\"content\":", entries, ",\"refusal\":null}"));
    }
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
