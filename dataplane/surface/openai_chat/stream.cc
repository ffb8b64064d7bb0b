// Writes translated streams as chat completion chunks.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/ir/data_url.h"
#include "dataplane/ir/reasoning_details.h"
#include "dataplane/ir/text_places.h"
#include "dataplane/surface/openai_chat/answer.h"

namespace tollgate::dataplane {
namespace {

class ChatStreamWriter final : public StreamWriter {
 public:
  ChatStreamWriter(const AnswerContext& context, const ChatShape& shape)
      : context_(context), shape_(shape) {
    // What all chunks begin with, up to the value of `choices`.
    JsonWriter json(prefix_);
    prefix_ = "data: ";
    json.BeginObject();
    json.Member("id").String(context.generation_id);
    json.Member("object").String("chat.completion.chunk");
    json.Member("created").Integer(absl::ToUnixSeconds(context.created));
    json.Member("model").String(context.requested_model);
    if (shape.openrouter) json.Member("provider").String(context.provider_id);
    prefix_ += ",\"choices\":";
  }

  void Write(const ir::Event& event, std::string& out) override {
    switch (event.type) {
      case ir::EventType::kStart:
        service_tier_ = event.service_tier;
        return;
      case ir::EventType::kPartStart:
        return StartPart(event, out);
      case ir::EventType::kDelta:
        return WriteDelta(event, out);
      case ir::EventType::kSignature:
        return WriteSignature(event, out);
      case ir::EventType::kCitation:
        return WriteCitation(event, out);
      case ir::EventType::kMedia:
        return Chunk(event.choice, out, [&](JsonWriter& json) {
          json.Member("images").BeginArray();
          WriteChatImage(*event.media, json);
          json.EndArray();
        });
      case ir::EventType::kLogprobs:
        return WriteLogprobs(event, out);
      case ir::EventType::kFinish:
        TakeFinish(event, StateOf(event.choice, out));
        return;
      case ir::EventType::kOpaque:
      case ir::EventType::kPartEnd:
      case ir::EventType::kUsage:
      case ir::EventType::kEnd:
      case ir::EventType::kError:
        return;
    }
  }

  void Finish(const AnswerCost& cost, std::string& out) override {
    if (choices_.empty()) StateOf(0, out);
    for (const auto& [index, choice] : choices_) {
      out += prefix_;
      JsonWriter json(out);
      json.BeginArray();
      json.BeginObject();
      json.Member("index").Integer(index);
      json.Member("delta").BeginObject();
      json.EndObject();
      json.Member("finish_reason").String(ChatFinishReason(choice.finish));
      if (!choice.native_finish.empty()) {
        json.Member("native_finish_reason").String(choice.native_finish);
      }
      json.Member("logprobs").Null();
      json.EndObject();
      json.EndArray();
      if (cost.stopped != nullptr) AppendStopped(*cost.stopped, out);
      EndChunk(out);
    }
    if (context_.scan->include_usage) {
      out += prefix_;
      out += "[],\"usage\":";
      JsonWriter json(out);
      WriteChatUsage(cost, json, shape_);
      EndChunk(out);
    }
    out += "data: [DONE]\n\n";
  }

  void Fail(const GatewayError& error, std::string& out) override {
    if (shape_.write_error == nullptr) {
      return OpenAiChatSurface().AppendStreamError(error, context_.generation_id, out);
    }
    out += prefix_;
    out += R"([{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":)";
    JsonWriter json(out);
    shape_.write_error(error, json);
    out += "}\n\n";
  }

 private:
  struct ChoiceState {
    std::int64_t calls = 0;  // Tool calls that were begun.
    std::int64_t details = 0;
    std::int64_t characters = 0;  // Of the content.
    std::int64_t before = 0;      // Of these, before the open part.
    std::string call_id;          // Of the open call.
    ir::FinishReason finish = ir::FinishReason::kUnknown;
    std::string native_finish;
  };

  void TakeFinish(const ir::Event& event, ChoiceState& choice) const {
    choice.finish = event.finish;
    if (shape_.openrouter) choice.native_finish = event.native_finish;
  }

  // The state of a choice; the first time, its role is written.
  ChoiceState& StateOf(std::int32_t index, std::string& out) {
    const auto [found, fresh] = choices_.try_emplace(index);
    if (fresh) {
      AppendChunk(index, out, [](JsonWriter& json) {
        json.Member("role").String("assistant");
        json.Member("content").String("");
      });
    }
    return found->second;
  }

  template <typename WriteDeltaMembers>
  void AppendChunk(std::int32_t index, std::string& out, WriteDeltaMembers write) {
    out += prefix_;
    JsonWriter json(out);
    json.BeginArray();
    json.BeginObject();
    json.Member("index").Integer(index);
    json.Member("delta").BeginObject();
    write(json);
    json.EndObject();
    json.Member("finish_reason").Null();
    json.EndObject();
    json.EndArray();
    EndChunk(out);
  }

  template <typename WriteDeltaMembers>
  void Chunk(std::int32_t index, std::string& out, WriteDeltaMembers write) {
    StateOf(index, out);
    AppendChunk(index, out, write);
  }

