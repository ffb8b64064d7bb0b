// Writes translated streams as the events of Anthropic's messages.
#include <string>

#include "dataplane/surface/anthropic_messages/answer.h"
#include "dataplane/surface/anthropic_messages/citations.h"
#include "dataplane/surface/anthropic_messages/signed_block.h"

namespace tollgate::dataplane {
namespace {

// The answer has one choice: this surface cannot ask for more.
class MessagesStreamWriter final : public StreamWriter {
 public:
  explicit MessagesStreamWriter(const AnswerContext& context) : context_(context) {}

  void Write(const ir::Event& event, std::string& out) override {
    if (event.choice != 0) return;
    switch (event.type) {
      case ir::EventType::kStart:
        service_tier_ = event.service_tier;
        return Start(event.usage, out);
      case ir::EventType::kPartStart:
        return StartPart(event, out);
      case ir::EventType::kDelta:
        return WriteDelta(event, out);
      case ir::EventType::kSignature:
        return TakeSignature(event, out);
      case ir::EventType::kCitation:
        return Delta(out, [&](JsonWriter& json) {
          json.Member("type").String("citations_delta");
          json.Member("citation");
          WriteMessagesCitation(*event.citation, true, json);
        });
      case ir::EventType::kMedia:
        OpenText(out);
        return Delta(out, [&](JsonWriter& json) {
          json.Member("type").String("text_delta");
          json.Member("text").String(MessagesImageText(*event.media));
        });
      case ir::EventType::kPartEnd:
        return EndPart(out);
      case ir::EventType::kFinish:
        return TakeFinish(event);
      case ir::EventType::kOpaque:
        if (event.owner == ir::kAnthropicMessages && !open_) WriteOpaque(event.json, out);
        return;
      case ir::EventType::kLogprobs:
      case ir::EventType::kUsage:
      case ir::EventType::kEnd:
      case ir::EventType::kError:
        return;
    }
  }

  void Finish(const AnswerCost& cost, std::string& out) override {
    Start(cost.usage, out);
    Event("message_delta", out, [&](JsonWriter& json) {
      json.Member("delta").BeginObject();
      WriteMessagesEnd({finish_, stop_sequence_, refusal_, container_, stop_details_}, json);
      json.EndObject();
      json.Member("usage");
      WriteMessagesUsage(cost, service_tier_, json);
      if (cost.stopped != nullptr) WriteStopped(*cost.stopped, context_.generation_id, json);
      WriteMessagesMetadata(context_, cost, json);
    });
    Event("message_stop", out, [](JsonWriter&) {});
  }

  void Fail(const GatewayError& error, std::string& out) override {
    AnthropicMessagesSurface().AppendStreamError(error, context_.generation_id, out);
  }

 private:
  template <typename Fill>
  static void Event(std::string_view type, std::string& out, Fill fill) {
    out += "event: ";
    out += type;
    out += "\ndata: ";
    JsonWriter json(out);
    json.BeginObject();
    json.Member("type").String(type);
    fill(json);
    json.EndObject();
    out += "\n\n";
  }

  // Clients want the input's tokens at once: the provider's count, or the estimate.
  void Start(const ir::Usage& known, std::string& out) {
    if (started_) return;
    started_ = true;
    ir::Usage usage = known;
    if (!known.present) usage.tokens.input_text = context_.input_tokens_estimate;
    Event("message_start", out, [&](JsonWriter& json) {
      WriteMessagesStart(context_.generation_id, context_.requested_model, usage, service_tier_,
                         json);
    });
  }

  void TakeFinish(const ir::Event& event) {
    finish_ = refused_ ? RefusedReason(event.finish) : event.finish;
    stop_sequence_ = event.stop_sequence;
    JsonDocument own;
    if (event.owner != ir::kAnthropicMessages || !own.Parse(event.json)) return;
    const JsonValue delta = own.root();
    if (delta["container"].is_object()) container_ = delta["container"].raw();
    if (delta["stop_details"].is_object()) stop_details_ = delta["stop_details"].raw();
  }

  template <typename Fill>
  void Open(std::string& out, Fill fill) {
    open_ = true;
    Event("content_block_start", out, [&](JsonWriter& json) {
      json.Member("index").Integer(index_);
      json.Member("content_block").BeginObject();
      fill(json);
      json.EndObject();
    });
  }

  void OpenText(std::string& out) {
    if (open_) return;
    Open(out, [](JsonWriter& json) {
      json.Member("type").String("text");
      json.Member("text").String("");
      json.Member("citations").Null();
    });
  }

