#include "dataplane/surface/anthropic_messages/request.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/reasoning.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kStopsMax = 8192;

class RequestReader {
 public:
  explicit RequestReader(ir::Request& out) : out_(out) {}

  std::optional<GatewayError> Run(JsonValue body) {
    // In front of the conversation, wherever the member stands.
    ReadAnthropicSystem(body["system"], fields_, out_);
    for (const JsonMember m : body.members()) {
      if (!ReadContent(m) && !ReadSetting(m) && !IsGatewayMember(m.key)) AddExtra(m);
      if (fields_.failed()) return fields_.error();
    }
    return std::nullopt;
  }

 private:
  void AddExtra(const JsonMember& m) {
    if (m.value.is_null()) return;
    const bool essential = m.key == "mcp_servers" || m.key == "container";
    out_.extras.push_back({ir::kAnthropicMessages, m.key, m.value.raw(), essential});
  }

  // Read by ScanMessagesRequest().
  static bool IsGatewayMember(std::string_view key) {
    return key == "model" || key == "models" || key == "provider" || key == "providerOptions" ||
           key == "system";
  }

  bool ReadContent(const JsonMember& m) {
    if (m.key == "messages") {
      ReadMessages(m.value);
    } else if (m.key == "tools") {
      ReadTools(m);
    } else if (m.key == "tool_choice") {
      ReadToolChoice(m.value);
    } else if (m.key == "thinking") {
      ReadThinking(m);
    } else if (m.key == "output_config") {
      ReadOutputConfig(m);
    } else if (m.key == "output_format") {  // Its forerunner.
      ReadFormat(m.value);
    } else {
      return false;
    }
    return true;
  }

  bool ReadSetting(const JsonMember& m) {
    ir::Settings& settings = out_.settings;
    if (m.key == "max_tokens") {
      fields_.Integer(m, 1, kIntegerMax, settings.max_output_tokens);
    } else if (m.key == "stream") {
      fields_.Flag(m, out_.stream);
    } else if (m.key == "temperature") {
      fields_.Number(m, 0, 1, settings.temperature);
    } else if (m.key == "top_p") {
      fields_.Number(m, 0, 1, settings.top_p);
    } else if (m.key == "top_k") {
      fields_.Number(m, 0, std::numeric_limits<double>::max(), settings.top_k);
    } else if (m.key == "stop_sequences") {
      fields_.Texts(m, kStopsMax, settings.stop);
    } else if (m.key == "metadata") {
      settings.user = m.value["user_id"].string();
    } else if (m.key == "service_tier") {
      fields_.Text(m, settings.service_tier);
      if (settings.service_tier == "standard_only") settings.service_tier = "default";
    } else if (m.key == "cache_control") {
      out_.auto_caching = m.value.is_object();
    } else {
      return false;
    }
    return true;
  }

  void ReadMessages(JsonValue list) {
    out_.messages.reserve(out_.messages.size() + list.size());
    std::size_t i = 0;
    for (const JsonValue value : list.elements()) {
      FieldReader fields(absl::StrCat("messages[", i++, "]"));
      ReadAnthropicMessage(value, fields, out_);
      if (fields.failed()) return fields_.Fail(*fields.error());
    }
  }

  void ReadTools(const JsonMember& member) {
    if (!member.value.is_array()) return fields_.Wrong(member.key, "a list of tools");
    std::size_t i = 0;
    for (const JsonValue value : member.value.elements()) {
      FieldReader fields(absl::StrCat("tools[", i++, "]"));
      ReadTool(value, fields, out_.tools.emplace_back());
      if (fields.failed()) return fields_.Fail(*fields.error());
    }
  }

