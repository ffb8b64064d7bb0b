// Reads POST /v1/messages and /v1/messages/count_tokens.
#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/support/fake_provider/wire/fields.h"
#include "tests/support/fake_provider/wire/messages.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

constexpr std::string_view kCounted =
    "model:s! messages:a! cache_control:on output_config:o speed:sn system:sa thinking:o "
    "tool_choice:o tools:a user_profile_id:s workspace_id:s";
constexpr std::string_view kGenerated =
    " max_tokens:i! container:son diagnostics:on inference_geo:s metadata:o service_tier:s "
    "stop_sequences:a stream:b temperature:f top_k:i top_p:f";

absl::Status Fail(const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::string(what)));
}

absl::StatusOr<int> CacheMinutes(const json::object& holder, const std::string& path) {
  const json::object* control = ObjectField(holder, "cache_control");
  if (control == nullptr) return 0;
  TG_RETURN_IF_ERROR(CheckFields(*control, path + ".cache_control", "type:s! ttl:s"));
  if (StringField(*control, "type") != "ephemeral") return Fail(path, "cache_control.type");
  const std::string ttl = StringField(*control, "ttl");
  if (!ttl.empty() && ttl != "5m" && ttl != "1h") return Fail(path, "cache_control.ttl");
  return ttl == "1h" ? 60 : 5;
}

absl::StatusOr<Attachment> ReadSource(const json::object& part, std::string kind,
                                      const std::string& path) {
  const json::object& source = *ObjectField(part, "source");
  const std::string type = StringField(source, "type");
  if (type == "url") {
    TG_RETURN_IF_ERROR(CheckFields(source, path + ".source", "type:s! url:s!"));
    return AttachmentOfUrl(std::move(kind), StringField(source, "url"), path);
  }
  if (type == "text" && kind == "document") {
    TG_RETURN_IF_ERROR(CheckFields(source, path + ".source", "type:s! media_type:s! data:s!"));
    return Attachment{.kind = kind,
                      .media_type = StringField(source, "media_type"),
                      .bytes = StringField(source, "data"),
                      .url = ""};
  }
  if (type != "base64") return Fail(path + ".source", "type is base64, url or, of documents, text");
  TG_RETURN_IF_ERROR(CheckFields(source, path + ".source", "type:s! media_type:s! data:s!"));
  const std::string media_type = StringField(source, "media_type");
  const bool image = media_type == "image/png" || media_type == "image/jpeg" ||
                     media_type == "image/gif" || media_type == "image/webp";
  if (kind == "image" ? !image : media_type != "application/pdf") {
    return Fail(path + ".source.media_type", "'" + media_type + "' is not supported");
  }
  return DecodeAttachment(std::move(kind), media_type, StringField(source, "data"), path);
}

struct Reader {
  Ask& ask;
  std::vector<std::string> open;  // Calls of the last assistant message without a result.

  absl::Status Add(Block block, const json::object& part, const std::string& path) {
    TG_ASSIGN_OR_RETURN(block.cache_minutes, CacheMinutes(part, path));
    ask.blocks.push_back(std::move(block));
    return absl::OkStatus();
  }

  absl::Status ReadFile(const json::object& part, Role role, const std::string& type,
                        const std::string& path) {
    Block block;
    block.role = role;
    block.kind = BlockKind::kAttachment;
    TG_RETURN_IF_ERROR(CheckFields(part, path,
                                   type == "image" ? "type:s! source:o! cache_control:on"
                                                   : "type:s! source:o! cache_control:on "
                                                     "citations:on context:sn title:sn"));
    TG_ASSIGN_OR_RETURN(block.attachment, ReadSource(part, type, path));
    return Add(std::move(block), part, path);
  }

  absl::Status ReadText(const json::object& part, Role role, const std::string& path) {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! text:s! cache_control:on citations:an"));
    Block block;
    block.role = role;
    block.text = StringField(part, "text");
    if (block.text.empty()) return Fail(path, "text content blocks must be non-empty");
    return Add(std::move(block), part, path);
  }

  absl::Status ReadResult(const json::object& part, const std::string& path) {
    TG_RETURN_IF_ERROR(CheckFields(part, path,
                                   "type:s! tool_use_id:s! content:sa is_error:b cache_control:on "
                                   "toolset_name:sn"));
    Block block;
    block.role = Role::kTool;
    block.kind = BlockKind::kResult;
    block.id = StringField(part, "tool_use_id");
    const auto call = std::find(open.begin(), open.end(), block.id);
    if (call == open.end()) return Fail(path, "no tool_use with this id in the message before");
    open.erase(call);
    block.text = StringField(part, "content");
    const std::size_t at = ask.blocks.size();
    TG_ASSIGN_OR_RETURN(const auto inner, Objects(part, "content", path));
    for (const json::object* item : inner) {
      const std::string type = StringField(*item, "type");
      if (type == "text") {
        block.text += StringField(*item, "text");
      } else if (type == "image" || type == "document") {
        TG_RETURN_IF_ERROR(ReadFile(*item, Role::kTool, type, path));
      } else {
        return Fail(path, absl::StrCat("no block of type '", type, "' in a result"));
      }
    }
    TG_ASSIGN_OR_RETURN(block.cache_minutes, CacheMinutes(part, path));
    ask.blocks.insert(ask.blocks.begin() + static_cast<std::ptrdiff_t>(at), std::move(block));
    return absl::OkStatus();
  }

