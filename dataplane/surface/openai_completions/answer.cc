#include "dataplane/surface/openai_completions/answer.h"

#include <map>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/ir/text_places.h"
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

// `finish` empty: the choice goes on.  `annotate` adds members of the choice: the API has none for
// where a text comes from, so that they stand as those of a conversation's message do.
template <typename Annotate>
void WriteChoice(std::int64_t index, std::string_view text, std::string_view finish,
                 JsonWriter& json, Annotate annotate) {
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
  annotate(json);
  json.EndObject();
}

void WriteChoice(std::int64_t index, std::string_view text, std::string_view finish,
                 JsonWriter& json) {
  WriteChoice(index, text, finish, json, [](JsonWriter&) {});
}

// A conversation's reasons; there are no tools to be called.
std::string_view FinishOf(ir::FinishReason reason) {
  const std::string_view word = ChatFinishReason(reason);
  return word == "tool_calls" ? "stop" : word;
}

// What the model drew: the API has text only.
std::string ImageText(const ir::Media& media) {
  return absl::StrCat("![image](", ir::UrlOf(media), ")");
}

// What a part adds to the text of its choice.
std::string TextOf(const ir::Part& part) {
  if (const auto* said = part.As<ir::Text>()) return std::string(said->text);
  if (const auto* refusal = part.As<ir::Refusal>()) return std::string(refusal->text);
  if (const auto* media = part.As<ir::Media>()) return ImageText(*media);
  return {};
}

std::string TextOf(const ir::Choice& choice) {
  std::string text;
  for (const ir::Part& part : choice.parts) text += TextOf(part);
  return text;
}

void WriteAnnotations(const ir::Choice& choice, JsonWriter& json) {
  const std::vector<ir::Citation> none;
  bool any = false;
  std::int64_t before = 0;
  for (const ir::Part& part : choice.parts) {
    const auto* text = part.As<ir::Text>();
    for (const ir::Citation& citation : text == nullptr ? none : text->citations) {
      if (!any) json.Member("annotations").BeginArray();
      any = true;
      WriteChatAnnotation(citation, before, json);
    }
    before += ir::CountCharacters(TextOf(part));
  }
  if (any) json.EndArray();
}

class CompletionsStreamWriter final : public StreamWriter {
 public:
  explicit CompletionsStreamWriter(const AnswerContext& context) : context_(context) {}

  void Write(const ir::Event& event, std::string& out) override {
    if (event.type == ir::EventType::kFinish) {
      choices_[event.choice].finish = event.finish;
    } else if (event.type == ir::EventType::kPartStart) {
      Choice& choice = choices_[event.choice];
      choice.before = choice.characters;
    } else if (event.type == ir::EventType::kCitation) {
      WriteCitation(event, out);
    } else if (event.type == ir::EventType::kMedia) {
      WriteText(event.choice, ImageText(*event.media), out);
    } else if (event.type == ir::EventType::kDelta && (event.part_type == ir::PartType::kText ||
                                                       event.part_type == ir::PartType::kRefusal)) {
      WriteText(event.choice, event.text, out);
    }
  }

  void Finish(const AnswerCost& cost, std::string& out) override {
    if (choices_.empty()) choices_[0] = {};
    for (const auto& [index, choice] : choices_) {
      Chunk(out, [&, at = index, reason = choice.finish](JsonWriter& json) {
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
  struct Choice {
    ir::FinishReason finish = ir::FinishReason::kUnknown;
    std::int64_t characters = 0;  // Of its text.
    std::int64_t before = 0;      // Of these, before the open part.
  };

  void WriteText(std::int32_t choice, std::string_view text, std::string& out) {
    choices_[choice].characters += ir::CountCharacters(text);
    Chunk(out, [&](JsonWriter& json) {
      WriteChoice(choice, text, {}, json);
      json.EndArray();
      if (!warned_) WriteChatWarnings(context_.warnings, json);
      warned_ = true;
    });
  }

  void WriteCitation(const ir::Event& event, std::string& out) {
    Chunk(out, [&](JsonWriter& json) {
      WriteChoice(event.choice, {}, {}, json, [&](JsonWriter& members) {
        members.Member("annotations").BeginArray();
        WriteChatAnnotation(*event.citation, choices_[event.choice].before, members);
        members.EndArray();
      });
      json.EndArray();
    });
  }

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
  std::map<std::int32_t, Choice> choices_;  // Those that were begun.
};

}  // namespace

void WriteCompletionsAnswer(const ir::Response& response, const AnswerContext& context,
                            const AnswerCost& cost, std::string& out) {
  JsonWriter json(out);
  Begin(context, json);
  for (const ir::Choice& choice : response.choices) {
    WriteChoice(choice.index, TextOf(choice), FinishOf(choice.finish), json,
                [&](JsonWriter& members) { WriteAnnotations(choice, members); });
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
