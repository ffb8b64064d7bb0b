// What of a request is not the conversation: settings and tools.
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/omission.h"
#include "dataplane/ir/reasoning.h"
#include "dataplane/json/writer.h"
#include "dataplane/limits.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/gemini/names.h"
#include "dataplane/surface/gemini/request.h"
#include "dataplane/surface/gemini/schema.h"

namespace tollgate::dataplane {
namespace {

constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr double kNumberMax = std::numeric_limits<double>::max();
constexpr std::size_t kStopsMax = 8192;
constexpr std::int64_t kTopLogprobsMax = 20;
constexpr std::string_view kJsonType = "application/json";

class ConfigReader {
 public:
  ConfigReader(FieldReader& fields, ir::Request& out) : fields_(fields), out_(out) {}

  void Run(JsonValue config) {
    for (const JsonMember m : config.members()) {
      if (m.value.is_null() || ReadNumber(m) || ReadContent(m)) continue;
      AddExtra(m, false);
    }
    SettleFormat();
  }

 private:
  void AddExtra(const JsonMember& m, bool essential) {
    out_.extras.push_back({ir::kGemini,
                           out_.arena.Keep(absl::StrCat("generationConfig.", AbslView(m.key))),
                           m.value.raw(), essential});
  }

  bool ReadNumber(const JsonMember& m) {
    ir::Settings& settings = out_.settings;
    std::optional<std::int64_t> count;
    if (IsNamed(m.key, "maxOutputTokens")) {
      fields_.Integer(m, 1, kIntegerMax, settings.max_output_tokens);
    } else if (m.key == "temperature") {
      fields_.Number(m, 0, 2, settings.temperature);
    } else if (IsNamed(m.key, "topP")) {
      fields_.Number(m, 0, 1, settings.top_p);
    } else if (IsNamed(m.key, "topK")) {
      fields_.Number(m, 0, kNumberMax, settings.top_k);
    } else if (IsNamed(m.key, "presencePenalty")) {
      fields_.Number(m, -2, 2, settings.presence_penalty);
    } else if (IsNamed(m.key, "frequencyPenalty")) {
      fields_.Number(m, -2, 2, settings.frequency_penalty);
    } else if (m.key == "seed") {
      fields_.Integer(m, std::numeric_limits<std::int64_t>::min(), kIntegerMax, settings.seed);
    } else if (IsNamed(m.key, "candidateCount")) {
      fields_.Integer(m, 1, kChoicesMax, count);
      settings.choices = count.value_or(1);
    } else if (m.key == "logprobs") {
      fields_.Integer(m, 0, kTopLogprobsMax, settings.top_logprobs);
    } else {
      return false;
    }
    return true;
  }

  bool ReadContent(const JsonMember& m) {
    if (IsNamed(m.key, "stopSequences")) {
      fields_.Texts(m, kStopsMax, out_.settings.stop);
    } else if (IsNamed(m.key, "responseLogprobs")) {
      fields_.Flag(m, out_.settings.logprobs);
    } else if (IsNamed(m.key, "responseModalities")) {
      ReadModalities(m);
    } else if (IsNamed(m.key, "thinkingConfig")) {
      ReadThinking(m);
    } else if (IsNamed(m.key, "responseMimeType")) {
      mime_type_ = m;
    } else if (IsNamed(m.key, "responseSchema")) {
      schema_ = m;
    } else if (IsNamed(m.key, "responseJsonSchema")) {
      json_schema_ = m;
    } else {
      return false;
    }
    return true;
  }

  void ReadModalities(const JsonMember& m) {
    for (const JsonValue value : m.value.elements()) {
      const std::string name = absl::AsciiStrToLower(AbslView(value.string()));
      if (name != "text" && name != "image" && name != "audio") {
        return fields_.Wrong("generationConfig.responseModalities",
                             "a list of TEXT, IMAGE and AUDIO");
      }
      out_.settings.modalities.push_back(out_.arena.Copy(name));
    }
  }

