#include "tollgate/demo_provider/chat_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tollgate/demo_provider/tokens.h"

namespace tollgate {
namespace {

// So much of the user's text is repeated in an answer.
constexpr std::size_t kEchoBytesMax = 400;
// A reasoner thinks so many tokens, and one more for every four of input.
constexpr std::int64_t kReasoningTokensBase = 24;
constexpr std::int64_t kReasoningInputShare = 4;

// The beginning of `text`, at most kEchoBytesMax bytes, cut between characters.
std::string_view Beginning(std::string_view text) {
  if (text.size() <= kEchoBytesMax) return text;
  std::size_t size = kEchoBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

std::string PlainAnswer(const ChatRequest& request, const DemoModel& model) {
  if (!request.json_answer.empty()) return request.json_answer;
  if (!request.tool_result.empty()) {
    return "The tool says: " + std::string(Beginning(request.tool_result));
  }
  const std::string echo(Beginning(request.user_text));
  if (model.id == "demo/fast") return "You said: " + echo;
  return absl::StrCat("Hello from ", model.display_name, "! You said: \"", echo,
                      "\". I am a pretend model on your own machine, but this answer was routed, "
                      "metered and charged like any other.");
}

void AppendTokens(std::string_view text, int call, ChatAnswer& answer) {
  std::size_t begin = answer.text.size();
  answer.text += text;
  while (!text.empty()) {
    const std::size_t size = FirstTokenBytes(text);
    answer.output.push_back({.begin = begin, .end = begin + size, .call = call});
    begin += size;
    text.remove_prefix(size);
  }
}

// Cuts the output to `tokens_max`.
void Truncate(std::int64_t tokens_max, ChatAnswer& answer) {
  answer.finish_reason = "length";
  answer.output.resize(static_cast<std::size_t>(tokens_max));
  std::size_t calls = 0;
  for (const AnswerToken& token : answer.output) calls += token.opens_call ? 1 : 0;
  answer.calls.resize(calls);
}

}  // namespace

ChatAnswer ComposeAnswer(const ChatRequest& request, const DemoModel& model, std::string id,
                         std::int64_t created) {
  ChatAnswer answer;
  answer.id = std::move(id);
  answer.model = model.id;
  answer.created = created;
  if (request.tool_calls.empty()) {
    const std::string text = PlainAnswer(request, model);
    for (std::int64_t i = 0; i < request.repeat; ++i) AppendTokens(text, -1, answer);
    answer.finish_reason = "stop";
  } else {
    answer.calls = request.tool_calls;
    answer.finish_reason = "tool_calls";
    for (std::size_t i = 0; i < answer.calls.size(); ++i) {
      const int call = static_cast<int>(i);
      const std::size_t here = answer.text.size();
      answer.output.push_back({.begin = here, .end = here, .call = call, .opens_call = true});
      AppendTokens(answer.calls[i].arguments, call, answer);
    }
  }
  std::int64_t left =
      std::min(request.output_tokens_max.value_or(kDemoOutputTokensMax), kDemoOutputTokensMax);
  if (model.reasons) {
    answer.tokens.output_reasoning =
        std::min(left, kReasoningTokensBase + request.input_tokens / kReasoningInputShare);
    left -= answer.tokens.output_reasoning;
  }
  if (static_cast<std::int64_t>(answer.output.size()) > left) Truncate(left, answer);
  answer.tokens.output_text = static_cast<std::int64_t>(answer.output.size());
  answer.tokens.cache_read = model.caches ? request.input_tokens / 2 : 0;
  answer.tokens.input_text = request.input_tokens - answer.tokens.cache_read;
  answer.reported = answer.tokens;
  return answer;
}

}  // namespace tollgate
