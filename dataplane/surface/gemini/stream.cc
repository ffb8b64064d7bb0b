// Writes translated streams as the events of Gemini's streamGenerateContent: answers in small.
#include <map>
#include <string>
#include <vector>

#include "dataplane/ir/text_places.h"
#include "dataplane/surface/gemini/answer.h"
#include "dataplane/surface/gemini/grounding.h"

namespace tollgate::dataplane {
namespace {

// The reason to end, usage and cost are in the last event; a client takes it for the end.
class GeminiStreamWriter final : public StreamWriter {
 public:
  explicit GeminiStreamWriter(const AnswerContext& context) : context_(context) {}

  void Write(const ir::Event& event, std::string& out) override {
    if (event.type == ir::EventType::kStart || event.type == ir::EventType::kUsage) return;
    Candidate& candidate = candidates_[event.choice];
    switch (event.type) {
      case ir::EventType::kPartStart:
        return StartPart(event, candidate);
      case ir::EventType::kDelta:
        return WriteDelta(event, candidate, out);
      case ir::EventType::kSignature:
        candidate.maker = event.signature.maker;
        candidate.signature = event.signature.value;
        candidate.redacted = event.redacted;
        return;
      case ir::EventType::kCitation:
        return Cite(*event.citation, candidate);
      case ir::EventType::kMedia:
        return Chunk(event.choice, out,
                     [&](JsonWriter& json) { WriteGeminiMedia(*event.media, json); });
      case ir::EventType::kLogprobs:
        return AddLogprobs(event.json, candidate);
      case ir::EventType::kPartEnd:
        return EndPart(event, candidate, out);
      case ir::EventType::kFinish:
        candidate.finish = GeminiFinishReason(event.finish, event.native_finish);
        return;
      case ir::EventType::kOpaque:
        if (event.owner != ir::kGemini) return;
        if (event.part_type != ir::PartType::kOpaque) {
          return candidate.grounding.KeepMember(event.text, event.json);
        }
        return Chunk(event.choice, out, [&](JsonWriter& json) { json.Raw(event.json); });
      default:
        return;
    }
  }

  void Finish(const AnswerCost& cost, std::string& out) override {
    Event(out, [&](JsonWriter& json) {
      json.Member("candidates").BeginArray();
      for (const auto& [index, candidate] : candidates_) WriteLast(index, candidate, json);
      json.EndArray();
      json.Member("usageMetadata");
      WriteGeminiUsage(cost, json);
      WriteIds(json);
      WriteGeminiMetadata(context_, cost, json);
      if (cost.stopped != nullptr) WriteStopped(*cost.stopped, context_.generation_id, json);
    });
  }

  void Fail(const GatewayError& error, std::string& out) override {
    GeminiSurface().AppendStreamError(error, context_.generation_id, out);
  }

 private:
  struct Candidate {
    // Of the part that is open.
    std::string id;
    std::string name;
    std::string arguments;
    std::string maker;
    std::string signature;
    std::string redacted;
    bool any_text = false;

    GeminiGrounding grounding;
    ir::TextPlaces text;            // Of the part that is open.
    std::int64_t bytes_before = 0;  // Of the texts before it.
    std::string logprobs;           // Entries, joined by commas.
    std::string_view finish = "STOP";
  };

  template <typename Fill>
  static void Event(std::string& out, Fill fill) {
    out += "data: ";
    JsonWriter json(out);
    json.BeginObject();
    fill(json);
    json.EndObject();
    out += "\r\n\r\n";
  }

  void WriteIds(JsonWriter& json) const {
    json.Member("modelVersion").String(context_.requested_model);
    json.Member("responseId").String(context_.generation_id);
  }

  // An event with one part of one candidate.
  template <typename Fill>
  void Chunk(std::int32_t choice, std::string& out, Fill fill) const {
    Event(out, [&](JsonWriter& json) {
      json.Member("candidates").BeginArray();
      json.BeginObject();
      json.Member("content").BeginObject();
      json.Member("parts").BeginArray();
      fill(json);
      json.EndArray();
      json.Member("role").String("model");
      json.EndObject();
      json.Member("index").Integer(choice);
      json.EndObject();
      json.EndArray();
      WriteIds(json);
    });
  }