  void OpenThinking(std::string& out) {
    if (open_) return;
    Open(out, [](JsonWriter& json) {
      json.Member("type").String("thinking");
      json.Member("thinking").String("");
      json.Member("signature").String("");
    });
  }

  template <typename Fill>
  void Delta(std::string& out, Fill fill) {
    Event("content_block_delta", out, [&](JsonWriter& json) {
      json.Member("index").Integer(index_);
      json.Member("delta").BeginObject();
      fill(json);
      json.EndObject();
    });
  }

  void Close(std::string& out) {
    if (!open_) return;
    open_ = false;
    Event("content_block_stop", out,
          [&](JsonWriter& json) { json.Member("index").Integer(index_); });
    ++index_;
  }

  void StartPart(const ir::Event& event, std::string& out) {
    signature_.clear();
    refused_ = refused_ || event.part_type == ir::PartType::kRefusal;
    switch (event.part_type) {
      case ir::PartType::kText:
      case ir::PartType::kRefusal:
        return OpenText(out);
      case ir::PartType::kToolCall:
        return Open(out, [&](JsonWriter& json) {
          WriteMessagesCall(event.id, event.name, json);
          json.Member("input").BeginObject();
          json.EndObject();
        });
      default:
        return;  // Thoughts may turn out to have no text: their block is begun with their first.
    }
  }

  void WriteDelta(const ir::Event& event, std::string& out) {
    switch (event.part_type) {
      case ir::PartType::kText:
      case ir::PartType::kRefusal:
        if (event.part_type == ir::PartType::kRefusal) refusal_ += event.text;
        return Delta(out, [&](JsonWriter& json) {
          json.Member("type").String("text_delta");
          json.Member("text").String(event.text);
        });
      case ir::PartType::kToolCall:
        return Delta(out, [&](JsonWriter& json) {
          json.Member("type").String("input_json_delta");
          json.Member("partial_json").String(event.text);
        });
      case ir::PartType::kReasoning:
        OpenThinking(out);
        if (context_.hide_reasoning) return;
        return Delta(out, [&](JsonWriter& json) {
          json.Member("type").String("thinking_delta");
          json.Member("thinking").String(event.text);
        });
      default:
        return;
    }
  }

  void TakeSignature(const ir::Event& event, std::string& out) {
    SignedBlock block{SignedBlock::Kind::kSignature, event.signature, event.id, event.redacted};
    if (event.part_type != ir::PartType::kReasoning) {
      // A block of its own, behind the part.
      block.kind = SignedBlock::Kind::kOfPart;
      signature_ = ShowSigned(block);
      return;
    }
    if (!event.redacted.empty()) block.kind = SignedBlock::Kind::kRedacted;
    if (!open_ && !event.redacted.empty()) return WriteRedacted(ShowSigned(block), out);
    OpenThinking(out);
    Delta(out, [&](JsonWriter& json) {
      json.Member("type").String("signature_delta");
      json.Member("signature").String(ShowSigned(block));
    });
  }

  void WriteRedacted(std::string_view data, std::string& out) {
    Open(out, [&](JsonWriter& json) {
      json.Member("type").String("redacted_thinking");
      json.Member("data").String(data);
    });
    Close(out);
  }

  void WriteOpaque(std::string_view block, std::string& out) {
    open_ = true;
    Event("content_block_start", out, [&](JsonWriter& json) {
      json.Member("index").Integer(index_);
      json.Member("content_block").Raw(block);
    });
    Close(out);
  }

  void EndPart(std::string& out) {
    Close(out);
    if (signature_.empty()) return;
    WriteRedacted(signature_, out);
    signature_.clear();
  }

  const AnswerContext& context_;
  std::string service_tier_;
  bool started_ = false;
  std::int64_t index_ = 0;  // Of the block that is open, or comes next.
  bool open_ = false;
  bool refused_ = false;   // A part of it is a refusal.
  std::string signature_;  // Of the open part, to be shown behind it.
  ir::FinishReason finish_ = ir::FinishReason::kUnknown;
  std::string stop_sequence_;
  std::string refusal_;       // What was said of it.
  std::string container_;     // As JSON, of a provider of this surface's own format.
  std::string stop_details_;  // Likewise.
};

}  // namespace

std::unique_ptr<StreamWriter> NewMessagesStreamWriter(const AnswerContext& context) {
  return std::make_unique<MessagesStreamWriter>(context);
}

}  // namespace tollgate::dataplane
