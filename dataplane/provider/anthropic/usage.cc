#include <algorithm>

#include "dataplane/provider/anthropic/read.h"

namespace tollgate::dataplane {
namespace {

// A count; `former` when it is absent, null, or not to be believed.
std::int64_t Count(JsonValue value, std::int64_t former) {
  const std::int64_t count = value.integer().value_or(-1);
  return count < 0 || count > ir::kTokensMax ? former : count;
}

}  // namespace

// input_tokens excludes what was cached, unlike OpenAI's: the classes are disjoint as they stand.
void TakeAnthropicUsage(JsonValue value, ir::Usage& usage) {
  if (!value.is_object()) return;
  TokenUsage& tokens = usage.tokens;
  const bool input = value["input_tokens"].integer().has_value();
  const bool output = value["output_tokens"].integer().has_value();
  usage.present = usage.present || input || output;
  tokens.requests = 1;
  tokens.input_text = Count(value["input_tokens"], tokens.input_text);
  tokens.cache_read = Count(value["cache_read_input_tokens"], tokens.cache_read);
  const std::int64_t written =
      Count(value["cache_creation_input_tokens"], tokens.cache_write_5m + tokens.cache_write_1h);
  const std::int64_t hour =
      Count(value["cache_creation"]["ephemeral_1h_input_tokens"], tokens.cache_write_1h);
  tokens.cache_write_1h = std::min(hour, written);
  tokens.cache_write_5m = written - tokens.cache_write_1h;
  const std::int64_t all =
      Count(value["output_tokens"], tokens.output_text + tokens.output_reasoning);
  const std::int64_t thought = Count(value["output_tokens_details"]["thinking_tokens"],
                                     output ? 0 : tokens.output_reasoning);
  tokens.output_reasoning = std::min(thought, all);
  tokens.output_text = all - tokens.output_reasoning;
  tokens.searches = Count(value["server_tool_use"]["web_search_requests"], tokens.searches);
}

}  // namespace tollgate::dataplane
