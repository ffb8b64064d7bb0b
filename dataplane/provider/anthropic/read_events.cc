#include <memory>
#include <vector>

#include "dataplane/ir/text_places.h"
#include "dataplane/json/text_arena.h"
#include "dataplane/provider/anthropic/read.h"

namespace tollgate::dataplane {
namespace {

class AnthropicEventReader final : public EventReader {
 public:
  bool Read(std::string_view, std::string_view data, ir::EventList& out) override {
    if (!document_.Parse(data) || !document_.root().is_object()) return false;
    const JsonValue root = document_.root();
    const std::string_view type = root["type"].string();
    if (type == "ping") return true;
    if (type == "error") return ReadErrorEvent(root["error"], out);
    if (type == "message_start") return ReadStart(root["message"], out);
    if (!started_) return false;
    if (type == "content_block_start") return ReadBlockStart(root, out);
    if (type == "content_block_delta") return ReadBlockDelta(root, out);
    if (type == "content_block_stop") return ReadBlockStop(root, out);
    if (type == "message_delta") return ReadMessageDelta(root, out);
    if (type == "message_stop") return ReadStop(out);
    return true;  // Of a later version: to be passed over, as the API says.
  }

  // Every stream of this format has a terminal event.
  void AtEnd(ir::EventList&) override {}

 private:
  ir::Event Make(ir::EventType type) const {
    ir::Event event;
    event.type = type;
    event.part = parts_ - 1;
    event.part_type = type_;
    if (type_ == ir::PartType::kReasoning) event.signature.maker = ir::kFamilyAnthropic;
    return event;
  }

  bool ReadErrorEvent(JsonValue error, ir::EventList& out) {
    ir::Event event;
    event.type = ir::EventType::kError;
    event.text = error["message"].string();
    event.id = event.native_finish = error["type"].string();
    event.status = AnthropicErrorStatus(event.native_finish);
    out.push_back(event);
    return true;
  }

  void AddUsage(JsonValue value, ir::EventList& out) {
    TakeAnthropicUsage(value, usage_);
    if (!usage_.present) return;
    ir::Event event;
    event.type = ir::EventType::kUsage;
    event.usage = usage_;
    out.push_back(event);
  }

  bool ReadStart(JsonValue message, ir::EventList& out) {
    if (started_ || !message.is_object()) return false;
    started_ = true;
    TakeAnthropicUsage(message["usage"], usage_);
    ir::Event event;
    event.type = ir::EventType::kStart;
    event.id = message["id"].string();
    event.model = message["model"].string();
    event.service_tier = AnthropicTier(message["usage"]["service_tier"].string());
    event.usage = usage_;
    out.push_back(event);
    AddUsage(JsonValue(), out);
    return true;
  }

  bool ReadBlockStart(JsonValue root, ir::EventList& out) {
    const std::int64_t index = root["index"].integer().value_or(-1);
    if (open_ || index < 0 || finished_) return false;
    const JsonValue block = root["content_block"];
    const std::string_view type = block["type"].string();
    open_ = true;
    index_ = index;
    passed_over_ = false;
    arguments_ = false;
    citations_.clear();
    arena_.Reset();
    characters_ = 0;
    if (type == "text") {
      type_ = ir::PartType::kText;
    } else if (type == "thinking" || type == "redacted_thinking") {
      type_ = ir::PartType::kReasoning;
    } else if (type == "tool_use") {
      type_ = ir::PartType::kToolCall;
    } else {
      passed_over_ = true;  // A tool that the provider ran: its text and its cost are what remains.
      return true;
    }
    ++parts_;
    ir::Event start = Make(ir::EventType::kPartStart);
    start.id = block["id"].string();
    start.name = block["name"].string();
    if (type_ == ir::PartType::kToolCall && (start.id.empty() || start.name.empty())) return false;
    out.push_back(start);
    AddDelta(block[type == "text" ? "text" : "thinking"].string(), out);
    if (const std::string_view data = block["data"].string(); !data.empty()) {
      ir::Event event = Make(ir::EventType::kSignature);
      event.signature.maker = ir::kFamilyAnthropic;
      event.redacted = data;
      out.push_back(event);
    }
    if (const JsonValue input = block["input"];
        type_ == ir::PartType::kToolCall && input.size() > 0) {
      AddDelta(input.raw(), out);
      arguments_ = true;
    }
    return true;
  }

