#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/ir/reasoning_details.h"
#include "dataplane/provider/accepted_parameters.h"
#include "dataplane/provider/openai_chat/write.h"

namespace tollgate::dataplane {
namespace {

bool IsPlainText(const ir::Part& part) {
  return part.As<ir::Text>() != nullptr && part.extras.empty();
}

bool TakesMark(const std::optional<ir::CacheMark>& mark, const Provider& provider,
               ir::Omissions& omissions) {
  if (!mark.has_value()) return false;
  if (!provider.quirks.cache_control) {
    omissions.LeftOut(
        "cache_control",
        "`cache_control` was left out: the provider caches by itself, or not at all.");
  }
  return provider.quirks.cache_control;
}

class MessagesWriter {
 public:
  MessagesWriter(const Provider& provider, ir::Omissions& omissions, JsonWriter& json)
      : provider_(provider), parameters_(provider, omissions), omissions_(omissions), json_(json) {}

  void Write(const ir::Message& message) {
    if (message.role == ir::Role::kTool) {
      for (const ir::Part& part : message.parts) WriteResult(part);
      ir::OmitExtras(message.extras, {}, omissions_);
      return;
    }
    FlushMedia();
    if (message.role == ir::Role::kAssistant) {
      WriteAssistant(message);
    } else {
      WriteInput(message);
    }
  }

  // Results can hold text only: what else they held follows as the user's.
  void FlushMedia() {
    if (pending_.empty()) return;
    json_.BeginObject();
    json_.Member("role").String("user");
    json_.Member("content").BeginArray();
    for (const ir::Part* part : pending_) WritePart(*part);
    json_.EndArray();
    json_.EndObject();
    pending_.clear();
  }

 private:
  std::string_view RoleName(ir::Role role) const {
    switch (role) {
      case ir::Role::kSystem:
        return "system";
      case ir::Role::kDeveloper:
        return provider_.quirks.no_developer_role ? "system" : "developer";
      case ir::Role::kAssistant:
        return "assistant";
      case ir::Role::kTool:
        return "tool";
      case ir::Role::kUser:
        break;
    }
    return "user";
  }

  void WriteHead(const ir::Message& message) {
    json_.BeginObject();
    json_.Member("role").String(RoleName(message.role));
    if (!message.name.empty() && parameters_.Takes("messages.name")) {
      json_.Member("name").String(message.name);
    }
    for (const ir::Extra& extra : message.extras) {
      if (extra.owner == ir::kOpenAiChat) json_.ForeignMember(extra.name).Raw(extra.json);
    }
    ir::OmitExtras(message.extras, {ir::kOpenAiChat}, omissions_);
  }

  bool MarksCache(const std::optional<ir::CacheMark>& mark) {
    return TakesMark(mark, provider_, omissions_);
  }
  void WriteCacheMark(const std::optional<ir::CacheMark>& mark) {
    WriteChatCacheMark(mark, provider_, omissions_, json_);
  }

  void WriteInput(const ir::Message& message) {
    WriteHead(message);
    WriteCacheMark(message.cache);
    json_.Member("content");
    if (message.parts.size() == 1 && IsPlainText(message.parts[0]) &&
        !MarksCache(message.parts[0].cache)) {
      json_.String(message.parts[0].As<ir::Text>()->text);
    } else {
      json_.BeginArray();
      for (const ir::Part& part : message.parts) WritePart(part);
      json_.EndArray();
    }
    json_.EndObject();
  }

  void WritePart(const ir::Part& part) {
    omissions_.At(part.place);
    if (const auto* text = part.As<ir::Text>()) {
      WriteTextPart("text", text->text, part);
    } else if (const auto* media = part.As<ir::Media>()) {
      WriteMedia(*media, part);
    } else if (const auto* refusal = part.As<ir::Refusal>()) {
      WriteTextPart("refusal", refusal->text, part);
    } else if (const auto* opaque = part.As<ir::Opaque>()) {
      if (opaque->owner == ir::kOpenAiChat) {
        json_.Raw(opaque->json);
      } else {
        omissions_.Refuse("messages", absl::StrCat("Parts of type `", AbslView(opaque->type),
                                                   "` cannot be sent to this model."));
      }
    } else {
      omissions_.Refuse("messages", "A part stands in a message that cannot hold it.");
    }
    ir::OmitExtras(part.extras, {ir::kOpenAiChat}, omissions_);
  }

  void WriteTextPart(std::string_view type, std::string_view text, const ir::Part& part) {
    json_.BeginObject();
    json_.Member("type").String(type);
    json_.Member(type).String(text);
    WriteCacheMark(part.cache);
    json_.EndObject();
  }

