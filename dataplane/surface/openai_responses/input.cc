#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/openai_responses/request.h"
#include "dataplane/surface/openai_responses/sealed_thought.h"
#include "dataplane/surface/unknown_members.h"

namespace tollgate::dataplane {
namespace {

class InputReader {
 public:
  InputReader(const ScannedRequest& scan, ir::Request& request)
      : ids_(scan.item_ids), request_(request) {}

  void Read(JsonValue item, std::size_t index, FieldReader& fields) {
    fields_ = &fields;
    while (!ids_.empty() && ids_.front().item < index) ids_ = ids_.subspan(1);
    index_ = index;
    const std::size_t first = NextPart();
    ReadItem(item);
    NotePlace(first, fields);
  }

 private:
  void ReadItem(JsonValue item) {
    const std::string_view type = item["type"].string();
    if (type == "message" || (type.empty() && item["role"].exists())) {
      ReadMessage(item);
    } else if (type == "function_call" || type == "custom_tool_call") {
      ReadCall(item, type == "custom_tool_call");
    } else if (type == "function_call_output" || type == "custom_tool_call_output") {
      ReadResult(item, type == "custom_tool_call_output");
    } else if (type == "reasoning") {
      ReadReasoning(item);
    } else if (type.empty()) {
      fields_->Wrong("type", "that of an item, or the item have a role");
    } else {
      Parts(ir::Role::kAssistant).emplace_back().body =
          ir::Opaque{ir::kOpenAiResponses, type, SentOf(item)};
    }
  }

  // What the scan found of an id of this item; null when it found none.
  const ScannedItemId* FindId(bool own) const {
    for (const ScannedItemId& id : ids_) {
      if (id.item != index_) break;
      if (id.own == own) return &id;
    }
    return nullptr;
  }

  std::string_view IdOf(JsonValue item) const {
    const ScannedItemId* id = FindId(true);
    return id != nullptr && id->rewritten ? id->sent : item["id"].string();
  }

  // An item as it is sent, with the ids that the provider knows.
  std::string_view SentOf(JsonValue item) {
    std::string text;
    JsonWriter json(text);
    bool changed = false;
    json.BeginObject();
    for (const JsonMember m : item.members()) {
      const bool own = m.key == "id";
      const ScannedItemId* id = own || m.key == "approval_request_id" ? FindId(own) : nullptr;
      if (id == nullptr || !id->rewritten) {
        json.ForeignMember(m.key).Raw(m.value.raw());
        continue;
      }
      changed = true;
      if (!id->sent.empty()) json.ForeignMember(m.key).String(id->sent);
    }
    json.EndObject();
    return changed ? request_.arena.Keep(std::move(text)) : item.raw();
  }

  // Which part of the last message comes next, if it goes on.
  std::size_t NextPart() const { return begun_ ? request_.messages.back().parts.size() : 0; }

  // Tells the parts of an item, from `first` on unless they began a message, where it stands.
  void NotePlace(std::size_t first, const FieldReader& fields) {
    if (request_.messages.empty()) return;
    std::vector<ir::Part>& parts = request_.messages.back().parts;
    if (first >= parts.size()) first = 0;
    const std::string_view place = request_.arena.Copy(fields.where());
    for (std::size_t i = first; i < parts.size(); ++i) {
      if (!parts[i].place.empty()) continue;
      parts[i].place = place;
      if (auto* result = parts[i].As<ir::ToolResult>()) {
        for (ir::Part& part : result->parts) part.place = place;
      }
    }
  }

  // What is not read of an item, or of what it holds, is left out by every format.
  void Warn(JsonValue value, std::initializer_list<std::string_view> known,
            std::string_view path = "input") {
    WarnOfUnknown(value, known, path, request_);
  }

  // The message that the next part belongs to: the last, if it is of that role.
  ir::Message& MessageOf(ir::Role role) {
    if (!begun_ || request_.messages.back().role != role) {
      request_.messages.emplace_back().role = role;
      begun_ = true;
    }
    return request_.messages.back();
  }
  std::vector<ir::Part>& Parts(ir::Role role) { return MessageOf(role).parts; }

