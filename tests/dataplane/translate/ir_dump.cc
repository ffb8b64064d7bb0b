#include "tests/dataplane/translate/ir_dump.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/reasoning.h"

namespace tollgate::dataplane {
namespace {

// JSON without the blanks between its tokens; other text as it is.
std::string Compact(std::string_view text) {
  if (!text.starts_with('{') && !text.starts_with('[')) return std::string(text);
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
    out += c;
    if (in_string && c == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else if (c == '"') {
      in_string = !in_string;
    }
  }
  return out;
}

class Dumper {
 public:
  std::string Take() { return std::move(out_); }

  void Line(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out_.append(depth_ * 2, ' ');
    absl::StrAppend(&out_, AbslView(name), " ", Compact(value), "\n");
  }
  void Number(std::string_view name, std::int64_t value) { Line(name, absl::StrCat(value)); }
  template <typename T>
  void Optional(std::string_view name, const std::optional<T>& value) {
    if (value.has_value()) Line(name, absl::StrCat(*value));
  }
  void Flag(std::string_view name, bool value) {
    if (value) Line(name, "true");
  }
  void Begin(std::string_view name) {
    out_.append(depth_ * 2, ' ');
    absl::StrAppend(&out_, AbslView(name), "\n");
    ++depth_;
  }
  void End() { --depth_; }

  void Extras(const ir::Extras& extras) {
    for (const ir::Extra& extra : extras) {
      Line(absl::StrCat("extra ", AbslView(extra.owner), " ", AbslView(extra.name),
                        extra.essential ? " essential" : ""),
           extra.json);
    }
  }
  void Cache(const std::optional<ir::CacheMark>& mark) {
    if (mark.has_value()) Number("cache", static_cast<int>(mark->ttl));
  }
  void Parts(const std::vector<ir::Part>& parts) {
    for (const ir::Part& part : parts) Part(part);
  }

  void Part(const ir::Part& part) {
    constexpr std::string_view kNames[] = {"text",      "media",   "tool_call", "tool_result",
                                           "reasoning", "refusal", "opaque"};
    Begin(kNames[part.body.index()]);
    if (const auto* text = part.As<ir::Text>()) {
      Line("text", text->text);
      for (const ir::Citation& citation : text->citations) Citation(citation);
    }
    if (const auto* media = part.As<ir::Media>()) Media(*media);
    if (const auto* call = part.As<ir::ToolCall>()) {
      Line("id", call->id);
      Line("name", call->name);
      Line("arguments", call->arguments);
      Flag("custom", call->custom);
      Flag("provider_executed", call->provider_executed);
    }
    if (const auto* result = part.As<ir::ToolResult>()) {
      Line("id", result->tool_call_id);
      Flag("error", result->is_error);
      Parts(result->parts);
    }
    if (const auto* reasoning = part.As<ir::Reasoning>()) {
      Line("text", reasoning->text);
      Flag("summary", reasoning->summary);
      Line("redacted", reasoning->redacted);
      Line("id", reasoning->id);
    }
    if (const auto* refusal = part.As<ir::Refusal>()) Line("text", refusal->text);
    if (const auto* opaque = part.As<ir::Opaque>()) {
      Line("owner", opaque->owner);
      Line("json", opaque->json);
    }
    if (part.signature.present()) {
      Line("signature",
           absl::StrCat(AbslView(part.signature.maker), " ", AbslView(part.signature.value)));
    }
    Cache(part.cache);
    Extras(part.extras);
    End();
  }

  void Media(const ir::Media& media) {
    Number("kind", static_cast<int>(media.kind));
    Line("media_type", media.media_type);
    Line("url", media.url);
    Line("base64", media.base64);
    Line("file_id", media.file_id);
    Line("content", media.text);
    Line("filename", media.filename);
    Line("title", media.title);
    Line("context", media.context);
    Line("detail", media.detail);
    Optional("citations", media.citations);
  }

  void Citation(const ir::Citation& citation) {
    Begin("citation");
    Line("url", citation.url);
    Line("title", citation.title);
    Line("cited_text", citation.cited_text);
    if (citation.begin >= 0) Number("begin", citation.begin);
    if (citation.end >= 0) Number("end", citation.end);
    End();
  }

