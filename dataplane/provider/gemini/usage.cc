#include <algorithm>

#include "dataplane/json/cursor.h"
#include "dataplane/provider/gemini/read.h"

namespace tollgate::dataplane {
namespace {

// A count; 0 when absent, -1 when it cannot be believed.
std::int64_t Count(JsonValue value) {
  if (!value.has_value()) return 0;
  const std::int64_t count = value.integer().value_or(-1);
  return count > ir::kTokensMax ? -1 : count;
}

std::int64_t CountOf(JsonValue details, std::string_view modality) {
  for (const JsonValue detail : details.elements()) {
    if (detail["modality"].string() == modality) {
      return std::max<std::int64_t>(Count(detail["tokenCount"]), 0);
    }
  }
  return 0;
}

// Takes up to `wanted` out of `rest`.
std::int64_t Take(std::int64_t wanted, std::int64_t& rest) {
  const std::int64_t taken = std::clamp<std::int64_t>(wanted, 0, rest);
  rest -= taken;
  return taken;
}

}  // namespace

// The prompt's count includes what was cached, the candidates' excludes thoughts.  Images, videos
// and documents cost what text costs; sound has a price of its own.
ir::Usage ReadGeminiUsage(JsonValue value) {
  ir::Usage usage;
  if (!value.is_object()) return usage;
  const std::int64_t prompt = Count(value["promptTokenCount"]);
  const std::int64_t tools = Count(value["toolUsePromptTokenCount"]);
  const std::int64_t cached = Count(value["cachedContentTokenCount"]);
  const std::int64_t candidates = Count(value["candidatesTokenCount"]);
  const std::int64_t thoughts = Count(value["thoughtsTokenCount"]);
  if (std::min({prompt, tools, cached, candidates, thoughts}) < 0) return usage;
  usage.present = value["promptTokenCount"].exists() || value["candidatesTokenCount"].exists();
  TokenUsage& tokens = usage.tokens;
  tokens.requests = 1;
  std::int64_t rest = prompt;
  std::int64_t read = Take(cached, rest);
  const std::int64_t heard = CountOf(value["promptTokensDetails"], "AUDIO");
  tokens.input_audio_cache_read = Take(CountOf(value["cacheTokensDetails"], "AUDIO"), read);
  tokens.cache_read = read;
  tokens.input_audio = Take(heard - tokens.input_audio_cache_read, rest);
  tokens.input_text = rest + tools;
  std::int64_t written = candidates;
  tokens.output_image = Take(CountOf(value["candidatesTokensDetails"], "IMAGE"), written);
  tokens.output_audio = Take(CountOf(value["candidatesTokensDetails"], "AUDIO"), written);
  tokens.output_text = written;
  tokens.output_reasoning = thoughts;
  return usage;
}

namespace {

// Text that the model wrote, in bytes.
std::int64_t ContentBytes(JsonValue part) {
  std::size_t bytes = part["text"].escaped().size();
  const JsonValue call = part["functionCall"];
  bytes += call["name"].escaped().size();
  if (call["args"].exists()) bytes += call["args"].raw().size();
  for (const std::string_view ran : {"executableCode", "codeExecutionResult"}) {
    if (part[ran].exists()) bytes += part[ran].raw().size();
  }
  return static_cast<std::int64_t>(bytes);
}

// Where the cost is put; offsets into `text`, within which `usage` was read.
void FindCostPlace(JsonValue usage, std::string_view text, UsageReport& report) {
  const auto offset = [&](std::string_view part) {
    return static_cast<std::size_t>(part.data() - text.data());
  };
  report.close = offset(usage.raw()) + usage.raw().size() - 1;
  report.empty = usage.size() == 0;
  if (const JsonValue cost = usage["cost"]; cost.exists()) {
    report.cost_begin = offset(cost.raw());
    report.cost_end = report.cost_begin + cost.raw().size();
  }
}

}  // namespace

// Read as a tree: events of this format are whole answers, and few.
AnswerFacts ReadGeminiFacts(std::string_view text) {
  AnswerFacts facts;
  JsonDocument document;
  if (!document.Parse(text) || !document.root().is_object()) return facts;
  const JsonValue root = document.root();
  facts.valid = true;
  if (const JsonValue error = root["error"]; error.has_value()) {
    facts.is_error = true;
    facts.error_message = error["message"].escaped();
    facts.error_code = error["status"].escaped();
    return facts;
  }
  facts.id = root["responseId"].escaped();
  for (const JsonValue candidate : root["candidates"].elements()) {
    facts.has_choices = true;
    if (candidate["finishReason"].has_value()) {
      facts.finish_reason = candidate["finishReason"].escaped();
    }
    for (const JsonValue part : candidate["content"]["parts"].elements()) {
      facts.content_bytes += ContentBytes(part);
    }
  }
  if (const std::string_view blocked = root["promptFeedback"]["blockReason"].escaped();
      !blocked.empty()) {
    facts.has_choices = true;
    facts.finish_reason = blocked;
  }
  const JsonValue reported = root["usageMetadata"];
  const ir::Usage usage = ReadGeminiUsage(reported);
  facts.usage.present = usage.present;
  facts.usage.tokens = usage.tokens;
  // While the answer goes on there is a report of the prompt; the cost is known with its end.
  if (reported.is_object() && !facts.finish_reason.empty())
    FindCostPlace(reported, text, facts.usage);
  return facts;
}

}  // namespace tollgate::dataplane
