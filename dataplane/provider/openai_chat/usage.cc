#include "dataplane/provider/openai_chat/usage.h"

#include <algorithm>

namespace tollgate::dataplane {
namespace {

// The counts as they are reported; -1 = not reported.
struct Reported {
  std::int64_t prompt = -1;
  std::int64_t completion = -1;
  std::int64_t cached = -1;
  std::int64_t cache_write = -1;
  std::int64_t prompt_audio = -1;
  std::int64_t reasoning = -1;
  std::int64_t completion_audio = -1;
  std::int64_t total = -1;
  bool believable = true;
};

// Reads one count; null counts as not reported.
void ReadCount(JsonCursor& json, std::int64_t& count, bool& believable) {
  if (json.Peek() == JsonKind::kNull) {
    json.Skip();
    return;
  }
  bool fits = false;
  if (json.Peek() != JsonKind::kNumber) {
    believable = false;
    json.Skip();
    return;
  }
  std::int64_t value = 0;
  json.ReadInt64(value, fits);
  if (!fits || value < 0 || value > kTokensBelievable) {
    believable = false;
  } else {
    count = std::max(count, value);
  }
}

void ReadPromptDetails(JsonCursor& json, Reported& reported) {
  if (json.Peek() != JsonKind::kObject) {
    json.Skip();
    return;
  }
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) {
    if (KeyIs(key, "cached_tokens")) {
      ReadCount(json, reported.cached, reported.believable);
    } else if (KeyIs(key, "cache_write_tokens") || KeyIs(key, "cache_creation_tokens")) {
      ReadCount(json, reported.cache_write, reported.believable);
    } else if (KeyIs(key, "audio_tokens")) {
      ReadCount(json, reported.prompt_audio, reported.believable);
    } else {
      json.Skip();
    }
  }
}

void ReadCompletionDetails(JsonCursor& json, Reported& reported) {
  if (json.Peek() != JsonKind::kObject) {
    json.Skip();
    return;
  }
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) {
    if (KeyIs(key, "reasoning_tokens")) {
      ReadCount(json, reported.reasoning, reported.believable);
    } else if (KeyIs(key, "audio_tokens")) {
      ReadCount(json, reported.completion_audio, reported.believable);
    } else {
      json.Skip();
    }
  }
}

// Takes up to `wanted` out of `rest`.
std::int64_t Take(std::int64_t wanted, std::int64_t& rest) {
  const std::int64_t taken = std::clamp<std::int64_t>(wanted, 0, rest);
  rest -= taken;
  return taken;
}

TokenUsage Classify(const Reported& reported) {
  TokenUsage usage;
  usage.requests = 1;
  std::int64_t input = std::max<std::int64_t>(reported.prompt, 0);
  usage.cache_read = Take(reported.cached, input);
  usage.cache_write_5m = Take(reported.cache_write, input);
  usage.input_audio = Take(reported.prompt_audio, input);
  usage.input_text = input;
  std::int64_t output = std::max<std::int64_t>(reported.completion, 0);
  // xAI counts thoughts beside the completion's tokens: then the total says so.
  if (reported.reasoning > 0 &&
      reported.total == std::max<std::int64_t>(reported.prompt, 0) + output + reported.reasoning) {
    output += reported.reasoning;
  }
  usage.output_reasoning = Take(reported.reasoning, output);
  usage.output_audio = Take(reported.completion_audio, output);
  usage.output_text = output;
  return usage;
}

}  // namespace

bool ReadUsage(JsonCursor& json, UsageReport& usage) {
  usage = UsageReport();
  if (json.Peek() != JsonKind::kObject) return json.Skip();
  json.EnterObject();
  Reported reported;
  std::string_view key;
  while (json.NextMember(key)) {
    usage.empty = false;
    if (KeyIs(key, "prompt_tokens") || KeyIs(key, "input_tokens")) {
      ReadCount(json, reported.prompt, reported.believable);
    } else if (KeyIs(key, "completion_tokens") || KeyIs(key, "output_tokens")) {
      ReadCount(json, reported.completion, reported.believable);
    } else if (KeyIs(key, "prompt_tokens_details") || KeyIs(key, "input_tokens_details")) {
      ReadPromptDetails(json, reported);
    } else if (KeyIs(key, "completion_tokens_details") || KeyIs(key, "output_tokens_details")) {
      ReadCompletionDetails(json, reported);
    } else if (KeyIs(key, "total_tokens")) {
      ReadCount(json, reported.total, reported.believable);
    } else if (KeyIs(key, "prompt_cache_hit_tokens")) {
      ReadCount(json, reported.cached, reported.believable);
    } else if (KeyIs(key, "cache_creation_input_tokens")) {
      ReadCount(json, reported.cache_write, reported.believable);
    } else if (KeyIs(key, "cost")) {
      usage.cost_begin = json.ValueOffset();
      json.Skip();
      usage.cost_end = json.offset();
    } else {
      json.Skip();
    }
  }
  if (!json.ok()) return false;
  usage.close = json.offset() - 1;
  usage.present = reported.believable && (reported.prompt >= 0 || reported.completion >= 0);
  if (usage.present) usage.tokens = Classify(reported);
  return true;
}

}  // namespace tollgate::dataplane
