#include "dataplane/provider/openai_responses/write.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/reasoning.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/accepted_parameters.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kEncryptedThoughts = "reasoning.encrypted_content";
constexpr std::string_view kLogprobs = "message.output_text.logprobs";
constexpr std::string_view kReasoningPrefix = "reasoning.";
constexpr std::string_view kFormatPrefix = "text.format.";
// A function that takes nothing: the API wants a schema nevertheless.
constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";

// What the AI SDK calls the members of `providerOptions.openai` that are members of the body.
constexpr std::pair<std::string_view, std::string_view> kOptions[] = {
    {"instructions", "instructions"},
    {"maxToolCalls", "max_tool_calls"},
    {"metadata", "metadata"},
    {"parallelToolCalls", "parallel_tool_calls"},
    {"promptCacheKey", "prompt_cache_key"},
    {"promptCacheRetention", "prompt_cache_retention"},
    {"safetyIdentifier", "safety_identifier"},
    {"store", "store"},
    {"truncation", "truncation"},
    {"user", "user"},
};
// Options that are read elsewhere here, or that tell the SDK itself something.
constexpr std::string_view kOtherOptions[] = {
    "reasoningEffort", "reasoningSummary", "textVerbosity",    "include",
    "forceReasoning",  "strictJsonSchema", "systemMessageMode"};
// Options that would bring input along which nobody has counted.
constexpr std::string_view kRefusedOptions[] = {"previousResponseId", "conversation"};

