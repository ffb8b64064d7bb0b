#include "dataplane/surface/gemini/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/surface/gemini/grounding.h"

namespace tollgate::dataplane {
namespace {

void WriteCount(std::string_view modality, std::int64_t tokens, JsonWriter& json) {
  if (tokens == 0) return;
  json.BeginObject();
  json.Member("modality").String(modality);
  json.Member("tokenCount").Integer(tokens);
  json.EndObject();
}

void WriteSignature(std::string_view signature, JsonWriter& json) {
  if (!signature.empty()) json.Member("thoughtSignature").String(signature);
}

bool WriteReasoning(const ir::Reasoning& reasoning, const ir::Signature& signature, bool hidden,
                    JsonWriter& json) {
  const std::string shown = ShowThoughtSignature({signature, reasoning.redacted, reasoning.id});
  // What nobody signed needs no place when it is not shown.
  const bool kept = signature.present() || !reasoning.redacted.empty();
  if (hidden && !kept) return false;
  WriteGeminiText(hidden ? std::string_view() : reasoning.text, true, shown, json);
  return true;
}

// False for one that has no place in the answer.
bool WritePart(const ir::Part& part, bool hide_reasoning, JsonWriter& json) {
  const std::string signature =
      part.signature.present() ? ShowThoughtSignature({part.signature, {}, {}}) : std::string();
  if (const auto* text = part.As<ir::Text>()) {
    WriteGeminiText(text->text, false, signature, json);
  } else if (const auto* refusal = part.As<ir::Refusal>()) {
    WriteGeminiText(refusal->text, false, {}, json);
  } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
    return WriteReasoning(*reasoning, part.signature, hide_reasoning, json);
  } else if (const auto* call = part.As<ir::ToolCall>()) {
    WriteGeminiCall(call->id, call->name, call->arguments, signature, json);
  } else if (const auto* media = part.As<ir::Media>()) {
    WriteGeminiMedia(*media, json);
  } else if (const auto* opaque = part.As<ir::Opaque>()) {
    if (opaque->owner != ir::kGemini) return false;
    json.Raw(opaque->json);
  }
  return true;
}

void WriteCandidate(const ir::Choice& choice, const AnswerContext& context, JsonWriter& json) {
  json.BeginObject();
  json.Member("content").BeginObject();
  json.Member("parts").BeginArray();
  GeminiGrounding grounding;
  std::int64_t written = 0;
  for (const ir::Part& part : choice.parts) {
    if (!WritePart(part, context.hide_reasoning, json)) continue;
    if (const auto* text = part.As<ir::Text>()) {
      for (const ir::Citation& citation : text->citations) {
        grounding.Cite(citation, GeminiGrounding::SegmentOf(citation, written, text->text));
      }
    }
    ++written;
  }
  for (const ir::Extra& extra : choice.extras) {
    if (extra.owner == ir::kGemini) grounding.KeepMember(extra.name, extra.json);
  }
  json.EndArray();
  json.Member("role").String("model");
  json.EndObject();
  json.Member("finishReason").String(GeminiFinishReason(choice.finish, choice.native_finish));
  json.Member("index").Integer(choice.index);
  grounding.Write(json);
  JsonDocument logprobs;
  if (!choice.logprobs.empty() && logprobs.Parse(choice.logprobs)) {
    WriteGeminiLogprobs(logprobs.root()["content"], json);
  }
  json.EndObject();
}

void WriteToken(JsonValue entry, JsonWriter& json) {
  json.BeginObject();
  json.Member("token").String(entry["token"].string());
  if (entry["logprob"].is_number()) json.Member("logProbability").Raw(entry["logprob"].raw());
  json.EndObject();
}

double LogprobOf(JsonValue entry) {
  const std::string_view text = entry["logprob"].number();
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string_view GeminiFinishReason(ir::FinishReason reason, std::string_view native) {
  constexpr std::array<std::string_view, 15> kWords = {"STOP",
                                                       "MAX_TOKENS",
                                                       "SAFETY",
                                                       "RECITATION",
                                                       "LANGUAGE",
                                                       "OTHER",
                                                       "BLOCKLIST",
                                                       "PROHIBITED_CONTENT",
                                                       "SPII",
                                                       "MALFORMED_FUNCTION_CALL",
                                                       "IMAGE_SAFETY",
                                                       "UNEXPECTED_TOOL_CALL",
                                                       "TOO_MANY_TOOL_CALLS",
                                                       "IMAGE_PROHIBITED_CONTENT",
                                                       "NO_IMAGE"};
  const auto own = std::find(kWords.begin(), kWords.end(), native);
  if (own != kWords.end()) return *own;
  switch (reason) {
    case ir::FinishReason::kLength:
    case ir::FinishReason::kContextWindow:
      return "MAX_TOKENS";
    case ir::FinishReason::kContentFilter:
    case ir::FinishReason::kRefusal:
      return "SAFETY";
    case ir::FinishReason::kPause:
    case ir::FinishReason::kError:
    case ir::FinishReason::kOther:
      return "OTHER";
    case ir::FinishReason::kUnknown:
    case ir::FinishReason::kStop:
    case ir::FinishReason::kStopSequence:
    case ir::FinishReason::kToolCalls:
      break;
  }
  return "STOP";
}

void WriteGeminiText(std::string_view text, bool thought, std::string_view signature,
                     JsonWriter& json) {
  json.BeginObject();
  json.Member("text").String(text);
  if (thought) json.Member("thought").Bool(true);
  WriteSignature(signature, json);
  json.EndObject();
}

void WriteGeminiCall(std::string_view id, std::string_view name, std::string_view arguments,
                     std::string_view signature, JsonWriter& json) {
  json.BeginObject();
  json.Member("functionCall").BeginObject();
  if (!id.empty()) json.Member("id").String(id);
  json.Member("name").String(name);
  json.Member("args");
  JsonDocument document;
  if (document.Parse(arguments) && document.root().is_object()) {
    json.Raw(arguments);
  } else {
    json.BeginObject();
    if (!arguments.empty()) json.Member("arguments").String(arguments);
    json.EndObject();
  }
  json.EndObject();
  WriteSignature(signature, json);
  json.EndObject();
}

void WriteGeminiMedia(const ir::Media& media, JsonWriter& json) {
  std::string_view type = media.media_type;
  if (type.empty()) type = ir::SniffMediaType(media.base64);
  json.BeginObject();
  json.Member(media.url.empty() ? "inlineData" : "fileData").BeginObject();
  json.Member("mimeType").String(type.empty() ? "application/octet-stream" : type);
  if (media.url.empty()) {
    json.Member("data").String(media.base64);
  } else {
    json.Member("fileUri").String(media.url);
  }
  json.EndObject();
  json.EndObject();
}

void WriteGeminiLogprobs(JsonValue entries, JsonWriter& json) {
  if (entries.size() == 0) return;
  double sum = 0;
  for (const JsonValue entry : entries.elements()) sum += LogprobOf(entry);
  json.Member("avgLogprobs").Raw(absl::StrCat(sum / static_cast<double>(entries.size())));
  json.Member("logprobsResult").BeginObject();
  json.Member("chosenCandidates").BeginArray();
  for (const JsonValue entry : entries.elements()) WriteToken(entry, json);
  json.EndArray();
  json.Member("topCandidates").BeginArray();
  for (const JsonValue entry : entries.elements()) {
    json.BeginObject();
    json.Member("candidates").BeginArray();
    for (const JsonValue top : entry["top_logprobs"].elements()) WriteToken(top, json);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

// What was cached is part of the prompt; thoughts are not part of the candidates.
void WriteGeminiUsage(const AnswerCost& cost, JsonWriter& json) {
  const ir::Usage& usage = cost.usage;
  const TokenUsage& tokens = usage.tokens;
  const std::int64_t heard = tokens.input_audio + tokens.input_audio_cache_read;
  const std::int64_t written = usage.output() - tokens.output_reasoning;
  json.BeginObject();
  json.Member("promptTokenCount").Integer(usage.input());
  json.Member("candidatesTokenCount").Integer(written);
  json.Member("totalTokenCount").Integer(usage.input() + usage.output());
  if (tokens.output_reasoning > 0) {
    json.Member("thoughtsTokenCount").Integer(tokens.output_reasoning);
  }
  json.Member("promptTokensDetails").BeginArray();
  WriteCount("TEXT",
             usage.input() - heard - tokens.input_image - tokens.input_video - tokens.input_file,
             json);
  WriteCount("IMAGE", tokens.input_image, json);
  WriteCount("AUDIO", heard, json);
  WriteCount("VIDEO", tokens.input_video, json);
  WriteCount("DOCUMENT", tokens.input_file, json);
  json.EndArray();
  if (usage.cached() > 0) {
    json.Member("cachedContentTokenCount").Integer(usage.cached());
    json.Member("cacheTokensDetails").BeginArray();
    WriteCount("TEXT", tokens.cache_read, json);
    WriteCount("AUDIO", tokens.input_audio_cache_read, json);
    json.EndArray();
  }
  // The API has no such class; other makers' models have.
  if (usage.cache_write() > 0) json.Member("cacheWriteTokenCount").Integer(usage.cache_write());
  json.Member("candidatesTokensDetails").BeginArray();
  WriteCount("TEXT", tokens.output_text, json);
  WriteCount("IMAGE", tokens.output_image, json);
  WriteCount("AUDIO", tokens.output_audio, json);
  json.EndArray();
  json.Member("cost").Raw(cost.charge.ToUsdString());
  json.EndObject();
}

void WriteGeminiMetadata(const AnswerContext& context, const AnswerCost& cost, JsonWriter& json) {
  json.Member("providerMetadata").BeginObject();
  json.Member("gateway").BeginObject();
  json.Member("generationId").String(context.generation_id);
  json.Member("cost").String(cost.charge.ToUsdString());
  json.Member("marketCost").String(cost.market_cost.ToUsdString());
  json.Member("provider").String(context.provider_id);
  json.Member("attempts").BeginArray();
  for (const AttemptNote& attempt : cost.attempts) {
    json.BeginObject();
    json.Member("model").String(attempt.model_id);
    json.Member("provider").String(attempt.provider_id);
    json.Member("success").Bool(attempt.success);
    if (attempt.status != 0) json.Member("statusCode").Integer(attempt.status);
    if (!attempt.error.empty()) json.Member("error").String(attempt.error);
    json.EndObject();
  }
  json.EndArray();
  if (!context.warnings.empty()) {
    json.Member("warnings").BeginArray();
    for (const ir::Warning& warning : context.warnings) json.String(warning.details);
    json.EndArray();
  }
  json.EndObject();
  json.EndObject();
}

void WriteGeminiAnswer(const ir::Response& response, const AnswerContext& context,
                       const AnswerCost& cost, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("candidates").BeginArray();
  for (const ir::Choice& choice : response.choices) WriteCandidate(choice, context, json);
  json.EndArray();
  json.Member("usageMetadata");
  WriteGeminiUsage(cost, json);
  json.Member("modelVersion").String(context.requested_model);
  json.Member("responseId").String(context.generation_id);
  WriteGeminiMetadata(context, cost, json);
  json.EndObject();
}

}  // namespace tollgate::dataplane