  void Message(const ir::Message& message) {
    constexpr std::string_view kRoles[] = {"system", "developer", "user", "assistant", "tool"};
    Begin(kRoles[static_cast<int>(message.role)]);
    Line("name", message.name);
    Line("id", message.id);
    Parts(message.parts);
    Cache(message.cache);
    Extras(message.extras);
    End();
  }

  void Tool(const ir::Tool& tool) {
    Begin("tool");
    Number("kind", static_cast<int>(tool.kind));
    Line("name", tool.name);
    Line("description", tool.description);
    Line("parameters", tool.parameters);
    Optional("strict", tool.strict);
    Line("definition", tool.definition);
    Cache(tool.cache);
    Extras(tool.extras);
    End();
  }

  void Settings(const ir::Settings& settings) {
    Optional("max_output_tokens", settings.max_output_tokens);
    Line("temperature", settings.temperature);
    Line("top_p", settings.top_p);
    Line("top_k", settings.top_k);
    Line("min_p", settings.min_p);
    Line("top_a", settings.top_a);
    Line("presence_penalty", settings.presence_penalty);
    Line("frequency_penalty", settings.frequency_penalty);
    Line("repetition_penalty", settings.repetition_penalty);
    for (const std::string_view stop : settings.stop) Line("stop", stop);
    Optional("seed", settings.seed);
    Optional("logprobs", settings.logprobs);
    Optional("top_logprobs", settings.top_logprobs);
    Line("logit_bias", settings.logit_bias);
    Number("choices", settings.choices);
    Line("user", settings.user);
    Line("safety_identifier", settings.safety_identifier);
    Line("metadata", settings.metadata);
    Line("service_tier", settings.service_tier);
    Line("verbosity", settings.verbosity);
    Line("prompt_cache_key", settings.prompt_cache_key);
    for (const std::string_view modality : settings.modalities) Line("modality", modality);
    Optional("store", settings.store);
  }

 private:
  std::string out_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string Dump(const ir::Request& request) {
  Dumper dumper;
  for (const ir::Message& message : request.messages) dumper.Message(message);
  for (const ir::Tool& tool : request.tools) dumper.Tool(tool);
  dumper.Number("tool_choice", static_cast<int>(request.tool_choice.mode));
  dumper.Line("tool_choice_name", request.tool_choice.name);
  for (const std::string_view name : request.tool_choice.allowed) dumper.Line("allowed", name);
  dumper.Optional("parallel", request.parallel_tool_calls);
  const ir::ResponseFormat& format = request.response_format;
  dumper.Number("format", static_cast<int>(format.kind));
  dumper.Line("format_name", format.name);
  dumper.Line("format_description", format.description);
  dumper.Line("format_schema", format.schema);
  dumper.Optional("format_strict", format.strict);
  dumper.Line("effort", ir::EffortName(request.reasoning.effort));
  dumper.Optional("budget", request.reasoning.budget_tokens);
  dumper.Optional("reasoning_enabled", request.reasoning.enabled);
  dumper.Flag("reasoning_adaptive", request.reasoning.adaptive);
  dumper.Flag("reasoning_hidden", request.reasoning.hidden);
  dumper.Line("reasoning_summary", request.reasoning.summary);
  dumper.Settings(request.settings);
  dumper.Flag("auto_caching", request.auto_caching);
  dumper.Extras(request.extras);
  return dumper.Take();
}

std::string Dump(const ir::Usage& usage) {
  if (!usage.present) return "usage none\n";
  std::string out;
  for (const Quantity& quantity : ToQuantities(usage.tokens)) {
    absl::StrAppend(&out, "usage ", AbslView(UnitName(quantity.unit)), " ",
                    AbslView(DirectionName(quantity.direction)), " ",
                    AbslView(ModalityName(quantity.modality)), " ",
                    AbslView(CacheClassName(quantity.cache)), " ", quantity.count, "\n");
  }
  return out;
}

std::string Dump(const ir::Response& response) {
  Dumper dumper;
  for (const ir::Choice& choice : response.choices) {
    dumper.Begin(absl::StrCat("choice ", choice.index));
    dumper.Parts(choice.parts);
    dumper.Line("finish", ir::FinishReasonWord(choice.finish));
    dumper.Line("stop_sequence", choice.stop_sequence);
    dumper.Line("logprobs", choice.logprobs);
    dumper.Extras(choice.extras);
    dumper.End();
  }
  dumper.Line("service_tier", response.service_tier);
  return dumper.Take() + Dump(response.usage);
}

}  // namespace tollgate::dataplane