  void AppendStopped(const GatewayError& why, std::string& out) const {
    std::string text;
    JsonWriter json(text);
    json.BeginObject();
    WriteStopped(why, context_.generation_id, json);
    out += ',';
    out.append(text, 1);  // Its member alone.
  }

  void EndChunk(std::string& out) {
    if (!service_tier_.empty()) {
      out += ",\"service_tier\":";
      AppendJsonString(out, service_tier_);
    }
    if (!warned_ && !context_.warnings.empty()) {
      warned_ = true;
      out += ",";
      std::string text;
      JsonWriter json(text);
      json.BeginObject();
      WriteChatWarnings(context_.warnings, json);
      out.append(text, 1);  // Its member alone.
    }
    out += "}\n\n";
  }

  void StartPart(const ir::Event& event, std::string& out) {
    ChoiceState& state = StateOf(event.choice, out);
    state.before = state.characters;
    if (event.part_type != ir::PartType::kToolCall) return;
    state.call_id = event.id;
    const std::int64_t index = state.calls++;
    const std::string_view kind = event.custom ? "custom" : "function";
    AppendChunk(event.choice, out, [&](JsonWriter& json) {
      json.Member("tool_calls").BeginArray().BeginObject();
      json.Member("index").Integer(index);
      json.Member("id").String(event.id);
      json.Member("type").String(kind);
      json.Member(kind).BeginObject();
      json.Member("name").String(event.name);
      json.Member(event.custom ? "input" : "arguments").String("");
      json.EndObject();
      json.EndObject();
      json.EndArray();
    });
  }

  void WriteDelta(const ir::Event& event, std::string& out) {
    ChoiceState& state = StateOf(event.choice, out);
    switch (event.part_type) {
      case ir::PartType::kText:
        state.characters += ir::CountCharacters(event.text);
        return AppendChunk(event.choice, out,
                           [&](JsonWriter& json) { json.Member("content").String(event.text); });
      case ir::PartType::kRefusal:
        return AppendChunk(event.choice, out,
                           [&](JsonWriter& json) { json.Member("refusal").String(event.text); });
      case ir::PartType::kToolCall:
        return AppendChunk(event.choice, out, [&](JsonWriter& json) {
          json.Member("tool_calls").BeginArray().BeginObject();
          json.Member("index").Integer(state.calls - 1);
          json.Member(event.custom ? "custom" : "function").BeginObject();
          json.Member(event.custom ? "input" : "arguments").String(event.text);
          json.EndObject();
          json.EndObject();
          json.EndArray();
        });
      case ir::PartType::kReasoning:
        if (context_.hide_reasoning) return;
        return AppendChunk(event.choice, out, [&](JsonWriter& json) {
          const ir::Reasoning reasoning{.text = event.text, .summary = event.summary};
          json.Member("reasoning").String(event.text);
          json.Member("reasoning_details").BeginArray();
          ir::WriteReasoningDetails(reasoning, {event.signature.maker, {}}, state.details, json);
          json.EndArray();
        });
      default:
        return;
    }
  }

  void WriteCitation(const ir::Event& event, std::string& out) {
    const std::int64_t before = StateOf(event.choice, out).before;
    AppendChunk(event.choice, out, [&](JsonWriter& json) {
      json.Member("annotations").BeginArray();
      WriteChatAnnotation(*event.citation, before, json);
      json.EndArray();
    });
  }

  void WriteSignature(const ir::Event& event, std::string& out) {
    ChoiceState& state = StateOf(event.choice, out);
    const bool of_call = event.part_type == ir::PartType::kToolCall;
    if (!of_call && (context_.hide_reasoning || event.part_type != ir::PartType::kReasoning)) {
      return;
    }
    AppendChunk(event.choice, out, [&](JsonWriter& json) {
      json.Member("reasoning_details").BeginArray();
      if (of_call) {
        state.details = ir::WriteCallSignature(state.call_id, event.signature, state.details, json);
      } else {
        const ir::Reasoning reasoning{
            .summary = event.summary, .redacted = event.redacted, .id = event.id};
        state.details = ir::WriteReasoningDetails(reasoning, event.signature, state.details, json);
      }
      json.EndArray();
    });
  }

  void WriteLogprobs(const ir::Event& event, std::string& out) {
    StateOf(event.choice, out);
    out += prefix_;
    JsonWriter json(out);
    json.BeginArray();
    json.BeginObject();
    json.Member("index").Integer(event.choice);
    json.Member("delta").BeginObject();
    json.EndObject();
    json.Member("logprobs").BeginObject();
    json.Member("content").Raw(event.json);
    json.Member("refusal").Null();
    json.EndObject();
    json.Member("finish_reason").Null();
    json.EndObject();
    json.EndArray();
    EndChunk(out);
  }

  const AnswerContext& context_;
  const ChatShape shape_;
  std::string prefix_;
  std::string service_tier_;
  bool warned_ = false;
  std::map<std::int32_t, ChoiceState> choices_;
};

}  // namespace

std::unique_ptr<StreamWriter> NewChatStreamWriter(const AnswerContext& context,
                                                  const ChatShape& shape) {
  return std::make_unique<ChatStreamWriter>(context, shape);
}

}  // namespace tollgate::dataplane