template <typename List>
bool Contains(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

std::string_view MemberOfOption(std::string_view option) {
  for (const auto& [name, member] : kOptions) {
    if (name == option) return member;
  }
  return {};
}

class RequestWriter {
 public:
  RequestWriter(const ir::Request& request, const Provider& provider, const SendDecision& decision,
                ir::Omissions& omissions, std::string& out)
      : request_(request),
        settings_(request.settings),
        provider_(provider),
        decision_(decision),
        omissions_(omissions),
        parameters_(provider, omissions),
        json_(out) {}

  void Run() {
    json_.BeginObject();
    json_.Member("model").String(decision_.provider_model_id);
    if (decision_.stream) json_.Member("stream").Bool(true);
    WriteLimit();
    WriteTools();
    WriteText();
    WriteReasoning();
    WriteInclude();
    WriteSampling();
    WriteSettings();
    WriteExtras();
    json_.Member("input");
    WriteResponsesInput(request_, omissions_, json_);
    json_.EndObject();
  }

 private:
  // ---- What the provider takes ------------------------------------------------------------------

  bool Accepts(std::string_view name) const { return parameters_.Accepts(name); }
  bool Takes(std::string_view name) { return parameters_.Takes(name) && !Overridden(name); }
  bool Needs(std::string_view name) { return parameters_.Needs(name) && !Overridden(name); }

  bool IsOption(const ir::Extra& extra) const {
    return extra.owner == ir::kFamilyOpenAi || extra.owner == provider_.id;
  }
  // The value of an option; empty when it was not said.
  std::string_view Option(std::string_view name) const {
    for (const ir::Extra& extra : request_.extras) {
      if (IsOption(extra) && extra.name == name) return extra.json;
    }
    return {};
  }
  // What the caller says for this provider, or in the words of this format, goes before what the
  // request says to all.
  bool Overridden(std::string_view name) const {
    for (const ir::Extra& extra : request_.extras) {
      if (IsOption(extra) ? MemberOfOption(extra.name) == name
                          : extra.owner == ir::kOpenAiResponses && extra.name == name) {
        return true;
      }
    }
    return false;
  }

  // ---- Members ----------------------------------------------------------------------------------

  void WriteLimit() {
    std::int64_t limit = settings_.max_output_tokens.value_or(-1);
    if (decision_.output_limit >= 0) {
      limit = limit < 0 ? decision_.output_limit : std::min(limit, decision_.output_limit);
    }
    if (limit < 0) return;
    if (limit < kResponsesOutputLimitMin) {
      limit = kResponsesOutputLimitMin;
      omissions_.Changed("max_output_tokens",
                         absl::StrCat("The output limit was raised to ", limit,
                                      " tokens, the least that this model's provider takes."));
    }
    json_.Member("max_output_tokens").Integer(limit);
  }

  void WriteTools() {
    if (request_.tools.empty() || !Needs("tools")) return;
    json_.Member("tools").BeginArray();
    for (const ir::Tool& tool : request_.tools) WriteTool(tool);
    json_.EndArray();
    WriteToolChoice();
    if (request_.parallel_tool_calls.has_value() && Takes("parallel_tool_calls")) {
      json_.Member("parallel_tool_calls").Bool(*request_.parallel_tool_calls);
    }
  }

  void WriteTool(const ir::Tool& tool) {
    if (tool.cache.has_value()) OmitCacheMark();
    if (tool.kind == ir::Tool::Kind::kOpaque) {
      if (tool.owner == ir::kOpenAiResponses) {
        json_.Raw(tool.definition);
      } else {
        omissions_.Refuse("tools", absl::StrCat("The tool `", AbslView(tool.name),
                                                "` cannot be used with this model."));
      }
      return;
    }
    const bool custom = tool.kind == ir::Tool::Kind::kCustom;
    json_.BeginObject();
    json_.Member("type").String(custom ? "custom" : "function");
    json_.Member("name").String(tool.name);
    if (!tool.description.empty()) json_.Member("description").String(tool.description);
    if (custom) {
      WriteGrammar(tool.definition);
    } else {
      json_.Member("parameters").Raw(tool.parameters.empty() ? kNoParameters : tool.parameters);
      // Where nothing is said, this API is strict and others are not.
      if (Accepts("strict")) json_.Member("strict").Bool(tool.strict.value_or(false));
    }
    for (const ir::Extra& extra : tool.extras) {
      if (extra.owner == ir::kOpenAiResponses) json_.ForeignMember(extra.name).Raw(extra.json);
    }
    json_.EndObject();
    ir::OmitExtras(tool.extras, {ir::kOpenAiResponses}, omissions_);
  }

  // Chat completions, whose form the definition has, keep the grammar one level deeper.
  void WriteGrammar(std::string_view definition) {
    if (definition.empty()) return;
    JsonDocument document;
    json_.Member("format");
    if (!document.Parse(definition) || !document.root()["grammar"].is_object()) {
      json_.Raw(definition);
      return;
    }
    json_.BeginObject();
    json_.Member("type").String("grammar");
    for (const JsonMember m : document.root()["grammar"].members()) {
      json_.ForeignMember(m.key).Raw(m.value.raw());
    }
    json_.EndObject();
  }

  void WriteNamedTool(std::string_view name) {
    bool custom = false;
    for (const ir::Tool& tool : request_.tools) {
      custom |= tool.name == name && tool.kind == ir::Tool::Kind::kCustom;
    }
    json_.BeginObject();
    json_.Member("type").String(custom ? "custom" : "function");
    json_.Member("name").String(name);
    json_.EndObject();
  }

  void WriteToolChoice() {
    using Mode = ir::ToolChoice::Mode;
    const ir::ToolChoice& choice = request_.tool_choice;
    if (choice.mode == Mode::kUnset || !Needs("tool_choice")) return;
    json_.Member("tool_choice");
    const std::string_view word = choice.mode == Mode::kNone       ? "none"
                                  : choice.mode == Mode::kRequired ? "required"
                                                                   : "auto";
    if (choice.mode == Mode::kTool) {
      WriteNamedTool(choice.name);
    } else if (choice.allowed.empty()) {
      json_.String(word);
    } else {
      json_.BeginObject();
      json_.Member("type").String("allowed_tools");
      json_.Member("mode").String(word);
      json_.Member("tools").BeginArray();
      for (const std::string_view name : choice.allowed) WriteNamedTool(name);
      json_.EndArray();
      json_.EndObject();
    }
  }

  void WriteText() {
    using Kind = ir::ResponseFormat::Kind;
    const Kind kind = request_.response_format.kind;
    const bool has_format =
        (kind == Kind::kJson || kind == Kind::kJsonSchema) && Needs("response_format");
    const std::string_view option = Option("textVerbosity");
    const bool has_verbosity =
        !option.empty() || (!settings_.verbosity.empty() && Takes("verbosity"));
    if (!has_format) OmitOfFormat();
    if (!has_format && !has_verbosity) return;
    json_.Member("text").BeginObject();
    if (has_format) WriteFormat();
    if (!option.empty()) {
      json_.Member("verbosity").Raw(option);
    } else if (has_verbosity) {
      json_.Member("verbosity").String(settings_.verbosity);
    }
    json_.EndObject();
  }

  static bool IsOfFormat(const ir::Extra& extra) {
    return extra.owner == ir::kOpenAiResponses && extra.name.starts_with(kFormatPrefix);
  }
  // What is said of plain text, which is not written.
  void OmitOfFormat() {
    for (const ir::Extra& extra : request_.extras) {
      if (IsOfFormat(extra)) omissions_.LeftOut(extra.name);
    }
  }

  void WriteFormat() {
    const ir::ResponseFormat& format = request_.response_format;
    json_.Member("format").BeginObject();
    if (format.kind == ir::ResponseFormat::Kind::kJson) {
      json_.Member("type").String("json_object");
    } else {
      if (provider_.quirks.no_json_schema) {
        omissions_.Refuse("response_format",
                          absl::StrCat(provider_.id,
                                       " keeps no JSON schema; ask for JSON and describe it, or "
                                       "use another model."));
      }
      json_.Member("type").String("json_schema");
      json_.Member("name").String(format.name.empty() ? "response" : format.name);
      if (!format.description.empty()) json_.Member("description").String(format.description);
      if (format.strict.has_value()) json_.Member("strict").Bool(*format.strict);
      json_.Member("schema").Raw(format.schema);
    }
    for (const ir::Extra& extra : request_.extras) {
      if (!IsOfFormat(extra)) continue;
      json_.ForeignMember(extra.name.substr(kFormatPrefix.size())).Raw(extra.json);
    }
    json_.EndObject();
  }

  // What the catalog says of the model: nullopt when it says nothing.
  std::optional<bool> KnownToReason() const {
    if (decision_.model == nullptr || decision_.model->capabilities.empty()) return std::nullopt;
    return Contains(decision_.model->capabilities, "reasoning");
  }

  std::int64_t OutputLimit() const {
    if (settings_.max_output_tokens.has_value()) return *settings_.max_output_tokens;
    return decision_.offering != nullptr ? decision_.offering->output_tokens_max : 0;
  }

  // What the caller said of reasoning, unless the model has none.
  bool WantsReasoning() {
    const bool said = request_.reasoning.present() || !Option("reasoningEffort").empty() ||
                      !Option("reasoningSummary").empty() || HasReasoningExtra();
    if (!said) return false;
    if (KnownToReason() != false) return Takes("reasoning");
    if (ir::EffortOf(request_.reasoning, OutputLimit()) != ir::Effort::kNone) {
      omissions_.LeftOut("reasoning", "`reasoning` was left out: this model does not reason.");
    }
    return false;
  }

  static bool IsOfReasoning(const ir::Extra& extra) {
    return extra.owner == ir::kOpenAiResponses && extra.name.starts_with(kReasoningPrefix);
  }
  bool HasReasoningExtra() const {
    return std::any_of(request_.extras.begin(), request_.extras.end(), IsOfReasoning);
  }

  void WriteReasoning() {
    if (!WantsReasoning()) return;
    const ir::ReasoningSettings& reasoning = request_.reasoning;
    reasons_ = true;
    json_.Member("reasoning").BeginObject();
    if (const std::string_view option = Option("reasoningEffort"); !option.empty()) {
      json_.Member("effort").Raw(option);
    } else if (reasoning.present()) {
      const ir::Effort effort = ir::EffortOf(reasoning, OutputLimit());
      reasons_ = effort != ir::Effort::kNone;
      // The words that the API has; "max" is its highest.
      json_.Member("effort").String(effort == ir::Effort::kMax ? "xhigh" : ir::EffortName(effort));
    }
    if (const std::string_view option = Option("reasoningSummary"); !option.empty()) {
      json_.Member("summary").Raw(option);
    } else if (reasons_ && !reasoning.hidden && Accepts("reasoning.summary")) {
      json_.Member("summary").String(reasoning.summary.empty() ? "auto" : reasoning.summary);
    }
    for (const ir::Extra& extra : request_.extras) {
      if (!IsOfReasoning(extra)) continue;
      json_.ForeignMember(extra.name.substr(kReasoningPrefix.size())).Raw(extra.json);
    }
    json_.EndObject();
  }

  void AddToInclude(std::string_view json) {
    JsonDocument document;
    if (!document.Parse(json)) return;
    for (const JsonValue element : document.root().elements()) AddOneToInclude(element.string());
  }
  void AddOneToInclude(std::string_view word) {
    if (!word.empty() && !Contains(include_, word)) include_.emplace_back(word);
  }

  void WriteInclude() {
    // Models that do not reason refuse to be asked for it.
    if (reasons_ || KnownToReason() == true) AddOneToInclude(kEncryptedThoughts);
    if (settings_.logprobs == true && Needs("logprobs")) AddOneToInclude(kLogprobs);
    AddToInclude(Option("include"));
    for (const ir::Extra& extra : request_.extras) {
      if (extra.owner == ir::kOpenAiResponses && extra.name == "include") AddToInclude(extra.json);
    }
    if (include_.empty()) return;
    json_.Member("include").BeginArray();
    for (const std::string& word : include_) json_.String(word);
    json_.EndArray();
  }

  // A number or an object, as it is.
  void WriteRaw(std::string_view name, std::string_view json) {
    if (!json.empty() && Takes(name)) json_.Member(name).Raw(json);
  }
  void WriteWord(std::string_view name, std::string_view text) {
    if (!text.empty() && Takes(name)) json_.Member(name).String(text);
  }
  void Omit(std::string_view name, bool said) {
    if (said) omissions_.LeftOut(name);
  }

  void WriteSampling() {
    WriteRaw("temperature", settings_.temperature);
    WriteRaw("top_p", settings_.top_p);
    if (settings_.top_logprobs.has_value() && Needs("top_logprobs")) {
      json_.Member("top_logprobs").Integer(*settings_.top_logprobs);
    }
    Omit("top_k", !settings_.top_k.empty());
    Omit("min_p", !settings_.min_p.empty());
    Omit("top_a", !settings_.top_a.empty());
    Omit("presence_penalty", !settings_.presence_penalty.empty());
    Omit("frequency_penalty", !settings_.frequency_penalty.empty());
    Omit("repetition_penalty", !settings_.repetition_penalty.empty());
    Omit("logit_bias", !settings_.logit_bias.empty());
    Omit("seed", settings_.seed.has_value());
    if (!settings_.stop.empty()) omissions_.Refuse("stop");
    if (settings_.choices > 1) omissions_.Refuse("n");
    for (const std::string_view modality : settings_.modalities) {
      if (modality != "text") omissions_.Refuse("modalities");
    }
  }

  void WriteSettings() {
    WriteWord("user", settings_.user);
    WriteWord("safety_identifier", settings_.safety_identifier);
    WriteRaw("metadata", settings_.metadata);
    WriteWord("service_tier", settings_.service_tier);
    WriteWord("prompt_cache_key", settings_.prompt_cache_key);
    // Where nothing is said, this API keeps answers and others do not.
    const bool unsaid = decision_.keep && !settings_.store.has_value();
    if (Accepts("store") && !unsaid && !Overridden("store")) {
      json_.Member("store").Bool(settings_.store.value_or(false));
    }
  }

  // Whether it stands deeper in the body, and is written there.
  static bool IsNested(const ir::Extra& extra) {
    return extra.name.find('.') != std::string_view::npos;
  }
  // Whether a member that only this format knows is sent.
  bool TakesExtra(const ir::Extra& extra) {
    return Accepts(extra.name) || (extra.essential ? Needs(extra.name) : Takes(extra.name));
  }

  void WriteExtras() {
    for (const ir::Extra& extra : request_.extras) {
      if (IsOption(extra)) {
        WriteOption(extra);
      } else if (extra.owner == ir::kOpenAiResponses && extra.name != "include" &&
                 !IsNested(extra) && TakesExtra(extra)) {
        json_.ForeignMember(extra.name).Raw(extra.json);
      }
    }
    ir::OmitExtras(request_.extras, {ir::kOpenAiResponses, ir::kFamilyOpenAi, provider_.id},
                   omissions_);
  }

  void WriteOption(const ir::Extra& extra) {
    const std::string_view member = MemberOfOption(extra.name);
    if (!member.empty()) {
      json_.Member(member).Raw(extra.json);
    } else if (Contains(kRefusedOptions, extra.name)) {
      omissions_.Refuse(extra.name);
    } else if (!Contains(kOtherOptions, extra.name)) {
      omissions_.LeftOut(extra.name);
    }
  }

  void OmitCacheMark() {
    omissions_.LeftOut("cache_control",
                       "`cache_control` was left out: the provider caches by itself.");
  }

  const ir::Request& request_;
  const ir::Settings& settings_;
  const Provider& provider_;
  const SendDecision& decision_;
  ir::Omissions& omissions_;
  AcceptedParameters parameters_;
  JsonWriter json_;
  bool reasons_ = false;
  std::vector<std::string> include_;
};

}  // namespace

void WriteResponsesRequest(const ir::Request& request, const Provider& provider,
                           const SendDecision& decision, ir::Omissions& omissions,
                           std::string& out) {
  RequestWriter(request, provider, decision, omissions, out).Run();
}

}  // namespace tollgate::dataplane
