#include "dataplane/provider/gemini/write.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/reasoning.h"

namespace tollgate::dataplane {
namespace {

class RequestWriter {
 public:
  RequestWriter(const ir::Request& request, const Provider& provider, const SendDecision& decision,
                ir::Omissions& omissions, std::string& out)
      : request_(request),
        provider_(provider),
        settings_(request.settings),
        decision_(decision),
        omissions_(omissions),
        json_(out) {}

  void Run() {
    json_.BeginObject();
    WriteGeminiSystem(request_, omissions_, json_);
    json_.Member("contents");
    const bool call_ids = !provider_.origin.host.ends_with("aiplatform.googleapis.com");
    WriteGeminiContents(request_, call_ids, omissions_, json_);
    WriteTools();
    WriteToolConfig();
    WriteConfig();
    WriteExtras();
    OmitSettings();
    json_.EndObject();
  }

 private:
  // The value of a member of `providerOptions.google`.
  std::string_view Option(std::string_view name) const {
    for (const ir::Extra& extra : request_.extras) {
      if (extra.owner == ir::kFamilyGoogle && extra.name == name) return extra.json;
    }
    return {};
  }

  void WriteTools() {
    bool functions = false;
    for (const ir::Tool& tool : request_.tools) {
      if (tool.kind == ir::Tool::Kind::kFunction) {
        functions = true;
      } else if (tool.kind != ir::Tool::Kind::kOpaque || tool.owner != ir::kGemini) {
        omissions_.Refuse("tools", absl::StrCat("The tool `", AbslView(tool.name),
                                                "` cannot be used with this model: it takes "
                                                "functions only."));
      }
    }
    if (request_.tools.empty()) return;
    json_.Member("tools").BeginArray();
    for (const ir::Tool& tool : request_.tools) {
      if (tool.kind == ir::Tool::Kind::kOpaque) json_.Raw(tool.definition);
    }
    if (functions) {
      json_.BeginObject();
      json_.Member("functionDeclarations").BeginArray();
      for (const ir::Tool& tool : request_.tools) {
        if (tool.kind == ir::Tool::Kind::kFunction) WriteFunction(tool);
      }
      json_.EndArray();
      json_.EndObject();
    }
    json_.EndArray();
  }

  void WriteFunction(const ir::Tool& tool) {
    json_.BeginObject();
    json_.Member("name").String(tool.name);
    if (!tool.description.empty()) json_.Member("description").String(tool.description);
    if (!tool.parameters.empty()) json_.Member("parametersJsonSchema").Raw(tool.parameters);
    for (const ir::Extra& extra : tool.extras) {
      if (extra.owner == ir::kGemini) json_.ForeignMember(extra.name).Raw(extra.json);
    }
    json_.EndObject();
    if (tool.cache.has_value()) omissions_.LeftOut("cache_control");
    ir::OmitExtras(tool.extras, {ir::kGemini}, omissions_);
  }

  // The member of `prefix` that an Extra stands for: "X" of "generationConfig.X"; empty for
  // another.
  static std::string_view MemberOf(const ir::Extra& extra, std::string_view prefix) {
    const bool is_own = extra.owner == ir::kGemini && extra.name.starts_with(prefix);
    return is_own ? extra.name.substr(prefix.size()) : std::string_view();
  }

  void WriteMembers(std::string_view prefix) {
    for (const ir::Extra& extra : request_.extras) {
      const std::string_view name = MemberOf(extra, prefix);
      if (!name.empty()) json_.ForeignMember(name).Raw(extra.json);
    }
  }

  void WriteToolConfig() {
    const auto& extras = request_.extras;
    const bool more = std::any_of(extras.begin(), extras.end(), [](const ir::Extra& extra) {
      return !MemberOf(extra, kToolConfig).empty();
    });
    const bool chosen =
        !request_.tools.empty() && request_.tool_choice.mode != ir::ToolChoice::Mode::kUnset;
    if (!request_.tools.empty() && request_.parallel_tool_calls == false) {
      omissions_.LeftOut("parallel_tool_calls");
    }
    if (!more && !chosen) return;
    json_.Member("toolConfig").BeginObject();
    if (chosen) WriteToolChoice();
    WriteMembers(kToolConfig);
    json_.EndObject();
  }

