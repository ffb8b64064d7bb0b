#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/ir/reasoning_details.h"
#include "dataplane/provider/openai_chat/read.h"

namespace tollgate::dataplane {
namespace {

class ChatEventReader final : public EventReader {
 public:
  bool Read(std::string_view, std::string_view data, ir::EventList& out) override {
    if (data == "[DONE]") {
      End(out);
      return true;
    }
    citations_.clear();
    media_.clear();
    if (!document_.Parse(data) || !document_.root().is_object()) return false;
    const JsonValue root = document_.root();
    if (root["error"].has_value()) return ReadErrorEvent(root["error"], out);
    if (!started_) Start(root, out);
    for (const JsonValue choice : root["choices"].elements()) {
      if (!ReadChoice(choice, out)) return false;
    }
    if (root["usage"].is_object()) ReadUsageMember(root["usage"], out);
    return true;
  }

  void AtEnd(ir::EventList& out) override {
    if (choices_.empty()) return;
    for (const auto& [index, choice] : choices_) {
      if (!choice.finished) return;
    }
    End(out);
  }

 private:
  struct ChoiceState {
    std::int32_t parts = 0;  // Begun so far.
    bool open = false;
    ir::PartType open_type = ir::PartType::kText;
    bool open_custom = false;
    bool open_summary = false;
    std::int64_t open_call = -1;  // The provider's index of the open call.
    std::int64_t last_call = -1;
    bool finished = false;
  };

  void Start(JsonValue root, ir::EventList& out) {
    started_ = true;
    ir::Event event;
    event.type = ir::EventType::kStart;
    event.id = root["id"].string();
    event.model = root["model"].string();
    event.created = root["created"].integer().value_or(0);
    event.service_tier = root["service_tier"].string();
    out.push_back(event);
  }

  bool ReadErrorEvent(JsonValue error, ir::EventList& out) {
    ir::Event event;
    event.type = ir::EventType::kError;
    event.text = error.is_string() ? error.string() : error["message"].string();
    const JsonValue code = error["code"];
    event.id = code.is_string() ? code.string() : code.number();
    event.native_finish = error["type"].string();
    event.status = static_cast<int>(code.integer().value_or(0));
    out.push_back(event);
    return true;
  }

  void ReadUsageMember(JsonValue value, ir::EventList& out) {
    ir::Event event;
    event.type = ir::EventType::kUsage;
    event.usage = ReadChatUsage(value);
    if (event.usage.present) out.push_back(event);
  }

  bool ReadChoice(JsonValue value, ir::EventList& out) {
    const std::int64_t index = value["index"].integer().value_or(0);
    if (index < 0 || index > kChoiceIndexMax) return false;
    choice_ = static_cast<std::int32_t>(index);
    state_ = &choices_[choice_];
    const JsonValue delta = value["delta"];
    ReadReasoning(delta, out);
    ReadText(delta, out);
    if (!ReadCalls(delta, out)) return false;
    ReadImages(delta, out);
    if (const JsonValue entries = value["logprobs"]["content"]; entries.is_array()) {
      ir::Event event = Make(ir::EventType::kLogprobs);
      event.json = entries.raw();
      out.push_back(event);
    }
    const std::string_view finish = value["finish_reason"].string();
    if (!finish.empty() && !state_->finished) {
      EndPart(out);
      state_->finished = true;
      ir::Event event = Make(ir::EventType::kFinish);
      event.finish = ReadChatFinish(finish);
      event.native_finish = finish;
      out.push_back(event);
    }
    return true;
  }

  // An event of the open part.
  ir::Event Make(ir::EventType type) const {
    ir::Event event;
    event.type = type;
    event.choice = choice_;
    event.part = state_->parts - 1;
    event.part_type = state_->open_type;
    event.custom = state_->open_custom;
    event.summary = state_->open_summary;
    return event;
  }

  void EndPart(ir::EventList& out) {
    if (!state_->open) return;
    out.push_back(Make(ir::EventType::kPartEnd));
    state_->open = false;
    state_->open_call = -1;
  }

  ir::Event& BeginPart(ir::PartType type, ir::EventList& out) {
    EndPart(out);
    state_->open = true;
    state_->open_type = type;
    state_->open_custom = false;
    state_->open_summary = false;
    ++state_->parts;
    return out.emplace_back(Make(ir::EventType::kPartStart));
  }

  void Delta(ir::PartType type, std::string_view text, ir::EventList& out) {
    if (text.empty()) return;
    if (!state_->open || state_->open_type != type) BeginPart(type, out);
    ir::Event event = Make(ir::EventType::kDelta);
    event.text = text;
    out.push_back(event);
  }

  void ReadReasoning(JsonValue delta, ir::EventList& out) {
    const JsonValue details = delta["reasoning_details"];
    if (details.size() > 0) return ReadDetails(details, out);
    std::string_view text = delta["reasoning_content"].string();
    if (text.empty()) text = delta["reasoning"].string();
    Delta(ir::PartType::kReasoning, text, out);
  }