  static void ReadTool(JsonValue value, FieldReader& fields, ir::Tool& tool) {
    const std::string_view type = value["type"].string();
    if (!type.empty() && type != "custom") {
      tool.kind = ir::Tool::Kind::kOpaque;
      tool.name = type;
      tool.owner = ir::kAnthropicMessages;
      tool.definition = value.raw();
      return;
    }
    for (const JsonMember m : value.members()) {
      if (m.key == "name") {
        fields.Text(m, tool.name);
      } else if (m.key == "description") {
        fields.Text(m, tool.description);
      } else if (m.key == "input_schema") {
        fields.Object(m, tool.parameters);
      } else if (m.key == "strict") {
        fields.Flag(m, tool.strict);
      } else if (m.key == "cache_control") {
        tool.cache = ReadAnthropicCacheMark(m.value);
      } else if (m.key != "type" && !m.value.is_null()) {
        tool.extras.push_back({ir::kAnthropicMessages, m.key, m.value.raw(), false});
      }
    }
    if (tool.name.empty()) fields.Fail(Missing(fields.PathOf("name")));
  }

  void ReadToolChoice(JsonValue value) {
    using Mode = ir::ToolChoice::Mode;
    if (!value.has_value()) return;
    const std::string_view type = value["type"].string();
    if (type == "auto") {
      out_.tool_choice.mode = Mode::kAuto;
    } else if (type == "any") {
      out_.tool_choice.mode = Mode::kRequired;
    } else if (type == "none") {
      out_.tool_choice.mode = Mode::kNone;
    } else if (type == "tool") {
      out_.tool_choice.mode = Mode::kTool;
      out_.tool_choice.name = value["name"].string();
      if (out_.tool_choice.name.empty()) fields_.Fail(Missing("tool_choice.name"));
    } else {
      fields_.Wrong("tool_choice", "an object of type auto, any, tool or none");
    }
    if (value["disable_parallel_tool_use"].boolean() == true) out_.parallel_tool_calls = false;
  }

  void ReadThinking(const JsonMember& member) {
    if (member.value.is_null()) return;
    const std::string_view type = member.value["type"].string();
    ir::ReasoningSettings& reasoning = out_.reasoning;
    if (type == "disabled") {
      reasoning.enabled = false;
    } else if (type == "adaptive") {
      reasoning.adaptive = true;
    } else if (type == "enabled") {
      reasoning.enabled = true;
      reasoning.budget_tokens = member.value["budget_tokens"].integer();
      if (!reasoning.budget_tokens.has_value()) fields_.Fail(Missing("thinking.budget_tokens"));
    } else {
      fields_.Wrong("thinking", "an object of type enabled, adaptive or disabled");
    }
    reasoning.hidden = member.value["display"].string() == "omitted";
  }

  void ReadOutputConfig(const JsonMember& member) {
    for (const JsonMember m : member.value.members()) {
      if (m.key == "format") {
        ReadFormat(m.value);
      } else if (m.key == "effort") {
        const std::optional<ir::Effort> effort = ir::ReadEffort(m.value.string());
        if (!effort.has_value()) {
          return fields_.Wrong("output_config.effort", "one of low, medium, high, xhigh and max");
        }
        out_.reasoning.effort = *effort;
      } else if (!m.value.is_null()) {
        fields_.Fail(Unsupported(absl::StrCat("output_config.", AbslView(m.key)),
                                 "`output_config` takes effort and format."));
      }
    }
  }

  void ReadFormat(JsonValue value) {
    if (!value.has_value()) return;
    if (value["type"].string() != "json_schema" || !value["schema"].is_object()) {
      return fields_.Wrong("output_config.format", "an object of type json_schema with a schema");
    }
    out_.response_format.kind = ir::ResponseFormat::Kind::kJsonSchema;
    out_.response_format.schema = value["schema"].raw();
    out_.response_format.strict = true;
  }

  ir::Request& out_;
  FieldReader fields_;
};

}  // namespace

std::optional<GatewayError> ReadMessagesRequest(std::string_view body, ir::Request& out) {
  if (!out.document.Parse(body)) {
    return Fault(ErrorCode::kInvalidJson, {}, "The request body is not valid JSON.");
  }
  return RequestReader(out).Run(out.document.root());
}

}  // namespace tollgate::dataplane
