#include "dataplane/surface/openai_chat/request.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/omission.h"
#include "dataplane/ir/reasoning.h"
#include "dataplane/limits.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/field_reader.h"
#include "dataplane/surface/openai_chat/message.h"
#include "dataplane/surface/openai_options.h"
#include "dataplane/surface/unknown_members.h"

namespace tollgate::dataplane {
namespace {

using Error = std::optional<GatewayError>;

constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr double kPenaltyMax = 2;
constexpr std::int64_t kTopLogprobsMax = 20;
constexpr std::size_t kStopsMax = 64;

void AddExtra(const JsonMember& member, ir::Extras& extras, bool essential = false) {
  if (member.value.is_null()) return;
  extras.push_back({ir::kOpenAiChat, member.key, member.value.raw(), essential});
}

void ReadFunction(JsonValue value, FieldReader& fields, ir::Tool& tool) {
  for (const JsonMember m : value.members()) {
    if (m.key == "name") {
      fields.Text(m, tool.name);
    } else if (m.key == "description") {
      fields.Text(m, tool.description);
    } else if (m.key == "parameters") {
      fields.Object(m, tool.parameters);
    } else if (m.key == "strict") {
      fields.Flag(m, tool.strict);
    } else {
      AddExtra(m, tool.extras);
    }
  }
  if (tool.name.empty()) fields.Fail(Missing(fields.PathOf("name")));
}

void ReadTool(JsonValue value, FieldReader& fields, ir::Request& out) {
  ir::Tool& tool = out.tools.emplace_back();
  const std::string_view type = value["type"].string();
  if (type == "function" && value["function"].is_object()) {
    ReadFunction(value["function"], fields, tool);
    WarnOfUnknown(value, {"type", "function", "cache_control"}, "tools", out);
  } else if (type == "custom" && value["custom"].is_object()) {
    const JsonValue custom = value["custom"];
    tool.kind = ir::Tool::Kind::kCustom;
    tool.name = custom["name"].string();
    tool.description = custom["description"].string();
    tool.definition = custom["format"].raw();
    WarnOfUnknown(value, {"type", "custom", "cache_control"}, "tools", out);
    WarnOfUnknown(custom, {"name", "description", "format"}, "tools.custom", out);
  } else if (!type.empty() && type != "function" && type != "custom") {
    tool.kind = ir::Tool::Kind::kOpaque;
    tool.name = type;
    tool.owner = ir::kOpenAiChat;
    tool.definition = value.raw();
  } else {
    fields.Wrong("type", "\"function\" or \"custom\", with an object of that name");
  }
  for (const JsonMember m : value.members()) {
    if (m.key == "cache_control") tool.cache = ReadChatCacheMark(m.value, out);
  }
}

class RequestReader {
 public:
  explicit RequestReader(ir::Request& out) : out_(out) {}

  Error Run(JsonValue body) {
    for (const JsonMember m : body.members()) {
      if (!ReadMember(m)) AddExtra(m, out_.extras, IsEssential(m));
      if (fields_.failed()) return fields_.error();
    }
    if (max_tokens_.has_value()) {
      out_.settings.max_output_tokens =
          std::min(*max_tokens_, out_.settings.max_output_tokens.value_or(kIntegerMax));
    }
    return std::nullopt;
  }

 private:
  // What changes the answer so much that leaving it out would be another request.
  static bool IsEssential(const JsonMember& m) {
    return m.key == "web_search_options" || m.key == "audio" || m.key == "plugins";
  }

  bool ReadMember(const JsonMember& m) {
    return ReadContent(m) || ReadSetting(m) || ReadSampling(m) || ReadGatewayMember(m);
  }

  // The gateway's own, read by ScanChatRequest().
  bool ReadGatewayMember(const JsonMember& m) {
    if (m.key == "providerOptions") {
      ReadProviderOptions(m.value, out_.extras);
    } else if (m.key == "stream") {
      fields_.Flag(m, out_.stream);
    } else if (m.key == "caching") {
      out_.auto_caching = m.value.string() == "auto";
      if (!out_.auto_caching && !m.value.is_null()) fields_.Wrong(m.key, "\"auto\"");
    } else if (m.key == "stream_options") {
      // Nothing is added to events here that would hide their sizes.
      const bool unsaid = m.value["include_obfuscation"].boolean() == false;
      WarnOfUnknown(m.value, {"include_usage", unsaid ? "include_obfuscation" : ""}, m.key, out_);
    } else if (m.key == "usage") {
      WarnOfUnknown(m.value, {"include"}, m.key, out_);
    } else {
      return m.key == "model" || m.key == "models" || m.key == "provider";
    }
    return true;
  }

