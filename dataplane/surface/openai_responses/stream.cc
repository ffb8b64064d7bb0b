// Writes translated streams as the events of OpenAI's responses.
// Source: https://platform.openai.com/docs/api-reference/responses-streaming.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/json/cursor.h"
#include "dataplane/surface/openai_responses/answer.h"
#include "dataplane/surface/openai_responses/items.h"
#include "dataplane/surface/openai_responses/sealed_thought.h"

namespace tollgate::dataplane {
namespace {

// Adds what `write` writes to a list of JSON elements.
template <typename Write>
void AddElement(std::string& list, Write write) {
  if (!list.empty()) list += ',';
  JsonWriter json(list);
  write(json);
}

// The answer has one choice: this surface cannot ask for more.
class ResponsesStreamWriter final : public StreamWriter {
 public:
  explicit ResponsesStreamWriter(const AnswerContext& context) : context_(context) {}

  void Write(const ir::Event& event, std::string& out) override {
    if (event.choice != 0) return;
    switch (event.type) {
      case ir::EventType::kStart:
        service_tier_ = event.service_tier;
        return Start(out);
      case ir::EventType::kPartStart:
        return StartPart(event, out);
      case ir::EventType::kDelta:
        return WriteDelta(event, out);
      case ir::EventType::kSignature:
        return TakeSignature(event, out);
      case ir::EventType::kCitation:
        return WriteCitation(*event.citation, out);
      case ir::EventType::kMedia:
        return WriteMedia(*event.media, out);
      case ir::EventType::kLogprobs:
        return WriteLogprobs(event.json, out);
      case ir::EventType::kPartEnd:
        return EndPart(event.part_type, out);
      case ir::EventType::kFinish:
        finish_ = event.finish;
        return;
      case ir::EventType::kOpaque:
        if (event.part_type == ir::PartType::kOpaque && event.owner == ir::kOpenAiResponses) {
          WriteWhole(out, [&](JsonWriter& json) { json.Raw(event.json); });
        }
        return;
      case ir::EventType::kUsage:
      case ir::EventType::kEnd:
      case ir::EventType::kError:
        return;
    }
  }

  void Finish(const AnswerCost& cost, std::string& out) override {
    Start(out);
    CloseMessage(out);
    ResponsesObject object = ResponsesObjectOf(context_);
    FinishResponsesObject(finish_, object);
    object.output = items_;
    object.service_tier = service_tier_;
    object.cost = &cost;
    EmitResponse(absl::StrCat("response.", AbslView(object.status)), object, out);
  }

  // Some clients look for the one, some for the other.
  void Fail(const GatewayError& error, std::string& out) override {
    Start(out);
    AppendResponsesError(error, context_.generation_id, sequence_++, out);
    ResponsesObject object = ResponsesObjectOf(context_);
    object.status = "failed";
    object.error = &error;
    object.output = items_;
    EmitResponse("response.failed", object, out);
  }

 private:
  // ---- Events -----------------------------------------------------------------------------------

  template <typename Fill>
  void Emit(std::string_view type, std::string& out, Fill fill) {
    JsonWriter json(out);
    BeginResponsesEvent(type, sequence_++, out, json);
    fill(json);
    EndResponsesEvent(out, json);
  }

  // An event about the open item.
  template <typename Fill>
  void EmitOfItem(std::string_view type, std::string& out, Fill fill) {
    Emit(type, out, [&](JsonWriter& json) {
      json.Member("item_id").String(item_id_);
      json.Member("output_index").Integer(index_);
      fill(json);
    });
  }

  // An event about the open part of the open message.
  template <typename Fill>
  void EmitOfContent(std::string_view type, std::string& out, Fill fill) {
    EmitOfItem(type, out, [&](JsonWriter& json) {
      json.Member("content_index").Integer(content_index_);
      fill(json);
    });
  }

  template <typename Fill>
  void EmitOfSummary(std::string_view type, std::string& out, Fill fill) {
    EmitOfItem(type, out, [&](JsonWriter& json) {
      json.Member("summary_index").Integer(0);
      fill(json);
    });
  }

  void EmitResponse(std::string_view type, const ResponsesObject& object, std::string& out) {
    Emit(type, out, [&](JsonWriter& json) {
      json.Member("response");
      WriteResponsesObject(object, json);
    });
  }

