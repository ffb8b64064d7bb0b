// Reads POST /v1/responses.
#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/support/fake_provider/wire/fields.h"
#include "tests/support/fake_provider/wire/responses.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

constexpr std::string_view kBody =
    "model:s! background:bn context_management:an conversation:son include:an input:sa "
    "instructions:sn max_output_tokens:in max_tool_calls:in metadata:on moderation:o "
    "parallel_tool_calls:bn previous_response_id:sn prompt:on prompt_cache_key:sn "
    "prompt_cache_options:o prompt_cache_retention:sn reasoning:on safety_identifier:sn "
    "service_tier:sn store:bn stream:bn stream_options:on temperature:fn text:o tool_choice:so "
    "tools:a top_logprobs:in top_p:fn truncation:sn user:s";

absl::Status Fail(const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("Invalid value for '", path, "': ", std::string(what)));
}

// Ids are the provider's own by their form.
absl::Status CheckId(const json::object& item, const std::string& path, std::string_view prefix) {
  constexpr std::size_t kIdCharsMax = 64;
  const std::string id = StringField(item, "id");
  if (id.size() > kIdCharsMax) {
    return Fail(path + ".id", "string too long. Expected a string with maximum length 64");
  }
  if (!id.empty() && id.substr(0, prefix.size()) != prefix) {
    return Fail(path + ".id",
                absl::StrCat("expected an ID that begins with ", std::string(prefix)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Block> ReadPart(const json::object& part, Role role, const std::string& path) {
  Block block;
  block.role = role;
  const std::string type = StringField(part, "type");
  if (type == "input_text" && role != Role::kAssistant) {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! text:s! prompt_cache_breakpoint:o"));
    block.text = StringField(part, "text");
    return block;
  }
  if (type == "output_text" && role == Role::kAssistant) {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! text:s! annotations:a logprobs:a"));
    block.text = StringField(part, "text");
    return block;
  }
  if (type == "refusal" && role == Role::kAssistant) {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! refusal:s!"));
    block.text = StringField(part, "refusal");
    return block;
  }
  block.kind = BlockKind::kAttachment;
  if (type == "input_image") {
    TG_RETURN_IF_ERROR(CheckFields(
        part, path, "type:s! image_url:sn detail:s file_id:sn prompt_cache_breakpoint:o"));
    TG_ASSIGN_OR_RETURN(block.attachment,
                        AttachmentOfUrl("image", StringField(part, "image_url"), path));
  } else if (type == "input_file") {
    TG_RETURN_IF_ERROR(CheckFields(part, path,
                                   "type:s! file_data:s file_url:s file_id:sn filename:s detail:s "
                                   "prompt_cache_breakpoint:o"));
    const bool by_url = part.contains("file_url");
    const std::string data = StringField(part, by_url ? "file_url" : "file_data");
    if (!by_url && data.substr(0, 5) != "data:") return Fail(path, "file_data is a data URL");
    if (!by_url && !part.contains("filename")) return Fail(path, "file_data needs a filename");
    TG_ASSIGN_OR_RETURN(block.attachment, AttachmentOfUrl("document", data, path));
  } else {
    return Fail(path, absl::StrCat("no part of type '", type, "' in this role"));
  }
  return block;
}

absl::Status ReadContent(const json::object& item, std::string_view key, Role role,
                         const std::string& path, Ask& ask) {
  if (const std::string text = StringField(item, key); !text.empty()) {
    ask.blocks.emplace_back();
    ask.blocks.back().role = role;
    ask.blocks.back().text = text;
    return absl::OkStatus();
  }
  TG_ASSIGN_OR_RETURN(const auto parts, Objects(item, key, path));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    TG_ASSIGN_OR_RETURN(
        Block block,
        ReadPart(*parts[i], role, absl::StrCat(path, ".", std::string(key), "[", i, "]")));
    ask.blocks.push_back(std::move(block));
  }
  return absl::OkStatus();
}

absl::Status ReadMessage(const json::object& item, const std::string& path, Ask& ask) {
  TG_RETURN_IF_ERROR(CheckFields(item, path, "type:s role:s! content:sa! id:s status:s phase:sn"));
  TG_RETURN_IF_ERROR(CheckId(item, path, "msg"));
  const std::string role = StringField(item, "role");
  if (role == "assistant") return ReadContent(item, "content", Role::kAssistant, path, ask);
  if (role == "user") return ReadContent(item, "content", Role::kUser, path, ask);
  if (role == "system" || role == "developer") {
    return ReadContent(item, "content", Role::kSystem, path, ask);
  }
  return Fail(path + ".role", absl::StrCat("no role '", role, "'"));
}

absl::Status ReadResult(const json::object& item, const std::string& path,
                        std::vector<std::string>& open, Ask& ask) {
  TG_RETURN_IF_ERROR(
      CheckFields(item, path, "type:s! call_id:s! output:sa! id:sn status:sn caller:on"));
  const std::string id = StringField(item, "call_id");
  const auto call = std::find(open.begin(), open.end(), id);
  if (call == open.end()) return Fail(path, "no function call found for this call_id");
  open.erase(call);
  Ask parts;
  TG_RETURN_IF_ERROR(ReadContent(item, "output", Role::kTool, path, parts));
  Block block;
  block.role = Role::kTool;
  block.kind = BlockKind::kResult;
  block.id = id;
  for (const Block& part : parts.blocks) block.text += part.text;
  ask.blocks.push_back(std::move(block));
  for (Block& part : parts.blocks) {
    if (part.kind == BlockKind::kAttachment) ask.blocks.push_back(std::move(part));
  }
  return absl::OkStatus();
}

absl::Status ReadItem(const json::object& item, const std::string& path,
                      std::vector<std::string>& open, Ask& ask) {
  const std::string type = StringField(item, "type");
  if (type.empty() || type == "message") return ReadMessage(item, path, ask);
  if (type == "function_call_output") return ReadResult(item, path, open, ask);
  Block block;
  block.role = Role::kAssistant;
  if (type == "function_call") {
    TG_RETURN_IF_ERROR(
        CheckFields(item, path,
                    "type:s! call_id:s! name:s! arguments:s! id:s status:s namespace:sn caller:on "
                    "async:b"));
    TG_RETURN_IF_ERROR(CheckId(item, path, "fc"));
    block.kind = BlockKind::kCall;
    block.id = StringField(item, "call_id");
    block.name = StringField(item, "name");
    block.text = StringField(item, "arguments");
    open.push_back(block.id);
  } else if (type == "reasoning") {
    TG_RETURN_IF_ERROR(CheckFields(
        item, path, "type:s! id:s summary:a! content:an encrypted_content:sn status:sn"));
    TG_RETURN_IF_ERROR(CheckId(item, path, "rs"));
    block.kind = BlockKind::kReasoning;
    block.id = StringField(item, "id");
    block.signature = StringField(item, "encrypted_content");
    TG_ASSIGN_OR_RETURN(const auto summary, Objects(item, "summary", path));
    for (const json::object* part : summary) {
      TG_RETURN_IF_ERROR(CheckFields(*part, path + ".summary", "type:s! text:s!"));
      block.text += StringField(*part, "text");
    }
    // What is encrypted says by itself whose it is.
    if (block.id.empty()) block.text.clear();
  } else {
    return Fail(path, absl::StrCat("no item of type '", type, "' at this provider"));
  }
  ask.blocks.push_back(std::move(block));
  return absl::OkStatus();
}

absl::Status ReadTools(const json::object& body, Ask& ask) {
  TG_ASSIGN_OR_RETURN(const auto tools, Objects(body, "tools", ""));
  for (const json::object* tool : tools) {
    if (StringField(*tool, "type") != "function") {
      return Fail("tools", "this provider has function tools only");
    }
    TG_RETURN_IF_ERROR(CheckFields(*tool, "tools",
                                   "type:s! name:s! description:sn parameters:on strict:bn "
                                   "defer_loading:b"));
    const json::object* parameters = ObjectField(*tool, "parameters");
    ask.tools.push_back({.name = StringField(*tool, "name"),
                         .schema = parameters == nullptr ? "{}" : Serialize(*parameters)});
  }
  const std::string choice = StringField(body, "tool_choice");
  if (!choice.empty() && choice != "auto" && choice != "none" && choice != "required") {
    return Fail("tool_choice", "auto, none or required");
  }
  ask.tools_allowed = choice != "none";
  ask.parallel = BoolField(body, "parallel_tool_calls", true);
  if (const json::object* named = ObjectField(body, "tool_choice")) {
    TG_RETURN_IF_ERROR(CheckFields(*named, "tool_choice", "type:s! name:s!"));
    ask.tool_chosen = StringField(*named, "name");
  }
  return absl::OkStatus();
}

absl::Status ReadText(const json::object& body, Ask& ask) {
  const json::object* text = ObjectField(body, "text");
  if (text == nullptr) return absl::OkStatus();
  TG_RETURN_IF_ERROR(CheckFields(*text, "text", "format:o verbosity:sn"));
  const json::object* format = ObjectField(*text, "format");
  if (format == nullptr) return absl::OkStatus();
  TG_RETURN_IF_ERROR(
      CheckFields(*format, "text.format", "type:s! name:s schema:o description:s strict:bn"));
  const std::string type = StringField(*format, "type");
  if (type == "json_object") ask.schema = R"({"type":"object"})";
  if (type != "json_schema") return absl::OkStatus();
  if (!format->contains("name") || !format->contains("schema")) {
    return Fail("text.format", "json_schema needs name and schema");
  }
  ask.schema = Serialize(*ObjectField(*format, "schema"));
  return absl::OkStatus();
}

absl::Status ReadReasoning(const json::object& body, Ask& ask) {
  const json::object* reasoning = ObjectField(body, "reasoning");
  if (reasoning == nullptr) return absl::OkStatus();
  TG_RETURN_IF_ERROR(CheckFields(*reasoning, "reasoning",
                                 "effort:sn summary:sn generate_summary:sn context:sn mode:s"));
  const std::string effort = StringField(*reasoning, "effort");
  ask.thinks = effort != "none" && (!effort.empty() || reasoning->contains("summary"));
  ask.thoughts_shown = !StringField(*reasoning, "summary").empty();
  return absl::OkStatus();
}

}  // namespace

json::array InputItems(const json::object& body) {
  if (const json::array* items = ArrayField(body, "input")) return *items;
  const std::string text = StringField(body, "input");
  if (text.empty()) return {};
  return json::array{json::object{{"role", "user"}, {"content", text}}};
}

absl::StatusOr<Ask> ReadResponses(const json::object& body) {
  TG_RETURN_IF_ERROR(CheckFields(body, "", kBody));
  Ask ask;
  ask.model = StringField(body, "model");
  ask.stream = BoolField(body, "stream", false);
  ask.output_tokens_max = IntField(body, "max_output_tokens");
  if (ask.output_tokens_max.value_or(16) < 16) return Fail("max_output_tokens", "at least 16");
  ask.thoughts_encrypted = false;
  if (const json::array* include = ArrayField(body, "include")) {
    for (const json::value& item : *include) {
      ask.thoughts_encrypted |= item.is_string() && item == "reasoning.encrypted_content";
    }
  }
  if (const std::string text = StringField(body, "instructions"); !text.empty()) {
    ask.blocks.emplace_back();
    ask.blocks.back().role = Role::kSystem;
    ask.blocks.back().text = text;
  }
  const json::object input{{"input", InputItems(body)}};
  TG_ASSIGN_OR_RETURN(const auto items, Objects(input, "input", ""));
  if (items.empty()) return Fail("input", "missing");
  std::vector<std::string> open;
  for (std::size_t i = 0; i < items.size(); ++i) {
    TG_RETURN_IF_ERROR(ReadItem(*items[i], absl::StrCat("input[", i, "]"), open, ask));
  }
  if (!open.empty()) return Fail("input", "No tool output found for function call " + open.front());
  TG_RETURN_IF_ERROR(ReadTools(body, ask));
  TG_RETURN_IF_ERROR(ReadText(body, ask));
  TG_RETURN_IF_ERROR(ReadReasoning(body, ask));
  return ask;
}

}  // namespace tollgate::wire
