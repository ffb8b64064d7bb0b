#include "dataplane/surface/gemini/request.h"

#include "dataplane/surface/fault.h"
#include "dataplane/surface/gemini/names.h"

namespace tollgate::dataplane {
namespace {

// Read by ScanGeminiRequest(), or before all others.
bool IsReadElsewhere(std::string_view key) {
  return key == "model" || key == "models" || key == "provider" || key == "providerOptions" ||
         IsNamed(key, "systemInstruction");
}

void ReadMember(const JsonMember& m, FieldReader& fields, ir::Request& out) {
  if (IsNamed(m.key, "contents")) {
    ReadGeminiContents(m.value, fields, out);
  } else if (IsNamed(m.key, "tools")) {
    ReadGeminiTools(m.value, fields, out);
  } else if (IsNamed(m.key, "toolConfig")) {
    ReadGeminiToolConfig(m.value, fields, out);
  } else if (IsNamed(m.key, "generationConfig")) {
    ReadGeminiConfig(m.value, fields, out);
  } else if (!IsReadElsewhere(m.key) && !m.value.is_null()) {
    // Content that only Google keeps is part of the question.
    const bool essential = IsNamed(m.key, "cachedContent");
    out.extras.push_back({ir::kGemini, m.key, m.value.raw(), essential});
  }
}

}  // namespace

std::optional<GatewayError> ReadGeminiRequest(std::string_view body, const CallHead& call,
                                              ir::Request& out) {
  if (!out.document.Parse(body)) {
    return Fault(ErrorCode::kInvalidJson, {}, "The request body is not valid JSON.");
  }
  JsonValue root = out.document.root();
  const JsonValue whole = FindNamed(root, "generateContentRequest");
  if (!call.stream.has_value() && whole.is_object()) root = whole;
  // The API shows no thoughts that were not asked for.
  out.reasoning.hidden = true;
  FieldReader fields;
  // In front of the conversation, wherever the member stands.
  ReadGeminiSystem(FindNamed(root, "systemInstruction"), fields, out);
  for (const JsonMember m : root.members()) {
    ReadMember(m, fields, out);
    if (fields.failed()) return fields.error();
  }
  return std::nullopt;
}

}  // namespace tollgate::dataplane
