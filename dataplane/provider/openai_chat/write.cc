#include "dataplane/provider/openai_chat/write.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/reasoning.h"
#include "dataplane/provider/accepted_parameters.h"

namespace tollgate::dataplane {
namespace {

// What the AI SDK calls the members of `providerOptions` that chat completions know.
constexpr std::pair<std::string_view, std::string_view> kOptions[] = {
    {"reasoningEffort", "reasoning_effort"},
    {"parallelToolCalls", "parallel_tool_calls"},
    {"logitBias", "logit_bias"},
    {"maxCompletionTokens", "max_completion_tokens"},
    {"serviceTier", "service_tier"},
    {"promptCacheKey", "prompt_cache_key"},
    {"promptCacheRetention", "prompt_cache_retention"},
    {"safetyIdentifier", "safety_identifier"},
    {"textVerbosity", "verbosity"},
    {"topLogprobs", "top_logprobs"},
};

std::string_view MemberOfOption(std::string_view option) {
  for (const auto& [name, member] : kOptions) {
    if (name == option) return member;
  }
  return option;
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
    WriteStream();
    WriteLimit();
    WriteTools();
    WriteResponseFormat();
    WriteReasoning();
    WriteSampling();
    WriteSettings();
    WriteExtras();
    json_.Member("messages");
    WriteChatMessages(request_, provider_, omissions_, json_);
    json_.EndObject();
  }

 private:
  bool Accepts(std::string_view name) const { return parameters_.Accepts(name); }
  bool Takes(std::string_view name) { return parameters_.Takes(name) && !Overridden(name); }
  bool Needs(std::string_view name) { return parameters_.Needs(name) && !Overridden(name); }

  bool OwnsExtra(const ir::Extra& extra) const {
    return extra.owner == ir::kOpenAiChat || extra.owner == provider_.id;
  }
  // Options of the provider's own block go before what the request says.
  bool Overridden(std::string_view name) const {
    for (const ir::Extra& extra : request_.extras) {
      if (extra.owner == provider_.id && MemberOfOption(extra.name) == name) return true;
    }
    return false;
  }

  void WriteStream() {
    if (!decision_.stream) return;
    json_.Member("stream").Bool(true);
    if (provider_.quirks.no_stream_usage) return;
    json_.Member("stream_options").BeginObject();
    json_.Member("include_usage").Bool(true);
    json_.EndObject();
  }

  void WriteLimit() {
    std::int64_t limit = settings_.max_output_tokens.value_or(-1);
    if (decision_.output_limit >= 0) {
      limit = limit < 0 ? decision_.output_limit : std::min(limit, decision_.output_limit);
    }
    if (limit >= 0) json_.Member(OutputLimitField(provider_)).Integer(limit);
  }

  void WriteTools() {
    if (request_.tools.empty()) return;
    if (!Needs("tools")) return;
    json_.Member("tools").BeginArray();
    for (const ir::Tool& tool : request_.tools) WriteTool(tool);
    json_.EndArray();
    WriteToolChoice();
    if (request_.parallel_tool_calls.has_value() && Takes("parallel_tool_calls")) {
      json_.Member("parallel_tool_calls").Bool(*request_.parallel_tool_calls);
    }
  }

  void WriteTool(const ir::Tool& tool) {
    if (tool.kind == ir::Tool::Kind::kOpaque) {
      if (tool.owner == ir::kOpenAiChat) {
        json_.Raw(tool.definition);
      } else {
        omissions_.Refuse("tools", absl::StrCat("The tool `", AbslView(tool.name),
                                                "` cannot be used with this model."));
      }
      return;
    }
    const bool custom = tool.kind == ir::Tool::Kind::kCustom;
    const std::string_view kind = custom ? "custom" : "function";
    json_.BeginObject();
    json_.Member("type").String(kind);
    json_.Member(kind).BeginObject();
    json_.Member("name").String(tool.name);
    if (!tool.description.empty()) json_.Member("description").String(tool.description);
    if (custom) {
      if (!tool.definition.empty()) json_.Member("format").Raw(tool.definition);
    } else {
      if (!tool.parameters.empty()) json_.Member("parameters").Raw(tool.parameters);
      if (tool.strict.has_value() && Accepts("strict")) json_.Member("strict").Bool(*tool.strict);
    }
    for (const ir::Extra& extra : tool.extras) {
      if (extra.owner == ir::kOpenAiChat) json_.ForeignMember(extra.name).Raw(extra.json);
    }
    json_.EndObject();
    WriteChatCacheMark(tool.cache, provider_, omissions_, json_);
    json_.EndObject();
    ir::OmitExtras(tool.extras, {ir::kOpenAiChat}, omissions_);
  }

