#include "dataplane/surface/openai_completions/answer.h"

#include <map>
#include <string_view>

#include "dataplane/json/writer.h"
#include "dataplane/surface/openai_chat/answer.h"

namespace tollgate::dataplane {
namespace {

// Opens an answer, or a chunk of one, up to the value of `choices`.
void Begin(const AnswerContext& context, JsonWriter& json) {
  json.BeginObject();
  json.Member("id").String(context.generation_id);
  json.Member("object").String("text_completion");
  json.Member("created").Integer(absl::ToUnixSeconds(context.created));
  json.Member("model").String(context.requested_model);
  json.Member("choices").BeginArray();
}

// `finish` empty: the choice goes on.
void WriteChoice(std::int64_t index, std::string_view text, std::string_view finish,
                 JsonWriter& json) {
  json.BeginObject();
  json.Member("text").String(text);
  json.Member("index").Integer(index);
  json.Member("logprobs").Null();
  json.Member("finish_reason");
  if (finish.empty()) {
    json.Null();
  } else {
    json.String(finish);
  }
  json.EndObject();
}

// A conversation's reasons; there are no tools to be called.
std::string_view FinishOf(ir::FinishReason reason) {
  const std::string_view word = ChatFinishReason(reason);
  return word == "tool_calls" ? "stop" : word;
}

std::string TextOf(const ir::Choice& choice) {
  std::string text;
  for (const ir::Part& part : choice.parts) {
    if (const auto* said = part.As<ir::Text>()) text += said->text;
    if (const auto* refusal = part.As<ir::Refusal>()) text += refusal->text;
  }
  return text;
}

class CompletionsStreamWriter final : public StreamWriter {
 public:
  explicit CompletionsStreamWriter(const AnswerContext& context) : context_(context) {}

  void Write(const ir::Event& event, std::string& out) override {
    if (event.type == ir::EventType::kFinish) {
      finishes_[event.choice] = event.finish;
    } else if (event.type == ir::EventType::kDelta && (event.part_type == ir::PartType::kText ||
                                                       event.part_type == ir::PartType::kRefusal)) {
      finishes_.try_emplace(event.choice, ir::FinishReason::kUnknown);
      Chunk(out, [&](JsonWriter& json) {
        WriteChoice(event.choice, event.text, {}, json);
        json.EndArray();
        if (!warned_) WriteChatWarnings(context_.warnings, json);
        warned_ = true;
      });
    }
  }

  void Finish(const AnswerCost& cost, std::string& out) override {
    if (finishes_.empty()) finishes_[0] = ir::FinishReason::kUnknown;
    for (const auto& [index, finish] : finishes_) {
      Chunk(out, [&, at = index, reason = finish](JsonWriter& json) {
        WriteChoice(at, {}, FinishOf(reason), json);
        json.EndArray();
        if (cost.stopped != nullptr) WriteStopped(*cost.stopped, context_.generation_id, json);
      });
    }
    if (context_.scan->include_usage) {
      Chunk(out, [&](JsonWriter& json) {
        json.EndArray();
        json.Member("usage");
        WriteChatUsage(cost, json);
      });
    }
    OpenAiCompletionsSurface().AppendStreamEnd(out);
  }

  void Fail(const GatewayError& error, std::string& out) override {
    OpenAiCompletionsSurface().AppendStreamError(error, context_.generation_id, out);
  }

 private:
  // `fill` ends the list of choices.
  template <typename Fill>
  void Chunk(std::string& out, Fill fill) {
    out += "data: ";
    JsonWriter json(out);
    Begin(context_, json);
    fill(json);
    json.EndObject();
    out += "\n\n";
  }

  const AnswerContext& context_;
  bool warned_ = false;
  std::map<std::int32_t, ir::FinishReason> finishes_;  // Of the choices that were begun.
};

}  // namespace

void WriteCompletionsAnswer(const ir::Response& response, const AnswerContext& context,
                            const AnswerCost& cost, std::string& out) {
  JsonWriter json(out);
  Begin(context, json);
  for (const ir::Choice& choice : response.choices) {
    WriteChoice(choice.index, TextOf(choice), FinishOf(choice.finish), json);
  }
  json.EndArray();
  json.Member("usage");
  WriteChatUsage(cost, json);
  WriteChatWarnings(context.warnings, json);
  json.Member("generationId").String(context.generation_id);
  json.EndObject();
}

std::unique_ptr<StreamWriter> NewCompletionsStreamWriter(const AnswerContext& context) {
  return std::make_unique<CompletionsStreamWriter>(context);
}

}  // namespace tollgate::dataplane
