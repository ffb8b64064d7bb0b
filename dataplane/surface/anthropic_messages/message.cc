#include <string>
#include <utility>

#include "dataplane/ir/data_url.h"
#include "dataplane/surface/anthropic_messages/request.h"
#include "dataplane/surface/anthropic_messages/signed_block.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

// Whether a citation is one that WriteMessagesCitation() made of another maker's: their own API
// would not know it again.
bool IsOfAnotherMaker(JsonValue citation) {
  const std::string_view type = citation["type"].string();
  if (type == "web_search_result_location") return citation["encrypted_index"].string().empty();
  return type == "search_result_location" && citation["end_block_index"].integer() == 0;
}

class MessageReader {
 public:
  MessageReader(FieldReader& fields, ir::Request& request) : fields_(fields), request_(request) {}

  void Run(JsonValue value) {
    const std::string_view role = value["role"].string();
    if (role == "assistant") {
      role_ = ir::Role::kAssistant;
    } else if (role == "system") {
      role_ = ir::Role::kSystem;
    } else if (role != "user") {
      return fields_.Wrong("role", "one of user, assistant and system");
    }
    const JsonValue content = value["content"];
    if (content.is_string()) {
      Parts(role_).emplace_back().body = ir::Text{content.string(), {}};
    } else if (content.is_array()) {
      for (const JsonValue block : content.elements()) ReadBlock(block);
      if (content.size() == 0) Parts(role_);
    } else {
      fields_.Wrong("content", "a string or a list of blocks");
    }
  }

  // Of a document or the result of a tool.
  void ReadInner(JsonValue content, std::vector<ir::Part>& parts) {
    if (content.is_string()) {
      parts.emplace_back().body = ir::Text{content.string(), {}};
      return;
    }
    for (const JsonValue block : content.elements()) {
      ir::Part& part = parts.emplace_back();
      part.cache = ReadAnthropicCacheMark(block["cache_control"]);
      if (!ReadPlain(block, part)) {
        part.body = ir::Opaque{ir::kAnthropicMessages, block["type"].string(), block.raw()};
      }
    }
  }

 private:
  // The parts of the last message, which is begun when it has another role.
  std::vector<ir::Part>& Parts(ir::Role role) {
    if (!begun_ || request_.messages.back().role != role) {
      request_.messages.emplace_back().role = role;
      begun_ = true;
    }
    return request_.messages.back().parts;
  }

  void ReadBlock(JsonValue block) {
    const std::string_view type = block["type"].string();
    if (type == "tool_result") return ReadResult(block);
    if (type == "thinking" || type == "redacted_thinking") return ReadThought(block, type);
    if (type.empty()) return fields_.Wrong("content", "blocks with a type");
    ir::Part& part = Parts(role_).emplace_back();
    part.cache = ReadAnthropicCacheMark(block["cache_control"]);
    if (type == "tool_use") {
      ReadCall(block, part);
    } else if (!ReadPlain(block, part)) {
      part.body = ir::Opaque{ir::kAnthropicMessages, type, block.raw()};
    }
  }

  // Text, an image or a document.
  bool ReadPlain(JsonValue block, ir::Part& part) {
    const std::string_view type = block["type"].string();
    if (type == "text") {
      ReadText(block, part);
    } else if (type == "image" || type == "document") {
      ReadMedia(block, type, part);
    } else {
      return false;
    }
    return true;
  }

  void ReadText(JsonValue block, ir::Part& part) {
    if (!block["text"].is_string()) fields_.Wrong("content", "blocks of text with a string");
    ir::Text text{block["text"].string(), {}};
    for (const JsonValue value : block["citations"].elements()) {
      ir::Citation citation;
      if (!IsOfAnotherMaker(value)) {
        citation.owner = ir::kAnthropicMessages;
        citation.json = value.raw();
      }
      citation.url = value["url"].string();
      citation.title = value["title"].string();
      citation.cited_text = value["cited_text"].string();
      text.citations.push_back(citation);
    }
    part.body = std::move(text);
  }