  bool IsCustom(std::string_view name) const {
    for (const ir::Tool& tool : request_.tools) {
      if (tool.name == name) return tool.kind == ir::Tool::Kind::kCustom;
    }
    return false;
  }

  void WriteNamedTool(std::string_view name) {
    const std::string_view kind = IsCustom(name) ? "custom" : "function";
    json_.BeginObject();
    json_.Member("type").String(kind);
    json_.Member(kind).BeginObject();
    json_.Member("name").String(name);
    json_.EndObject();
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
      json_.Member("allowed_tools").BeginObject();
      json_.Member("mode").String(word);
      json_.Member("tools").BeginArray();
      for (const std::string_view name : choice.allowed) WriteNamedTool(name);
      json_.EndArray();
      json_.EndObject();
      json_.EndObject();
    }
  }

  void WriteResponseFormat() {
    const ir::ResponseFormat& format = request_.response_format;
    using Kind = ir::ResponseFormat::Kind;
    if (format.kind == Kind::kUnset || format.kind == Kind::kText) return;
    if (!Needs("response_format")) return;
    json_.Member("response_format").BeginObject();
    if (format.kind == Kind::kJson) {
      json_.Member("type").String("json_object");
    } else if (provider_.quirks.no_json_schema) {
      omissions_.Refuse("response_format", absl::StrCat(provider_.id,
                                                        " keeps no JSON schema; ask for JSON and "
                                                        "describe it, or use another model."));
    } else {
      json_.Member("type").String("json_schema");
      json_.Member("json_schema").BeginObject();
      json_.Member("name").String(format.name.empty() ? "response" : format.name);
      if (!format.description.empty()) json_.Member("description").String(format.description);
      if (format.strict.has_value()) json_.Member("strict").Bool(*format.strict);
      json_.Member("schema").Raw(format.schema);
      json_.EndObject();
    }
    json_.EndObject();
  }

  // Whether the catalog says that the model does not reason.
  bool KnownNotToReason() const {
    if (decision_.model == nullptr || decision_.model->capabilities.empty()) return false;
    const auto& can = decision_.model->capabilities;
    return std::find(can.begin(), can.end(), "reasoning") == can.end();
  }

  std::int64_t OutputLimit() const {
    if (settings_.max_output_tokens.has_value()) return *settings_.max_output_tokens;
    return decision_.offering != nullptr ? decision_.offering->output_tokens_max : 0;
  }

  void WriteReasoning() {
    const ir::ReasoningSettings& reasoning = request_.reasoning;
    if (!reasoning.present()) return;
    const ir::Effort effort = ir::EffortOf(reasoning, OutputLimit());
    if (KnownNotToReason()) {
      if (effort != ir::Effort::kNone) {
        omissions_.LeftOut("reasoning", "`reasoning` was left out: this model does not reason.");
      }
      return;
    }
    const std::string_view style = provider_.quirks.reasoning_request;
    if (style == "none") {
      omissions_.LeftOut("reasoning", absl::StrCat("`reasoning` was left out: ", provider_.id,
                                                   " does not say how much to reason."));
    } else if (style == "reasoning") {
      WriteReasoningObject(reasoning, effort);
    } else if (style == "thinking") {
      json_.Member("thinking").BeginObject();
      json_.Member("type").String(effort == ir::Effort::kNone ? "disabled" : "enabled");
      json_.EndObject();
      WarnOfEffort(reasoning, effort);
    } else if (style == "enable_thinking") {
      json_.Member("enable_thinking").Bool(effort != ir::Effort::kNone);
      if (reasoning.budget_tokens.has_value()) {
        json_.Member("thinking_budget").Integer(*reasoning.budget_tokens);
      } else {
        WarnOfEffort(reasoning, effort);
      }
    } else if (Takes("reasoning_effort")) {
      // The words that the API has; "max" is its highest.
      json_.Member("reasoning_effort")
          .String(effort == ir::Effort::kMax ? "xhigh" : ir::EffortName(effort));
    }
  }

  // Of providers that can be told to think, but not how hard.
  void WarnOfEffort(const ir::ReasoningSettings& reasoning, ir::Effort effort) {
    const bool said = reasoning.effort != ir::Effort::kUnset || reasoning.budget_tokens.has_value();
    if (!said || effort == ir::Effort::kNone) return;
    omissions_.Changed("reasoning_effort",
                       absl::StrCat("`reasoning_effort` was sent as an order to think: ",
                                    provider_.id, " takes no finer one."));
  }

