#include "dataplane/surface/openai_options.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/unknown_members.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kToolChoice = "tool_choice";

bool IsClientTool(std::string_view type) { return type == "function" || type == "custom"; }

// The name of a tool that is named so; what else is said of it is warned of.
std::string_view NameOfTool(JsonValue value, OpenAiShape shape, ir::Request& out) {
  const std::string_view type = value["type"].string();
  if (shape == OpenAiShape::kFlat) {
    WarnOfUnknown(value, {"type", "name"}, kToolChoice, out);
    return value["name"].string();
  }
  WarnOfUnknown(value, {"type", type}, kToolChoice, out);
  WarnOfUnknown(value[type], {"name"}, absl::StrCat("tool_choice.", AbslView(type)), out);
  return value[type]["name"].string();
}

GatewayError OfProvider(std::string_view type) {
  return Unsupported(kToolChoice,
                     absl::StrCat("`tool_choice` of type `", AbslView(type),
                                  "` is only for models whose provider runs that tool."));
}

// False: it is not what it should be, or a refusal is in `fields`.
bool ReadAllowedTools(JsonValue value, OpenAiShape shape, FieldReader& fields, ir::Request& out) {
  JsonValue allowed = value;
  if (shape == OpenAiShape::kNested) {
    WarnOfUnknown(value, {"type", "allowed_tools"}, kToolChoice, out);
    allowed = value["allowed_tools"];
  }
  WarnOfUnknown(allowed, {"type", "mode", "tools"}, "tool_choice.allowed_tools", out);
  if (!ReadToolMode(allowed["mode"].string(), out.tool_choice)) return false;
  for (const JsonValue tool : allowed["tools"].elements()) {
    const std::string_view type = tool["type"].string();
    if (!IsClientTool(type)) {
      fields.Fail(OfProvider(type));
      return false;
    }
    const std::string_view name = NameOfTool(tool, shape, out);
    if (name.empty()) return false;
    out.tool_choice.allowed.push_back(name);
  }
  return true;
}

}  // namespace

bool ReadToolMode(std::string_view word, ir::ToolChoice& choice) {
  using Mode = ir::ToolChoice::Mode;
  if (word == "auto") {
    choice.mode = Mode::kAuto;
  } else if (word == "none") {
    choice.mode = Mode::kNone;
  } else if (word == "required") {
    choice.mode = Mode::kRequired;
  } else {
    return false;
  }
  return true;
}

void ReadToolChoice(JsonValue value, OpenAiShape shape, FieldReader& fields, ir::Request& out) {
  if (value.is_null()) return;
  const std::string_view type = value["type"].string();
  bool good = false;
  if (IsClientTool(type)) {
    out.tool_choice.mode = ir::ToolChoice::Mode::kTool;
    out.tool_choice.name = NameOfTool(value, shape, out);
    good = !out.tool_choice.name.empty();
  } else if (type == "allowed_tools") {
    good = ReadAllowedTools(value, shape, fields, out);
  } else if (!type.empty()) {
    fields.Fail(OfProvider(type));
  } else {
    good = value.is_string() && ReadToolMode(value.string(), out.tool_choice);
  }
  // An error that says more came before.
  if (!good) {
    fields.Wrong(kToolChoice, "\"auto\", \"none\", \"required\" or an object that names tools");
  }
}

void ReadSchemaFormat(JsonValue value, FieldReader& fields, ir::ResponseFormat& format) {
  for (const JsonMember m : value.members()) {
    if (m.key == "name") fields.Text(m, format.name);
    if (m.key == "description") fields.Text(m, format.description);
    if (m.key == "schema") fields.Object(m, format.schema);
    if (m.key == "strict") fields.Flag(m, format.strict);
  }
  format.kind = format.schema.empty() ? ir::ResponseFormat::Kind::kJson
                                      : ir::ResponseFormat::Kind::kJsonSchema;
}

bool ReadResponseFormat(JsonValue value, OpenAiShape shape, std::string_view path,
                        std::string_view owner, FieldReader& fields, ir::Request& out) {
  ir::ResponseFormat& format = out.response_format;
  const std::string_view type = value["type"].string();
  if (type == "text" || type == "json_object") {
    format.kind =
        type == "text" ? ir::ResponseFormat::Kind::kText : ir::ResponseFormat::Kind::kJson;
    KeepUnknown(value, {"type"}, path, owner, out);
    return true;
  }
  if (type != "json_schema") return false;
  const bool nested = shape == OpenAiShape::kNested;
  const std::string place =
      nested ? absl::StrCat(AbslView(path), ".json_schema") : std::string(path);
  const JsonValue schema = nested ? value["json_schema"] : value;
  FieldReader inner(place);
  if (nested) KeepUnknown(value, {"type", "json_schema"}, path, owner, out);
  KeepUnknown(schema, {"type", "name", "description", "schema", "strict"}, place, owner, out);
  ReadSchemaFormat(schema, inner, format);
  if (inner.failed()) fields.Fail(*inner.error());
  if (nested ? !schema.is_object() : format.schema.empty()) {
    fields.Fail(Missing(nested ? place : inner.PathOf("schema")));
  }
  return true;
}

}  // namespace tollgate::dataplane
