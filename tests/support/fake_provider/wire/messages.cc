// Writes the answers of POST /v1/messages.
#include "tests/support/fake_provider/wire/messages.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_provider/wire/event_stream.h"
#include "tests/support/fake_provider/wire/format.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

json::object Usage(const DemoTokens& tokens, std::int64_t output_tokens) {
  return {{"input_tokens", tokens.input_text},
          {"cache_creation_input_tokens", tokens.cache_write_5m + tokens.cache_write_1h},
          {"cache_read_input_tokens", tokens.cache_read},
          {"cache_creation",
           {{"ephemeral_5m_input_tokens", tokens.cache_write_5m},
            {"ephemeral_1h_input_tokens", tokens.cache_write_1h}}},
          {"output_tokens", output_tokens},
          {"service_tier", "standard"}};
}

json::object FinalUsage(const DemoTokens& tokens) {
  json::object usage = Usage(tokens, tokens.output_text + tokens.output_reasoning);
  usage["output_tokens_details"] = {{"thinking_tokens", tokens.output_reasoning}};
  return usage;
}

const char* StopReason(Stop stop) {
  switch (stop) {
    case Stop::kCalls:
      return "tool_use";
    case Stop::kLength:
      return "max_tokens";
    case Stop::kRefusal:
    case Stop::kFilter:
      return "refusal";
    case Stop::kStopSequence:
      return "stop_sequence";
    default:
      return "end_turn";
  }
}

json::value StopDetails(const Say& say) {
  if (say.stop != Stop::kRefusal && say.stop != Stop::kFilter) return nullptr;
  return {{"type", "refusal"}, {"category", nullptr}, {"explanation", nullptr}};
}

json::value StopSequence(const Say& say) {
  if (say.stop != Stop::kStopSequence) return nullptr;
  return json::value(say.stop_sequence);
}

// A part as a content block; empty when it has only begun.
json::object BlockOf(const Part& part, bool begun) {
  switch (part.kind) {
    case PartKind::kReasoning:
      return {{"type", "thinking"},
              {"thinking", begun ? "" : part.text},
              {"signature", begun ? "" : part.signature}};
    case PartKind::kCall: {
      boost::system::error_code error;
      json::value input = json::parse(begun ? "{}" : part.text, error);
      return {{"type", "tool_use"},
              {"id", "toolu" + part.id},
              {"name", part.name},
              {"input", std::move(input)}};
    }
    default:
      return {{"type", "text"}, {"text", begun ? "" : part.text}};
  }
}

json::object Shell(const Say& say) {
  return {{"id", say.id},
          {"type", "message"},
          {"role", "assistant"},
          {"model", say.model},
          {"content", json::array()},
          {"stop_reason", nullptr},
          {"stop_sequence", nullptr}};
}

const char* ErrorType(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 529:
      return "overloaded_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string RateHeaders(std::optional<std::int64_t> retry_after_s) {
  std::string headers = absl::StrCat(
      "anthropic-ratelimit-requests-limit: 4000\r\n",
      "anthropic-ratelimit-requests-remaining: ", retry_after_s.has_value() ? 0 : 3999,
      "\r\nanthropic-ratelimit-requests-reset: 2026-11-22T12:00:00Z\r\n"
      "anthropic-ratelimit-tokens-limit: 400000\r\n"
      "anthropic-ratelimit-tokens-remaining: 399000\r\n"
      "anthropic-ratelimit-tokens-reset: 2026-11-22T12:00:00Z\r\nrequest-id: req_fake\r\n");
  if (retry_after_s.has_value()) absl::StrAppend(&headers, "Retry-After: ", *retry_after_s, "\r\n");
  return headers;
}

class Messages final : public WireFormat {
 public:
  std::string_view id_prefix() const override { return "msg_"; }
  absl::StatusOr<Ask> Read(const json::object& body) const override { return ReadMessages(body); }

  json::object Whole(const Ask&, const Say& say) const override {
    json::object body = Shell(say);
    json::array content;
    for (const Part& part : say.parts) content.push_back(BlockOf(part, false));
    body["content"] = std::move(content);
    body["stop_reason"] = StopReason(say.stop);
    body["stop_sequence"] = StopSequence(say);
    body["stop_details"] = StopDetails(say);
    if (say.reported.has_value()) body["usage"] = FinalUsage(*say.reported);
    return body;
  }

  Reply Stream(const Ask&, const Say& say, absl::Duration interval) const override {
    EventStream stream(AnswerHeaders(), interval);
    const auto emit = [&stream](const char* type, json::object data, int tokens = 0,
                                StepKind kind = StepKind::kToken) {
      json::object event{{"type", type}};
      for (auto& member : data) event[member.key()] = member.value();
      stream.Event(kind, type, event, tokens);
    };
    json::object message = Shell(say);
    if (say.reported.has_value()) message["usage"] = Usage(*say.reported, 1);
    emit("message_start", {{"message", std::move(message)}});
    int index = 0;
    for (const Part& part : say.parts) {
      emit("content_block_start", {{"index", index}, {"content_block", BlockOf(part, true)}},
           part.kind == PartKind::kCall ? 1 : 0);
      if (index == 0) emit("ping", {});
      ForEachToken(part.text, [&](std::string_view token) {
        const json::string text(token.data(), token.size());
        json::object delta{{"type", "text_delta"}, {"text", text}};
        if (part.kind == PartKind::kCall) {
          delta = {{"type", "input_json_delta"}, {"partial_json", text}};
        } else if (part.kind == PartKind::kReasoning) {
          delta = {{"type", "thinking_delta"}, {"thinking", text}};
        }
        emit("content_block_delta", {{"index", index}, {"delta", std::move(delta)}},
             part.kind == PartKind::kReasoning ? 0 : 1);
      });
      if (part.kind == PartKind::kReasoning) {
        emit("content_block_delta",
             {{"index", index},
              {"delta", {{"type", "signature_delta"}, {"signature", part.signature}}}});
      }
      emit("content_block_stop", {{"index", index++}});
    }
    json::object end{{"delta",
                      {{"stop_reason", StopReason(say.stop)},
                       {"stop_sequence", StopSequence(say)},
                       {"stop_details", StopDetails(say)}}}};
    if (say.reported.has_value()) end["usage"] = FinalUsage(*say.reported);
    emit("message_delta", std::move(end), 0, StepKind::kUsage);
    emit("message_stop", {}, 0, StepKind::kDone);
    return stream.Finish();
  }

  Reply Error(int status, std::string_view message,
              std::optional<std::int64_t> retry_after_s) const override {
    const json::object body{
        {"type", "error"},
        {"error",
         {{"type", ErrorType(status)}, {"message", json::string(message.data(), message.size())}}},
        {"request_id", "req_fake"}};
    return WholeReply(
        status, "application/json", json::serialize(body),
        retry_after_s.has_value() ? RateHeaders(retry_after_s) : "request-id: req_fake\r\n");
  }

  std::string AnswerHeaders() const override { return RateHeaders(std::nullopt); }
};

}  // namespace

const WireFormat& MessagesFormat() {
  static const Messages* const format = new Messages;
  return *format;
}

}  // namespace tollgate::wire