  static void StartPart(const ir::Event& event, Candidate& candidate) {
    candidate.id = event.id;
    candidate.name = event.name;
    candidate.arguments.clear();
    candidate.maker = event.signature.maker;
    candidate.signature.clear();
    candidate.redacted.clear();
    candidate.any_text = false;
    candidate.bytes_before += candidate.text.bytes();
    candidate.text.Clear();
  }

  // In a stream the API counts the bytes of all text that came.
  static void Cite(const ir::Citation& citation, Candidate& candidate) {
    GeminiGrounding::Segment segment;
    const std::int64_t begin = candidate.text.ByteOf(citation.begin);
    const std::int64_t end = candidate.text.ByteOf(citation.end);
    if (begin >= 0 && end > begin) {
      segment.begin = candidate.bytes_before + begin;
      segment.end = candidate.bytes_before + end;
    }
    candidate.grounding.Cite(citation, segment);
  }

  void WriteDelta(const ir::Event& event, Candidate& candidate, std::string& out) const {
    switch (event.part_type) {
      case ir::PartType::kToolCall:  // Calls are whole in this API.
        candidate.arguments += event.text;
        return;
      case ir::PartType::kReasoning:
        if (context_.hide_reasoning) return;
        candidate.any_text = true;
        return Chunk(event.choice, out,
                     [&](JsonWriter& json) { WriteGeminiText(event.text, true, {}, json); });
      case ir::PartType::kText:
      case ir::PartType::kRefusal:
        candidate.text.Append(event.text);
        return Chunk(event.choice, out,
                     [&](JsonWriter& json) { WriteGeminiText(event.text, false, {}, json); });
      default:
        return;
    }
  }

  static void AddLogprobs(std::string_view entries, Candidate& candidate) {
    if (entries.size() < 2) return;
    const std::string_view inner = entries.substr(1, entries.size() - 2);  // Without brackets.
    if (inner.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    if (!candidate.logprobs.empty()) candidate.logprobs += ',';
    candidate.logprobs += inner;
  }

  // A signature comes behind what it signs, in a part of its own, but for a call.
  void EndPart(const ir::Event& event, const Candidate& candidate, std::string& out) const {
    const ir::Signature signature{candidate.maker, candidate.signature};
    if (event.part_type == ir::PartType::kToolCall) {
      const std::string shown =
          signature.present() ? ShowThoughtSignature({signature, {}, {}}) : std::string();
      return Chunk(event.choice, out, [&](JsonWriter& json) {
        WriteGeminiCall(candidate.id, candidate.name, candidate.arguments, shown, json);
      });
    }
    const bool thought = event.part_type == ir::PartType::kReasoning;
    // Another's thought is always marked, if any of it was shown.
    const bool marked = thought && candidate.any_text && signature.maker != ir::kFamilyGoogle;
    if (!marked && !signature.present() && candidate.redacted.empty()) return;
    const std::string shown =
        thought ? ShowThoughtSignature({signature, candidate.redacted, candidate.id})
                : ShowThoughtSignature({signature, {}, {}});
    Chunk(event.choice, out, [&](JsonWriter& json) { WriteGeminiText({}, thought, shown, json); });
  }

  // Parts must not be empty, or clients take the whole turn for a broken one.
  static void WriteLast(std::int32_t index, const Candidate& candidate, JsonWriter& json) {
    json.BeginObject();
    json.Member("content").BeginObject();
    json.Member("parts").BeginArray();
    WriteGeminiText({}, false, {}, json);
    json.EndArray();
    json.Member("role").String("model");
    json.EndObject();
    json.Member("finishReason").String(candidate.finish);
    json.Member("index").Integer(index);
    candidate.grounding.Write(json);
    const std::string entries = "[" + candidate.logprobs + "]";
    JsonDocument logprobs;
    if (!candidate.logprobs.empty() && logprobs.Parse(entries)) {
      WriteGeminiLogprobs(logprobs.root(), json);
    }
    json.EndObject();
  }

  const AnswerContext& context_;
  std::map<std::int32_t, Candidate> candidates_;
};

}  // namespace

std::unique_ptr<StreamWriter> NewGeminiStreamWriter(const AnswerContext& context) {
  return std::make_unique<GeminiStreamWriter>(context);
}

}  // namespace tollgate::dataplane