  void ReadDetails(JsonValue details, ir::EventList& out) {
    parts_.clear();
    ir::ReadReasoningDetails(details, parts_);
    for (const ir::Part& part : parts_) {
      const ir::Reasoning& reasoning = *part.As<ir::Reasoning>();
      if (!state_->open || state_->open_type != ir::PartType::kReasoning ||
          state_->open_summary != reasoning.summary) {
        ir::Event& start = BeginPart(ir::PartType::kReasoning, out);
        start.id = reasoning.id;
        start.summary = state_->open_summary = reasoning.summary;
        start.signature.maker = part.signature.maker;
      }
      if (!reasoning.text.empty()) {
        ir::Event event = Make(ir::EventType::kDelta);
        event.text = reasoning.text;
        event.signature.maker = part.signature.maker;
        out.push_back(event);
      }
      if (part.signature.present() || !reasoning.redacted.empty()) {
        ir::Event event = Make(ir::EventType::kSignature);
        event.signature = part.signature;
        event.redacted = reasoning.redacted;
        event.id = reasoning.id;
        out.push_back(event);
      }
    }
  }

  void ReadText(JsonValue delta, ir::EventList& out) {
    Delta(ir::PartType::kText, delta["content"].string(), out);
    Delta(ir::PartType::kRefusal, delta["refusal"].string(), out);
    const JsonValue annotations = delta["annotations"];
    if (annotations.size() == 0) return;
    for (const JsonValue value : annotations.elements()) {
      if (!state_->open || state_->open_type != ir::PartType::kText) {
        BeginPart(ir::PartType::kText, out);
      }
      citations_.push_back(ReadChatAnnotation(value));
      ir::Event event = Make(ir::EventType::kCitation);
      event.citation = &citations_.back();
      out.push_back(event);
    }
  }

  bool ReadCalls(JsonValue delta, ir::EventList& out) {
    for (const JsonValue call : delta["tool_calls"].elements()) {
      if (!ReadCall(call, out)) return false;
    }
    if (const JsonValue call = delta["function_call"]; call.is_object()) {
      if (state_->open_call != kFunctionCall) {
        ir::Event& start = BeginPart(ir::PartType::kToolCall, out);
        state_->open_call = kFunctionCall;
        start.id = start.name = call["name"].string();
      }
      Delta(ir::PartType::kToolCall, call["arguments"].string(), out);
    }
    return true;
  }

  bool ReadCall(JsonValue call, ir::EventList& out) {
    const std::string_view id = call["id"].string();
    const bool custom = call["custom"].is_object();
    const JsonValue called = call[custom ? "custom" : "function"];
    // Some servers leave the index out: a further id is a further call.
    std::int64_t index = call["index"].integer().value_or(
        id.empty() || state_->last_call < 0 ? std::max<std::int64_t>(state_->last_call, 0)
                                            : state_->last_call + 1);
    if (index != state_->open_call) {
      if (index <= state_->last_call) return false;  // A call that has ended goes on.
      ir::Event& start = BeginPart(ir::PartType::kToolCall, out);
      state_->open_call = state_->last_call = index;
      state_->open_custom = start.custom = custom;
      start.id = id;
      start.name = called["name"].string();
      if (start.id.empty() || start.name.empty()) return false;
    }
    Delta(ir::PartType::kToolCall, called[custom ? "input" : "arguments"].string(), out);
    const std::string_view signature =
        call["extra_content"]["google"]["thought_signature"].string();
    if (!signature.empty()) {
      ir::Event event = Make(ir::EventType::kSignature);
      event.signature = {ir::kFamilyGoogle, signature};
      out.push_back(event);
    }
    return true;
  }

  void ReadImages(JsonValue delta, ir::EventList& out) {
    const JsonValue images = delta["images"];
    for (const JsonValue image : images.elements()) {
      ir::Media& media = media_.emplace_back();
      if (!ReadChatImage(image, media)) continue;
      BeginPart(ir::PartType::kMedia, out);
      ir::Event event = Make(ir::EventType::kMedia);
      event.media = &media;
      out.push_back(event);
      EndPart(out);
    }
  }

  void End(ir::EventList& out) {
    if (!started_) return;  // An end marker alone is no answer.
    for (auto& [index, choice] : choices_) {
      choice_ = index;
      state_ = &choice;
      EndPart(out);
      if (choice.finished) continue;
      choice.finished = true;
      out.push_back(Make(ir::EventType::kFinish));
    }
    ir::Event event;
    event.type = ir::EventType::kEnd;
    out.push_back(event);
  }

  // Beyond any `n` that a request may have.
  static constexpr std::int64_t kChoiceIndexMax = 1024;
  // The one call of an answer in the older form.
  static constexpr std::int64_t kFunctionCall = 1 << 20;

  JsonDocument document_;
  bool started_ = false;
  std::map<std::int32_t, ChoiceState> choices_;
  std::int32_t choice_ = 0;
  ChoiceState* state_ = nullptr;
  std::deque<ir::Citation> citations_;  // Events point to them; so to the media.
  std::vector<ir::Part> parts_;
  std::deque<ir::Media> media_;
};

}  // namespace

std::unique_ptr<EventReader> NewChatEventReader() { return std::make_unique<ChatEventReader>(); }

}  // namespace tollgate::dataplane
