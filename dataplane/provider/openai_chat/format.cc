#include "dataplane/provider/format.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/json/cursor.h"
#include "dataplane/provider/openai_chat/read.h"
#include "dataplane/provider/openai_chat/usage.h"
#include "dataplane/provider/openai_chat/write.h"

namespace tollgate::dataplane {
namespace {

// Whether a member of a message or delta holds text that the model wrote.
bool IsContentKey(std::string_view key) {
  return KeyIs(key, "content") || KeyIs(key, "reasoning_content") || KeyIs(key, "reasoning") ||
         KeyIs(key, "refusal");
}

// Adds up the bytes of what a model wrote: strings, and the names and arguments of tool calls.
void CountContent(JsonCursor& json, std::int64_t& bytes) {
  std::string_view text;
  switch (json.Peek()) {
    case JsonKind::kString:
      if (json.ReadString(text)) bytes += static_cast<std::int64_t>(text.size());
      return;
    default:
      json.Skip();
  }
}

void ReadToolCalls(JsonCursor& json, std::int64_t& bytes) {
  if (json.Peek() != JsonKind::kArray) {
    json.Skip();
    return;
  }
  json.EnterArray();
  while (json.NextElement()) {
    if (json.Peek() != JsonKind::kObject) {
      json.Skip();
      continue;
    }
    json.EnterObject();
    std::string_view key;
    while (json.NextMember(key)) {
      if (!KeyIs(key, "function") || json.Peek() != JsonKind::kObject) {
        json.Skip();
        continue;
      }
      json.EnterObject();
      while (json.NextMember(key)) CountContent(json, bytes);
    }
  }
}

// A `message` or a `delta`.
void ReadMessage(JsonCursor& json, AnswerFacts& facts) {
  if (json.Peek() != JsonKind::kObject) {
    json.Skip();
    return;
  }
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) {
    if (IsContentKey(key)) {
      CountContent(json, facts.content_bytes);
    } else if (KeyIs(key, "tool_calls")) {
      ReadToolCalls(json, facts.content_bytes);
    } else {
      json.Skip();
    }
  }
}

void ReadChoices(JsonCursor& json, AnswerFacts& facts) {
  if (json.Peek() != JsonKind::kArray) {
    json.Skip();
    return;
  }
  json.EnterArray();
  while (json.NextElement()) {
    facts.has_choices = true;
    if (json.Peek() != JsonKind::kObject) {
      json.Skip();
      continue;
    }
    json.EnterObject();
    std::string_view key;
    while (json.NextMember(key)) {
      if (KeyIs(key, "delta") || KeyIs(key, "message")) {
        ReadMessage(json, facts);
      } else if (KeyIs(key, "finish_reason") && json.Peek() == JsonKind::kString) {
        json.ReadString(facts.finish_reason);
      } else {
        json.Skip();
      }
    }
  }
}

void ReadError(JsonCursor& json, AnswerFacts& facts) {
  const JsonKind kind = json.Peek();
  if (kind == JsonKind::kNull) {
    json.Skip();
    return;
  }
  facts.is_error = true;
  if (kind == JsonKind::kString) {
    json.ReadString(facts.error_message);
    return;
  }
  if (kind != JsonKind::kObject) {
    json.Skip();
    return;
  }
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) {
    if (KeyIs(key, "message") && json.Peek() == JsonKind::kString) {
      json.ReadString(facts.error_message);
    } else if (KeyIs(key, "code") && json.Peek() == JsonKind::kString) {
      json.ReadString(facts.error_code);
    } else {
      json.Skip();
    }
  }
}

AnswerFacts ReadObject(std::string_view text) {
  AnswerFacts facts;
  JsonCursor json(text);
  if (json.Peek() != JsonKind::kObject) return facts;
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) {
    if (KeyIs(key, "choices")) {
      ReadChoices(json, facts);
    } else if (KeyIs(key, "usage")) {
      if (!ReadUsage(json, facts.usage)) return AnswerFacts();
    } else if (KeyIs(key, "id") && json.Peek() == JsonKind::kString) {
      json.ReadString(facts.id);
    } else if (KeyIs(key, "error")) {
      ReadError(json, facts);
    } else {
      json.Skip();
    }
  }
  if (!json.AtEnd()) return AnswerFacts();
  facts.valid = true;
  return facts;
}

