// The messages of `prompt`.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/surface/ai_sdk_gateway/request.h"
#include "dataplane/surface/ai_sdk_gateway/signature.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

class MessageReader {
 public:
  MessageReader(FieldReader& fields, ir::Request& request)
      : fields_(fields), request_(request), message_(request.messages.emplace_back()) {}

  void Run(JsonValue value) {
    if (!ReadRole(value["role"].string())) {
      return fields_.Wrong("role", "one of system, user, assistant and tool");
    }
    const JsonValue content = value["content"];
    if (content.is_string()) {
      message_.parts.emplace_back().body = ir::Text{content.string(), {}};
    } else if (content.is_array()) {
      for (const JsonValue part : content.elements()) ReadPart(part);
    } else {
      return fields_.Wrong("content", "a string or a list of parts");
    }
    message_.cache = ReadGatewayCacheMark(value["providerOptions"]);
    ReadOptions(value["providerOptions"], message_.extras);
  }

 private:
  bool ReadRole(std::string_view role) {
    constexpr std::pair<std::string_view, ir::Role> kRoles[] = {{"system", ir::Role::kSystem},
                                                                {"user", ir::Role::kUser},
                                                                {"assistant", ir::Role::kAssistant},
                                                                {"tool", ir::Role::kTool}};
    for (const auto& [name, value] : kRoles) {
      if (role != name) continue;
      message_.role = value;
      return true;
    }
    return false;
  }

  // What families know of a part or a message, but for cache marks and what models signed.
  static void ReadOptions(JsonValue options, ir::Extras& extras) {
    for (const JsonMember family : options.members()) {
      if (family.key == "gateway") continue;
      for (const JsonMember m : family.value.members()) {
        if (m.value.is_null() || m.key == "cacheControl" || m.key == "cache_control" ||
            IsSignatureMember(m.key)) {
          continue;
        }
        extras.push_back({family.key, m.key, m.value.raw(), false});
      }
    }
  }

  void ReadPart(JsonValue value) {
    const std::string_view type = value["type"].string();
    if (type == "tool-approval-response") return;  // Between the client and its user.
    ir::Part& part = message_.parts.emplace_back();
    const JsonValue options = value["providerOptions"];
    const KeptSignature kept = ReadKeptSignature(options);
    part.signature = kept.signature;
    part.cache = ReadGatewayCacheMark(options);
    ReadOptions(options, part.extras);
    if (type == "text") {
      part.body = ir::Text{value["text"].string(), {}};
      if (!value["text"].is_string()) fields_.Wrong("content", "parts of text with a string");
    } else if (type == "file" || type == "reasoning-file") {
      part.body = ReadFile(value);
    } else if (type == "reasoning") {
      // What OpenAI's models show of their thoughts are summaries.
      part.body = ir::Reasoning{.text = value["text"].string(),
                                .summary = kept.signature.maker == ir::kFamilyOpenAi,
                                .redacted = kept.redacted,
                                .id = kept.id};
    } else if (type == "tool-call") {
      ReadCall(value, part);
    } else if (type == "tool-result") {
      ReadResult(value, part);
    } else {
      fields_.Fail(Unsupported(
          fields_.PathOf("content"),
          absl::StrCat("A part of type `", AbslView(type), "` cannot be sent to a model.")));
    }
  }

  void ReadCall(JsonValue value, ir::Part& part) {
    const JsonValue input = value["input"];
    part.body =
        ir::ToolCall{.id = value["toolCallId"].string(),
                     .name = value["toolName"].string(),
                     .arguments = input.is_string() ? input.string()
                                  : input.exists()  ? input.raw()
                                                    : "{}",
                     .provider_executed = value["providerExecuted"].boolean().value_or(false)};
    if (value["toolCallId"].string().empty() || value["toolName"].string().empty()) {
      fields_.Wrong("content", "calls with a toolCallId and a toolName");
    }
  }