  void WriteReasoningObject(const ir::ReasoningSettings& reasoning, ir::Effort effort) {
    json_.Member("reasoning").BeginObject();
    if (reasoning.budget_tokens.has_value()) {
      json_.Member("max_tokens").Integer(*reasoning.budget_tokens);
    } else {
      json_.Member("effort").String(ir::EffortName(effort));
    }
    if (reasoning.hidden) json_.Member("exclude").Bool(true);
    json_.EndObject();
  }

  void WriteNumber(std::string_view name, std::string_view number) {
    if (!number.empty() && Takes(name)) json_.Member(name).Raw(number);
  }
  void WriteText(std::string_view name, std::string_view text) {
    if (!text.empty() && Takes(name)) json_.Member(name).String(text);
  }
  void WriteTexts(std::string_view name, const std::vector<std::string_view>& texts) {
    if (texts.empty() || !Needs(name)) return;
    json_.Member(name).BeginArray();
    for (const std::string_view text : texts) json_.String(text);
    json_.EndArray();
  }

  void WriteSampling() {
    WriteNumber("temperature", settings_.temperature);
    WriteNumber("top_p", settings_.top_p);
    WriteNumber("top_k", settings_.top_k);
    WriteNumber("min_p", settings_.min_p);
    WriteNumber("top_a", settings_.top_a);
    WriteNumber("presence_penalty", settings_.presence_penalty);
    WriteNumber("frequency_penalty", settings_.frequency_penalty);
    WriteNumber("repetition_penalty", settings_.repetition_penalty);
    WriteTexts("stop", settings_.stop);
    if (settings_.seed.has_value() && Takes("seed")) json_.Member("seed").Integer(*settings_.seed);
    // None are what a provider that does not take these gives.
    if (settings_.logprobs.has_value() && (*settings_.logprobs || Accepts("logprobs")) &&
        Needs("logprobs")) {
      json_.Member("logprobs").Bool(*settings_.logprobs);
    }
    if (settings_.top_logprobs.has_value() &&
        (*settings_.top_logprobs > 0 || Accepts("top_logprobs")) && Needs("top_logprobs")) {
      json_.Member("top_logprobs").Integer(*settings_.top_logprobs);
    }
    WriteNumber("logit_bias", settings_.logit_bias);  // An object, as it is.
    if (settings_.choices > 1 && Needs("n")) json_.Member("n").Integer(settings_.choices);
  }

  void WriteSettings() {
    WriteText("user", settings_.user);
    WriteText("safety_identifier", settings_.safety_identifier);
    WriteNumber("metadata", settings_.metadata);  // An object, as it is.
    WriteText("service_tier", settings_.service_tier);
    WriteText("verbosity", settings_.verbosity);
    WriteText("prompt_cache_key", settings_.prompt_cache_key);
    WriteTexts("modalities", settings_.modalities);
    if (settings_.store.has_value() && Takes("store")) json_.Member("store").Bool(*settings_.store);
  }

  void WriteExtras() {
    for (const ir::Extra& extra : request_.extras) {
      if (!OwnsExtra(extra)) continue;
      const bool option = extra.owner == provider_.id;
      // What the caller wrote for this very provider is its own matter.
      if (!option && !(extra.essential ? Needs(extra.name) : Takes(extra.name))) continue;
      json_.ForeignMember(option ? MemberOfOption(extra.name) : extra.name).Raw(extra.json);
    }
    ir::OmitExtras(request_.extras, {ir::kOpenAiChat, provider_.id}, omissions_);
  }

  const ir::Request& request_;
  const ir::Settings& settings_;
  const Provider& provider_;
  const SendDecision& decision_;
  ir::Omissions& omissions_;
  AcceptedParameters parameters_;
  JsonWriter json_;
};

}  // namespace

std::string_view OutputLimitField(const Provider& provider) {
  if (!provider.quirks.output_limit_field.empty()) return provider.quirks.output_limit_field;
  // OpenAI's own reasoning models refuse `max_tokens`; many compatible servers know no other.
  const std::string_view host = provider.origin.host;
  const bool openai = host == "api.openai.com" || host.ends_with(".openai.azure.com");
  return openai ? "max_completion_tokens" : "max_tokens";
}

void WriteChatRequest(const ir::Request& request, const Provider& provider,
                      const SendDecision& decision, ir::Omissions& omissions, std::string& out) {
  RequestWriter(request, provider, decision, omissions, out).Run();
}

}  // namespace tollgate::dataplane