  absl::Status ReadCall(const json::object& part, const std::string& path) {
    TG_RETURN_IF_ERROR(CheckFields(part, path,
                                   "type:s! id:s! name:s! input:o! cache_control:on caller:o "
                                   "toolset_name:sn"));
    Block block;
    block.role = Role::kAssistant;
    block.kind = BlockKind::kCall;
    block.id = StringField(part, "id");
    block.name = StringField(part, "name");
    block.text = Serialize(*ObjectField(part, "input"));
    for (const char c : block.id) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-') {
        return Fail(path + ".id", "String should match pattern '^[a-zA-Z0-9_-]+$'");
      }
    }
    open.push_back(block.id);
    return Add(std::move(block), part, path);
  }

  absl::Status ReadThought(const json::object& part, const std::string& path) {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! thinking:s! signature:s!"));
    Block block;
    block.role = Role::kAssistant;
    block.kind = BlockKind::kReasoning;
    block.text = StringField(part, "thinking");
    block.signature = StringField(part, "signature");
    return Add(std::move(block), part, path);
  }

  absl::Status ReadPart(const json::object& part, Role role, const std::string& path) {
    const std::string type = StringField(part, "type");
    if (type == "text") return ReadText(part, role, path);
    if (role == Role::kUser) {
      if (type == "image" || type == "document") return ReadFile(part, role, type, path);
      if (type == "tool_result") return ReadResult(part, path);
    }
    if (role == Role::kAssistant) {
      if (type == "tool_use") return ReadCall(part, path);
      if (type == "thinking") return ReadThought(part, path);
    }
    return Fail(path, absl::StrCat("Input tag '", type, "' does not match any of the expected"));
  }

  absl::Status ReadContent(const json::object& holder, std::string_view key, Role role,
                           const std::string& path) {
    if (const std::string text = StringField(holder, key); !text.empty()) {
      ask.blocks.emplace_back();
      ask.blocks.back().role = role;
      ask.blocks.back().text = text;
      return absl::OkStatus();
    }
    TG_ASSIGN_OR_RETURN(const auto parts, Objects(holder, key, path));
    if (parts.empty() && role == Role::kUser) return Fail(path, "messages must have content");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      TG_RETURN_IF_ERROR(
          ReadPart(*parts[i], role, absl::StrCat(path, ".", std::string(key), ".", i)));
    }
    return absl::OkStatus();
  }
};

absl::Status ReadConversation(const json::object& body, Ask& ask) {
  Reader reader{.ask = ask, .open = {}};
  if (body.contains("system")) {
    TG_RETURN_IF_ERROR(reader.ReadContent(body, "system", Role::kSystem, ""));
  }
  TG_ASSIGN_OR_RETURN(const auto messages, Objects(body, "messages", ""));
  if (messages.empty()) return Fail("messages", "at least one message is required");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string path = absl::StrCat("messages.", i);
    TG_RETURN_IF_ERROR(CheckFields(*messages[i], path, "role:s! content:sa!"));
    const std::string role = StringField(*messages[i], "role");
    if (role != "user" && role != "assistant") return Fail(path + ".role", "user or assistant");
    if (i == 0 && role != "user") return Fail(path + ".role", "first message must use user");
    if (role == "assistant") reader.open.clear();
    TG_RETURN_IF_ERROR(reader.ReadContent(*messages[i], "content",
                                          role == "user" ? Role::kUser : Role::kAssistant, path));
    if (role == "user" && !reader.open.empty()) {
      return Fail(path, "`tool_use` ids were found without `tool_result` blocks immediately after");
    }
  }
  if (!reader.open.empty()) return Fail("messages", "a final tool_use has no tool_result");
  TG_ASSIGN_OR_RETURN(const int minutes, CacheMinutes(body, "cache_control"));
  if (minutes != 0) ask.blocks.back().cache_minutes = minutes;
  const auto marks = std::count_if(ask.blocks.begin(), ask.blocks.end(),
                                   [](const Block& block) { return block.cache_minutes != 0; });
  if (marks > 4) return Fail("cache_control", "a maximum of 4 blocks may be provided");
  return absl::OkStatus();
}

