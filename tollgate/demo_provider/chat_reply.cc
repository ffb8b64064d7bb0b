#include "tollgate/demo_provider/chat_reply.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

// An event and its chunk around the token itself.
constexpr std::size_t kEventBytesTypical = 280;

std::string CallId(const ChatAnswer& answer, int call) {
  // Unique over answers, as callers match results by it.
  return absl::StrCat("call_", answer.id, "_", call);
}

void AppendUsage(std::string& out, const DemoTokens& tokens) {
  const std::int64_t prompt = tokens.input_text + tokens.cache_read;
  const std::int64_t completion = tokens.output_text + tokens.output_reasoning;
  absl::StrAppend(&out, "{\"prompt_tokens\":", prompt, ",\"completion_tokens\":", completion,
                  ",\"total_tokens\":", prompt + completion,
                  ",\"prompt_tokens_details\":{\"cached_tokens\":", tokens.cache_read,
                  ",\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":",
                  tokens.output_reasoning,
                  ",\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
                  "\"rejected_prediction_tokens\":0}}");
}

// {"id":…,"object":…,"created":…,"model":…
void AppendPrefix(std::string& out, const ChatAnswer& answer, std::string_view object) {
  out += "{\"id\":";
  AppendJsonString(out, answer.id);
  absl::StrAppend(&out, ",\"object\":\"", AbslView(object), "\",\"created\":", answer.created,
                  ",\"model\":");
  AppendJsonString(out, answer.model);
  out += ",\"system_fingerprint\":\"fp_demo\"";
}

// The bytes of all tokens of one call, or of the plain text for -1.
std::string Joined(const ChatAnswer& answer, int call) {
  std::string text;
  for (const AnswerToken& token : answer.output) {
    if (token.call == call) text += answer.TextOf(token);
  }
  return text;
}

void AppendMessage(std::string& out, const ChatAnswer& answer) {
  out += "{\"role\":\"assistant\",\"content\":";
  if (answer.calls.empty()) {
    AppendJsonString(out, Joined(answer, -1));
  } else {
    out += "null,\"tool_calls\":[";
    for (std::size_t i = 0; i < answer.calls.size(); ++i) {
      const int call = static_cast<int>(i);
      out += i == 0 ? "{\"id\":" : ",{\"id\":";
      AppendJsonString(out, CallId(answer, call));
      out += ",\"type\":\"function\",\"function\":{\"name\":";
      AppendJsonString(out, answer.calls[i].name);
      out += ",\"arguments\":";
      AppendJsonString(out, Joined(answer, call));
      out += "}}";
    }
    out += ']';
  }
  out += ",\"refusal\":null}";
}

void AppendDelta(std::string& out, const ChatAnswer& answer, const AnswerToken& token) {
  if (token.call < 0) {
    out += "{\"content\":";
    AppendJsonString(out, answer.TextOf(token));
    out += '}';
    return;
  }
  absl::StrAppend(&out, "{\"tool_calls\":[{\"index\":", token.call);
  if (token.opens_call) {
    out += ",\"id\":";
    AppendJsonString(out, CallId(answer, token.call));
    out += ",\"type\":\"function\",\"function\":{\"name\":";
    AppendJsonString(out, answer.calls[static_cast<std::size_t>(token.call)].name);
    out += ",\"arguments\":\"\"}}]}";
  } else {
    out += ",\"function\":{\"arguments\":";
    AppendJsonString(out, answer.TextOf(token));
    out += "}}]}";
  }
}

// Collects events; each becomes one chunk of the body.
class StreamWriter {
 public:
  StreamWriter(const ChatAnswer& answer, const StreamOptions& options) : options_(options) {
    AppendPrefix(prefix_, answer, "chat.completion.chunk");
    reply_.bytes.reserve(kEventBytesTypical * (answer.output.size() + 4));
    reply_.steps.reserve(answer.output.size() + 6);
    reply_.Append(StepKind::kHead,
                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                  "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
  }

  void Choice(StepKind kind, std::string_view delta, std::string_view finish_json,
              std::int64_t output_tokens) {
    event_.assign("data: ");
    event_ += prefix_;
    absl::StrAppend(&event_, ",\"choices\":[{\"index\":0,\"delta\":", AbslView(delta),
                    ",\"logprobs\":null,\"finish_reason\":", AbslView(finish_json), "}]");
    if (options_.include_usage) event_ += ",\"usage\":null";
    event_ += "}\n\n";
    Event(kind, output_tokens);
  }

  void Usage(const DemoTokens& tokens) {
    event_.assign("data: ");
    event_ += prefix_;
    event_ += ",\"choices\":[],\"usage\":";
    AppendUsage(event_, tokens);
    event_ += "}\n\n";
    Event(StepKind::kUsage, 0);
  }

  Reply Finish() {
    event_.assign("data: [DONE]\n\n");
    Event(StepKind::kDone, 0);
    reply_.Append(StepKind::kEnd, "0\r\n\r\n");
    return std::move(reply_);
  }

 private:
  void Event(StepKind kind, std::int64_t output_tokens) {
    chunk_.clear();
    absl::StrAppend(&chunk_, absl::Hex(event_.size()), "\r\n", event_, "\r\n");
    reply_.Append(kind, chunk_, output_tokens);
    if (output_tokens > 0) reply_.steps.back().wait = options_.token_interval;
  }

  const StreamOptions options_;
  std::string prefix_;
  std::string event_;
  std::string chunk_;
  Reply reply_;
};

}  // namespace

Reply JsonReply(const ChatAnswer& answer) {
  std::string body;
  body.reserve(answer.text.size() + 2 * kEventBytesTypical);
  AppendPrefix(body, answer, "chat.completion");
  body += ",\"choices\":[{\"index\":0,\"message\":";
  AppendMessage(body, answer);
  absl::StrAppend(&body, ",\"logprobs\":null,\"finish_reason\":\"", AbslView(answer.finish_reason),
                  "\"}]");
  if (answer.reported.has_value()) {
    body += ",\"usage\":";
    AppendUsage(body, *answer.reported);
  }
  body += '}';
  Reply reply = WholeReply(200, "application/json", body);
  // All of it was generated before the first byte.
  reply.steps.front().output_tokens = answer.tokens.output_text;
  return reply;
}

Reply StreamReply(const ChatAnswer& answer, const StreamOptions& options) {
  StreamWriter writer(answer, options);
  writer.Choice(StepKind::kToken, R"({"role":"assistant","content":"","refusal":null})", "null", 0);
  std::string delta;
  for (const AnswerToken& token : answer.output) {
    delta.clear();
    AppendDelta(delta, answer, token);
    writer.Choice(StepKind::kToken, delta, "null", 1);
  }
  writer.Choice(StepKind::kFinish, "{}", absl::StrCat("\"", AbslView(answer.finish_reason), "\""),
                0);
  if (options.include_usage && answer.reported.has_value()) writer.Usage(*answer.reported);
  return writer.Finish();
}

}  // namespace tollgate
