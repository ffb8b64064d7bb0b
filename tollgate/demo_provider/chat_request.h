// What the demo provider reads of a body of POST /v1/chat/completions.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_REQUEST_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tollgate {

// A call that the answer is going to make.
struct DemoToolCall {
  std::string name;
  std::string arguments;  // JSON that fits the tool's parameters.
};

// How many tools one answer calls at most, however many are offered.
inline constexpr std::size_t kDemoToolCallsMax = 3;

struct ChatRequest {
  std::string model;
  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage.
  // The smaller of max_tokens and max_completion_tokens.
  std::optional<std::int64_t> output_tokens_max;
  std::int64_t input_tokens = 0;  // Of all texts of all messages; at least 1.
  std::string user_text;          // Of the last user message.
  std::string tool_result;        // Of the last message, when it is a tool's; else empty.
  // What the answer calls: what tool_choice names, else every offered tool (the first one with
  // parallel_tool_calls false), up to kDemoToolCallsMax; nothing after a tool's result or with
  // tool_choice "none".
  std::vector<DemoToolCall> tool_calls;
  // How often the answer says what it says; for answers that are long.
  std::int64_t repeat = 1;
  // With response_format: the answer, as JSON that fits it.
  std::string json_answer;
};

// Reads a body.  InvalidArgument, with a sentence for the caller, for what is not JSON, lacks
// `model` or `messages`, or asks for more than one choice (`n`).
absl::StatusOr<ChatRequest> ParseChatRequest(std::string_view body);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_REQUEST_H_
