// Writes the answers of POST /v1/chat/completions.
#include "tests/support/fake_provider/wire/chat.h"

#include <boost/json/array.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "tests/support/fake_provider/wire/event_stream.h"
#include "tests/support/fake_provider/wire/format.h"
#include "tests/support/fake_provider/wire/openai_envelope.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

json::object Usage(const DemoTokens& tokens) {
  const std::int64_t prompt = tokens.input_text + tokens.input_audio + tokens.cache_read +
                              tokens.cache_write_5m + tokens.cache_write_1h;
  const std::int64_t completion =
      tokens.output_text + tokens.output_audio + tokens.output_reasoning;
  json::object prompt_details{{"cached_tokens", tokens.cache_read},
                              {"audio_tokens", tokens.input_audio}};
  if (tokens.cache_write_5m > 0) prompt_details["cache_write_tokens"] = tokens.cache_write_5m;
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", prompt + completion},
          {"prompt_tokens_details", std::move(prompt_details)},
          {"completion_tokens_details",
           {{"reasoning_tokens", tokens.output_reasoning},
            {"audio_tokens", tokens.output_audio},
            {"accepted_prediction_tokens", 0},
            {"rejected_prediction_tokens", 0}}}};
}

const char* FinishReason(Stop stop) {
  switch (stop) {
    case Stop::kCalls:
      return "tool_calls";
    case Stop::kLength:
      return "length";
    case Stop::kFilter:
      return "content_filter";
    default:
      return "stop";
  }
}

json::object Head(const Say& say, const char* object) {
  return {{"id", say.id},       {"object", object},          {"created", say.created},
          {"model", say.model}, {"service_tier", "default"}, {"system_fingerprint", "fp_fake"}};
}

json::object Logprob(std::string_view token) {
  json::array bytes;
  for (const char c : token) bytes.push_back(static_cast<unsigned char>(c));
  return {{"token", json::string(token.data(), token.size())},
          {"logprob", -0.125},
          {"bytes", std::move(bytes)},
          {"top_logprobs", json::array()}};
}

json::value Logprobs(const Ask& ask, std::string_view text) {
  if (!ask.logprobs) return nullptr;
  json::array content;
  ForEachToken(text, [&content](std::string_view token) { content.push_back(Logprob(token)); });
  return json::object{{"content", std::move(content)}, {"refusal", nullptr}};
}

class Chat final : public WireFormat {
 public:
  std::string_view id_prefix() const override { return "chatcmpl-"; }
  absl::StatusOr<Ask> Read(const json::object& body) const override { return ReadChat(body); }

  json::object Whole(const Ask& ask, const Say& say) const override {
    json::object message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
    json::array calls;
    json::value logprobs = nullptr;
    for (const Part& part : say.parts) {
      if (part.kind == PartKind::kText) {
        message["content"] = part.text;
        logprobs = Logprobs(ask, part.text);
      }
      if (part.kind == PartKind::kRefusal) message["refusal"] = part.text;
      if (part.kind == PartKind::kCall) {
        calls.push_back({{"id", "call" + part.id},
                         {"type", "function"},
                         {"function", {{"name", part.name}, {"arguments", part.text}}}});
      }
    }
    if (!calls.empty()) message["tool_calls"] = std::move(calls);
    message["annotations"] = json::array();
    json::object body = Head(say, "chat.completion");
    body["choices"] = json::array{json::object{{"index", 0},
                                               {"message", std::move(message)},
                                               {"logprobs", std::move(logprobs)},
                                               {"finish_reason", FinishReason(say.stop)}}};
    if (say.reported.has_value()) body["usage"] = Usage(*say.reported);
    return body;
  }

  Reply Stream(const Ask& ask, const Say& say, absl::Duration interval) const override {
    EventStream stream(AnswerHeaders(), interval);
    const auto chunk = [&](StepKind kind, json::object delta, json::value finish, int tokens,
                           json::value logprobs = nullptr) {
      json::object event = Head(say, "chat.completion.chunk");
      event["choices"] = json::array{json::object{{"index", 0},
                                                  {"delta", std::move(delta)},
                                                  {"logprobs", std::move(logprobs)},
                                                  {"finish_reason", std::move(finish)}}};
      if (ask.include_usage) event["usage"] = nullptr;
      stream.Event(kind, "", event, tokens);
    };
    chunk(StepKind::kToken, {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, nullptr,
          0);
    int call = -1;
    for (const Part& part : say.parts) {
      if (part.kind == PartKind::kReasoning) continue;
      if (part.kind == PartKind::kCall) {
        ++call;
        json::object opening{{"index", call},
                             {"id", "call" + part.id},
                             {"type", "function"},
                             {"function", {{"name", part.name}, {"arguments", ""}}}};
        chunk(StepKind::kToken, {{"tool_calls", json::array{std::move(opening)}}}, nullptr, 1);
      }
      ForEachToken(part.text, [&](std::string_view token) {
        const json::string text(token.data(), token.size());
        if (part.kind == PartKind::kCall) {
          json::object more{{"index", call}, {"function", {{"arguments", text}}}};
          chunk(StepKind::kToken, {{"tool_calls", json::array{std::move(more)}}}, nullptr, 1);
        } else {
          const bool refusal = part.kind == PartKind::kRefusal;
          chunk(StepKind::kToken, {{refusal ? "refusal" : "content", text}}, nullptr, 1,
                Logprobs(ask, token));
        }
      });
    }
    chunk(StepKind::kFinish, {}, FinishReason(say.stop), 0);
    if (ask.include_usage && say.reported.has_value()) {
      json::object event = Head(say, "chat.completion.chunk");
      event["choices"] = json::array();
      event["usage"] = Usage(*say.reported);
      stream.Event(StepKind::kUsage, "", event);
    }
    stream.Raw(StepKind::kDone, "data: [DONE]\n\n");
    return stream.Finish();
  }

  Reply Error(int status, std::string_view message,
              std::optional<std::int64_t> retry_after_s) const override {
    return OpenAiError(status, message, retry_after_s);
  }

  std::string AnswerHeaders() const override { return OpenAiHeaders(); }
};

}  // namespace

const WireFormat& ChatFormat() {
  static const Chat* const format = new Chat;
  return *format;
}

}  // namespace tollgate::wire
