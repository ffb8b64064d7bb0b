#include "dataplane/ir/reasoning_details.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace tollgate::dataplane::ir {
namespace {

struct Format {
  std::string_view name;
  std::string_view maker;
};
constexpr Format kFormats[] = {
    {"anthropic-claude-v1", kFamilyAnthropic},
    {"openai-responses-v1", kFamilyOpenAi},
    {"google-gemini-v1", kFamilyGoogle},
};

std::string_view MakerOf(std::string_view format) {
  for (const Format& row : kFormats) {
    if (row.name == format) return row.maker;
  }
  return format == "unknown" ? std::string_view() : format;
}

std::string_view FormatOfMaker(std::string_view maker) {
  for (const Format& row : kFormats) {
    if (row.maker == maker) return row.name;
  }
  return maker.empty() ? "unknown" : maker;
}

// Whether a detail is the signature of a tool call.  An id beside Google's signature is that of a
// call: its thoughts have none.
bool IsSignatureOfCall(JsonValue detail) {
  return detail["type"].string() == "reasoning.encrypted" && !detail["id"].string().empty() &&
         MakerOf(detail["format"].string()) == kFamilyGoogle;
}

// The opaque half of the item whose text came before.
bool JoinToLast(const Reasoning& opaque, std::string_view maker, std::vector<Part>& parts) {
  if (opaque.id.empty() || parts.empty()) return false;
  Part& part = parts.back();
  Reasoning* last = part.As<Reasoning>();
  if (last == nullptr || last->id != opaque.id || part.signature.maker != maker) return false;
  last->redacted = opaque.redacted;
  return true;
}

}  // namespace

bool IsFormatOfDetails(std::string_view format) {
  return format == "unknown" || std::any_of(std::begin(kFormats), std::end(kFormats),
                                            [&](const Format& row) { return row.name == format; });
}

void ReadReasoningDetails(JsonValue details, std::vector<Part>& parts) {
  for (const JsonValue detail : details.elements()) {
    if (IsSignatureOfCall(detail)) continue;
    const std::string_view type = detail["type"].string();
    const std::string_view maker = MakerOf(detail["format"].string());
    Part part;
    Reasoning reasoning;
    reasoning.id = detail["id"].string();
    if (type == "reasoning.text") {
      reasoning.text = detail["text"].string();
    } else if (type == "reasoning.summary") {
      reasoning.text = detail["summary"].string();
      reasoning.summary = true;
    } else if (type == "reasoning.encrypted") {
      reasoning.redacted = detail["data"].string();
      if (JoinToLast(reasoning, maker, parts)) continue;
    } else {
      continue;
    }
    part.signature = {maker, detail["signature"].string()};
    part.body = reasoning;
    parts.push_back(std::move(part));
  }
}

void AttachSignatures(JsonValue details, std::vector<Part>& parts) {
  for (const JsonValue detail : details.elements()) {
    if (!IsSignatureOfCall(detail)) continue;
    for (Part& part : parts) {
      const ToolCall* call = part.As<ToolCall>();
      if (call == nullptr || call->id != detail["id"].string()) continue;
      part.signature = {kFamilyGoogle, detail["data"].string()};
    }
  }
}

std::int64_t WriteReasoningDetails(const Reasoning& reasoning, const Signature& signature,
                                   std::int64_t index, JsonWriter& json) {
  const auto finish = [&] {
    if (!reasoning.id.empty()) json.Member("id").String(reasoning.id);
    json.Member("format").String(FormatOfMaker(signature.maker));
    json.Member("index").Integer(index++);
    json.EndObject();
  };
  if (!reasoning.text.empty() || signature.present()) {
    json.BeginObject();
    json.Member("type").String(reasoning.summary ? "reasoning.summary" : "reasoning.text");
    json.Member(reasoning.summary ? "summary" : "text").String(reasoning.text);
    if (signature.present()) json.Member("signature").String(signature.value);
    finish();
  }
  if (!reasoning.redacted.empty()) {
    json.BeginObject();
    json.Member("type").String("reasoning.encrypted");
    json.Member("data").String(reasoning.redacted);
    finish();
  }
  return index;
}

std::int64_t WriteCallSignature(std::string_view id, const Signature& signature, std::int64_t index,
                                JsonWriter& json) {
  json.BeginObject();
  json.Member("type").String("reasoning.encrypted");
  json.Member("data").String(signature.value);
  json.Member("id").String(id);
  json.Member("format").String(FormatOfMaker(signature.maker));
  json.Member("index").Integer(index);
  json.EndObject();
  return index + 1;
}

}  // namespace tollgate::dataplane::ir
