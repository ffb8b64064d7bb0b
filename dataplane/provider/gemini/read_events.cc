#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/provider/gemini/citations.h"
#include "dataplane/provider/gemini/read.h"

namespace tollgate::dataplane {
namespace {

// Each event is an answer in small: parts go on while they are of one kind.
class GeminiEventReader final : public EventReader {
 public:
  bool Read(std::string_view, std::string_view data, ir::EventList& out) override {
    media_.clear();
    citations_.clear();
    logprobs_.clear();
    if (!document_.Parse(data) || !document_.root().is_object()) return false;
    const JsonValue root = document_.root();
    if (root["error"].has_value()) return ReadErrorEvent(root["error"], out);
    if (!started_) Start(root, out);
    for (const JsonValue candidate : root["candidates"].elements()) {
      if (!ReadCandidate(candidate, out)) return false;
    }
    if (const std::string_view blocked = root["promptFeedback"]["blockReason"].string();
        !blocked.empty()) {
      state_ = &candidates_[choice_ = 0];
      Finish(ir::FinishReason::kContentFilter, blocked, out);
    }
    ir::Event usage;
    usage.type = ir::EventType::kUsage;
    usage.usage = ReadGeminiUsage(root["usageMetadata"]);
    if (usage.usage.present) out.push_back(usage);
    return true;
  }

  // The format has no terminal event: a stream is whole when each candidate said why it ended.
  void AtEnd(ir::EventList& out) override {
    if (candidates_.empty()) return;
    for (const auto& [index, candidate] : candidates_) {
      if (!candidate.finished) return;
    }
    ir::Event event;
    event.type = ir::EventType::kEnd;
    out.push_back(event);
  }

 private:
  struct Candidate {
    std::int32_t parts = 0;
    bool open = false;
    ir::PartType type = ir::PartType::kText;
    bool called = false;
    bool finished = false;
    GeminiTexts texts;
    std::set<std::string> cited;  // Later events say again what former ones did.
  };

  void Start(JsonValue root, ir::EventList& out) {
    started_ = true;
    id_ = root["responseId"].string();
    ir::Event event;
    event.type = ir::EventType::kStart;
    event.id = root["responseId"].string();
    event.model = root["modelVersion"].string();
    out.push_back(event);
  }

  bool ReadErrorEvent(JsonValue error, ir::EventList& out) {
    ir::Event event;
    event.type = ir::EventType::kError;
    event.text = error["message"].string();
    event.id = event.native_finish = error["status"].string();
    event.status = static_cast<int>(error["code"].integer().value_or(0));
    out.push_back(event);
    return true;
  }

  ir::Event Make(ir::EventType type) const {
    ir::Event event;
    event.type = type;
    event.choice = choice_;
    event.part = state_->parts - 1;
    event.part_type = state_->type;
    event.summary = state_->type == ir::PartType::kReasoning;
    return event;
  }

  void EndPart(ir::EventList& out) {
    if (!state_->open) return;
    state_->open = false;
    out.push_back(Make(ir::EventType::kPartEnd));
  }

  ir::Event& BeginPart(ir::PartType type, ir::EventList& out) {
    EndPart(out);
    state_->open = true;
    state_->type = type;
    if (type == ir::PartType::kText) state_->texts.Begin(kNoIndex);
    ++state_->parts;
    return out.emplace_back(Make(ir::EventType::kPartStart));
  }

  void Delta(std::string_view text, ir::EventList& out) {
    if (text.empty()) return;
    ir::Event event = Make(ir::EventType::kDelta);
    event.text = text;
    out.push_back(event);
  }

  void Sign(std::string_view signature, ir::EventList& out) {
    if (signature.empty()) return;
    ir::Event event = Make(ir::EventType::kSignature);
    event.signature = {ir::kFamilyGoogle, signature};
    out.push_back(event);
  }

  bool ReadCandidate(JsonValue candidate, ir::EventList& out) {
    const std::int64_t index = candidate["index"].integer().value_or(0);
    if (index < 0 || index > kCandidatesMax) return false;
    choice_ = static_cast<std::int32_t>(index);
    state_ = &candidates_[choice_];
    if (state_->finished) return candidate["content"]["parts"].size() == 0;
    for (const JsonValue part : candidate["content"]["parts"].elements()) {
      if (!ReadPart(part, out)) return false;
    }
    AddCitations(candidate, out);
    AddLogprobs(candidate["logprobsResult"], out);
    const std::string_view reason = candidate["finishReason"].string();
    if (!reason.empty()) Finish(ReadGeminiFinish(reason, state_->called), reason, out);
    return true;
  }