  void WriteMedia(const ir::Media& media, const ir::Part& part) {
    switch (media.kind) {
      case ir::Media::Kind::kImage:
      case ir::Media::Kind::kVideo:
        return WriteLink(media, part);
      case ir::Media::Kind::kAudio:
        return WriteAudio(media);
      case ir::Media::Kind::kFile:
        return WriteFile(media, part);
    }
  }

  void WriteLink(const ir::Media& media, const ir::Part& part) {
    const bool image = media.kind == ir::Media::Kind::kImage;
    const std::string url = ir::UrlOf(media);
    if (url.empty()) {
      return omissions_.Refuse("messages",
                               "An image that another provider keeps cannot be sent "
                               "to this model; send its bytes or a URL.");
    }
    const std::string_view type = image ? "image_url" : "video_url";
    json_.BeginObject();
    json_.Member("type").String(type);
    json_.Member(type).BeginObject();
    json_.Member("url").String(url);
    if (!media.detail.empty()) json_.Member("detail").String(media.detail);
    json_.EndObject();
    WriteCacheMark(part.cache);
    json_.EndObject();
  }

  void WriteAudio(const ir::Media& media) {
    const std::string_view format = media.media_type.find("wav") != std::string_view::npos  ? "wav"
                                    : media.media_type.find("mp") != std::string_view::npos ? "mp3"
                                                                                            : "";
    if (media.base64.empty() || format.empty()) {
      return omissions_.Refuse("messages", "Sounds are sent to this model as bytes of wav or mp3.");
    }
    json_.BeginObject();
    json_.Member("type").String("input_audio");
    json_.Member("input_audio").BeginObject();
    json_.Member("data").String(media.base64);
    json_.Member("format").String(format);
    json_.EndObject();
    json_.EndObject();
  }

  void WriteFile(const ir::Media& media, const ir::Part& part) {
    if (!media.context.empty()) omissions_.LeftOut("context");
    if (media.citations == true) omissions_.LeftOut("citations");
    if (!media.text.empty()) {
      return WriteTextPart("text",
                           media.title.empty()
                               ? std::string(media.text)
                               : absl::StrCat(AbslView(media.title), "\n\n", AbslView(media.text)),
                           part);
    }
    const bool kept = !media.file_id.empty() && media.file_owner == ir::kFamilyOpenAi;
    if (media.base64.empty() && !kept) {
      return omissions_.Refuse(
          "messages", media.file_id.empty() ? "Files are sent to this model as bytes."
                                            : "A file that another provider keeps cannot be sent "
                                              "to this model; send its bytes.");
    }
    json_.BeginObject();
    json_.Member("type").String("file");
    json_.Member("file").BeginObject();
    if (kept) {
      json_.Member("file_id").String(media.file_id);
    } else {
      json_.Member("filename").String(media.filename.empty() ? "file" : media.filename);
      json_.Member("file_data").String(ir::UrlOf(media));
    }
    json_.EndObject();
    WriteCacheMark(part.cache);
    json_.EndObject();
  }

  void WriteResult(const ir::Part& part) {
    omissions_.At(part.place);
    const ir::ToolResult* result = part.As<ir::ToolResult>();
    if (result == nullptr) {
      return omissions_.Refuse("messages", "A tool's message can hold results only.");
    }
    if (result->is_error) {
      omissions_.LeftOut(
          "is_error", "That a tool failed was left out: this model takes what the tool said only.");
    }
    std::vector<const ir::Part*> texts;
    for (const ir::Part& inner : result->parts) {
      const auto* media = inner.As<ir::Media>();
      if (media != nullptr && media->text.empty()) {
        omissions_.Changed("tool_result",
                           "Images and files in results of tools were sent as the "
                           "user's, behind the results.");
        pending_.push_back(&inner);
      } else {
        texts.push_back(&inner);
      }
    }
    json_.BeginObject();
    json_.Member("role").String("tool");
    json_.Member("tool_call_id").String(result->tool_call_id);
    WriteCacheMark(part.cache);
    json_.Member("content");
    if (texts.empty()) {
      json_.String(result->parts.empty() ? "" : "(see the attached)");
    } else if (texts.size() == 1 && IsPlainText(*texts[0])) {
      json_.String(texts[0]->As<ir::Text>()->text);
    } else {
      json_.BeginArray();
      for (const ir::Part* text : texts) WritePart(*text);
      json_.EndArray();
    }
    json_.EndObject();
    ir::OmitExtras(part.extras, {ir::kOpenAiChat}, omissions_);
  }