  void WriteToolChoice() {
    using Mode = ir::ToolChoice::Mode;
    const ir::ToolChoice& choice = request_.tool_choice;
    // Names narrow down what is called only where something must be.
    const bool named = choice.mode == Mode::kTool || !choice.allowed.empty();
    const std::string_view mode = choice.mode == Mode::kNone                             ? "NONE"
                                  : choice.mode == Mode::kAuto && choice.allowed.empty() ? "AUTO"
                                  : choice.mode == Mode::kAuto ? "VALIDATED"
                                                               : "ANY";
    json_.Member("functionCallingConfig").BeginObject();
    json_.Member("mode").String(mode);
    if (named && choice.mode != Mode::kNone) {
      json_.Member("allowedFunctionNames").BeginArray();
      if (choice.mode == Mode::kTool) json_.String(choice.name);
      for (const std::string_view name : choice.allowed) json_.String(name);
      json_.EndArray();
    }
    json_.EndObject();
  }

  std::int64_t OutputLimit() const {
    std::int64_t limit = settings_.max_output_tokens.value_or(-1);
    if (decision_.output_limit >= 0) {
      limit = limit < 0 ? decision_.output_limit : std::min(limit, decision_.output_limit);
    }
    return limit;
  }

  void WriteConfig() {
    json_.Member("generationConfig").BeginObject();
    if (const std::int64_t limit = OutputLimit(); limit >= 0) {
      json_.Member("maxOutputTokens").Integer(limit);
    }
    Number("temperature", settings_.temperature);
    Number("topP", settings_.top_p);
    Number("topK", settings_.top_k);
    Number("presencePenalty", settings_.presence_penalty);
    Number("frequencyPenalty", settings_.frequency_penalty);
    if (settings_.seed.has_value()) json_.Member("seed").Integer(*settings_.seed);
    if (settings_.choices > 1) json_.Member("candidateCount").Integer(settings_.choices);
    Texts("stopSequences", settings_.stop);
    if (settings_.logprobs.has_value()) json_.Member("responseLogprobs").Bool(*settings_.logprobs);
    if (settings_.top_logprobs.has_value()) {
      json_.Member("logprobs").Integer(*settings_.top_logprobs);
    }
    WriteModalities();
    WriteResponseFormat();
    WriteThinking();
    WriteMembers(kGenerationConfig);
    json_.EndObject();
  }

  void Number(std::string_view name, std::string_view number) {
    if (!number.empty()) json_.Member(name).Raw(number);
  }

  void Texts(std::string_view name, const std::vector<std::string_view>& texts) {
    if (texts.empty()) return;
    json_.Member(name).BeginArray();
    for (const std::string_view text : texts) json_.String(text);
    json_.EndArray();
  }

  void WriteModalities() {
    if (settings_.modalities.empty()) return;
    json_.Member("responseModalities").BeginArray();
    for (const std::string_view modality : settings_.modalities) {
      if (modality == "text") json_.String("TEXT");
      if (modality == "image") json_.String("IMAGE");
      if (modality == "audio") json_.String("AUDIO");
    }
    json_.EndArray();
  }

  void WriteResponseFormat() {
    using Kind = ir::ResponseFormat::Kind;
    const ir::ResponseFormat& format = request_.response_format;
    if (format.kind != Kind::kJson && format.kind != Kind::kJsonSchema) return;
    json_.Member("responseMimeType").String("application/json");
    if (format.kind == Kind::kJsonSchema) json_.Member("responseJsonSchema").Raw(format.schema);
  }

  bool KnownNotToReason() const {
    if (decision_.model == nullptr || decision_.model->capabilities.empty()) return false;
    const auto& can = decision_.model->capabilities;
    return std::find(can.begin(), can.end(), "reasoning") == can.end();
  }

  // Models of the third generation have levels; empty when a budget is to be sent.
  std::string_view LevelOf(const ir::ReasoningSettings& reasoning) const {
    if (decision_.provider_model_id.find("gemini-3") == std::string_view::npos) return {};
    if (reasoning.budget_tokens.has_value()) return {};
    switch (reasoning.effort) {
      case ir::Effort::kUnset:
        return {};
      case ir::Effort::kNone:  // They always think.
      case ir::Effort::kMinimal:
        return "MINIMAL";
      case ir::Effort::kLow:
        return "LOW";
      case ir::Effort::kMedium:
        return "MEDIUM";
      case ir::Effort::kHigh:
      case ir::Effort::kXHigh:
      case ir::Effort::kMax:
        break;
    }
    return "HIGH";
  }