absl::Status ReadTools(const json::object& body, Ask& ask) {
  TG_ASSIGN_OR_RETURN(const auto tools, Objects(body, "tools", ""));
  for (const json::object* tool : tools) {
    const std::string type = StringField(*tool, "type");
    if (!type.empty() && type != "custom") return Fail("tools", "this provider has custom tools");
    TG_RETURN_IF_ERROR(CheckFields(
        *tool, "tools",
        "name:s! input_schema:o! type:sn description:s cache_control:on strict:b allowed_callers:a "
        "defer_loading:b eager_input_streaming:bn input_examples:a"));
    const json::object& schema = *ObjectField(*tool, "input_schema");
    if (StringField(schema, "type") != "object") return Fail("tools.input_schema.type", "object");
    ask.tools.push_back({.name = StringField(*tool, "name"), .schema = Serialize(schema)});
  }
  const json::object* choice = ObjectField(body, "tool_choice");
  if (choice == nullptr) return absl::OkStatus();
  if (tools.empty()) return Fail("tool_choice", "may only be specified while providing tools");
  TG_RETURN_IF_ERROR(
      CheckFields(*choice, "tool_choice", "type:s! name:s disable_parallel_tool_use:b"));
  const std::string type = StringField(*choice, "type");
  if (type != "auto" && type != "any" && type != "tool" && type != "none") {
    return Fail("tool_choice.type", "auto, any, tool or none");
  }
  ask.tools_allowed = type != "none";
  ask.tool_chosen = StringField(*choice, "name");
  if (ask.tool_chosen.empty() == (type == "tool")) return Fail("tool_choice.name", "with tool");
  ask.parallel = !BoolField(*choice, "disable_parallel_tool_use", false);
  return absl::OkStatus();
}

absl::Status ReadThinking(const json::object& body, Ask& ask) {
  const json::object* thinking = ObjectField(body, "thinking");
  if (thinking == nullptr) return absl::OkStatus();
  const std::string type = StringField(*thinking, "type");
  TG_RETURN_IF_ERROR(CheckFields(*thinking, "thinking", "type:s! budget_tokens:i display:sn"));
  const auto budget = IntField(*thinking, "budget_tokens");
  if (type == "enabled") {
    if (budget.value_or(0) < 1024) return Fail("thinking.budget_tokens", "at least 1024");
    if (ask.output_tokens_max.has_value() && *budget >= *ask.output_tokens_max) {
      return Fail("max_tokens", "must be greater than thinking.budget_tokens");
    }
  } else if (budget.has_value() || (type != "adaptive" && type != "disabled")) {
    return Fail("thinking", "enabled with budget_tokens, adaptive or disabled");
  }
  ask.thinks = type != "disabled";
  const json::value* temperature = body.if_contains("temperature");
  if (ask.thinks && temperature != nullptr && temperature->to_number<double>() != 1.0) {
    return Fail("temperature", "may only be set to 1 when thinking is enabled");
  }
  const json::object* choice = ObjectField(body, "tool_choice");
  const std::string chosen = choice == nullptr ? "auto" : StringField(*choice, "type");
  if (ask.thinks && chosen != "auto" && chosen != "none") {
    return Fail("tool_choice", "Thinking may not be enabled when tool_choice forces tool use.");
  }
  return absl::OkStatus();
}

absl::Status ReadOutputConfig(const json::object& body, Ask& ask) {
  const json::object* config = ObjectField(body, "output_config");
  if (config == nullptr) return absl::OkStatus();
  TG_RETURN_IF_ERROR(CheckFields(*config, "output_config", "effort:sn format:on"));
  const json::object* format = ObjectField(*config, "format");
  if (format == nullptr) return absl::OkStatus();
  TG_RETURN_IF_ERROR(CheckFields(*format, "output_config.format", "type:s! schema:o!"));
  ask.schema = Serialize(*ObjectField(*format, "schema"));
  return absl::OkStatus();
}

absl::StatusOr<Ask> Read(const json::object& body, const std::string& fields) {
  TG_RETURN_IF_ERROR(CheckFields(body, "", fields));
  Ask ask;
  ask.model = StringField(body, "model");
  ask.stream = BoolField(body, "stream", false);
  ask.caches_by_itself = false;
  ask.output_tokens_max = IntField(body, "max_tokens");
  if (ask.output_tokens_max.value_or(1) < 1) return Fail("max_tokens", "at least 1");
  TG_RETURN_IF_ERROR(ReadConversation(body, ask));
  TG_RETURN_IF_ERROR(ReadTools(body, ask));
  TG_RETURN_IF_ERROR(ReadThinking(body, ask));
  TG_RETURN_IF_ERROR(ReadOutputConfig(body, ask));
  if (const json::array* stops = ArrayField(body, "stop_sequences")) {
    for (const json::value& stop : *stops) {
      if (!stop.is_string() || stop.get_string().empty()) return Fail("stop_sequences", "texts");
      ask.stops.emplace_back(stop.get_string());
    }
  }
  return ask;
}

}  // namespace

absl::StatusOr<Ask> ReadMessages(const json::object& body) {
  return Read(body, absl::StrCat(std::string(kCounted), std::string(kGenerated)));
}

absl::StatusOr<Ask> ReadMessagesToCount(const json::object& body) {
  return Read(body, std::string(kCounted));
}

absl::Status CheckMessagesOf2026(const json::object& body) {
  for (const char* field : {"temperature", "top_p", "top_k"}) {
    if (body.contains(field)) return Fail(field, "is not supported by version 2026-10-21");
  }
  return absl::OkStatus();
}

}  // namespace tollgate::wire