  void Start(std::string& out) {
    if (std::exchange(started_, true)) return;
    ResponsesObject object = ResponsesObjectOf(context_);
    object.service_tier = service_tier_;
    EmitResponse("response.created", object, out);
    EmitResponse("response.in_progress", object, out);
  }

  // ---- Items ------------------------------------------------------------------------------------

  std::string NextId(std::string_view prefix) const {
    return ResponsesItemId(prefix, context_.generation_id, index_);
  }

  template <typename WriteItem>
  void EmitItem(std::string_view type, std::string& out, WriteItem write_item) {
    Emit(type, out, [&](JsonWriter& json) {
      json.Member("output_index").Integer(index_);
      json.Member("item");
      write_item(json);
    });
  }

  template <typename WriteItem>
  void EndItem(std::string& out, WriteItem write_item) {
    EmitItem("response.output_item.done", out, write_item);
    AddElement(items_, write_item);
    ++index_;
  }

  // An item that comes as a whole.
  template <typename WriteItem>
  void WriteWhole(std::string& out, WriteItem write_item) {
    CloseMessage(out);
    EmitItem("response.output_item.added", out, write_item);
    EndItem(out, write_item);
  }

  void OpenMessage(std::string& out) {
    if (std::exchange(message_open_, true)) return;
    content_.clear();
    content_index_ = -1;
    item_id_ = NextId("msg_");
    EmitItem("response.output_item.added", out,
             [&](JsonWriter& json) { WriteMessageItem(item_id_, kItemInProgress, {}, json); });
  }

  void CloseMessage(std::string& out) {
    if (!std::exchange(message_open_, false)) return;
    EndItem(out,
            [&](JsonWriter& json) { WriteMessageItem(item_id_, kItemCompleted, content_, json); });
  }

  // A thought's item is begun with the first that there is of it: many have nothing to show.
  void OpenThought(std::string& out) {
    if (std::exchange(thought_open_, true)) return;
    item_id_ = thought_id_.empty() ? NextId("rs_") : thought_id_;
    EmitItem("response.output_item.added", out,
             [&](JsonWriter& json) { WriteReasoningItem(item_id_, {}, {}, json); });
  }

  // ---- Parts ------------------------------------------------------------------------------------

  ir::ToolCall Call(std::string_view arguments) const {
    return {.id = call_id_, .name = call_name_, .arguments = arguments, .custom = custom_};
  }

  void StartPart(const ir::Event& event, std::string& out) {
    text_.clear();
    sealed_.clear();
    switch (event.part_type) {
      case ir::PartType::kText:
      case ir::PartType::kRefusal:
        return StartContent(event.part_type, out);
      case ir::PartType::kToolCall:
        CloseMessage(out);
        call_id_ = event.id;
        call_name_ = event.name;
        custom_ = event.custom;
        item_id_ = NextId("fc_");
        return EmitItem("response.output_item.added", out, [&](JsonWriter& json) {
          WriteCallItem(item_id_, kItemInProgress, Call({}), json);
        });
      case ir::PartType::kReasoning:
        CloseMessage(out);
        thought_id_ = event.signature.maker == ir::kFamilyOpenAi ? event.id : std::string_view();
        return;
      default:
        return;
    }
  }

  void StartContent(ir::PartType type, std::string& out) {
    OpenMessage(out);
    ++content_index_;
    annotations_.clear();
    annotation_count_ = 0;
    logprobs_.clear();
    EmitOfContent("response.content_part.added", out, [&](JsonWriter& json) {
      json.Member("part");
      WriteContent(type, json);
    });
  }

  void WriteContent(ir::PartType type, JsonWriter& json) const {
    if (type == ir::PartType::kRefusal) {
      WriteOutputRefusal(text_, json);
    } else {
      WriteOutputText(text_, annotations_, logprobs_, json);
    }
  }

