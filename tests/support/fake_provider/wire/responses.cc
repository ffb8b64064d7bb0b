// Writes the answers of POST /v1/responses.
#include "tests/support/fake_provider/wire/responses.h"

#include <boost/json/array.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_provider/wire/event_stream.h"
#include "tests/support/fake_provider/wire/format.h"
#include "tests/support/fake_provider/wire/openai_envelope.h"
#include "tests/support/fake_provider/wire/signature.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

json::object Usage(const DemoTokens& tokens) {
  const std::int64_t input = tokens.input_text + tokens.input_audio + tokens.cache_read +
                             tokens.cache_write_5m + tokens.cache_write_1h;
  const std::int64_t output = tokens.output_text + tokens.output_reasoning;
  return {{"input_tokens", input},
          {"input_tokens_details",
           {{"cached_tokens", tokens.cache_read}, {"cache_write_tokens", tokens.cache_write_5m}}},
          {"output_tokens", output},
          {"output_tokens_details", {{"reasoning_tokens", tokens.output_reasoning}}},
          {"total_tokens", input + output}};
}

std::string ItemId(const Say& say, std::size_t index, std::string_view prefix) {
  return absl::StrCat(std::string(prefix), say.id, "_", index);
}

// Part `index` as an output item; its texts empty when it has only begun.
json::object Item(const Ask& ask, const Say& say, std::size_t index, bool encrypted, bool begun) {
  const Part& part = say.parts[index];
  const char* status = begun ? "in_progress" : "completed";
  switch (part.kind) {
    case PartKind::kReasoning: {
      const std::string id = ItemId(say, index, "rs_");
      json::object item{{"id", id}, {"type", "reasoning"}, {"summary", json::array()}};
      if (!begun && ask.thoughts_shown) {
        item["summary"] = json::array{json::object{{"type", "summary_text"}, {"text", part.text}}};
      }
      if (!begun && encrypted) item["encrypted_content"] = Sign(id);
      return item;
    }
    case PartKind::kCall:
      return {{"id", ItemId(say, index, "fc_")},
              {"type", "function_call"},
              {"status", status},
              {"call_id", "call" + part.id},
              {"name", part.name},
              {"arguments", begun ? "" : part.text}};
    default:
      break;
  }
  json::array content;
  if (!begun && part.kind == PartKind::kRefusal) {
    content.push_back({{"type", "refusal"}, {"refusal", part.text}});
  } else if (!begun) {
    content.push_back({{"type", "output_text"},
                       {"text", part.text},
                       {"annotations", json::array()},
                       {"logprobs", json::array()}});
  }
  return {{"id", ItemId(say, index, "msg_")},
          {"type", "message"},
          {"status", status},
          {"role", "assistant"},
          {"content", std::move(content)}};
}

const char* Status(const Say& say) {
  return say.stop == Stop::kLength || say.stop == Stop::kFilter ? "incomplete" : "completed";
}

