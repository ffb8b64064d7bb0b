#include "dataplane/surface/openai_responses/passed_stream.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/json/cursor.h"
#include "dataplane/json/document.h"
#include "dataplane/surface/openai_responses/answer.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kIncomplete = "incomplete";
// Items of an answer, and parts of an item.
constexpr std::int64_t kPlacesMax = 1024;

// What an event may say of the place that it is about, and of what is there; views into its data.
// Strings are as they are written, without quotes.
struct EventParts {
  std::string_view type;
  std::int64_t sequence = -1;
  std::int64_t item_index = 0;
  std::int64_t part_index = 0;  // Of content or of a summary.
  std::string_view item;
  std::string_view part;
  std::string_view annotation;
  std::string_view delta;
};

EventParts ReadParts(std::string_view data) {
  EventParts parts;
  JsonCursor json(data);
  std::string_view key;
  const auto raw = [&](std::string_view& out) {
    const std::size_t begin = json.ValueOffset();
    if (json.Skip()) out = data.substr(begin, json.offset() - begin);
  };
  const auto integer = [&](std::int64_t& out) {
    std::int64_t value = 0;
    bool fits = false;
    if (json.Peek() != JsonKind::kNumber) {
      json.Skip();
    } else if (json.ReadInt64(value, fits) && fits) {
      out = value;
    }
  };
  if (!json.EnterObject()) return parts;
  while (json.NextMember(key)) {
    const bool text = json.Peek() == JsonKind::kString;
    if (KeyIs(key, "type") && text) {
      json.ReadString(parts.type);
    } else if (KeyIs(key, "delta") && text) {
      json.ReadString(parts.delta);
    } else if (KeyIs(key, "sequence_number")) {
      integer(parts.sequence);
    } else if (KeyIs(key, "output_index")) {
      integer(parts.item_index);
    } else if (KeyIs(key, "content_index") || KeyIs(key, "summary_index")) {
      integer(parts.part_index);
    } else if (KeyIs(key, "item")) {
      raw(parts.item);
    } else if (KeyIs(key, "part")) {
      raw(parts.part);
    } else if (KeyIs(key, "annotation")) {
      raw(parts.annotation);
    } else {
      json.Skip();
    }
  }
  return parts;
}

// A part of a message's content or of a thought.
struct OpenPart {
  std::string text;         // As JSON, without quotes.
  std::string annotations;  // JSON elements.
  std::string done;         // As it was when it was done; empty as long as it is not.
  bool refusal = false;
  bool summary = false;
  bool thought = false;

  std::string_view Type() const {
    return refusal   ? "refusal"
           : summary ? "summary_text"
           : thought ? "reasoning_text"
                     : "output_text";
  }
  std::string_view Member() const { return refusal ? "refusal" : "text"; }

  void Write(JsonWriter& json) const {
    if (!done.empty()) {
      json.Raw(done);
      return;
    }
    json.BeginObject();
    json.Member("type").String(Type());
    json.Member(Member()).Raw(Quoted());
    if (Type() == "output_text") {
      json.Member("annotations").Raw(absl::StrCat("[", annotations, "]"));
      json.Member("logprobs").Raw("[]");
    }
    json.EndObject();
  }
  std::string Quoted() const { return absl::StrCat("\"", text, "\""); }
};

struct OpenItem {
  std::string done;   // As it was when it was done; empty as long as it is not.
  std::string begun;  // As it was when it was added.
  std::string text;   // The arguments of a call.
  std::map<std::int64_t, OpenPart> content;
  std::map<std::int64_t, OpenPart> summary;

  void Write(JsonWriter& json) const {
    JsonDocument document;
    if (!done.empty() || !document.Parse(begun)) {
      json.Raw(done.empty() ? "{}" : std::string_view(done));
      return;
    }
    json.BeginObject();
    for (const JsonMember m : document.root().members()) {
      json.ForeignMember(m.key);
      if (m.key == "status") {
        json.String(kIncomplete);
      } else if (m.key == "arguments" || m.key == "input") {
        json.Raw(absl::StrCat("\"", text, "\""));
      } else if (m.key == "content") {
        WriteList(content, json);
      } else if (m.key == "summary") {
        WriteList(summary, json);
      } else {
        json.Raw(m.value.raw());
      }
    }
    json.EndObject();
  }

  static void WriteList(const std::map<std::int64_t, OpenPart>& list, JsonWriter& json) {
    json.BeginArray();
    for (const auto& [index, part] : list) part.Write(json);
    json.EndArray();
  }

  std::string Id() const {
    JsonDocument document;
    return document.Parse(begun) ? std::string(document.root()["id"].string()) : std::string();
  }
};