  void ReadMessage(JsonValue item) {
    constexpr std::pair<std::string_view, ir::Role> kRoles[] = {
        {"system", ir::Role::kSystem},
        {"developer", ir::Role::kDeveloper},
        {"user", ir::Role::kUser},
        {"assistant", ir::Role::kAssistant}};
    const std::string_view name = item["role"].string();
    const ir::Role* role = nullptr;
    for (const auto& row : kRoles) {
      if (row.first == name) role = &row.second;
    }
    if (role == nullptr) {
      return fields_->Wrong("role", "one of system, developer, user and assistant");
    }
    Warn(item, {"type", "role", "content", "id", "status", "phase"});
    if (*role != ir::Role::kAssistant) begun_ = false;  // Each a message of its own.
    ir::Message& message = MessageOf(*role);
    if (message.id.empty()) message.id = IdOf(item);
    if (const JsonValue phase = item["phase"]; phase.has_value()) {
      message.extras.push_back({ir::kOpenAiResponses, "phase", phase.raw(), false});
    }
    if (!item["content"].has_value()) return fields_->Fail(Missing(fields_->PathOf("content")));
    ReadContent("content", item["content"], message.parts);
    if (*role != ir::Role::kAssistant) begun_ = false;
  }

  void ReadContent(std::string_view name, JsonValue content, std::vector<ir::Part>& parts) {
    if (content.is_string()) {
      parts.emplace_back().body = ir::Text{content.string(), {}};
    } else if (content.is_array()) {
      for (const JsonValue part : content.elements()) ReadPart(name, part, parts.emplace_back());
    } else {
      fields_->Wrong(name, "a string or a list of parts");
    }
  }

  void ReadPart(std::string_view name, JsonValue value, ir::Part& part) {
    const std::string_view type = value["type"].string();
    if (type == "input_text" || type == "output_text" || type == "text") {
      if (!value["text"].is_string()) fields_->Wrong(name, "parts of text with a string");
      part.body = ReadText(value);
    } else if (type == "refusal") {
      Warn(value, {"type", "refusal"}, "input.content");
      part.body = ir::Refusal{value["refusal"].string()};
    } else if (type == "input_image") {
      part.body = ReadImage(name, value);
    } else if (type == "input_file") {
      part.body = ReadFile(name, value);
    } else if (type == "input_audio") {
      const JsonValue audio = value["input_audio"];
      Warn(value, {"type", "input_audio"}, "input.content");
      Warn(audio, {"format", "data"}, "input.content.input_audio");
      const std::string_view format = audio["format"].string();
      part.body = ir::Media{.kind = ir::Media::Kind::kAudio,
                            .media_type = format == "wav"   ? "audio/wav"
                                          : format == "mp3" ? "audio/mpeg"
                                                            : "",
                            .base64 = audio["data"].string()};
    } else if (!type.empty()) {
      part.body = ir::Opaque{ir::kOpenAiResponses, type, value.raw()};
    } else {
      fields_->Wrong(name, "parts with a type");
    }
  }

  ir::Text ReadText(JsonValue value) {
    ir::Text text{value["text"].string(), {}};
    const JsonValue annotations = value["annotations"];
    const bool plain = value["logprobs"].size() == 0;
    Warn(value, {"type", "text", "annotations", plain ? "logprobs" : ""}, "input.content");
    // They are written back where they stood, by this format alone.
    if (annotations.size() > 0) {
      request_.extras.push_back(
          {ir::kOpenAiResponses, "input.annotations", annotations.raw(), false});
    }
    for (const JsonValue annotation : value["annotations"].elements()) {
      ir::Citation citation;
      citation.owner = ir::kOpenAiResponses;
      citation.json = annotation.raw();
      citation.url = annotation["url"].string();
      citation.title = annotation["title"].string();
      citation.begin = annotation["start_index"].integer().value_or(-1);
      citation.end = annotation["end_index"].integer().value_or(-1);
      text.citations.push_back(citation);
    }
    return text;
  }

  // What both kinds may stand for; false when `url` is none.
  static bool TakeSource(JsonValue value, std::string_view url, ir::Media& media) {
    media.file_id = value["file_id"].string();
    if (!media.file_id.empty()) media.file_owner = ir::kFamilyOpenAi;
    return url.empty() ? !media.file_id.empty() : ir::TakeUrl(url, media);
  }

  ir::Media ReadImage(std::string_view name, JsonValue value) {
    ir::Media media;
    Warn(value, {"type", "image_url", "file_id", "detail"}, "input.content");
    media.detail = value["detail"].string();
    if (!TakeSource(value, value["image_url"].string(), media)) {
      fields_->Wrong(name, "images with a file_id, or whose URLs are http, https or base64 data");
    }
    return media;
  }

