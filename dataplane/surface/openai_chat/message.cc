#include "dataplane/surface/openai_chat/message.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/ir/omission.h"
#include "dataplane/ir/reasoning_details.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/unknown_members.h"

namespace tollgate::dataplane {
namespace {

std::string_view MediaTypeOfAudio(std::string_view format) {
  if (format == "wav") return "audio/wav";
  if (format == "mp3") return "audio/mpeg";
  return {};
}

class MessageReader {
 public:
  MessageReader(FieldReader& fields, ir::Request& request)
      : fields_(fields), request_(request), message_(request.messages.emplace_back()) {}

  void Run(JsonValue value) {
    if (!value.is_object()) return fields_.Wrong("role", "that of an object");
    if (!ReadRole(value["role"])) {
      return fields_.Wrong("role", "one of system, developer, user, assistant, tool and function");
    }
    ReadReasoning(value);
    const JsonValue content = value["content"];
    if (message_.role == ir::Role::kTool) {
      ReadResult(value, content);
    } else {
      ReadContent(content, message_.parts);
    }
    for (const JsonMember m : value.members()) ReadMember(m);
    ir::AttachSignatures(value["reasoning_details"], message_.parts);
    if (message_.parts.empty() && !content.exists()) fields_.Fail(Missing(PathOfContent()));
  }

 private:
  std::string PathOfContent() const { return fields_.PathOf("content"); }

  bool ReadRole(JsonValue role) {
    constexpr std::pair<std::string_view, ir::Role> kRoles[] = {
        {"system", ir::Role::kSystem}, {"developer", ir::Role::kDeveloper},
        {"user", ir::Role::kUser},     {"assistant", ir::Role::kAssistant},
        {"tool", ir::Role::kTool},     {"function", ir::Role::kTool}};
    for (const auto& [name, value] : kRoles) {
      if (role.string() != name) continue;
      message_.role = value;
      return true;
    }
    return false;
  }

  void ReadMember(const JsonMember& m) {
    if (m.key == "name") {
      if (message_.role != ir::Role::kTool) fields_.Text(m, message_.name);
    } else if (m.key == "refusal") {
      if (m.value.is_string()) {
        message_.parts.emplace_back().body = ir::Refusal{m.value.string()};
      }
    } else if (m.key == "tool_calls") {
      ReadToolCalls(m);
    } else if (m.key == "function_call") {
      ReadFunctionCall(m.value);
    } else if (m.key == "cache_control") {
      message_.cache = ReadChatCacheMark(m.value, request_);
    } else if (m.key == "providerOptions") {
      ReadProviderOptions(m.value, message_.extras);
    } else if (m.key != "role" && m.key != "content" && m.key != "tool_call_id" &&
               m.key != "reasoning" && m.key != "reasoning_content" &&
               m.key != "reasoning_details" && !m.value.is_null() &&
               !(m.value.is_array() && m.value.size() == 0)) {
      // A sound that the provider keeps says what the message says.
      message_.extras.push_back({IsOfGateway(m) ? ir::kOfNoFormat : ir::kOpenAiChat, m.key,
                                 m.value.raw(), m.key == "audio"});
    }
  }

  // Whether they are citations as WriteChatAnnotation() writes them: no provider takes these.
  static bool IsOfGateway(const JsonMember& m) {
    if (m.key != "annotations") return false;
    for (const JsonValue annotation : m.value.elements()) {
      if (annotation["url_citation"]["content"].exists()) return true;
    }
    return false;
  }

  void ReadReasoning(JsonValue value) {
    if (value["reasoning_details"].size() > 0) {
      ir::ReadReasoningDetails(value["reasoning_details"], message_.parts);
      return;
    }
    for (const std::string_view name : {"reasoning_content", "reasoning"}) {
      const std::string_view text = value[name].string();
      if (text.empty()) continue;
      message_.parts.emplace_back().body = ir::Reasoning{.text = text};
      return;
    }
  }

  void ReadContent(JsonValue content, std::vector<ir::Part>& parts) {
    if (content.is_string()) {
      if (!content.string().empty() || message_.role != ir::Role::kAssistant) {
        parts.emplace_back().body = ir::Text{content.string(), {}};
      }
    } else if (content.is_array()) {
      for (const JsonValue part : content.elements()) ReadPart(part, parts.emplace_back());
    } else if (content.has_value()) {
      fields_.Wrong("content", "a string or a list of parts");
    }
  }

  void ReadPart(JsonValue value, ir::Part& part) {
    const std::string_view type = value["type"].string();
    ReadBody(value, type, part);
    if (part.type() != ir::PartType::kOpaque) {
      WarnOfUnknown(value, {"type", type, "cache_control", "providerOptions"}, "content", request_);
      // Some clients give the link itself.
      if (type == "image_url" || type == "video_url") Warn(value, type, {"url", "detail"});
      if (type == "input_audio") Warn(value, type, {"format", "data"});
      if (type == "file") {
        Warn(value, type, {"filename", "file_id", "file_data", "data", "media_type"});
      }
    }
    for (const JsonMember m : value.members()) {
      if (m.key == "cache_control") {
        part.cache = ReadChatCacheMark(m.value, request_);
      } else if (m.key == "providerOptions") {
        ReadProviderOptions(m.value, part.extras);
      }
    }
  }

  void Warn(JsonValue value, std::string_view member,
            std::initializer_list<std::string_view> known) {
    WarnOfUnknown(value[member], known, member, request_);
  }

