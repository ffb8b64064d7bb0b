#include <deque>
#include <string>

#include "dataplane/provider/openai_chat/read.h"
#include "dataplane/provider/openai_responses/read.h"

namespace tollgate::dataplane {
namespace {

// The items of an answer come one after the other; each is one part, but a message, which has as
// many as it has parts of content.
class ResponsesEventReader final : public EventReader {
 public:
  bool Read(std::string_view, std::string_view data, ir::EventList& out) override {
    if (data == "[DONE]") return true;  // Some compatible servers append it.
    citations_.clear();
    if (!document_.Parse(data) || !document_.root().is_object()) return false;
    const JsonValue root = document_.root();
    const std::string_view type = root["type"].string();
    if (type == "error") {
      return AddError(root["error"].is_object() ? root["error"] : root, out);
    }
    if (type == "response.failed" || type == "response.cancelled") {
      return AddError(root["response"]["error"], out);
    }
    if (!started_) Start(root["response"], out);
    if (type == "response.completed" || type == "response.incomplete") {
      return ReadEnd(root["response"], out);
    }
    if (ended_) return true;
    if (type == "response.output_item.added") return ReadItemAdded(root, out);
    if (type == "response.output_item.done") return ReadItemDone(root, out);
    if (type == "response.content_part.added") return ReadContentAdded(root, out);
    if (type == "response.content_part.done") return ReadContentDone(root, out);
    return ReadDelta(type, root, out);
  }

  // Every stream of this format has a terminal event.
  void AtEnd(ir::EventList&) override {}

 private:
  void Start(JsonValue response, ir::EventList& out) {
    started_ = true;
    ir::Event event;
    event.type = ir::EventType::kStart;
    event.id = response["id"].string();
    event.model = response["model"].string();
    event.created = response["created_at"].integer().value_or(0);
    event.service_tier = response["service_tier"].string();
    out.push_back(event);
  }

  bool AddError(JsonValue error, ir::EventList& out) {
    ir::Event event;
    event.type = ir::EventType::kError;
    event.text = error["message"].string();
    event.id = error["code"].string();
    event.native_finish = error["type"].string();
    out.push_back(event);
    return true;
  }

  // ---- Parts ------------------------------------------------------------------------------------

  ir::Event Make(ir::EventType type) const {
    ir::Event event;
    event.type = type;
    event.part = parts_ - 1;
    event.part_type = open_type_;
    event.custom = custom_;
    event.summary = summary_;
    if (open_type_ == ir::PartType::kReasoning) event.signature.maker = ir::kFamilyOpenAi;
    return event;
  }

  void EndPart(ir::EventList& out) {
    if (!open_) return;
    out.push_back(Make(ir::EventType::kPartEnd));
    open_ = custom_ = summary_ = false;
  }

  ir::Event& BeginPart(ir::PartType type, ir::EventList& out) {
    EndPart(out);
    open_ = true;
    open_type_ = type;
    said_ = false;
    ++parts_;
    ++parts_of_item_;
    return out.emplace_back(Make(ir::EventType::kPartStart));
  }

  void AddText(std::string_view text, ir::EventList& out) {
    if (text.empty()) return;
    said_ = true;
    ir::Event event = Make(ir::EventType::kDelta);
    event.text = text;
    out.push_back(event);
  }

  bool IsOpen(ir::PartType type) const { return open_ && open_type_ == type; }

  // Text or a refusal, whose part some servers do not announce.
  void AddContent(ir::PartType type, std::string_view text, ir::EventList& out) {
    if (!IsOpen(type)) BeginPart(type, out);
    AddText(text, out);
  }

  // A thought begins with the first that there is of it: many items have nothing that is shown.
  void OpenThought(bool summary, ir::EventList& out) {
    if (IsOpen(ir::PartType::kReasoning)) return;
    EndPart(out);
    summary_ = summary;
    BeginPart(ir::PartType::kReasoning, out).id = item_id_;
  }

  // ---- Items ------------------------------------------------------------------------------------

  bool ReadItemAdded(JsonValue root, ir::EventList& out) {
    const JsonValue item = root["item"];
    EndPart(out);
    item_open_ = true;
    item_index_ = root["output_index"].integer().value_or(item_index_ + 1);
    item_id_ = item["id"].string();
    parts_of_item_ = 0;
    const std::string_view type = item["type"].string();
    if (type == "function_call" || type == "custom_tool_call") return BeginCall(item, out);
    return true;
  }

  bool BeginCall(JsonValue item, ir::EventList& out) {
    custom_ = item["type"].string() == "custom_tool_call";
    calls_ = true;
    ir::Event& start = BeginPart(ir::PartType::kToolCall, out);
    start.id = item["call_id"].string();
    start.name = item["name"].string();
    if (start.id.empty() || start.name.empty()) return false;
    AddText(item[custom_ ? "input" : "arguments"].string(), out);
    return true;
  }

  // Whether an event is about the item that is open.  Some servers leave the index out.
  bool IsOfItem(JsonValue root) const {
    return item_open_ && root["output_index"].integer().value_or(item_index_) == item_index_;
  }