class OpenAiChat final : public ProviderFormat {
 public:
  std::string_view name() const override { return ir::kOpenAiChat; }

  void AppendPath(const SendDecision&, std::string& out) const override {
    out += "/chat/completions";
  }

  void Rewrite(const ScannedRequest& request, const Provider& provider,
               const SendDecision& decision, Splice& splice) const override {
    std::string text;
    AppendJsonString(text, decision.provider_model_id);
    splice.Replace(request.model_value.begin, request.model_value.end, text);
    for (const BodyRange& range : request.removed) splice.Remove(range.begin, range.end);
    if (request.stream && !provider.quirks.no_stream_usage) AskForUsage(request, splice);
    RenameLimit(request, provider, splice);
    if (decision.output_limit >= 0) {
      LimitOutput(request, provider, absl::StrCat(decision.output_limit), splice);
    }
  }

  AnswerFacts ReadAnswer(std::string_view body) const override { return ReadObject(body); }

  AnswerFacts ReadEvent(std::string_view data) const override {
    if (data == "[DONE]") {
      AnswerFacts facts;
      facts.valid = true;
      facts.is_end = true;
      return facts;
    }
    return ReadObject(data);
  }
  // Some compatible servers send no [DONE].
  bool has_end_marker() const override { return false; }

  void WriteRequest(const ir::Request& request, const Provider& provider,
                    const SendDecision& decision, ir::Omissions& omissions,
                    WrittenRequest& out) const override {
    AppendPath(decision, out.path);
    WriteChatRequest(request, provider, decision, omissions, out.body);
  }

  bool TakesUrl(const ir::Media& media, const Provider& provider) const override {
    return media.kind == ir::Media::Kind::kVideo ||
           (media.kind == ir::Media::Kind::kImage && !provider.quirks.no_image_url);
  }

  bool ReadResponse(std::string_view body, ir::Response& out) const override {
    return ReadChatResponse(body, out);
  }
  std::unique_ptr<EventReader> NewEventReader() const override { return NewChatEventReader(); }
  ProviderError ReadError(int status, std::string_view body) const override {
    return ReadChatError(status, body);
  }
  ProviderRates ReadRates(const HeadFields& fields, absl::Time) const override {
    return ReadOpenAiRates(fields);
  }

 private:
  static void AskForUsage(const ScannedRequest& request, Splice& splice) {
    if (request.include_usage) return;
    if (request.include_usage_value.present()) {
      splice.Replace(request.include_usage_value.begin, request.include_usage_value.end, "true");
    } else if (request.stream_options_object) {
      splice.Insert(request.stream_options_open, request.stream_options_empty
                                                     ? "\"include_usage\":true"
                                                     : "\"include_usage\":true,");
    } else if (request.stream_options_value.present()) {  // null.
      splice.Replace(request.stream_options_value.begin, request.stream_options_value.end,
                     "{\"include_usage\":true}");
    } else {
      splice.Insert(request.object_open, "\"stream_options\":{\"include_usage\":true},");
    }
  }

  // A provider that knows one name for the limit only is told that one.
  static void RenameLimit(const ScannedRequest& request, const Provider& provider, Splice& splice) {
    const std::string_view field = provider.quirks.output_limit_field;
    const BodyRange& other =
        field == "max_tokens" ? request.max_completion_tokens_key : request.max_tokens_key;
    if (field.empty() || !other.present()) return;
    splice.Replace(other.begin, other.end, absl::StrCat("\"", AbslView(field), "\""));
  }

  static void LimitOutput(const ScannedRequest& request, const Provider& provider,
                          const std::string& limit, Splice& splice) {
    bool written = false;
    for (const BodyRange& range : {request.max_tokens_value, request.max_completion_tokens_value}) {
      if (!range.present()) continue;
      splice.Replace(range.begin, range.end, limit);
      written = true;
    }
    if (written) return;
    splice.Insert(request.object_open,
                  absl::StrCat("\"", AbslView(OutputLimitField(provider)), "\":", limit, ","));
  }
};

}  // namespace

const ProviderFormat& OpenAiChatFormat() {
  static const OpenAiChat format;
  return format;
}

}  // namespace tollgate::dataplane