  bool ReadPart(JsonValue part, ir::EventList& out) {
    const std::string_view signature = part["thoughtSignature"].string();
    if (const JsonValue call = part["functionCall"]; call.is_object()) {
      return ReadCall(call, signature, out);
    }
    ir::Media& media = media_.emplace_back();
    const bool thought = part["thought"].boolean() == true;
    if (!thought && ReadGeminiMedia(part, media)) {
      BeginPart(ir::PartType::kMedia, out);
      ir::Event event = Make(ir::EventType::kMedia);
      event.media = &media;
      out.push_back(event);
      EndPart(out);
      return true;
    }
    // Also images that were but thought of: they are none of the answer's.
    if (!part["text"].is_string() && (thought || signature.empty())) return ReadOpaque(part, out);
    const std::string_view text = part["text"].string();
    if (text.empty() && signature.empty()) return true;
    const ir::PartType type = thought ? ir::PartType::kReasoning : ir::PartType::kText;
    if (!state_->open || state_->type != type) {
      ir::Event& start = BeginPart(type, out);
      if (type == ir::PartType::kReasoning) start.signature.maker = ir::kFamilyGoogle;
    }
    if (!thought) state_->texts.Append(text);
    Delta(text, out);
    Sign(signature, out);
    return true;
  }

  // What the API ran itself: code, for instance.
  bool ReadOpaque(JsonValue part, ir::EventList& out) {
    if (!part.is_object()) return false;
    if (part.size() == 0) return true;
    EndPart(out);
    state_->type = ir::PartType::kOpaque;
    ++state_->parts;
    ir::Event event = Make(ir::EventType::kOpaque);
    event.owner = ir::kGemini;
    event.text = (*part.members().begin()).key;
    event.json = part.raw();
    out.push_back(event);
    return true;
  }

  bool TextIsOpen() const { return state_->open && state_->type == ir::PartType::kText; }

  // What the candidate says besides, as it stands; it replaces what former events said.
  void AddBesides(JsonValue candidate, ir::EventList& out) {
    for (const std::string_view name : kGeminiBesides) {
      const JsonValue value = candidate[name];
      if (!value.has_value()) continue;
      ir::Event event = Make(ir::EventType::kOpaque);
      event.part_type = ir::PartType::kText;  // Not a part of its own.
      event.owner = ir::kGemini;
      event.text = name;
      event.json = value.raw();
      out.push_back(event);
    }
  }

  void AddCitations(JsonValue candidate, ir::EventList& out) {
    AddBesides(candidate, out);
    if (state_->texts.empty()) return;  // There is nothing that they could be of.
    for (const GeminiCitation& found : ReadGeminiCitations(candidate, state_->texts)) {
      ir::Citation citation = found.citation;
      if (!state_->cited
               .insert(absl::StrCat(AbslView(citation.url), "\n", AbslView(citation.title), "\n",
                                    found.part, " ", citation.begin, " ", citation.end))
               .second) {
        continue;
      }
      // Of a text that is over, an empty one behind it takes what is left to be said.
      if (!TextIsOpen()) BeginPart(ir::PartType::kText, out);
      if (found.part + 1 != state_->texts.size()) citation.begin = citation.end = -1;
      ir::Event event = Make(ir::EventType::kCitation);
      event.citation = &citations_.emplace_back(citation);
      out.push_back(event);
    }
  }

  void AddLogprobs(JsonValue result, ir::EventList& out) {
    std::string entries = GeminiLogprobs(result);
    if (entries.empty() || !TextIsOpen()) return;
    ir::Event event = Make(ir::EventType::kLogprobs);
    event.json = logprobs_.emplace_back(std::move(entries));
    out.push_back(event);
  }

  bool ReadCall(JsonValue call, std::string_view signature, ir::EventList& out) {
    std::string_view id = call["id"].string();
    if (id.empty()) id = ids_.emplace_back(GeminiCallId(id_, calls_));
    ++calls_;
    state_->called = true;
    ir::Event& start = BeginPart(ir::PartType::kToolCall, out);
    start.id = id;
    start.name = call["name"].string();
    if (start.name.empty()) return false;
    const JsonValue arguments = call["args"];
    Delta(arguments.is_object() ? arguments.raw() : "{}", out);
    Sign(signature, out);
    EndPart(out);
    return true;
  }

  void Finish(ir::FinishReason reason, std::string_view native, ir::EventList& out) {
    if (state_->finished) return;
    EndPart(out);
    state_->finished = true;
    ir::Event event = Make(ir::EventType::kFinish);
    event.finish = reason;
    event.native_finish = native;
    out.push_back(event);
  }

  // Parts of a stream have no index within their candidate.
  static constexpr std::int64_t kNoIndex = -1;
  // Beyond any number of candidates that a request may have.
  static constexpr std::int64_t kCandidatesMax = 1024;

  JsonDocument document_;
  bool started_ = false;
  std::string id_;
  std::int64_t calls_ = 0;
  std::map<std::int32_t, Candidate> candidates_;
  std::int32_t choice_ = 0;
  Candidate* state_ = nullptr;
  std::deque<std::string> ids_;  // Of calls that had none; events point to them.
  std::deque<ir::Media> media_;  // Events point to them; so for the next ones.
  std::deque<ir::Citation> citations_;
  std::deque<std::string> logprobs_;
};

}  // namespace

std::unique_ptr<EventReader> NewGeminiEventReader() {
  return std::make_unique<GeminiEventReader>();
}

}  // namespace tollgate::dataplane
