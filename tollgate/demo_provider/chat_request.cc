#include "tollgate/demo_provider/chat_request.h"

#include <simdjson.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tollgate/demo_provider/sample_json.h"
#include "tollgate/demo_provider/tokens.h"

namespace tollgate {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

bool GetBool(const object& fields, std::string_view key, bool fallback) {
  bool value = fallback;
  return fields[key].get(value) == simdjson::SUCCESS ? value : fallback;
}

std::string_view GetString(const object& fields, std::string_view key) {
  std::string_view value;
  return fields[key].get(value) == simdjson::SUCCESS ? value : std::string_view();
}

void TakeSmaller(const object& fields, std::string_view key, std::optional<std::int64_t>& limit) {
  std::int64_t value = 0;
  if (fields[key].get(value) != simdjson::SUCCESS || value < 0) return;
  limit = limit.has_value() ? std::min(*limit, value) : value;
}

// The text of a message: its content, or the text parts of it.
std::string TextOf(const object& message) {
  std::string_view text;
  if (message["content"].get(text) == simdjson::SUCCESS) return std::string(text);
  std::string all;
  array parts;
  if (message["content"].get(parts) != simdjson::SUCCESS) return all;
  for (const element part : parts) {
    object fields;
    if (part.get(fields) == simdjson::SUCCESS) all += GetString(fields, "text");
  }
  return all;
}

absl::Status ReadMessages(const array& messages, ChatRequest& request) {
  for (const element entry : messages) {
    object message;
    if (entry.get(message) != simdjson::SUCCESS) {
      return absl::InvalidArgumentError("each of 'messages' must be an object");
    }
    const std::string_view role = GetString(message, "role");
    std::string text = TextOf(message);
    request.input_tokens += CountTokens(text);
    request.tool_result.clear();
    if (role == "user")
      request.user_text = std::move(text);
    else if (role == "tool")
      request.tool_result = std::move(text);
  }
  request.input_tokens = std::max<std::int64_t>(request.input_tokens, 1);
  return absl::OkStatus();
}

// The last word of what the user wrote: "Paris" of "What is the weather in Paris?".
std::string LastWord(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80U;
  };
  while (!text.empty() && !is_letter(text.back())) text.remove_suffix(1);
  std::size_t begin = text.size();
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  return begin < text.size() ? std::string(text.substr(begin)) : "demo";
}

void ReadTools(const object& fields, ChatRequest& request) {
  array tools;
  if (!request.tool_result.empty() || fields["tools"].get(tools) != simdjson::SUCCESS) return;
  if (GetString(fields, "tool_choice") == "none") return;
  std::string_view chosen;
  object choice;
  if (fields["tool_choice"].get(choice) == simdjson::SUCCESS) {
    object function;
    if (choice["function"].get(function) == simdjson::SUCCESS) chosen = GetString(function, "name");
  }
  const bool parallel = GetBool(fields, "parallel_tool_calls", true);
  const std::size_t calls_max = parallel ? kDemoToolCallsMax : 1;
  const std::string word = LastWord(request.user_text);
  for (const element tool : tools) {
    if (request.tool_calls.size() == calls_max) break;
    object wrapper;
    object function;
    if (tool.get(wrapper) != simdjson::SUCCESS) continue;
    if (wrapper["function"].get(function) != simdjson::SUCCESS) continue;
    DemoToolCall call{.name = std::string(GetString(function, "name")), .arguments = ""};
    if (!chosen.empty() && call.name != chosen) continue;
    element parameters;
    if (function["parameters"].get(parameters) == simdjson::SUCCESS) {
      AppendSampleJson(parameters, word, call.arguments);
    } else {
      call.arguments = "{}";
    }
    request.tool_calls.push_back(std::move(call));
  }
}

void ReadResponseFormat(const object& fields, ChatRequest& request) {
  object format;
  if (fields["response_format"].get(format) != simdjson::SUCCESS) return;
  const std::string_view type = GetString(format, "type");
  object json_schema;
  element schema;
  if (type == "json_schema" && format["json_schema"].get(json_schema) == simdjson::SUCCESS &&
      json_schema["schema"].get(schema) == simdjson::SUCCESS) {
    AppendSampleJson(schema, LastWord(request.user_text), request.json_answer);
  } else if (type == "json_object") {
    request.json_answer = "{\"answer\":\"This is the demo provider.\"}";
  }
}

}  // namespace

absl::StatusOr<ChatRequest> ParseChatRequest(std::string_view body) {
  // Keeps its buffers from request to request.
  static thread_local simdjson::dom::parser parser;
  element root;
  object fields;
  if (const auto error = parser.parse(body.data(), body.size()).get(root)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body is not JSON: ", simdjson::error_message(error)));
  }
  if (root.get(fields) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("the body must be a JSON object");
  }
  ChatRequest request;
  request.model = GetString(fields, "model");
  if (request.model.empty()) return absl::InvalidArgumentError("'model' is missing");
  array messages;
  if (fields["messages"].get(messages) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("'messages' must be an array");
  }
  std::int64_t choices = 1;
  if (fields["n"].get(choices) == simdjson::SUCCESS && choices != 1) {
    return absl::InvalidArgumentError("'n' must be 1: this provider gives one choice");
  }
  TG_RETURN_IF_ERROR(ReadMessages(messages, request));
  request.stream = GetBool(fields, "stream", false);
  object stream_options;
  if (fields["stream_options"].get(stream_options) == simdjson::SUCCESS) {
    request.include_usage = GetBool(stream_options, "include_usage", false);
  }
  TakeSmaller(fields, "max_tokens", request.output_tokens_max);
  TakeSmaller(fields, "max_completion_tokens", request.output_tokens_max);
  ReadTools(fields, request);
  ReadResponseFormat(fields, request);
  return request;
}

}  // namespace tollgate
