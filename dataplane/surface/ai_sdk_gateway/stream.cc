// Writes translated streams as the AI SDK's stream parts, one event each.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/string_views.h"
#include "dataplane/surface/ai_sdk_gateway/answer.h"
#include "dataplane/surface/ai_sdk_gateway/signature.h"

namespace tollgate::dataplane {
namespace {

// The answer has one choice: this surface cannot ask for more.
class GatewayStreamWriter final : public StreamWriter {
 public:
  explicit GatewayStreamWriter(const AnswerContext& context) : context_(context) {}

  void Write(const ir::Event& event, std::string& out) override {
    if (event.choice != 0) return;
    Start(out);
    switch (event.type) {
      case ir::EventType::kPartStart:
        return StartPart(event, out);
      case ir::EventType::kDelta:
        return WriteDelta(event, out);
      case ir::EventType::kSignature:
        return TakeSignature(event);
      case ir::EventType::kCitation:
        return Element(
            out, [&](JsonWriter& json) { WriteGatewaySource(*event.citation, sources_++, json); });
      case ir::EventType::kMedia:
        return Element(out,
                       [&](JsonWriter& json) { WriteGatewayFile(*event.media, context_, json); });
      case ir::EventType::kPartEnd:
        return EndPart(event, out);
      case ir::EventType::kFinish:
        finish_ = event.finish;
        native_finish_ = event.native_finish;
        return;
      case ir::EventType::kOpaque:
        if (event.part_type == ir::PartType::kOpaque) {
          left_out_.Add(event.text);
        } else {
          family_.Keep(event.owner, event.text, event.json);
        }
        return;
      case ir::EventType::kLogprobs:
        return family_.AddLogprobs(event.json);
      case ir::EventType::kStart:
      case ir::EventType::kUsage:
      case ir::EventType::kEnd:
      case ir::EventType::kError:
        return;
    }
  }

  void Finish(const AnswerCost& cost, std::string& out) override {
    Start(out);
    Part("finish", out, [&](JsonWriter& json) {
      WriteGatewayEnd(finish_, native_finish_, context_, cost, left_out_, family_, json);
    });
    out += "data: [DONE]\n\n";
  }

  void Fail(const GatewayError& error, std::string& out) override {
    Part("error", out, [&](JsonWriter& json) {
      json.Member("error");
      WriteGatewayError(error, true, json);
      json.Member("generationId").String(context_.generation_id);
    });
  }

 private:
  template <typename Write>
  static void Element(std::string& out, Write write) {
    out += "data: ";
    JsonWriter json(out);
    write(json);
    out += "\n\n";
  }

  template <typename Fill>
  static void Part(std::string_view type, std::string& out, Fill fill) {
    Element(out, [&](JsonWriter& json) {
      json.BeginObject();
      json.Member("type").String(type);
      fill(json);
      json.EndObject();
    });
  }

  void Start(std::string& out) {
    if (started_) return;
    started_ = true;
    Part("stream-start", out, [&](JsonWriter& json) { WriteGatewayWarnings(context_, json); });
    Part("response-metadata", out, [&](JsonWriter& json) {
      json.Member("id").String(context_.generation_id);
      json.Member("timestamp")
          .String(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", context_.created, absl::UTCTimeZone()));
      json.Member("modelId").String(context_.requested_model);
    });
  }

  bool Hidden(const ir::Event& event) const {
    return event.part_type == ir::PartType::kReasoning && context_.hide_reasoning;
  }

  // "text", "reasoning", "tool-input"; empty for parts that are one element.
  static std::string_view Kind(ir::PartType type) {
    switch (type) {
      case ir::PartType::kText:
      case ir::PartType::kRefusal:
        return "text";
      case ir::PartType::kReasoning:
        return "reasoning";
      case ir::PartType::kToolCall:
        return "tool-input";
      default:
        return {};
    }
  }

  void StartPart(const ir::Event& event, std::string& out) {
    kept_maker_.clear();
    kept_value_.clear();
    kept_redacted_.clear();
    arguments_.clear();
    kept_id_ = event.part_type == ir::PartType::kReasoning ? event.id : std::string_view();
    if (!kept_id_.empty()) kept_maker_ = event.signature.maker;
    const std::string_view kind = Kind(event.part_type);
    if (kind.empty() || Hidden(event)) return;
    const bool call = event.part_type == ir::PartType::kToolCall;
    id_ = call ? std::string(event.id) : absl::StrCat(event.part);
    name_ = event.name;
    provider_executed_ = event.provider_executed;
    Part(absl::StrCat(AbslView(kind), "-start"), out, [&](JsonWriter& json) {
      json.Member("id").String(id_);
      if (!call) return;
      json.Member("toolName").String(name_);
      if (provider_executed_) json.Member("providerExecuted").Bool(true);
    });
  }

  void WriteDelta(const ir::Event& event, std::string& out) {
    const std::string_view kind = Kind(event.part_type);
    if (kind.empty() || Hidden(event)) return;
    if (event.part_type == ir::PartType::kToolCall) arguments_ += event.text;
    Part(absl::StrCat(AbslView(kind), "-delta"), out, [&](JsonWriter& json) {
      json.Member("id").String(id_);
      json.Member("delta").String(event.text);
    });
  }

  void TakeSignature(const ir::Event& event) {
    kept_maker_ = event.signature.maker;
    kept_value_ = event.signature.value;
    kept_redacted_ = event.redacted;
    if (event.part_type == ir::PartType::kReasoning && !event.id.empty()) kept_id_ = event.id;
  }

  void EndPart(const ir::Event& event, std::string& out) {
    const std::string_view kind = Kind(event.part_type);
    if (kind.empty() || Hidden(event)) return;
    const KeptSignature kept{
        .signature = {kept_maker_, kept_value_}, .redacted = kept_redacted_, .id = kept_id_};
    const bool call = event.part_type == ir::PartType::kToolCall;
    Part(absl::StrCat(AbslView(kind), "-end"), out, [&](JsonWriter& json) {
      json.Member("id").String(id_);
      if (!call) WriteKeptSignature(kept, json);
    });
    if (!call) return;
    Part("tool-call", out, [&](JsonWriter& json) {
      json.Member("toolCallId").String(id_);
      json.Member("toolName").String(name_);
      json.Member("input").String(arguments_.empty() ? "{}" : std::string_view(arguments_));
      if (provider_executed_) json.Member("providerExecuted").Bool(true);
      WriteKeptSignature(kept, json);
    });
  }

  const AnswerContext& context_;
  bool started_ = false;
  std::int64_t sources_ = 0;
  LeftOutParts left_out_;
  FamilyMetadata family_;
  // Of the open part.
  std::string id_;
  std::string name_;
  std::string arguments_;
  bool provider_executed_ = false;
  std::string kept_maker_;
  std::string kept_value_;
  std::string kept_redacted_;
  std::string kept_id_;
  ir::FinishReason finish_ = ir::FinishReason::kUnknown;
  std::string native_finish_;
};

}  // namespace

std::unique_ptr<StreamWriter> NewGatewayStreamWriter(const AnswerContext& context) {
  return std::make_unique<GatewayStreamWriter>(context);
}

}  // namespace tollgate::dataplane
