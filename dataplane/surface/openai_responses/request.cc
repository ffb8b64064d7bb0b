#include "dataplane/surface/openai_responses/request.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/omission.h"
#include "dataplane/ir/reasoning.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/openai_chat/message.h"
#include "dataplane/surface/openai_options.h"
#include "dataplane/surface/unknown_members.h"

namespace tollgate::dataplane {
namespace {

constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kTopLogprobsMax = 20;

constexpr std::string_view kEncryptedThoughts = "reasoning.encrypted_content";
constexpr std::string_view kLogprobs = "message.output_text.logprobs";

// The gateway's own, and what is read by ScanResponsesRequest() or says nothing to a model.
constexpr std::string_view kPassedOver[] = {"model", "models", "provider", "background"};
// What stands for input that only a provider of this format keeps.
constexpr std::string_view kEssential[] = {"previous_response_id", "conversation", "prompt"};

template <typename List>
bool Contains(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

class RequestReader {
 public:
  RequestReader(const ScannedRequest& scan, ir::Request& out) : scan_(scan), out_(out) {}

  std::optional<GatewayError> Run(JsonValue body) {
    // In front of the conversation, wherever the member stands.
    ReadInstructions(body["instructions"]);
    for (const JsonMember m : body.members()) {
      if (!ReadContent(m) && !ReadSetting(m) && !ReadPrevious(m) && !Contains(kPassedOver, m.key)) {
        AddExtra(m.key, m.value, Contains(kEssential, m.key));
      }
      if (fields_.failed()) return fields_.error();
    }
    return std::nullopt;
  }

 private:
  void AddExtra(std::string_view name, JsonValue value, bool essential = false) {
    if (value.is_null()) return;
    out_.extras.push_back({ir::kOpenAiResponses, name, value.raw(), essential});
  }

  // The id by which the provider itself knows the answer, where the gateway found it out.
  bool ReadPrevious(const JsonMember& m) {
    if (m.key != "previous_response_id" || scan_.kept_response_sent.empty()) return false;
    const std::string_view id =
        out_.arena.Keep(absl::StrCat("\"", AbslView(scan_.kept_response_sent), "\""));
    out_.extras.push_back({ir::kOpenAiResponses, m.key, id, true});
    return true;
  }

  bool ReadContent(const JsonMember& m) {
    if (m.key == "input") {
      ReadResponsesInput(m.value, scan_, fields_, out_);
    } else if (m.key == "tools") {
      ReadTools(m);
    } else if (m.key == "tool_choice") {
      ReadToolChoice(m.value, OpenAiShape::kFlat, fields_, out_);
    } else if (m.key == "text") {
      ReadText(m);
    } else if (m.key == "reasoning") {
      ReadReasoning(m);
    } else if (m.key == "include") {
      ReadInclude(m);
    } else if (m.key == "providerOptions") {
      ReadProviderOptions(m.value, out_.extras);
    } else if (m.key == "caching") {
      out_.auto_caching = m.value.string() == "auto";
      if (!out_.auto_caching && !m.value.is_null()) fields_.Wrong(m.key, "\"auto\"");
    } else if (m.key == "cache_anchor_items" || m.key == "cache_ttl") {
      // The gateway's own, of marks that it sets by itself here.
      if (!m.value.is_null()) out_.extras.push_back({ir::kOfNoFormat, m.key, m.value.raw(), false});
    } else if (m.key == "stream_options") {
      ReadStreamOptions(m);
    } else {
      return m.key == "instructions";
    }
    return true;
  }

  bool ReadSetting(const JsonMember& m) {
    ir::Settings& settings = out_.settings;
    if (m.key == "stream") {
      fields_.Flag(m, out_.stream);
    } else if (m.key == "max_output_tokens") {
      fields_.Integer(m, 1, kIntegerMax, settings.max_output_tokens);
    } else if (m.key == "temperature") {
      fields_.Number(m, 0, 2, settings.temperature);
    } else if (m.key == "top_p") {
      fields_.Number(m, 0, 1, settings.top_p);
    } else if (m.key == "top_logprobs") {
      fields_.Integer(m, 0, kTopLogprobsMax, settings.top_logprobs);
    } else if (m.key == "parallel_tool_calls") {
      fields_.Flag(m, out_.parallel_tool_calls);
    } else if (m.key == "user") {
      fields_.Text(m, settings.user);
    } else if (m.key == "safety_identifier") {
      fields_.Text(m, settings.safety_identifier);
    } else if (m.key == "metadata") {
      fields_.Object(m, settings.metadata);
    } else if (m.key == "service_tier") {
      fields_.Text(m, settings.service_tier);
    } else if (m.key == "prompt_cache_key") {
      fields_.Text(m, settings.prompt_cache_key);
    } else if (m.key == "truncation") {
      if (m.value.string() != "disabled") AddExtra(m.key, m.value);
    } else if (m.key == "store") {
      // Elsewhere nothing is kept: only who asks for it by name is to be told.
      if (m.value.boolean() == true) AddExtra(m.key, m.value);
      std::optional<bool> checked;
      fields_.Flag(m, checked);
    } else {
      return false;
    }
    return true;
  }

  void ReadInstructions(JsonValue value) {
    if (!value.has_value()) return;
    if (!value.is_string()) return fields_.Wrong("instructions", "a string");
    if (value.string().empty()) return;
    ir::Message& message = out_.messages.emplace_back();
    message.role = ir::Role::kSystem;
    ir::Part& part = message.parts.emplace_back();
    part.body = ir::Text{value.string(), {}};
    part.place = "instructions";
  }

  // Nothing is added to events here that would hide their sizes.
  void ReadStreamOptions(const JsonMember& m) {
    if (m.value.is_null()) return;
    if (!m.value.is_object()) return fields_.Wrong(m.key, "an object");
    const bool unsaid = m.value["include_obfuscation"].boolean() == false;
    WarnOfUnknown(m.value, {unsaid ? "include_obfuscation" : ""}, m.key, out_);
  }

  // ---- Tools ------------------------------------------------------------------------------------

  void ReadTools(const JsonMember& member) {
    out_.tools.reserve(member.value.size());
    std::size_t i = 0;
    for (const JsonValue value : member.value.elements()) {
      FieldReader fields(absl::StrCat("tools[", i++, "]"));
      ReadTool(value, fields, out_.tools.emplace_back());
      if (fields.failed()) return fields_.Fail(*fields.error());
    }
  }

  void ReadTool(JsonValue value, FieldReader& fields, ir::Tool& tool) {
    const std::string_view type = value["type"].string();
    if (type.empty()) return fields.Wrong("type", "the name of a kind of tool");
    if (type != "function" && type != "custom") {
      tool.kind = ir::Tool::Kind::kOpaque;
      tool.name = type;
      tool.owner = ir::kOpenAiResponses;
      tool.definition = value.raw();
      return;
    }
    if (type == "custom") tool.kind = ir::Tool::Kind::kCustom;
    for (const JsonMember m : value.members()) {
      if (m.key == "name") {
        fields.Text(m, tool.name);
      } else if (m.key == "description") {
        fields.Text(m, tool.description);
      } else if (m.key == "parameters") {
        fields.Object(m, tool.parameters);
      } else if (m.key == "strict") {
        fields.Flag(m, tool.strict);
      } else if (m.key == "format") {
        tool.definition = GrammarOf(m.value);
      } else if (m.key != "type" && !m.value.is_null()) {
        tool.extras.push_back({ir::kOpenAiResponses, m.key, m.value.raw(), false});
      }
    }
    if (tool.name.empty()) fields.Fail(Missing(fields.PathOf("name")));
  }

  // A grammar in the form of chat completions, which is the representation's: one level deeper.
  std::string_view GrammarOf(JsonValue format) {
    if (format["type"].string() != "grammar") return format.is_object() ? format.raw() : "";
    WarnOfUnknown(format, {"type", "syntax", "definition"}, "tools.format", out_);
    return out_.arena.Keep(absl::StrCat(R"({"type":"grammar","grammar":{"syntax":)",
                                        TextOrNull(format["syntax"]), R"(,"definition":)",
                                        TextOrNull(format["definition"]), "}}"));
  }
  static std::string TextOrNull(JsonValue value) {
    return std::string(value.exists() ? value.raw() : "null");
  }

  // ---- Text, reasoning, include -----------------------------------------------------------------

  void ReadText(const JsonMember& member) {
    if (member.value.is_null()) return;
    if (!member.value.is_object()) return fields_.Wrong(member.key, "an object");
    for (const JsonMember m : member.value.members()) {
      if (m.key == "format") {
        ReadFormat(m.value);
      } else if (m.key == "verbosity") {
        fields_.Text(m, out_.settings.verbosity);
      } else if (!m.value.is_null()) {
        fields_.Fail(Unsupported(absl::StrCat("text.", AbslView(m.key)),
                                 "For this model `text` takes format and verbosity."));
      }
    }
  }

  void ReadFormat(JsonValue value) {
    if (value.is_null()) return;
    if (!ReadResponseFormat(value, OpenAiShape::kFlat, "text.format", ir::kOpenAiResponses, fields_,
                            out_)) {
      fields_.Wrong("text.format", "an object of type text, json_object or json_schema");
    }
  }

  void ReadReasoning(const JsonMember& member) {
    if (member.value.is_null()) return;
    if (!member.value.is_object()) return fields_.Wrong(member.key, "an object");
    FieldReader fields("reasoning");
    for (const JsonMember m : member.value.members()) {
      if (m.value.is_null()) continue;
      if (m.key == "effort") {
        const std::optional<ir::Effort> effort = ir::ReadEffort(m.value.string());
        if (!effort.has_value()) {
          fields.Wrong(m.key, "one of none, minimal, low, medium, high, xhigh and max");
        }
        out_.reasoning.effort = effort.value_or(ir::Effort::kUnset);
      } else if (m.key == "summary" || m.key == "generate_summary") {  // Its forerunner.
        fields.Text(m, out_.reasoning.summary);
      } else {
        AddExtra(out_.arena.Keep(absl::StrCat("reasoning.", AbslView(m.key))), m.value);
      }
    }
    // A summary is asked of models that think: they are to do so.
    ir::ReasoningSettings& reasoning = out_.reasoning;
    if (!reasoning.summary.empty() && !reasoning.present()) reasoning.enabled = true;
    if (fields.failed()) fields_.Fail(*fields.error());
  }

  void ReadInclude(const JsonMember& member) {
    if (member.value.is_null()) return;
    if (!member.value.is_array()) return fields_.Wrong(member.key, "a list of strings");
    bool known = true;
    for (const JsonValue element : member.value.elements()) {
      const std::string_view word = element.string();
      if (word == kLogprobs) {
        out_.settings.logprobs = true;
      } else if (word != kEncryptedThoughts) {  // What can be kept always is.
        known = false;
      }
    }
    if (!known) AddExtra(member.key, member.value);
  }

  const ScannedRequest& scan_;
  ir::Request& out_;
  FieldReader fields_;
};

}  // namespace

std::optional<GatewayError> ReadResponsesRequest(std::string_view body, const ScannedRequest& scan,
                                                 ir::Request& out) {
  if (!out.document.Parse(body)) {
    return Fault(ErrorCode::kInvalidJson, {}, "The request body is not valid JSON.");
  }
  return RequestReader(scan, out).Run(out.document.root());
}

}  // namespace tollgate::dataplane