  void ReadResult(JsonValue value, ir::Part& part) {
    ir::ToolResult result;
    result.tool_call_id = value["toolCallId"].string();
    result.name = value["toolName"].string();
    if (result.tool_call_id.empty()) fields_.Fail(Missing(fields_.PathOf("content.toolCallId")));
    const JsonValue output = value["output"];
    const std::string_view type = output["type"].string();
    const JsonValue given = output["value"];
    result.is_error = type.starts_with("error-");
    if (type == "text" || type == "error-text") {
      result.parts.emplace_back().body = ir::Text{given.string(), {}};
    } else if (type == "json" || type == "error-json") {
      result.parts.emplace_back().body = ir::Text{given.raw(), {}};
      result.json = true;
    } else if (type == "execution-denied") {
      const std::string_view reason = output["reason"].string();
      result.is_error = true;
      result.parts.emplace_back().body =
          ir::Text{reason.empty() ? "The user did not allow this call." : reason, {}};
    } else if (type == "content") {
      for (const JsonValue item : given.elements()) ReadResultItem(item, result);
    } else {
      fields_.Wrong("content", "results whose output has a known type");
    }
    part.body = std::move(result);
  }

  // Of a result's content; specifications 2 to 4 name its kinds differently.
  void ReadResultItem(JsonValue item, ir::ToolResult& result) {
    const std::string_view type = item["type"].string();
    ir::Part& part = result.parts.emplace_back();
    part.cache = ReadGatewayCacheMark(item["providerOptions"]);
    if (type == "text") {
      part.body = ir::Text{item["text"].string(), {}};
    } else if (type == "media" || type.starts_with("file") || type.starts_with("image-")) {
      ir::Media media = ReadFile(item);
      if (type.starts_with("image-")) media.kind = ir::Media::Kind::kImage;
      part.body = media;
    } else {
      fields_.Fail(Unsupported(
          fields_.PathOf("content"),
          absl::StrCat("A result of type `", AbslView(type), "` cannot be sent to a model.")));
    }
  }

  ir::Media ReadFile(JsonValue value) {
    ir::Media media;
    const std::string_view stated = value["mediaType"].string();
    media.filename = value["filename"].string();
    const JsonValue data = value["data"];
    std::string_view link = value["url"].string();
    if (data.is_string()) {
      link = data.string();
    } else if (data.is_object()) {
      link = data["url"].string();
      if (link.empty()) link = data["data"].string();
      media.text = data["text"].string();
      ReadReference(data["reference"], media);
    }
    ReadReference(value["fileId"], media);
    if (!link.empty() && !ir::TakeUrl(link, media)) media.base64 = link;
    TakeMediaType(stated, media);
    media.kind = ir::KindOf(media.media_type);
    if (media.url.empty() && media.base64.empty() && media.file_id.empty() && media.text.empty()) {
      fields_.Wrong("content", "files with data, a URL or a reference");
    }
    return media;
  }

  // A file that a provider keeps: {"openai":"file-1"}, or its id alone.
  static void ReadReference(JsonValue reference, ir::Media& media) {
    if (reference.is_string()) media.file_id = reference.string();
    for (const JsonMember m : reference.members()) {
      media.file_owner = m.key;
      media.file_id = m.value.string();
      return;
    }
  }

  // "image/*" and "image" say as little as nothing where the bytes say more.
  void TakeMediaType(std::string_view stated, ir::Media& media) {
    const bool exact = stated.find('/') != std::string_view::npos && !stated.ends_with("/*");
    if (exact) {
      media.media_type = stated;
    } else if (media.media_type.empty()) {
      media.media_type = ir::SniffMediaType(media.base64);
    }
    if (!media.media_type.empty()) return;
    media.media_type = stated.find('/') == std::string_view::npos && !stated.empty()
                           ? request_.arena.Keep(absl::StrCat(AbslView(stated), "/*"))
                           : stated;
  }

  FieldReader& fields_;
  ir::Request& request_;
  ir::Message& message_;
};

}  // namespace

void ReadGatewayMessage(JsonValue value, FieldReader& fields, ir::Request& out) {
  MessageReader(fields, out).Run(value);
}

}  // namespace tollgate::dataplane