  void ReadMedia(JsonValue block, std::string_view type, ir::Part& part) {
    ir::Media media;
    media.kind = type == "image" ? ir::Media::Kind::kImage : ir::Media::Kind::kFile;
    const JsonValue source = block["source"];
    const std::string_view kind = source["type"].string();
    media.media_type = source["media_type"].string();
    if (kind == "base64") {
      media.base64 = source["data"].string();
    } else if (kind == "text") {
      media.text = source["data"].string();
    } else if (kind == "url") {
      if (!ir::TakeUrl(source["url"].string(), media)) {
        fields_.Wrong("content", "blocks whose URLs are http or https");
      }
    } else if (kind == "file") {
      media.file_id = source["file_id"].string();
      media.file_owner = ir::kFamilyAnthropic;
    } else if (kind == "content") {
      part.body = ir::Opaque{ir::kAnthropicMessages, type, block.raw()};
      return;
    } else {
      fields_.Wrong("content", "blocks whose source is base64, text, url or file");
    }
    media.title = media.filename = block["title"].string();
    media.context = block["context"].string();
    media.citations = block["citations"]["enabled"].boolean();
    part.body = media;
  }

  void ReadCall(JsonValue block, ir::Part& part) {
    const JsonValue input = block["input"];
    part.body = ir::ToolCall{.id = block["id"].string(),
                             .name = block["name"].string(),
                             .arguments = input.exists() ? input.raw() : "{}"};
    if (block["id"].string().empty() || block["name"].string().empty()) {
      fields_.Wrong("content", "calls with an id and a name");
    }
  }

  void ReadResult(JsonValue block) {
    ir::ToolResult result;
    result.tool_call_id = block["tool_use_id"].string();
    result.is_error = block["is_error"].boolean().value_or(false);
    if (result.tool_call_id.empty()) fields_.Fail(Missing(fields_.PathOf("content.tool_use_id")));
    ReadInner(block["content"], result.parts);
    ir::Part& part = Parts(ir::Role::kTool).emplace_back();
    part.cache = ReadAnthropicCacheMark(block["cache_control"]);
    part.body = std::move(result);
  }

  void ReadThought(JsonValue block, std::string_view type) {
    const bool redacted = type == "redacted_thinking";
    const SignedBlock kept = ReadSigned(block[redacted ? "data" : "signature"].string(), redacted);
    std::vector<ir::Part>& parts = Parts(role_);
    if (kept.kind == SignedBlock::Kind::kOfPart) {
      if (!parts.empty()) parts.back().signature = kept.signature;
      return;
    }
    ir::Part& part = parts.emplace_back();
    part.signature = kept.signature;
    part.body = ir::Reasoning{.text = block["thinking"].string(),
                              .summary = kept.kind == SignedBlock::Kind::kRedacted && !redacted,
                              .redacted = kept.redacted,
                              .id = kept.id};
  }

  FieldReader& fields_;
  ir::Request& request_;
  ir::Role role_ = ir::Role::kUser;
  bool begun_ = false;
};

}  // namespace

void ReadAnthropicMessage(JsonValue value, FieldReader& fields, ir::Request& out) {
  if (!value.is_object()) return fields.Wrong("role", "that of an object");
  MessageReader(fields, out).Run(value);
}

void ReadAnthropicSystem(JsonValue value, FieldReader& fields, ir::Request& out) {
  if (!value.has_value()) return;
  if (!value.is_string() && !value.is_array()) {
    return fields.Wrong("system", "a string or a list of texts");
  }
  ir::Message& message = out.messages.emplace_back();
  message.role = ir::Role::kSystem;
  MessageReader(fields, out).ReadInner(value, message.parts);
}

std::optional<ir::CacheMark> ReadAnthropicCacheMark(JsonValue value) {
  if (!value.is_object()) return std::nullopt;
  ir::CacheMark mark;
  const std::string_view ttl = value["ttl"].string();
  if (ttl == "5m") mark.ttl = ir::CacheMark::Ttl::k5Minutes;
  if (ttl == "1h") mark.ttl = ir::CacheMark::Ttl::k1Hour;
  return mark;
}

}  // namespace tollgate::dataplane