  void ReadBody(JsonValue value, std::string_view type, ir::Part& part) {
    if (type == "text") {
      part.body = ir::Text{value["text"].string(), {}};
      if (!value["text"].is_string()) fields_.Wrong("content", "parts of text with a string");
    } else if (type == "refusal") {
      part.body = ir::Refusal{value["refusal"].string()};
    } else if (type == "image_url" || type == "video_url") {
      ReadLink(value, type, part);
    } else if (type == "input_audio") {
      const JsonValue audio = value["input_audio"];
      part.body = ir::Media{.kind = ir::Media::Kind::kAudio,
                            .media_type = MediaTypeOfAudio(audio["format"].string()),
                            .base64 = audio["data"].string()};
    } else if (type == "file") {
      ReadFile(value["file"], part);
    } else if (!type.empty()) {
      part.body = ir::Opaque{ir::kOpenAiChat, type, value.raw()};
    } else {
      fields_.Wrong("content", "parts with a type");
    }
  }

  void ReadLink(JsonValue value, std::string_view type, ir::Part& part) {
    ir::Media media;
    media.kind = type == "video_url" ? ir::Media::Kind::kVideo : ir::Media::Kind::kImage;
    // Some clients give the link itself.
    const JsonValue link = value[type];
    const std::string_view url = link.is_string() ? link.string() : link["url"].string();
    media.detail = link["detail"].string();
    if (!ir::TakeUrl(url, media)) {
      fields_.Wrong("content", "parts whose URLs are http, https or base64 data URLs");
    }
    part.body = media;
  }

  void ReadFile(JsonValue file, ir::Part& part) {
    ir::Media media;
    media.kind = ir::Media::Kind::kFile;
    media.filename = file["filename"].string();
    media.file_id = file["file_id"].string();
    if (!media.file_id.empty()) media.file_owner = ir::kFamilyOpenAi;
    // The gateway's own spelling is data and media_type.
    std::string_view data = file["file_data"].string();
    if (data.empty()) data = file["data"].string();
    const std::string_view stated = file["media_type"].string();
    if (!data.empty() && !ir::TakeUrl(data, media)) media.base64 = data;
    if (!stated.empty()) media.media_type = stated;
    if (media.media_type.empty()) media.media_type = ir::SniffMediaType(media.base64);
    if (ir::KindOf(media.media_type) != ir::Media::Kind::kFile) {
      media.kind = ir::KindOf(media.media_type);
    }
    if (data.empty() && media.file_id.empty()) fields_.Fail(Missing(PathOfContent()));
    part.body = media;
  }

  void ReadResult(JsonValue value, JsonValue content) {
    ir::ToolResult result;
    // Of the forerunner of tools, whose calls had no ids: the name stands for it.
    const bool function = value["role"].string() == "function";
    result.name = value["name"].string();
    result.tool_call_id = function ? result.name : value["tool_call_id"].string();
    ReadContent(content, result.parts);
    if (result.tool_call_id.empty()) {
      fields_.Fail(Missing(fields_.PathOf(function ? "name" : "tool_call_id")));
    }
    message_.parts.emplace_back().body = std::move(result);
  }

  void ReadToolCalls(const JsonMember& m) {
    if (m.value.is_null()) return;
    if (!m.value.is_array()) return fields_.Wrong(m.key, "a list of tool calls");
    for (const JsonValue value : m.value.elements()) {
      const bool custom = value["type"].string() == "custom";
      const std::string_view kind = custom ? "custom" : "function";
      const JsonValue called = value[kind];
      WarnOfUnknown(value, {"type", "id", "index", "extra_content", kind}, m.key, request_);
      WarnOfUnknown(called, {"name", custom ? "input" : "arguments"}, m.key, request_);
      WarnOfUnknown(value["extra_content"], {"google"}, "extra_content", request_);
      WarnOfUnknown(value["extra_content"]["google"], {"thought_signature"}, "extra_content.google",
                    request_);
      ir::Part& part = message_.parts.emplace_back();
      part.body = ir::ToolCall{.id = value["id"].string(),
                               .name = called["name"].string(),
                               .arguments = called[custom ? "input" : "arguments"].string(),
                               .custom = custom};
      // Where Google's compatible API puts the signature of a call.
      part.signature = {ir::kFamilyGoogle,
                        value["extra_content"]["google"]["thought_signature"].string()};
      if (value["id"].string().empty() || called["name"].string().empty()) {
        fields_.Wrong("tool_calls", "calls with an id and a name");
      }
    }
  }

  void ReadFunctionCall(JsonValue value) {
    if (!value.is_object()) return;
    WarnOfUnknown(value, {"name", "arguments"}, "function_call", request_);
    message_.parts.emplace_back().body = ir::ToolCall{.id = value["name"].string(),
                                                      .name = value["name"].string(),
                                                      .arguments = value["arguments"].string()};
  }

  FieldReader& fields_;
  ir::Request& request_;
  ir::Message& message_;
};

}  // namespace

void ReadChatMessage(JsonValue value, FieldReader& fields, ir::Request& out) {
  MessageReader(fields, out).Run(value);
}

std::optional<ir::CacheMark> ReadChatCacheMark(JsonValue value, ir::Request& out) {
  if (!value.is_object()) return std::nullopt;
  WarnOfUnknown(value, {"type", "ttl"}, "cache_control", out);
  ir::CacheMark mark;
  const std::string_view ttl = value["ttl"].string();
  if (ttl == "5m") mark.ttl = ir::CacheMark::Ttl::k5Minutes;
  if (ttl == "1h") mark.ttl = ir::CacheMark::Ttl::k1Hour;
  return mark;
}

}  // namespace tollgate::dataplane