json::object Shell(const Ask& ask, const Say& say, const char* status) {
  json::object body{{"id", say.id},
                    {"object", "response"},
                    {"created_at", say.created},
                    {"status", status},
                    {"background", false},
                    {"error", nullptr},
                    {"incomplete_details", nullptr},
                    {"instructions", nullptr},
                    {"max_output_tokens", nullptr},
                    {"max_tool_calls", nullptr},
                    {"model", say.model},
                    {"output", json::array()},
                    {"parallel_tool_calls", ask.parallel},
                    {"previous_response_id", nullptr},
                    {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
                    {"service_tier", "default"},
                    {"store", true},
                    {"temperature", 1.0},
                    {"text", {{"format", {{"type", "text"}}}}},
                    {"tool_choice", "auto"},
                    {"tools", json::array()},
                    {"top_p", 1.0},
                    {"truncation", "disabled"},
                    {"usage", nullptr},
                    {"metadata", json::object()}};
  if (ask.output_tokens_max.has_value()) body["max_output_tokens"] = *ask.output_tokens_max;
  return body;
}

json::object Finished(const Ask& ask, const Say& say) {
  json::object body = Shell(ask, say, Status(say));
  body["output"] = OutputItems(ask, say, ask.thoughts_encrypted);
  if (say.reported.has_value()) body["usage"] = Usage(*say.reported);
  if (say.stop == Stop::kLength) body["incomplete_details"] = {{"reason", "max_output_tokens"}};
  if (say.stop == Stop::kFilter) body["incomplete_details"] = {{"reason", "content_filter"}};
  return body;
}

// Numbers and writes the events of one answer.
class Events {
 public:
  Events(const Ask& ask, const Say& say, absl::Duration interval)
      : ask_(ask), say_(say), stream_(OpenAiHeaders(), interval) {}

  Reply Write() {
    Response("response.created", Shell(ask_, say_, "in_progress"), StepKind::kToken);
    Response("response.in_progress", Shell(ask_, say_, "in_progress"), StepKind::kToken);
    for (std::size_t i = 0; i < say_.parts.size(); ++i) WriteItem(i);
    const bool whole = std::string_view(Status(say_)) == "completed";
    Response(whole ? "response.completed" : "response.incomplete", Finished(ask_, say_),
             StepKind::kUsage);
    return stream_.Finish();
  }

 private:
  void Emit(const char* type, json::object data, int tokens = 0, StepKind kind = StepKind::kToken) {
    json::object event{{"type", type}, {"sequence_number", sequence_++}};
    for (auto& member : data) event[member.key()] = member.value();
    stream_.Event(kind, type, event, tokens);
  }

  void Response(const char* type, json::object response, StepKind kind) {
    Emit(type, {{"response", std::move(response)}}, 0, kind);
  }

  void WriteItem(std::size_t index) {
    const Part& part = say_.parts[index];
    Emit("response.output_item.added",
         {{"output_index", index}, {"item", Item(ask_, say_, index, false, true)}},
         part.kind == PartKind::kCall ? 1 : 0);
    if (part.kind == PartKind::kCall) {
      WriteCall(index);
    } else if (part.kind == PartKind::kReasoning) {
      if (ask_.thoughts_shown) WriteThoughts(index);
    } else {
      WriteText(index);
    }
    Emit("response.output_item.done",
         {{"output_index", index},
          {"item", Item(ask_, say_, index, ask_.thoughts_encrypted, false)}});
  }

  // {"item_id", "output_index", and one of what is in `more`}.
  json::object Place(std::size_t index, std::string_view prefix, json::object more) const {
    more["item_id"] = ItemId(say_, index, prefix);
    more["output_index"] = index;
    return more;
  }

  void WriteCall(std::size_t index) {
    const Part& part = say_.parts[index];
    ForEachToken(part.text, [&](std::string_view token) {
      Emit("response.function_call_arguments.delta",
           Place(index, "fc_", {{"delta", json::string(token.data(), token.size())}}), 1);
    });
    Emit("response.function_call_arguments.done",
         Place(index, "fc_", {{"arguments", part.text}, {"name", part.name}}));
  }

  void WriteThoughts(std::size_t index) {
    const std::string& text = say_.parts[index].text;
    Emit("response.reasoning_summary_part.added",
         Place(index, "rs_",
               {{"summary_index", 0}, {"part", {{"type", "summary_text"}, {"text", ""}}}}));
    ForEachToken(text, [&](std::string_view token) {
      Emit("response.reasoning_summary_text.delta",
           Place(index, "rs_",
                 {{"summary_index", 0}, {"delta", json::string(token.data(), token.size())}}));
    });
    Emit("response.reasoning_summary_text.done",
         Place(index, "rs_", {{"summary_index", 0}, {"text", text}}));
    Emit("response.reasoning_summary_part.done",
         Place(index, "rs_",
               {{"summary_index", 0}, {"part", {{"type", "summary_text"}, {"text", text}}}}));
  }

  void WriteText(std::size_t index) {
    const Part& part = say_.parts[index];
    const bool refusal = part.kind == PartKind::kRefusal;
    const auto content = [&](const std::string& text) -> json::object {
      if (refusal) return {{"type", "refusal"}, {"refusal", text}};
      return {{"type", "output_text"},
              {"text", text},
              {"annotations", json::array()},
              {"logprobs", json::array()}};
    };
    Emit("response.content_part.added",
         Place(index, "msg_", {{"content_index", 0}, {"part", content("")}}));
    ForEachToken(part.text, [&](std::string_view token) {
      json::object delta{{"content_index", 0}, {"delta", json::string(token.data(), token.size())}};
      if (!refusal) delta["logprobs"] = json::array();
      Emit(refusal ? "response.refusal.delta" : "response.output_text.delta",
           Place(index, "msg_", std::move(delta)), 1);
    });
    json::object done{{"content_index", 0}, {refusal ? "refusal" : "text", part.text}};
    if (!refusal) done["logprobs"] = json::array();
    Emit(refusal ? "response.refusal.done" : "response.output_text.done",
         Place(index, "msg_", std::move(done)));
    Emit("response.content_part.done",
         Place(index, "msg_", {{"content_index", 0}, {"part", content(part.text)}}));
  }

  const Ask& ask_;
  const Say& say_;
  EventStream stream_;
  int sequence_ = 0;
};

class Responses final : public WireFormat {
 public:
  std::string_view id_prefix() const override { return "resp_"; }
  absl::StatusOr<Ask> Read(const json::object& body) const override { return ReadResponses(body); }
  json::object Whole(const Ask& ask, const Say& say) const override { return Finished(ask, say); }
  Reply Stream(const Ask& ask, const Say& say, absl::Duration interval) const override {
    return Events(ask, say, interval).Write();
  }
  Reply Error(int status, std::string_view message,
              std::optional<std::int64_t> retry_after_s) const override {
    return OpenAiError(status, message, retry_after_s);
  }
  std::string AnswerHeaders() const override { return OpenAiHeaders(); }
};

}  // namespace

json::array OutputItems(const Ask& ask, const Say& say, bool encrypted) {
  json::array items;
  for (std::size_t i = 0; i < say.parts.size(); ++i) {
    items.push_back(Item(ask, say, i, encrypted, false));
  }
  return items;
}

const WireFormat& ResponsesFormat() {
  static const Responses* const format = new Responses;
  return *format;
}

}  // namespace tollgate::wire
