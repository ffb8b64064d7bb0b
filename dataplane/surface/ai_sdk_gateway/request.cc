#include "dataplane/surface/ai_sdk_gateway/request.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/omission.h"
#include "dataplane/ir/reasoning.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

using Error = std::optional<GatewayError>;

constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr double kPenaltyMax = 2;
constexpr std::size_t kStopsMax = 64;

class RequestReader {
 public:
  explicit RequestReader(ir::Request& out) : out_(out) {}

  Error Run(JsonValue body) {
    for (const JsonMember m : body.members()) {
      if (!ReadMember(m) && !m.value.is_null()) {
        out_.extras.push_back({ir::kOfNoFormat, m.key, m.value.raw(), false});
      }
      if (fields_.failed()) return fields_.error();
    }
    return std::nullopt;
  }

 private:
  bool ReadMember(const JsonMember& m) {
    if (m.key == "prompt") {
      ReadPrompt(m.value);
    } else if (m.key == "tools") {
      ReadTools(m);
    } else if (m.key == "toolChoice") {
      ReadToolChoice(m.value);
    } else if (m.key == "responseFormat") {
      ReadResponseFormat(m.value);
    } else if (m.key == "reasoning") {
      ReadEffort(m.value);
    } else if (m.key == "providerOptions") {
      ReadProviderOptions(m.value);
    } else if (m.key == "includeRawChunks") {
      // The provider's own events are not shown: clients without that wish lose nothing.
      return m.value.boolean() == false;
    } else {
      // The headers stood in the head as well.
      return ReadSampling(m) || m.key == "headers";
    }
    return true;
  }

  bool ReadSampling(const JsonMember& m) {
    constexpr double kAny = std::numeric_limits<double>::max();
    ir::Settings& settings = out_.settings;
    if (m.key == "maxOutputTokens") {
      fields_.Integer(m, 1, kIntegerMax, settings.max_output_tokens);
    } else if (m.key == "temperature") {
      fields_.Number(m, 0, 2, settings.temperature);
    } else if (m.key == "topP") {
      fields_.Number(m, 0, 1, settings.top_p);
    } else if (m.key == "topK") {
      fields_.Number(m, 0, kAny, settings.top_k);
    } else if (m.key == "presencePenalty") {
      fields_.Number(m, -kPenaltyMax, kPenaltyMax, settings.presence_penalty);
    } else if (m.key == "frequencyPenalty") {
      fields_.Number(m, -kPenaltyMax, kPenaltyMax, settings.frequency_penalty);
    } else if (m.key == "stopSequences") {
      fields_.Texts(m, kStopsMax, settings.stop);
    } else if (m.key == "seed") {
      fields_.Integer(m, std::numeric_limits<std::int64_t>::min(), kIntegerMax, settings.seed);
    } else {
      return false;
    }
    return true;
  }

  void ReadPrompt(JsonValue list) {
    out_.messages.reserve(list.size());
    std::size_t i = 0;
    for (const JsonValue value : list.elements()) {
      FieldReader fields(absl::StrCat("prompt[", i++, "]"));
      ReadGatewayMessage(value, fields, out_);
      if (fields.failed()) return fields_.Fail(*fields.error());
    }
  }

  void ReadTools(const JsonMember& m) {
    if (m.value.is_null()) return;
    if (!m.value.is_array()) return fields_.Wrong(m.key, "a list of tools");
    std::size_t i = 0;
    for (const JsonValue value : m.value.elements()) {
      FieldReader fields(absl::StrCat("tools[", i++, "]"));
      ReadTool(value, fields, out_.tools.emplace_back());
      if (fields.failed()) return fields_.Fail(*fields.error());
    }
  }

  static void ReadTool(JsonValue value, FieldReader& fields, ir::Tool& tool) {
    if (value["type"].string() != "function") {
      const std::string_view id = value["id"].string();
      return fields.Fail(Unsupported(
          fields.PathOf("type"),
          absl::StrCat("The tool `", AbslView(id),
                       "` is run by its provider, which cannot be asked for at this path; define "
                       "it as a function.")));
    }
    for (const JsonMember m : value.members()) {
      if (m.key == "name") {
        fields.Text(m, tool.name);
      } else if (m.key == "description") {
        fields.Text(m, tool.description);
      } else if (m.key == "inputSchema") {
        fields.Object(m, tool.parameters);
      } else if (m.key == "strict") {
        fields.Flag(m, tool.strict);
      } else if (m.key == "providerOptions") {
        tool.cache = ReadGatewayCacheMark(m.value);
      } else if (m.key != "type" && !m.value.is_null()) {
        tool.extras.push_back({ir::kOfNoFormat, m.key, m.value.raw(), false});
      }
    }
    if (tool.name.empty()) fields.Fail(Missing(fields.PathOf("name")));
  }