  bool ReadContent(const JsonMember& m) {
    if (m.key == "messages") {
      ReadMessages(m.value);
    } else if (m.key == "tools") {
      ReadTools(m);
    } else if (m.key == "tool_choice") {
      ReadToolChoice(m.value, OpenAiShape::kNested, fields_, out_);
    } else if (m.key == "functions") {
      ReadFunctions(m);
    } else if (m.key == "function_call") {
      ReadFunctionChoice(m.value);
    } else if (m.key == "parallel_tool_calls") {
      fields_.Flag(m, out_.parallel_tool_calls);
    } else if (m.key == "response_format") {
      ReadFormat(m);
    } else if (m.key == "reasoning_effort") {
      ReadEffort(m.value, "reasoning_effort");
    } else if (m.key == "reasoning") {
      ReadReasoning(m);
    } else {
      return false;
    }
    return true;
  }

  bool ReadSetting(const JsonMember& m) {
    ir::Settings& settings = out_.settings;
    if (m.key == "max_completion_tokens") {
      fields_.Integer(m, 1, kIntegerMax, settings.max_output_tokens);
    } else if (m.key == "max_tokens") {
      fields_.Integer(m, 1, kIntegerMax, max_tokens_);
    } else if (m.key == "n") {
      std::optional<std::int64_t> choices;
      fields_.Integer(m, 1, kChoicesMax, choices);
      settings.choices = choices.value_or(1);
    } else if (m.key == "user") {
      fields_.Text(m, settings.user);
    } else if (m.key == "safety_identifier") {
      fields_.Text(m, settings.safety_identifier);
    } else if (m.key == "metadata") {
      fields_.Object(m, settings.metadata);
    } else if (m.key == "service_tier") {
      fields_.Text(m, settings.service_tier);
    } else if (m.key == "verbosity") {
      fields_.Text(m, settings.verbosity);
    } else if (m.key == "prompt_cache_key") {
      fields_.Text(m, settings.prompt_cache_key);
    } else if (m.key == "modalities") {
      fields_.Texts(m, kStopsMax, settings.modalities);
    } else if (m.key == "store") {
      fields_.Flag(m, settings.store);
    } else {
      return false;
    }
    return true;
  }

  bool ReadSampling(const JsonMember& m) {
    constexpr double kAny = std::numeric_limits<double>::max();
    ir::Settings& settings = out_.settings;
    if (m.key == "temperature") {
      fields_.Number(m, 0, 2, settings.temperature);
    } else if (m.key == "top_p") {
      fields_.Number(m, 0, 1, settings.top_p);
    } else if (m.key == "top_k") {
      fields_.Number(m, 0, kAny, settings.top_k);
    } else if (m.key == "min_p") {
      fields_.Number(m, 0, 1, settings.min_p);
    } else if (m.key == "top_a") {
      fields_.Number(m, 0, 1, settings.top_a);
    } else if (m.key == "presence_penalty") {
      fields_.Number(m, -kPenaltyMax, kPenaltyMax, settings.presence_penalty);
    } else if (m.key == "frequency_penalty") {
      fields_.Number(m, -kPenaltyMax, kPenaltyMax, settings.frequency_penalty);
    } else if (m.key == "repetition_penalty") {
      fields_.Number(m, 0, kPenaltyMax, settings.repetition_penalty);
    } else if (m.key == "stop") {
      if (m.value.is_string()) {
        settings.stop.push_back(m.value.string());
      } else {
        fields_.Texts(m, kStopsMax, settings.stop);
      }
    } else if (m.key == "seed") {
      fields_.Integer(m, std::numeric_limits<std::int64_t>::min(), kIntegerMax, settings.seed);
    } else if (m.key == "logprobs") {
      fields_.Flag(m, settings.logprobs);
    } else if (m.key == "top_logprobs") {
      fields_.Integer(m, 0, kTopLogprobsMax, settings.top_logprobs);
    } else if (m.key == "logit_bias") {
      fields_.Object(m, settings.logit_bias);
    } else {
      return false;
    }
    return true;
  }

  void ReadMessages(JsonValue list) {
    out_.messages.reserve(list.size());
    std::size_t i = 0;
    for (const JsonValue value : list.elements()) {
      FieldReader fields(absl::StrCat("messages[", i++, "]"));
      ReadChatMessage(value, fields, out_);
      if (fields.failed()) return fields_.Fail(*fields.error());
    }
  }