  void WriteThinking() {
    if (const std::string_view option = Option("thinkingConfig"); !option.empty()) {
      json_.Member("thinkingConfig").Raw(option);
      return;
    }
    const ir::ReasoningSettings& reasoning = request_.reasoning;
    if (!reasoning.present()) return;
    std::int64_t limit = OutputLimit();
    if (limit < 0 && decision_.offering != nullptr) limit = decision_.offering->output_tokens_max;
    if (KnownNotToReason()) {
      if (ir::EffortOf(reasoning, limit) != ir::Effort::kNone) {
        omissions_.LeftOut("reasoning", "`reasoning` was left out: this model does not reason.");
      }
      return;
    }
    json_.Member("thinkingConfig").BeginObject();
    const std::string_view level = LevelOf(reasoning);
    if (reasoning.adaptive && reasoning.effort == ir::Effort::kUnset) {
      json_.Member("thinkingBudget").Integer(-1);  // As much as the model thinks fit.
    } else if (!level.empty()) {
      json_.Member("thinkingLevel").String(level);
    } else {
      if (limit <= 0) limit = kOutputLimitUsual;
      json_.Member("thinkingBudget")
          .Integer(std::min(ir::BudgetOf(reasoning, limit, kBudgetMin).value_or(-1), kBudgetMax));
    }
    json_.Member("includeThoughts").Bool(!reasoning.hidden);
    json_.EndObject();
  }

  // What may be left out stays in the caller's JSON otherwise.
  void WriteExtras() {
    for (const ir::Extra& extra : request_.extras) {
      if (extra.owner == ir::kGemini && MemberOf(extra, kToolConfig).empty() &&
          MemberOf(extra, kGenerationConfig).empty()) {
        json_.ForeignMember(extra.name).Raw(extra.json);
      }
      if (extra.owner != ir::kFamilyGoogle || extra.name == "thinkingConfig") continue;
      if (extra.name == "safetySettings" || extra.name == "cachedContent") {
        json_.ForeignMember(extra.name).Raw(extra.json);
      } else {
        omissions_.LeftOut(absl::StrCat("providerOptions.google.", AbslView(extra.name)));
      }
    }
    ir::OmitExtras(request_.extras, {ir::kGemini, ir::kFamilyGoogle}, omissions_);
  }

  void LeaveOut(std::string_view name, std::string_view value) {
    if (!value.empty()) omissions_.LeftOut(name);
  }

  void OmitSettings() {
    LeaveOut("min_p", settings_.min_p);
    LeaveOut("top_a", settings_.top_a);
    LeaveOut("repetition_penalty", settings_.repetition_penalty);
    LeaveOut("logit_bias", settings_.logit_bias);
    LeaveOut("metadata", settings_.metadata);
    LeaveOut("service_tier", settings_.service_tier);
    LeaveOut("verbosity", settings_.verbosity);
    LeaveOut("prompt_cache_key", settings_.prompt_cache_key);
    LeaveOut("user", settings_.user);
    LeaveOut("safety_identifier", settings_.safety_identifier);
    if (settings_.store == true) omissions_.LeftOut("store");
  }

  // In front of the names of Extras that stand within these objects.
  static constexpr std::string_view kGenerationConfig = "generationConfig.";
  static constexpr std::string_view kToolConfig = "toolConfig.";
  // Budgets that every reasoning model of the family takes.
  static constexpr std::int64_t kBudgetMin = 512;
  static constexpr std::int64_t kBudgetMax = 24'576;
  // When neither caller nor catalog says how much output there may be.
  static constexpr std::int64_t kOutputLimitUsual = 32'768;

  const ir::Request& request_;
  const Provider& provider_;
  const ir::Settings& settings_;
  const SendDecision& decision_;
  ir::Omissions& omissions_;
  JsonWriter json_;
};

}  // namespace

void WriteGeminiRequest(const ir::Request& request, const Provider& provider,
                        const SendDecision& decision, ir::Omissions& omissions, std::string& out) {
  RequestWriter(request, provider, decision, omissions, out).Run();
}

}  // namespace tollgate::dataplane