  void ReadToolChoice(JsonValue value) {
    using Mode = ir::ToolChoice::Mode;
    if (value.is_null()) return;
    const std::string_view type = value["type"].string();
    ir::ToolChoice& choice = out_.tool_choice;
    if (type == "auto") {
      choice.mode = Mode::kAuto;
    } else if (type == "none") {
      choice.mode = Mode::kNone;
    } else if (type == "required") {
      choice.mode = Mode::kRequired;
    } else if (type == "tool" && !value["toolName"].string().empty()) {
      choice.mode = Mode::kTool;
      choice.name = value["toolName"].string();
    } else {
      fields_.Wrong("toolChoice", "an object of type auto, none, required, or tool with a name");
    }
  }

  void ReadResponseFormat(JsonValue value) {
    if (value.is_null()) return;
    ir::ResponseFormat& format = out_.response_format;
    const std::string_view type = value["type"].string();
    if (type == "text") {
      format.kind = ir::ResponseFormat::Kind::kText;
      return;
    }
    if (type != "json") return fields_.Wrong("responseFormat", "an object of type text or json");
    FieldReader fields("responseFormat");
    for (const JsonMember m : value.members()) {
      if (m.key == "name") fields.Text(m, format.name);
      if (m.key == "description") fields.Text(m, format.description);
      if (m.key == "schema") fields.Object(m, format.schema);
    }
    if (fields.failed()) return fields_.Fail(*fields.error());
    format.kind = format.schema.empty() ? ir::ResponseFormat::Kind::kJson
                                        : ir::ResponseFormat::Kind::kJsonSchema;
  }

  void ReadEffort(JsonValue value) {
    if (value.is_null() || value.string() == "provider-default") return;
    const std::optional<ir::Effort> effort = ir::ReadEffort(value.string());
    if (!effort.has_value()) {
      return fields_.Wrong("reasoning",
                           "one of provider-default, none, minimal, low, medium, high, xhigh and "
                           "max");
    }
    out_.reasoning.effort = *effort;
  }

  void ReadProviderOptions(JsonValue value) {
    for (const JsonMember family : value.members()) {
      for (const JsonMember m : family.value.members()) {
        if (m.value.is_null()) continue;
        if (family.key == "gateway") {
          ReadGatewayOption(m);
        } else {
          out_.extras.push_back({family.key, m.key, m.value.raw(), false});
        }
      }
    }
  }

  // What ScanGatewayRequest() left: the rest is routing's.
  void ReadGatewayOption(const JsonMember& m) {
    if (m.key == "caching") {
      out_.auto_caching = m.value.string() == "auto";
    } else if (m.key == "user") {
      fields_.Text(m, out_.settings.user);
    } else if (m.key == "safetyIdentifier") {
      fields_.Text(m, out_.settings.safety_identifier);
    } else if (m.key == "sort" || m.key == "speed") {
      const std::string_view name = out_.arena.Keep(absl::StrCat("gateway.", AbslView(m.key)));
      out_.extras.push_back({ir::kOfNoFormat, name, m.value.raw(), false});
    }
  }

  ir::Request& out_;
  FieldReader fields_;
};

}  // namespace

std::optional<ir::CacheMark> ReadGatewayCacheMark(JsonValue provider_options) {
  for (const JsonMember family : provider_options.members()) {
    for (const std::string_view name : {"cacheControl", "cache_control"}) {
      const JsonValue value = family.value[name];
      if (!value.is_object()) continue;
      ir::CacheMark mark;
      const std::string_view ttl = value["ttl"].string();
      if (ttl == "5m") mark.ttl = ir::CacheMark::Ttl::k5Minutes;
      if (ttl == "1h") mark.ttl = ir::CacheMark::Ttl::k1Hour;
      return mark;
    }
  }
  return std::nullopt;
}

std::optional<GatewayError> ReadGatewayRequest(std::string_view body, ir::Request& out) {
  if (!out.document.Parse(body)) {
    return Fault(ErrorCode::kInvalidJson, {}, "The request body is not valid JSON.");
  }
  return RequestReader(out).Run(out.document.root());
}

}  // namespace tollgate::dataplane