  void WriteDelta(const ir::Event& event, std::string& out) {
    const auto delta = [&](JsonWriter& json) { json.Member("delta").String(event.text); };
    text_ += event.text;
    switch (event.part_type) {
      case ir::PartType::kText:
        return WriteTextDelta(event.text, {}, out);
      case ir::PartType::kRefusal:
        return EmitOfContent("response.refusal.delta", out, delta);
      case ir::PartType::kToolCall:
        return EmitOfItem(custom_ ? "response.custom_tool_call_input.delta"
                                  : "response.function_call_arguments.delta",
                          out, delta);
      case ir::PartType::kReasoning:
        OpenThought(out);
        if (context_.hide_reasoning) return;
        OpenSummary(out);
        return EmitOfSummary("response.reasoning_summary_text.delta", out, delta);
      default:
        return;
    }
  }

  void WriteTextDelta(std::string_view text, std::string_view logprobs, std::string& out) {
    EmitOfContent("response.output_text.delta", out, [&](JsonWriter& json) {
      json.Member("delta").String(text);
      json.Member("logprobs").BeginArray();
      if (!logprobs.empty()) json.Raw(logprobs);
      json.EndArray();
    });
  }

  void OpenSummary(std::string& out) {
    if (std::exchange(summary_open_, true)) return;
    EmitOfSummary("response.reasoning_summary_part.added", out, [](JsonWriter& json) {
      json.Member("part").Raw(R"({"type":"summary_text","text":""})");
    });
  }

  void TakeSignature(const ir::Event& event, std::string& out) {
    if (event.part_type != ir::PartType::kReasoning) {
      // An item of its own, behind the part.
      sealed_ = ShowSealed({SealedThought::Kind::kOfPart, event.signature, {}});
      return;
    }
    sealed_ = ShowSealed(SealOf(ir::Reasoning{.redacted = event.redacted}, event.signature));
    if (sealed_.empty()) return;
    if (event.signature.maker == ir::kFamilyOpenAi && !event.id.empty()) thought_id_ = event.id;
    OpenThought(out);
  }

  void WriteCitation(const ir::Citation& citation, std::string& out) {
    EmitOfContent("response.output_text.annotation.added", out, [&](JsonWriter& json) {
      json.Member("annotation_index").Integer(annotation_count_++);
      json.Member("annotation");
      WriteResponsesAnnotation(citation, json);
    });
    AddElement(annotations_, [&](JsonWriter& json) { WriteResponsesAnnotation(citation, json); });
  }

  void WriteMedia(const ir::Media& media, std::string& out) {
    if (!media.base64.empty()) {
      const std::string id = NextId("ig_");
      return WriteWhole(out,
                        [&](JsonWriter& json) { WriteImageItem(id, kItemCompleted, media, json); });
    }
    StartContent(ir::PartType::kText, out);
    text_ = ir::UrlOf(media);
    WriteTextDelta(text_, {}, out);
    EndContent(ir::PartType::kText, out);
  }

  // They come behind the text that they are of, which is gone by then.
  void WriteLogprobs(std::string_view entries, std::string& out) {
    const std::string_view elements = ElementsOf(entries);
    if (elements.empty()) return;
    AddElement(logprobs_, [&](JsonWriter& json) { json.Raw(elements); });
    WriteTextDelta({}, elements, out);
  }

  void EndPart(ir::PartType type, std::string& out) {
    switch (type) {
      case ir::PartType::kText:
      case ir::PartType::kRefusal:
        EndContent(type, out);
        break;
      case ir::PartType::kToolCall:
        EndCall(out);
        break;
      case ir::PartType::kReasoning:
        return EndThought(out);
      default:
        return;
    }
    if (sealed_.empty()) return;
    CloseMessage(out);
    const std::string id = NextId("rs_");
    WriteWhole(out, [&](JsonWriter& json) { WriteReasoningItem(id, {}, sealed_, json); });
  }

  void EndContent(ir::PartType type, std::string& out) {
    if (type == ir::PartType::kRefusal) {
      EmitOfContent("response.refusal.done", out,
                    [&](JsonWriter& json) { json.Member("refusal").String(text_); });
    } else {
      EmitOfContent("response.output_text.done", out, [&](JsonWriter& json) {
        json.Member("text").String(text_);
        json.Member("logprobs").BeginArray();
        if (!logprobs_.empty()) json.Raw(logprobs_);
        json.EndArray();
      });
    }
    EmitOfContent("response.content_part.done", out, [&](JsonWriter& json) {
      json.Member("part");
      WriteContent(type, json);
    });
    AddElement(content_, [&](JsonWriter& json) { WriteContent(type, json); });
  }

