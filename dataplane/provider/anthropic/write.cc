#include "dataplane/provider/anthropic/write.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/reasoning.h"

namespace tollgate::dataplane {
namespace {

// The API wants a limit; this one is sent when neither caller nor catalog has any.
constexpr std::int64_t kOutputLimitDefault = 4096;
// The least budget of thoughts, which must stay below the limit of the output.
constexpr std::int64_t kThinkingBudgetMin = 1024;

constexpr std::string_view kJsonInstruction =
    "Answer with one JSON value only, without any text or code fence around it.";

// Whether a number as text is above one; the API's temperatures end there.
bool AboveOne(std::string_view number) {
  double value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  return value > 1;
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class RequestWriter {
 public:
  RequestWriter(const ir::Request& request, const SendDecision& decision, ir::Omissions& omissions,
                WrittenRequest& out)
      : request_(request),
        settings_(request.settings),
        decision_(decision),
        omissions_(omissions),
        out_(out),
        json_(out.body),
        marks_(omissions) {}

  void Run() {
    limit_ = OutputLimit();
    DecideThinking();
    json_.BeginObject();
    json_.Member("model").String(decision_.provider_model_id);
    json_.Member("max_tokens").Integer(limit_);
    if (decision_.stream) json_.Member("stream").Bool(true);
    WriteThinking();
    WriteOutputConfig();
    WriteTools();
    WriteSampling();
    WriteSettings();
    WriteExtras();
    const bool json_mode = request_.response_format.kind == ir::ResponseFormat::Kind::kJson;
    WriteAnthropicSystem(request_, json_mode ? kJsonInstruction : std::string_view(), omissions_,
                         marks_, json_);
    json_.Member("messages");
    if (WriteAnthropicMessages(request_, thinks_, omissions_, marks_, json_)) {
      out_.header_lines += "anthropic-beta: files-api-2025-04-14\r\n";
    }
    json_.EndObject();
  }

 private:
  // The value of a member of `providerOptions.anthropic`.
  std::string_view Option(std::string_view name) const {
    for (const ir::Extra& extra : request_.extras) {
      if (extra.owner == ir::kFamilyAnthropic && extra.name == name) return extra.json;
    }
    return {};
  }

  std::int64_t OutputLimit() const {
    std::int64_t limit = settings_.max_output_tokens.value_or(0);
    if (limit <= 0 && decision_.offering != nullptr) limit = decision_.offering->output_tokens_max;
    if (limit <= 0) limit = kOutputLimitDefault;
    if (decision_.output_limit >= 0) limit = std::min(limit, decision_.output_limit);
    return std::max<std::int64_t>(limit, 1);
  }

  bool KnownNotToReason() const {
    if (decision_.model == nullptr || decision_.model->capabilities.empty()) return false;
    const auto& can = decision_.model->capabilities;
    return std::find(can.begin(), can.end(), "reasoning") == can.end();
  }

  bool ForcesTool() const {
    using Mode = ir::ToolChoice::Mode;
    return request_.tool_choice.mode == Mode::kRequired || request_.tool_choice.mode == Mode::kTool;
  }

  void DecideThinking() {
    thinking_option_ = Option("thinking");
    if (!thinking_option_.empty()) {
      JsonDocument option;
      thinks_ = option.Parse(thinking_option_) && option.root()["type"].string() != "disabled";
      return;
    }
    const ir::ReasoningSettings& reasoning = request_.reasoning;
    if (!reasoning.present()) return;
    if (ir::EffortOf(reasoning, limit_) == ir::Effort::kNone) return;
    std::string_view why;
    if (KnownNotToReason()) {
      why = "`reasoning` was left out: this model does not reason.";
    } else if (ForcesTool()) {
      why =
          "`reasoning` was left out: this model does not reason where `tool_choice` forces a "
          "tool.";
    } else if (!reasoning.adaptive && limit_ <= kThinkingBudgetMin) {
      why = "`reasoning` was left out: this model needs an output limit above 1,024 tokens for it.";
    } else if (!AnthropicThoughtsComplete(request_.messages)) {
      why =
          "`reasoning` was left out: this model goes on reasoning only with its own signed "
          "thoughts, which the turns that called tools lack.";
    }
    if (!why.empty()) return omissions_.LeftOut("reasoning", why);
    thinks_ = true;
    if (!reasoning.adaptive) budget_ = *ir::BudgetOf(reasoning, limit_, kThinkingBudgetMin);
  }

  void WriteThinking() {
    if (!thinking_option_.empty()) return WriteThinkingOption();
    if (thinks_) {
      json_.Member("thinking").BeginObject();
      json_.Member("type").String(budget_ > 0 ? "enabled" : "adaptive");
      if (budget_ > 0) json_.Member("budget_tokens").Integer(budget_);
      json_.EndObject();
    } else if (request_.reasoning.enabled == false) {
      json_.Member("thinking").BeginObject();
      json_.Member("type").String("disabled");
      json_.EndObject();
    }
  }

  // The AI SDK says budgetTokens.
  void WriteThinkingOption() {
    JsonDocument option;
    if (!option.Parse(thinking_option_) || !option.root().is_object()) {
      return omissions_.Refuse("providerOptions.anthropic.thinking");
    }
    json_.Member("thinking").BeginObject();
    for (const JsonMember m : option.root().members()) {
      json_.ForeignMember(m.key == "budgetTokens" ? "budget_tokens" : m.key).Raw(m.value.raw());
    }
    json_.EndObject();
  }

  void WriteOutputConfig() {
    using Kind = ir::ResponseFormat::Kind;
    const ir::ResponseFormat& format = request_.response_format;
    const bool schema = format.kind == Kind::kJsonSchema;
    std::string effort(ir::EffortName(request_.reasoning.effort));
    if (!thinks_ || !request_.reasoning.adaptive || effort == "none") effort.clear();
    if (effort == "minimal") effort = "low";
    const std::string_view option = Option("effort");
    if (format.kind == Kind::kJson) {
      omissions_.Changed("response_format",
                         "JSON was asked for in the instructions: Anthropic's messages keep JSON "
                         "schemas only.");
    }
    if (schema && !format.description.empty()) {
      omissions_.LeftOut("response_format.description");
    }
    if (!schema && effort.empty() && option.empty()) return;
    json_.Member("output_config").BeginObject();
    if (!option.empty()) {
      json_.Member("effort").Raw(option);
    } else if (!effort.empty()) {
      json_.Member("effort").String(effort);
    }
    if (schema) {
      json_.Member("format").BeginObject();
      json_.Member("type").String("json_schema");
      json_.Member("schema").Raw(format.schema);
      json_.EndObject();
    }
    json_.EndObject();
  }

  bool IsAllowed(const ir::Tool& tool) const {
    const auto& allowed = request_.tool_choice.allowed;
    return allowed.empty() || std::find(allowed.begin(), allowed.end(), tool.name) != allowed.end();
  }

  void WriteTools() {
    bool any = false;
    for (std::size_t i = 0; i < request_.tools.size(); ++i) {
      const ir::Tool& tool = request_.tools[i];
      if (!IsAllowed(tool)) continue;
      if (!any) json_.Member("tools").BeginArray();
      any = true;
      WriteTool(tool);
    }
    if (!any) return;
    json_.EndArray();
    WriteToolChoice();
  }

  void WriteTool(const ir::Tool& tool) {
    if (tool.kind == ir::Tool::Kind::kOpaque && tool.owner == ir::kAnthropicMessages) {
      json_.Raw(tool.definition);
      return;
    }
    if (tool.kind != ir::Tool::Kind::kFunction) {
      return omissions_.Refuse("tools", absl::StrCat("The tool `", AbslView(tool.name),
                                                     "` cannot be used with this model: it takes "
                                                     "functions only."));
    }
    json_.BeginObject();
    json_.Member("name").String(tool.name);
    if (!tool.description.empty()) json_.Member("description").String(tool.description);
    json_.Member("input_schema")
        .Raw(tool.parameters.empty() ? R"({"type":"object","properties":{}})" : tool.parameters);
    if (tool.strict == true) json_.Member("strict").Bool(true);
    for (const ir::Extra& extra : tool.extras) {
      if (extra.owner == ir::kAnthropicMessages) json_.ForeignMember(extra.name).Raw(extra.json);
    }
    marks_.Write(tool.cache, json_);
    json_.EndObject();
    ir::OmitExtras(tool.extras, {ir::kAnthropicMessages}, omissions_);
  }

  void WriteToolChoice() {
    using Mode = ir::ToolChoice::Mode;
    const ir::ToolChoice& choice = request_.tool_choice;
    const bool serial =
        request_.parallel_tool_calls == false || Option("disableParallelToolUse") == "true";
    if (choice.mode == Mode::kUnset && !serial) return;
    json_.Member("tool_choice").BeginObject();
    switch (choice.mode) {
      case Mode::kUnset:
      case Mode::kAuto:
        json_.Member("type").String("auto");
        break;
      case Mode::kNone:
        json_.Member("type").String("none");
        break;
      case Mode::kRequired:
        json_.Member("type").String("any");
        break;
      case Mode::kTool:
        json_.Member("type").String("tool");
        json_.Member("name").String(choice.name);
        break;
    }
    if (serial && choice.mode != Mode::kNone) {
      json_.Member("disable_parallel_tool_use").Bool(true);
    }
    json_.EndObject();
  }

  void WriteSampling() {
    WriteTemperature();
    if (!settings_.top_p.empty()) {
      if (thinks_ || !settings_.temperature.empty()) {
        omissions_.LeftOut("top_p",
                           "`top_p` was left out: this model takes it neither beside "
                           "`temperature` nor while it reasons.");
      } else {
        json_.Member("top_p").Raw(settings_.top_p);
      }
    }
    if (!settings_.top_k.empty()) {
      if (thinks_) {
        omissions_.LeftOut("top_k",
                           "`top_k` was left out: this model does not take it while it "
                           "reasons.");
      } else {
        json_.Member("top_k").Raw(settings_.top_k);
      }
    }
    WriteStops();
    LeaveOut("min_p", settings_.min_p);
    LeaveOut("top_a", settings_.top_a);
    LeaveOut("presence_penalty", settings_.presence_penalty);
    LeaveOut("frequency_penalty", settings_.frequency_penalty);
    LeaveOut("repetition_penalty", settings_.repetition_penalty);
    LeaveOut("logit_bias", settings_.logit_bias);
    if (settings_.seed.has_value()) omissions_.LeftOut("seed");
    if (settings_.logprobs == true) omissions_.Refuse("logprobs");
    if (settings_.choices > 1) omissions_.Refuse("n");
  }

  void WriteTemperature() {
    if (settings_.temperature.empty()) return;
    if (thinks_) {
      omissions_.LeftOut("temperature",
                         "`temperature` was left out: this model does not take it "
                         "while it reasons.");
    } else if (AboveOne(settings_.temperature)) {
      omissions_.Changed("temperature", "`temperature` was sent as 1: this model takes 0 to 1.");
      json_.Member("temperature").Integer(1);
    } else {
      json_.Member("temperature").Raw(settings_.temperature);
    }
  }

  void WriteStops() {
    bool any = false;
    for (const std::string_view stop : settings_.stop) {
      if (IsBlank(stop)) {
        omissions_.LeftOut("stop", "A stop text of blanks was left out: this model takes none.");
        continue;
      }
      if (!any) json_.Member("stop_sequences").BeginArray();
      any = true;
      json_.String(stop);
    }
    if (any) json_.EndArray();
  }

  void LeaveOut(std::string_view name, std::string_view value) {
    if (!value.empty()) omissions_.LeftOut(name);
  }

  void WriteSettings() {
    const std::string_view user =
        settings_.safety_identifier.empty() ? settings_.user : settings_.safety_identifier;
    if (!user.empty()) {
      json_.Member("metadata").BeginObject();
      json_.Member("user_id").String(user);
      json_.EndObject();
    }
    WriteServiceTier();
    LeaveOut("metadata", settings_.metadata);
    LeaveOut("verbosity", settings_.verbosity);
    LeaveOut("prompt_cache_key", settings_.prompt_cache_key);
    if (settings_.store == true) omissions_.LeftOut("store");
    for (const std::string_view modality : settings_.modalities) {
      if (modality != "text") omissions_.Refuse("modalities");
    }
  }

  void WriteServiceTier() {
    const std::string_view tier = settings_.service_tier;
    if (tier.empty()) return;
    if (tier == "auto" || tier == "standard_only") {
      json_.Member("service_tier").String(tier);
    } else if (tier == "default") {
      json_.Member("service_tier").String("standard_only");
    } else {
      omissions_.LeftOut("service_tier");
    }
  }

  // The members of the family's block are read above, by their names.
  void WriteExtras() {
    for (const ir::Extra& extra : request_.extras) {
      if (extra.owner == ir::kAnthropicMessages) json_.ForeignMember(extra.name).Raw(extra.json);
      if (extra.owner == ir::kFamilyAnthropic && extra.name != "thinking" &&
          extra.name != "effort" && extra.name != "disableParallelToolUse") {
        omissions_.LeftOut(absl::StrCat("providerOptions.anthropic.", AbslView(extra.name)));
      }
    }
    ir::OmitExtras(request_.extras, {ir::kAnthropicMessages, ir::kFamilyAnthropic}, omissions_);
  }

  const ir::Request& request_;
  const ir::Settings& settings_;
  const SendDecision& decision_;
  ir::Omissions& omissions_;
  WrittenRequest& out_;
  JsonWriter json_;
  AnthropicCacheMarks marks_;
  std::int64_t limit_ = 0;
  std::string_view thinking_option_;
  bool thinks_ = false;
  std::int64_t budget_ = 0;
};

}  // namespace

void AnthropicCacheMarks::Write(const std::optional<ir::CacheMark>& mark, JsonWriter& json) {
  if (!mark.has_value()) return;
  if (written_ == kMarksMax) {
    return omissions_.LeftOut(
        "cache_control", "Cache marks behind the fourth were left out: this model takes four.");
  }
  ++written_;
  json.Member("cache_control").BeginObject();
  json.Member("type").String("ephemeral");
  if (mark->ttl == ir::CacheMark::Ttl::k1Hour) json.Member("ttl").String("1h");
  if (mark->ttl == ir::CacheMark::Ttl::k5Minutes) json.Member("ttl").String("5m");
  json.EndObject();
}

void WriteAnthropicRequest(const ir::Request& request, const SendDecision& decision,
                           ir::Omissions& omissions, WrittenRequest& out) {
  RequestWriter(request, decision, omissions, out).Run();
}

}  // namespace tollgate::dataplane