  bool ReadItemDone(JsonValue root, ir::EventList& out) {
    if (!IsOfItem(root)) return false;
    const JsonValue item = root["item"];
    const std::string_view type = item["type"].string();
    if (type == "function_call" || type == "custom_tool_call") {
      if (!IsOpen(ir::PartType::kToolCall)) return false;
      if (!said_) AddText(item[custom_ ? "input" : "arguments"].string(), out);
    } else if (type == "reasoning") {
      EndThought(item, out);
    } else if (type == "message" && parts_of_item_ == 0) {
      for (const JsonValue part : item["content"].elements()) BeginContent(part, out);
    }
    EndPart(out);
    item_open_ = false;
    return true;
  }

  void EndThought(JsonValue item, ir::EventList& out) {
    const std::string_view encrypted = item["encrypted_content"].string();
    if (!IsOpen(ir::PartType::kReasoning)) {
      thought_ = ReadResponsesThought(item);
      if (thought_.text.empty() && encrypted.empty()) return;
      OpenThought(thought_.summary, out);
      AddText(thought_.text, out);
    }
    if (encrypted.empty()) return;
    ir::Event event = Make(ir::EventType::kSignature);
    event.redacted = encrypted;
    event.id = item_id_;
    out.push_back(event);
  }

  // ---- Content of messages ----------------------------------------------------------------------

  void BeginContent(JsonValue part, ir::EventList& out) {
    const std::string_view type = part["type"].string();
    if (type == "output_text") {
      BeginPart(ir::PartType::kText, out);
      AddText(part["text"].string(), out);
      for (const JsonValue value : part["annotations"].elements()) AddCitation(value, out);
    } else if (type == "refusal") {
      BeginPart(ir::PartType::kRefusal, out);
      AddText(part["refusal"].string(), out);
    }
  }

  bool ReadContentAdded(JsonValue root, ir::EventList& out) {
    if (!IsOfItem(root)) return false;
    BeginContent(root["part"], out);
    return true;
  }

  bool ReadContentDone(JsonValue root, ir::EventList& out) {
    if (!IsOfItem(root)) return false;
    const JsonValue part = root["part"];
    if (!IsOpen(ir::PartType::kText) && !IsOpen(ir::PartType::kRefusal)) return true;
    if (!said_) AddText(part[IsOpen(ir::PartType::kText) ? "text" : "refusal"].string(), out);
    EndPart(out);
    return true;
  }

  void AddCitation(JsonValue value, ir::EventList& out) {
    citations_.push_back(ReadResponsesAnnotation(value));
    ir::Event event = Make(ir::EventType::kCitation);
    event.citation = &citations_.back();
    out.push_back(event);
  }

  // ---- Deltas -----------------------------------------------------------------------------------

  bool ReadDelta(std::string_view type, JsonValue root, ir::EventList& out) {
    const std::string_view delta = root["delta"].string();
    if (type == "response.output_text.delta") {
      if (!IsOfItem(root)) return false;
      AddContent(ir::PartType::kText, delta, out);
      if (const JsonValue entries = root["logprobs"]; entries.size() > 0) {
        ir::Event event = Make(ir::EventType::kLogprobs);
        event.json = entries.raw();
        out.push_back(event);
      }
    } else if (type == "response.refusal.delta") {
      if (!IsOfItem(root)) return false;
      AddContent(ir::PartType::kRefusal, delta, out);
    } else if (type == "response.function_call_arguments.delta" ||
               type == "response.custom_tool_call_input.delta") {
      if (!IsOfItem(root) || !IsOpen(ir::PartType::kToolCall)) return false;
      AddText(delta, out);
    } else if (type == "response.reasoning_summary_text.delta" ||
               type == "response.reasoning_text.delta") {
      if (!IsOfItem(root)) return false;
      OpenThought(type == "response.reasoning_summary_text.delta", out);
      AddText(delta, out);
    } else if (type == "response.reasoning_summary_part.added") {
      if (!IsOfItem(root)) return false;
      if (IsOpen(ir::PartType::kReasoning) && said_) AddText(kThoughtSeparator, out);
    } else if (type == "response.output_text.annotation.added") {
      if (!IsOfItem(root)) return false;
      if (IsOpen(ir::PartType::kText)) AddCitation(root["annotation"], out);
    }
    return true;  // What is not known is passed over, as the API says.
  }

  bool ReadEnd(JsonValue response, ir::EventList& out) {
    if (ended_) return false;
    ended_ = true;
    EndPart(out);
    ir::Event finish;
    finish.type = ir::EventType::kFinish;
    finish.finish = ReadResponsesFinish(response, calls_, finish.native_finish);
    out.push_back(finish);
    ir::Event usage;
    usage.type = ir::EventType::kUsage;
    usage.usage = ReadChatUsage(response["usage"]);
    if (usage.usage.present) out.push_back(usage);
    ir::Event end;
    end.type = ir::EventType::kEnd;
    out.push_back(end);
    return true;
  }

  JsonDocument document_;
  bool started_ = false;
  bool ended_ = false;
  bool calls_ = false;
  // The item that is open.
  bool item_open_ = false;
  std::int64_t item_index_ = -1;
  std::string item_id_;
  int parts_of_item_ = 0;
  // The part that is open.
  std::int32_t parts_ = 0;
  bool open_ = false;
  ir::PartType open_type_ = ir::PartType::kText;
  bool custom_ = false;
  bool summary_ = false;
  bool said_ = false;  // Some of its text came.
  // What events point to.
  std::deque<ir::Citation> citations_;
  ResponsesThought thought_;
};

}  // namespace

std::unique_ptr<EventReader> NewResponsesEventReader() {
  return std::make_unique<ResponsesEventReader>();
}

}  // namespace tollgate::dataplane