  ir::Media ReadFile(std::string_view name, JsonValue value) {
    ir::Media media;
    media.kind = ir::Media::Kind::kFile;
    Warn(value, {"type", "filename", "file_id", "file_data", "file_url"}, "input.content");
    media.filename = value["filename"].string();
    std::string_view url = value["file_url"].string();
    const std::string_view data = value["file_data"].string();
    if (url.empty() && ir::IsDataUrl(data)) url = data;
    if (url.empty() && !data.empty()) {
      media.base64 = data;
    } else if (!TakeSource(value, url, media)) {
      fields_->Wrong(name, "files with a file_id, file_data or an http or https file_url");
    }
    if (media.media_type.empty()) media.media_type = ir::SniffMediaType(media.base64);
    if (!media.base64.empty()) media.kind = ir::KindOf(media.media_type);
    return media;
  }

  void ReadCall(JsonValue item, bool custom) {
    Warn(item, {"type", "id", "call_id", "name", custom ? "input" : "arguments", "status"});
    Parts(ir::Role::kAssistant).emplace_back().body =
        ir::ToolCall{.id = item["call_id"].string(),
                     .name = item["name"].string(),
                     .arguments = item[custom ? "input" : "arguments"].string(),
                     .custom = custom};
    if (item["call_id"].string().empty()) fields_->Fail(Missing(fields_->PathOf("call_id")));
    if (item["name"].string().empty()) fields_->Fail(Missing(fields_->PathOf("name")));
  }

  void ReadResult(JsonValue item, bool custom) {
    ir::ToolResult result;
    result.tool_call_id = item["call_id"].string();
    result.custom = custom;
    Warn(item, {"type", "id", "call_id", "output", "status"});
    if (result.tool_call_id.empty()) fields_->Fail(Missing(fields_->PathOf("call_id")));
    ReadContent("output", item["output"], result.parts);
    Parts(ir::Role::kTool).emplace_back().body = std::move(result);
  }

  void ReadReasoning(JsonValue item) {
    const std::string_view shown = item["encrypted_content"].string();
    Warn(item, {"type", "id", "summary", "content", "encrypted_content", "status"});
    for (const std::string_view list : {"summary", "content"}) {
      for (const JsonValue part : item[list].elements())
        Warn(part, {"type", "text"}, "input.summary");
    }
    SealedThought sealed = ReadSealed(shown);
    std::vector<ir::Part>& parts = Parts(ir::Role::kAssistant);
    if (sealed.kind == SealedThought::Kind::kOfPart) {
      if (!parts.empty()) parts.back().signature = sealed.signature;
      return;
    }
    if (shown.empty()) sealed.signature.maker = {};
    ir::Reasoning reasoning;
    reasoning.summary = item["content"].size() == 0;
    reasoning.text = TextOf(item[reasoning.summary ? "summary" : "content"]);
    // The text behind another's signature is what the model thought, word for word.
    if (sealed.signature.present()) reasoning.summary = false;
    reasoning.redacted = sealed.redacted;
    reasoning.id = IdOf(item);
    if (reasoning.text.empty() && shown.empty()) return;
    ir::Part& part = parts.emplace_back();
    part.signature = sealed.signature;
    part.body = reasoning;
  }

  std::string_view TextOf(JsonValue list) {
    if (list.size() == 1) return (*list.elements().begin())["text"].string();
    std::string text;
    for (const JsonValue part : list.elements()) {
      if (!text.empty()) text += "\n\n";
      text += part["text"].string();
    }
    return request_.arena.Keep(std::move(text));
  }

  std::span<const ScannedItemId> ids_;  // From those of the item that is read on.
  std::size_t index_ = 0;               // Of the item that is read.
  ir::Request& request_;
  FieldReader* fields_ = nullptr;  // Of the item that is read.
  bool begun_ = false;             // The last message may be gone on with.
};

}  // namespace

void ReadResponsesInput(JsonValue input, const ScannedRequest& scan, FieldReader& fields,
                        ir::Request& out) {
  if (input.is_string()) {
    ir::Message& message = out.messages.emplace_back();
    ir::Part& part = message.parts.emplace_back();
    part.body = ir::Text{input.string(), {}};
    part.place = "input";
    return;
  }
  InputReader reader(scan, out);
  std::size_t i = 0;
  for (const JsonValue item : input.elements()) {
    FieldReader item_fields(absl::StrCat("input[", i, "]"));
    reader.Read(item, i++, item_fields);
    if (item_fields.failed()) return fields.Fail(*item_fields.error());
  }
}

}  // namespace tollgate::dataplane