  void ReadTools(const JsonMember& m) {
    if (m.value.is_null()) return;
    if (!m.value.is_array()) return fields_.Wrong(m.key, "a list of tools");
    out_.tools.reserve(m.value.size());
    std::size_t i = 0;
    for (const JsonValue value : m.value.elements()) {
      FieldReader fields(absl::StrCat("tools[", i++, "]"));
      ReadTool(value, fields, out_);
      if (fields.failed()) return fields_.Fail(*fields.error());
    }
  }

  void ReadFunctions(const JsonMember& m) {
    for (const JsonValue value : m.value.elements()) {
      ReadFunction(value, fields_, out_.tools.emplace_back());
    }
  }

  // The forerunner of tool_choice.
  void ReadFunctionChoice(JsonValue value) {
    if (value.is_null()) return;
    if (value.is_string() && ReadToolMode(value.string(), out_.tool_choice)) return;
    WarnOfUnknown(value, {"name"}, "function_call", out_);
    out_.tool_choice.mode = ir::ToolChoice::Mode::kTool;
    out_.tool_choice.name = value["name"].string();
    if (out_.tool_choice.name.empty()) {
      fields_.Wrong("function_call", "\"auto\", \"none\" or an object with a name");
    }
  }

  void ReadFormat(const JsonMember& m) {
    if (m.value.is_null()) return;
    if (ReadResponseFormat(m.value, OpenAiShape::kNested, m.key, ir::kOfNoFormat, fields_, out_)) {
      return;
    }
    const std::string_view type = m.value["type"].string();
    if (type == "json") {  // The gateway's older spelling.
      FieldReader fields("response_format");
      WarnOfUnknown(m.value, {"type", "name", "description", "schema", "strict"}, m.key, out_);
      ReadSchemaFormat(m.value, fields, out_.response_format);
      if (fields.failed()) fields_.Fail(*fields.error());
    } else if (!type.empty()) {
      AddExtra(m, out_.extras, true);  // A grammar, for instance.
    } else {
      fields_.Wrong("response_format", "an object with a type");
    }
  }

  void ReadEffort(JsonValue value, std::string_view name) {
    if (value.is_null()) return;
    const std::optional<ir::Effort> effort = ir::ReadEffort(value.string());
    if (!effort.has_value()) {
      return fields_.Wrong(name, "one of none, minimal, low, medium, high, xhigh and max");
    }
    out_.reasoning.effort = *effort;
  }

  void ReadReasoning(const JsonMember& member) {
    if (member.value.is_null()) return;
    if (!member.value.is_object()) return fields_.Wrong(member.key, "an object");
    FieldReader fields("reasoning");
    for (const JsonMember m : member.value.members()) {
      if (m.key == "effort") {
        ReadEffort(m.value, "reasoning.effort");
      } else if (m.key == "max_tokens") {
        fields.Integer(m, 0, kIntegerMax, out_.reasoning.budget_tokens);
      } else if (m.key == "enabled") {
        fields.Flag(m, out_.reasoning.enabled);
      } else if (m.key == "exclude") {
        fields.Flag(m, out_.reasoning.hidden);
      } else if (m.key == "summary") {
        fields.Text(m, out_.reasoning.summary);
      } else {
        fields.Fail(Unsupported(fields.PathOf(m.key),
                                "`reasoning` takes effort, max_tokens, enabled, exclude and "
                                "summary."));
      }
    }
    if (fields.failed()) fields_.Fail(*fields.error());
    if (out_.reasoning.effort != ir::Effort::kUnset && out_.reasoning.budget_tokens.has_value()) {
      fields_.Fail(Fault(ErrorCode::kInvalidParameter, "reasoning",
                         "`reasoning` takes either effort or max_tokens."));
    }
  }

  ir::Request& out_;
  FieldReader fields_;
  std::optional<std::int64_t> max_tokens_;
};

}  // namespace

void ReadProviderOptions(JsonValue value, ir::Extras& extras) {
  for (const JsonMember family : value.members()) {
    if (family.key == "gateway") continue;
    for (const JsonMember m : family.value.members()) {
      extras.push_back({family.key, m.key, m.value.raw(), false});
    }
  }
}

std::optional<GatewayError> ReadChatRequest(std::string_view body, ir::Request& out) {
  if (!out.document.Parse(body)) {
    return Fault(ErrorCode::kInvalidJson, {}, "The request body is not valid JSON.");
  }
  return RequestReader(out).Run(out.document.root());
}

}  // namespace tollgate::dataplane