  void WriteAssistant(const ir::Message& message) {
    WriteHead(message);
    WriteAssistantContent(message);
    WriteHistory(message);
    bool calls = false;
    for (const ir::Part& part : message.parts) {
      const ir::ToolCall* call = part.As<ir::ToolCall>();
      if (call == nullptr) continue;
      if (!calls) json_.Member("tool_calls").BeginArray();
      calls = true;
      WriteCall(*call, part);
    }
    if (calls) json_.EndArray();
    json_.EndObject();
  }

  void WriteAssistantContent(const ir::Message& message) {
    std::vector<const ir::Part*> texts;
    for (const ir::Part& part : message.parts) {
      if (const auto* refusal = part.As<ir::Refusal>()) {
        json_.Member("refusal").String(refusal->text);
      } else if (part.type() == ir::PartType::kOpaque) {
        texts.push_back(&part);
      } else if (part.As<ir::Text>() != nullptr) {
        texts.push_back(&part);
      } else if (part.As<ir::Media>() != nullptr) {
        omissions_.LeftOut("image",
                           "An image that the model made was left out of what it is "
                           "told: it reads no images of its own.");
      }
    }
    json_.Member("content");
    if (texts.empty()) {
      json_.Null();
    } else if (texts.size() == 1 && IsPlainText(*texts[0]) && !MarksCache(texts[0]->cache)) {
      json_.String(texts[0]->As<ir::Text>()->text);
    } else {
      json_.BeginArray();
      for (const ir::Part* part : texts) WritePart(*part);
      json_.EndArray();
    }
  }

  // Chat completions have no place for thoughts; providers that want them back say how.
  void WriteHistory(const ir::Message& message) {
    const std::string_view member = provider_.quirks.reasoning_history;
    if (member == "reasoning_details") {
      std::int64_t index = 0;
      json_.Member(member).BeginArray();
      for (const ir::Part& part : message.parts) {
        if (const auto* reasoning = part.As<ir::Reasoning>()) {
          index = ir::WriteReasoningDetails(*reasoning, part.signature, index, json_);
        } else if (const auto* call = part.As<ir::ToolCall>();
                   call != nullptr && part.signature.present()) {
          index = ir::WriteCallSignature(call->id, part.signature, index, json_);
        }
      }
      json_.EndArray();
    } else if (member == "reasoning_content" || member == "reasoning") {
      std::string text;
      for (const ir::Part& part : message.parts) {
        if (const auto* reasoning = part.As<ir::Reasoning>()) text += reasoning->text;
      }
      if (!text.empty()) json_.Member(member).String(text);
    }
  }

  void WriteCall(const ir::ToolCall& call, const ir::Part& part) {
    const std::string_view kind = call.custom ? "custom" : "function";
    json_.BeginObject();
    json_.Member("id").String(call.id);
    json_.Member("type").String(kind);
    json_.Member(kind).BeginObject();
    json_.Member("name").String(call.name);
    json_.Member(call.custom ? "input" : "arguments")
        .String(call.arguments.empty() && !call.custom ? "{}" : call.arguments);
    json_.EndObject();
    if (provider_.quirks.reasoning_history == "extra_content" &&
        part.signature.maker == ir::kFamilyGoogle && part.signature.present()) {
      json_.Member("extra_content").BeginObject();
      json_.Member("google").BeginObject();
      json_.Member("thought_signature").String(part.signature.value);
      json_.EndObject();
      json_.EndObject();
    }
    json_.EndObject();
  }

  const Provider& provider_;
  AcceptedParameters parameters_;
  ir::Omissions& omissions_;
  JsonWriter& json_;
  std::vector<const ir::Part*> pending_;
};

}  // namespace

void WriteChatCacheMark(const std::optional<ir::CacheMark>& mark, const Provider& provider,
                        ir::Omissions& omissions, JsonWriter& json) {
  if (!TakesMark(mark, provider, omissions)) return;
  json.Member("cache_control").BeginObject();
  json.Member("type").String("ephemeral");
  if (mark->ttl == ir::CacheMark::Ttl::k1Hour) json.Member("ttl").String("1h");
  if (mark->ttl == ir::CacheMark::Ttl::k5Minutes) json.Member("ttl").String("5m");
  json.EndObject();
}

void WriteChatMessages(const ir::Request& request, const Provider& provider,
                       ir::Omissions& omissions, JsonWriter& json) {
  json.BeginArray();
  MessagesWriter writer(provider, omissions, json);
  for (const ir::Message& message : request.messages) writer.Write(message);
  writer.FlushMedia();
  if (!request.messages.empty() && request.messages.back().role == ir::Role::kAssistant) {
    omissions.Changed("messages",
                      "The assistant's last message was sent as one that is complete: this model "
                      "answers it, and may not go on with it.");
  }
  json.EndArray();
}

}  // namespace tollgate::dataplane