class PassedResponses final : public PassedStream {
 public:
  void Note(std::string_view data) override {
    const EventParts event = ReadParts(data);
    if (event.sequence >= 0) sequence_ = event.sequence + 1;
    if (too_much_ || event.item_index < 0 || event.part_index < 0) return;
    bytes_ += event.item.size() + event.part.size() + event.annotation.size() + event.delta.size();
    if (bytes_ > kPassedItemsBytesMax || event.item_index >= kPlacesMax ||
        event.part_index >= kPlacesMax) {
      too_much_ = true;
      items_.clear();
      return;
    }
    NoteContent(event);
  }

  void AppendStop(const StreamStop& stop, std::string_view generation_id,
                  std::string& out) override {
    std::string output;
    for (const auto& [index, item] : items_) {
      if (item.done.empty()) CloseItem(index, item, out);
      if (!output.empty()) output += ',';
      JsonWriter json(output);
      item.Write(json);
    }
    AppendResponsesStop(stop, generation_id, sequence_, output, out);
  }

 private:
  void NoteContent(const EventParts& event) {
    const std::string_view type = event.type;
    if (type == "response.output_item.added") {
      items_[event.item_index].begun = event.item;
    } else if (type == "response.output_item.done") {
      OpenItem& item = items_[event.item_index];
      item = OpenItem();
      item.done = event.item;
    } else if (type == "response.content_part.added") {
      OpenPart& part = items_[event.item_index].content[event.part_index];
      part.refusal = event.part.find("\"refusal\"") != std::string_view::npos;
      part.thought = event.part.find("\"reasoning_text\"") != std::string_view::npos;
    } else if (type == "response.reasoning_summary_part.added") {
      items_[event.item_index].summary[event.part_index].summary = true;
    } else if (type == "response.content_part.done") {
      items_[event.item_index].content[event.part_index].done = event.part;
    } else if (type == "response.reasoning_summary_part.done") {
      items_[event.item_index].summary[event.part_index].done = event.part;
    } else if (type == "response.output_text.annotation.added" && !event.annotation.empty()) {
      std::string& list = items_[event.item_index].content[event.part_index].annotations;
      absl::StrAppend(&list, list.empty() ? "" : ",", AbslView(event.annotation));
    } else if (type.ends_with(".delta")) {
      NoteDelta(event);
    }
  }

  void NoteDelta(const EventParts& event) {
    const std::string_view type = event.type;
    OpenItem& item = items_[event.item_index];
    if (type == "response.output_text.delta" || type == "response.refusal.delta") {
      OpenPart& part = item.content[event.part_index];
      part.refusal = type == "response.refusal.delta";
      part.text += event.delta;
    } else if (type == "response.reasoning_text.delta") {
      OpenPart& part = item.content[event.part_index];
      part.thought = true;
      part.text += event.delta;
    } else if (type == "response.reasoning_summary_text.delta") {
      OpenPart& part = item.summary[event.part_index];
      part.summary = true;
      part.text += event.delta;
    } else {
      item.text += event.delta;  // The arguments of a call, whichever kind it is.
    }
  }

  template <typename Fill>
  void Emit(std::string_view type, std::int64_t index, std::string_view id, std::string& out,
            Fill fill) {
    JsonWriter json(out);
    BeginResponsesEvent(type, sequence_++, out, json);
    json.Member("output_index").Integer(index);
    if (!id.empty()) json.Member("item_id").String(id);
    fill(json);
    EndResponsesEvent(out, json);
  }

  void CloseItem(std::int64_t index, const OpenItem& item, std::string& out) {
    const std::string id = item.Id();
    for (const auto& [at, part] : item.summary) {
      ClosePart(index, id, "summary_index", at, part, out);
    }
    for (const auto& [at, part] : item.content) {
      ClosePart(index, id, "content_index", at, part, out);
    }
    Emit("response.output_item.done", index, {}, out, [&](JsonWriter& json) {
      json.Member("item");
      item.Write(json);
    });
  }

  void ClosePart(std::int64_t index, std::string_view id, std::string_view place, std::int64_t at,
                 const OpenPart& part, std::string& out) {
    if (!part.done.empty()) return;
    const std::string_view text_done = part.refusal   ? "response.refusal.done"
                                       : part.summary ? "response.reasoning_summary_text.done"
                                       : part.thought ? "response.reasoning_text.done"
                                                      : "response.output_text.done";
    Emit(text_done, index, id, out, [&](JsonWriter& json) {
      json.Member(place).Integer(at);
      json.Member(part.Member()).Raw(part.Quoted());
      if (part.Type() == "output_text") json.Member("logprobs").Raw("[]");
    });
    Emit(part.summary ? "response.reasoning_summary_part.done" : "response.content_part.done",
         index, id, out, [&](JsonWriter& json) {
           json.Member(place).Integer(at);
           json.Member("part");
           part.Write(json);
         });
  }

  std::int64_t sequence_ = 0;  // Of the next event.
  std::map<std::int64_t, OpenItem> items_;
  std::size_t bytes_ = 0;
  bool too_much_ = false;
};

}  // namespace

std::unique_ptr<PassedStream> NewPassedResponses() { return std::make_unique<PassedResponses>(); }

}  // namespace tollgate::dataplane