  void AddDelta(std::string_view text, ir::EventList& out) {
    if (text.empty()) return;
    if (type_ == ir::PartType::kText) characters_ += ir::CountCharacters(text);
    ir::Event event = Make(ir::EventType::kDelta);
    event.text = text;
    out.push_back(event);
  }

  bool IsOpen(JsonValue root) const {
    return open_ && root["index"].integer().value_or(-1) == index_;
  }

  bool ReadBlockDelta(JsonValue root, ir::EventList& out) {
    if (!IsOpen(root)) return false;
    if (passed_over_) return true;
    const JsonValue delta = root["delta"];
    const std::string_view type = delta["type"].string();
    if (type == "text_delta") {
      AddDelta(delta["text"].string(), out);
    } else if (type == "thinking_delta") {
      AddDelta(delta["thinking"].string(), out);
    } else if (type == "input_json_delta") {
      const std::string_view json = delta["partial_json"].string();
      arguments_ = arguments_ || !json.empty();
      AddDelta(json, out);
    } else if (type == "signature_delta") {
      ir::Event event = Make(ir::EventType::kSignature);
      event.signature = {ir::kFamilyAnthropic, delta["signature"].string()};
      out.push_back(event);
    } else if (type == "citations_delta") {
      KeepCitation(ReadAnthropicCitation(delta["citation"]));
    }
    return true;
  }

  // The words that a citation is of are its block, which is known to its end when it ends.
  void KeepCitation(ir::Citation citation) {
    for (std::string_view* text :
         {&citation.url, &citation.title, &citation.cited_text, &citation.json}) {
      *text = arena_.Copy(*text);
    }
    citations_.push_back(citation);
  }

  void AddCitations(ir::EventList& out) {
    for (ir::Citation& citation : citations_) {
      citation.begin = 0;
      citation.end = characters_;
      ir::Event event = Make(ir::EventType::kCitation);
      event.citation = &citation;
      out.push_back(event);
    }
  }

  bool ReadBlockStop(JsonValue root, ir::EventList& out) {
    if (!IsOpen(root)) return false;
    open_ = false;
    if (passed_over_) return true;
    if (type_ == ir::PartType::kText) AddCitations(out);
    // A call without arguments is streamed without a delta.
    if (type_ == ir::PartType::kToolCall && !arguments_) AddDelta("{}", out);
    out.push_back(Make(ir::EventType::kPartEnd));
    return true;
  }

  // Why the model refused is what others call a refusal.
  void AddRefusal(std::string_view why, ir::EventList& out) {
    if (why.empty()) return;
    ++parts_;
    type_ = ir::PartType::kRefusal;
    out.push_back(Make(ir::EventType::kPartStart));
    AddDelta(why, out);
    out.push_back(Make(ir::EventType::kPartEnd));
  }

  bool ReadMessageDelta(JsonValue root, ir::EventList& out) {
    if (open_) return false;
    const std::string_view reason = root["delta"]["stop_reason"].string();
    if (!reason.empty() && !finished_) {
      finished_ = true;
      AddRefusal(root["delta"]["stop_details"]["explanation"].string(), out);
      ir::Event event;
      event.type = ir::EventType::kFinish;
      event.finish = ReadAnthropicStop(reason);
      event.native_finish = reason;
      event.stop_sequence = root["delta"]["stop_sequence"].string();
      event.owner = ir::kAnthropicMessages;
      event.json = root["delta"].raw();
      out.push_back(event);
    }
    AddUsage(root["usage"], out);
    return true;
  }

  bool ReadStop(ir::EventList& out) {
    if (open_ || !finished_) return false;
    ir::Event event;
    event.type = ir::EventType::kEnd;
    out.push_back(event);
    return true;
  }

  JsonDocument document_;
  bool started_ = false;
  bool finished_ = false;
  ir::Usage usage_;
  std::int32_t parts_ = 0;
  // The open block.
  bool open_ = false;
  std::int64_t index_ = -1;
  ir::PartType type_ = ir::PartType::kText;
  bool passed_over_ = false;
  bool arguments_ = false;               // Some came.
  std::vector<ir::Citation> citations_;  // Events point to them, and they to the arena.
  TextArena arena_;
  std::int64_t characters_ = 0;  // Of the text.
};

}  // namespace

std::unique_ptr<EventReader> NewAnthropicEventReader() {
  return std::make_unique<AnthropicEventReader>();
}

}  // namespace tollgate::dataplane