  void ReadThinking(const JsonMember& member) {
    ir::ReasoningSettings& reasoning = out_.reasoning;
    for (const JsonMember m : member.value.members()) {
      if (m.value.is_null()) continue;
      if (IsNamed(m.key, "includeThoughts")) {
        bool shown = false;
        fields_.Flag(m, shown);
        reasoning.hidden = !shown;
      } else if (IsNamed(m.key, "thinkingBudget")) {
        ReadBudget(m);
      } else if (IsNamed(m.key, "thinkingLevel")) {
        ReadLevel(m);
      } else {
        return fields_.Fail(Unsupported(
            absl::StrCat("generationConfig.thinkingConfig.", AbslView(m.key)),
            "`thinkingConfig` takes includeThoughts, thinkingBudget and thinkingLevel."));
      }
    }
    // Thoughts that are to be shown are to be thought, as many as the model thinks fit.
    if (!reasoning.hidden && !reasoning.present()) reasoning.adaptive = true;
  }

  void ReadBudget(const JsonMember& m) {
    std::optional<std::int64_t> budget;
    fields_.Integer(m, -1, kIntegerMax, budget);
    if (budget == -1) {
      out_.reasoning.adaptive = true;
    } else if (budget == 0) {
      out_.reasoning.enabled = false;
    } else {
      out_.reasoning.budget_tokens = budget;
    }
  }

  void ReadLevel(const JsonMember& m) {
    const std::string level = absl::AsciiStrToLower(AbslView(m.value.string()));
    if (level == "thinking_level_unspecified") return;
    const std::optional<ir::Effort> effort = ir::ReadEffort(level);
    if (!effort.has_value()) {
      return fields_.Wrong("generationConfig.thinkingConfig.thinkingLevel",
                           "one of MINIMAL, LOW, MEDIUM and HIGH");
    }
    out_.reasoning.effort = *effort;
  }

  // Type and schema say it together, wherever each stands.
  void SettleFormat() {
    using Kind = ir::ResponseFormat::Kind;
    ir::ResponseFormat& format = out_.response_format;
    const std::string_view type = mime_type_.value.string();
    if (mime_type_.value.exists() && type != kJsonType && type != "text/plain") {
      // One of a list of words, for instance.
      AddExtra(mime_type_, true);
      if (schema_.value.exists()) AddExtra(schema_, true);
      if (json_schema_.value.exists()) AddExtra(json_schema_, true);
      return;
    }
    if (json_schema_.value.exists()) {
      format.kind = Kind::kJsonSchema;
      format.schema = json_schema_.value.raw();
    } else if (schema_.value.exists()) {
      format.kind = Kind::kJsonSchema;
      format.schema = out_.arena.Keep(JsonSchemaOfGemini(schema_.value));
    } else if (type == kJsonType) {
      format.kind = Kind::kJson;
    }
    if (schema_.value.exists() && json_schema_.value.exists()) {
      fields_.Fail(Fault(ErrorCode::kInvalidParameter, "generationConfig.responseSchema",
                         "Give one of responseSchema and responseJsonSchema."));
    }
  }