  void EndCall(std::string& out) {
    EmitOfItem(
        custom_ ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done",
        out, [&](JsonWriter& json) {
          if (!custom_) json.Member("name").String(call_name_);
          json.Member(custom_ ? "input" : "arguments").String(text_);
        });
    EndItem(out,
            [&](JsonWriter& json) { WriteCallItem(item_id_, kItemCompleted, Call(text_), json); });
  }

  void EndThought(std::string& out) {
    if (!std::exchange(thought_open_, false)) return;
    if (context_.hide_reasoning) text_.clear();
    if (std::exchange(summary_open_, false)) {
      EmitOfSummary("response.reasoning_summary_text.done", out,
                    [&](JsonWriter& json) { json.Member("text").String(text_); });
      EmitOfSummary("response.reasoning_summary_part.done", out, [&](JsonWriter& json) {
        json.Member("part").BeginObject();
        json.Member("type").String("summary_text");
        json.Member("text").String(text_);
        json.EndObject();
      });
    }
    EndItem(out, [&](JsonWriter& json) { WriteReasoningItem(item_id_, text_, sealed_, json); });
  }

  const AnswerContext& context_;
  std::string service_tier_;
  bool started_ = false;
  std::int64_t sequence_ = 0;
  ir::FinishReason finish_ = ir::FinishReason::kUnknown;
  std::string items_;  // Those that are done: the last event repeats them.

  // The item that is open.
  std::int64_t index_ = 0;
  std::string item_id_;
  bool message_open_ = false;
  std::string content_;  // Of the message, the parts that are done.
  std::int64_t content_index_ = -1;
  bool thought_open_ = false;
  bool summary_open_ = false;
  std::string thought_id_;
  std::string call_id_;
  std::string call_name_;
  bool custom_ = false;

  // The part that is open.
  std::string text_;
  std::string sealed_;
  std::string annotations_;
  std::int64_t annotation_count_ = 0;
  std::string logprobs_;
};

}  // namespace

std::unique_ptr<StreamWriter> NewResponsesStreamWriter(const AnswerContext& context) {
  return std::make_unique<ResponsesStreamWriter>(context);
}

void BeginResponsesEvent(std::string_view type, std::int64_t sequence_number, std::string& out,
                         JsonWriter& json) {
  absl::StrAppend(&out, "event: ", AbslView(type), "\ndata: ");
  json.BeginObject();
  json.Member("type").String(type);
  json.Member("sequence_number").Integer(sequence_number);
}

void EndResponsesEvent(std::string& out, JsonWriter& json) {
  json.EndObject();
  out += "\n\n";
}

// The members stand beside each other, as the API documents them, and within `error`, as it sends
// them.
void AppendResponsesError(const GatewayError& error, std::string_view generation_id,
                          std::int64_t sequence_number, std::string& out) {
  const ErrorRow& row = RowOf(error.code);
  JsonWriter json(out);
  BeginResponsesEvent("error", sequence_number, out, json);
  const auto write = [&] {
    json.Member("code").String(error.provider_code.empty() ? row.name
                                                           : std::string_view(error.provider_code));
    json.Member("message").String(error.text());
    json.Member("param");
    if (error.param.empty()) {
      json.Null();
    } else {
      json.String(error.param);
    }
    if (!generation_id.empty()) json.Member("generation_id").String(generation_id);
  };
  write();
  json.Member("error").BeginObject();
  json.Member("type").String(row.type);
  write();
  json.EndObject();
  EndResponsesEvent(out, json);
}

void AppendResponsesStop(const StreamStop& stop, std::string_view generation_id,
                         std::int64_t sequence_number, std::string_view output, std::string& out) {
  std::string id;
  if (stop.response_id.empty() || !UnescapeJson(stop.response_id, id)) id = generation_id;
  const ResponsesObject object{.id = id,
                               .model = stop.model,
                               .created = stop.created,
                               .status = "incomplete",
                               .incomplete_reason = "max_output_tokens",
                               .output = output,
                               .generation_id = generation_id,
                               .cost = &stop.cost};
  JsonWriter json(out);
  BeginResponsesEvent("response.incomplete", sequence_number, out, json);
  json.Member("response");
  WriteResponsesObject(object, json);
  EndResponsesEvent(out, json);
}

}  // namespace tollgate::dataplane