  FieldReader& fields_;
  ir::Request& out_;
  JsonMember mime_type_{};
  JsonMember schema_{};
  JsonMember json_schema_{};
};

void ReadFunction(JsonValue value, FieldReader& fields, ir::Request& out) {
  ir::Tool& tool = out.tools.emplace_back();
  for (const JsonMember m : value.members()) {
    if (m.value.is_null()) continue;
    if (m.key == "name") {
      fields.Text(m, tool.name);
    } else if (m.key == "description") {
      fields.Text(m, tool.description);
    } else if (IsNamed(m.key, "parametersJsonSchema")) {
      fields.Object(m, tool.parameters);
    } else if (m.key == "parameters") {
      tool.parameters = out.arena.Keep(JsonSchemaOfGemini(m.value));
    } else {
      tool.extras.push_back({ir::kGemini, m.key, m.value.raw(), false});
    }
  }
  if (tool.name.empty()) fields.Fail(Missing("tools.functionDeclarations.name"));
}

// One object may hold functions, and several tools that Google runs.
void ReadTool(JsonValue value, FieldReader& fields, ir::Request& out) {
  for (const JsonMember m : value.members()) {
    if (m.value.is_null()) continue;
    if (IsNamed(m.key, "functionDeclarations")) {
      for (const JsonValue function : m.value.elements()) ReadFunction(function, fields, out);
      continue;
    }
    std::string definition;
    JsonWriter json(definition);
    json.BeginObject();
    json.ForeignMember(m.key).Raw(m.value.raw());
    json.EndObject();
    ir::Tool& tool = out.tools.emplace_back();
    tool.kind = ir::Tool::Kind::kOpaque;
    tool.name = m.key;
    tool.owner = ir::kGemini;
    tool.definition = out.arena.Keep(std::move(definition));
  }
}

void ReadCalling(JsonValue calling, FieldReader& fields, ir::Request& out) {
  using Mode = ir::ToolChoice::Mode;
  constexpr std::string_view kWhere = "toolConfig.functionCallingConfig";
  constexpr std::string_view kModeWhere = "toolConfig.functionCallingConfig.mode";
  ir::ToolChoice& choice = out.tool_choice;
  std::string_view mode;
  for (const JsonMember m : calling.members()) {
    if (m.value.is_null()) continue;
    if (m.key == "mode") {
      fields.Text(m, mode);
    } else if (IsNamed(m.key, "allowedFunctionNames")) {
      fields.Texts(m, kStopsMax, choice.allowed);
    } else {
      return fields.Fail(Unsupported(absl::StrCat(AbslView(kWhere), ".", AbslView(m.key)),
                                     "`functionCallingConfig` takes mode and "
                                     "allowedFunctionNames."));
    }
  }
  if (mode == "ANY") {
    choice.mode = choice.allowed.size() == 1 ? Mode::kTool : Mode::kRequired;
    if (choice.mode == Mode::kTool) {
      choice.name = choice.allowed.front();
      choice.allowed.clear();
    }
  } else if (mode == "NONE") {
    choice.mode = Mode::kNone;
    choice.allowed.clear();
  } else if (mode.empty() || mode == "MODE_UNSPECIFIED" || mode == "AUTO" || mode == "VALIDATED") {
    choice.mode = mode.empty() ? Mode::kUnset : Mode::kAuto;
    if (mode != "VALIDATED") choice.allowed.clear();  // Names narrow down no other mode.
    if (mode == "VALIDATED" && choice.allowed.empty()) {
      // No other format promises that calls keep to their schemas.
      out.extras.push_back({ir::kOfNoFormat, kModeWhere, R"("VALIDATED")", false});
    }
  } else {
    fields.Wrong(kModeWhere, "one of AUTO, ANY, NONE and VALIDATED");
  }
}

}  // namespace

void ReadGeminiConfig(JsonValue value, FieldReader& fields, ir::Request& out) {
  ConfigReader(fields, out).Run(value);
}

void ReadGeminiTools(JsonValue value, FieldReader& fields, ir::Request& out) {
  if (value.is_object()) return ReadTool(value, fields, out);
  for (const JsonValue tool : value.elements()) ReadTool(tool, fields, out);
}

void ReadGeminiToolConfig(JsonValue value, FieldReader& fields, ir::Request& out) {
  for (const JsonMember m : value.members()) {
    if (m.value.is_null()) continue;
    if (IsNamed(m.key, "functionCallingConfig")) {
      ReadCalling(m.value, fields, out);
    } else {
      out.extras.push_back({ir::kGemini,
                            out.arena.Keep(absl::StrCat("toolConfig.", AbslView(m.key))),
                            m.value.raw(), false});
    }
  }
}

}  // namespace tollgate::dataplane
