// Reads POST /v1/chat/completions.
#include <boost/json/array.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/support/fake_provider/wire/chat.h"
#include "tests/support/fake_provider/wire/fields.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

constexpr std::string_view kBody =
    "model:s! messages:a! audio:on frequency_penalty:fn function_call:so functions:a logit_bias:on "
    "logprobs:bn max_completion_tokens:in max_tokens:in metadata:on modalities:an moderation:o "
    "n:in parallel_tool_calls:b prediction:on presence_penalty:fn prompt_cache_key:sn "
    "prompt_cache_options:o prompt_cache_retention:sn reasoning_effort:sn response_format:o "
    "safety_identifier:sn seed:in service_tier:sn stop:san store:bn stream:bn stream_options:on "
    "temperature:fn tool_choice:so tools:a top_logprobs:in top_p:fn user:s verbosity:sn "
    "web_search_options:o";

absl::Status Fail(const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("Invalid value for '", path, "': ", std::string(what)));
}

absl::StatusOr<Attachment> ReadFile(const json::object& part, const std::string& path) {
  const json::object& file = *ObjectField(part, "file");
  TG_RETURN_IF_ERROR(CheckFields(file, path + ".file", "file_data:s file_id:s filename:s"));
  const std::string data = StringField(file, "file_data");
  if (data.substr(0, 5) != "data:") return Fail(path, "a file needs file_data, a data URL");
  if (StringField(file, "filename").empty()) return Fail(path, "file_data needs a filename");
  return AttachmentOfUrl("document", data, path);
}

absl::StatusOr<Attachment> ReadAudio(const json::object& part, const std::string& path) {
  const json::object& audio = *ObjectField(part, "input_audio");
  TG_RETURN_IF_ERROR(CheckFields(audio, path + ".input_audio", "data:s! format:s!"));
  const std::string format = StringField(audio, "format");
  if (format != "wav" && format != "mp3") return Fail(path, "format is wav or mp3");
  return DecodeAttachment("audio", "audio/" + format, StringField(audio, "data"), path);
}

absl::StatusOr<Block> ReadPart(const json::object& part, Role role, const std::string& path) {
  Block block;
  block.role = role;
  const std::string type = StringField(part, "type");
  if (type == "text") {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! text:s! prompt_cache_breakpoint:o"));
    block.text = StringField(part, "text");
    return block;
  }
  if (type == "refusal" && role == Role::kAssistant) {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! refusal:s!"));
    block.text = StringField(part, "refusal");
    return block;
  }
  if (role != Role::kUser) return Fail(path, "only text is supported in this role");
  block.kind = BlockKind::kAttachment;
  if (type == "image_url") {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! image_url:o! prompt_cache_breakpoint:o"));
    const json::object& image = *ObjectField(part, "image_url");
    TG_RETURN_IF_ERROR(CheckFields(image, path + ".image_url", "url:s! detail:s"));
    TG_ASSIGN_OR_RETURN(block.attachment,
                        AttachmentOfUrl("image", StringField(image, "url"), path));
  } else if (type == "file") {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! file:o! prompt_cache_breakpoint:o"));
    TG_ASSIGN_OR_RETURN(block.attachment, ReadFile(part, path));
  } else if (type == "input_audio") {
    TG_RETURN_IF_ERROR(CheckFields(part, path, "type:s! input_audio:o! prompt_cache_breakpoint:o"));
    TG_ASSIGN_OR_RETURN(block.attachment, ReadAudio(part, path));
  } else {
    return Fail(path, absl::StrCat("no part of type '", type, "'"));
  }
  return block;
}

absl::Status ReadContent(const json::object& message, Role role, const std::string& path,
                         Ask& ask) {
  if (message.contains("content") && message.at("content").is_string()) {
    ask.blocks.emplace_back();
    ask.blocks.back().role = role;
    ask.blocks.back().text = StringField(message, "content");
    return absl::OkStatus();
  }
  TG_ASSIGN_OR_RETURN(const auto parts, Objects(message, "content", path));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    TG_ASSIGN_OR_RETURN(Block block,
                        ReadPart(*parts[i], role, absl::StrCat(path, ".content[", i, "]")));
    ask.blocks.push_back(std::move(block));
  }
  return absl::OkStatus();
}

absl::Status ReadCalls(const json::object& message, const std::string& path,
                       std::vector<std::string>& open, Ask& ask) {
  TG_ASSIGN_OR_RETURN(const auto calls, Objects(message, "tool_calls", path));
  for (const json::object* call : calls) {
    TG_RETURN_IF_ERROR(CheckFields(*call, path + ".tool_calls", "id:s! type:s! function:o!"));
    const json::object& function = *ObjectField(*call, "function");
    TG_RETURN_IF_ERROR(CheckFields(function, path + ".function", "name:s! arguments:s!"));
    Block block;
    block.role = Role::kAssistant;
    block.kind = BlockKind::kCall;
    block.id = StringField(*call, "id");
    block.name = StringField(function, "name");
    block.text = StringField(function, "arguments");
    open.push_back(block.id);
    ask.blocks.push_back(std::move(block));
  }
  return absl::OkStatus();
}

absl::Status ReadResult(const json::object& message, const std::string& path,
                        std::vector<std::string>& open, Ask& ask) {
  TG_RETURN_IF_ERROR(CheckFields(message, path, "role:s! content:sa! tool_call_id:s!"));
  const std::string id = StringField(message, "tool_call_id");
  const auto call = std::find(open.begin(), open.end(), id);
  if (call == open.end()) return Fail(path, "no tool_calls before it have this tool_call_id");
  open.erase(call);
  Ask texts;
  TG_RETURN_IF_ERROR(ReadContent(message, Role::kTool, path, texts));
  Block block;
  block.role = Role::kTool;
  block.kind = BlockKind::kResult;
  block.id = id;
  for (const Block& text : texts.blocks) block.text += text.text;
  ask.blocks.push_back(std::move(block));
  return absl::OkStatus();
}

absl::Status ReadMessages(const json::object& body, Ask& ask) {
  TG_ASSIGN_OR_RETURN(const auto messages, Objects(body, "messages", ""));
  if (messages.empty()) return Fail("messages", "too short: at least one");
  std::vector<std::string> open;  // Calls that want a result.
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const json::object& message = *messages[i];
    const std::string path = absl::StrCat("messages[", i, "]");
    const std::string role = StringField(message, "role");
    if (role != "tool" && !open.empty()) {
      return Fail(path, "tool_calls must be followed by tool messages for each tool_call_id");
    }
    if (role == "tool") {
      TG_RETURN_IF_ERROR(ReadResult(message, path, open, ask));
    } else if (role == "assistant") {
      TG_RETURN_IF_ERROR(CheckFields(message, path,
                                     "role:s! content:san tool_calls:a refusal:sn name:s audio:on "
                                     "function_call:on annotations:an"));
      TG_RETURN_IF_ERROR(ReadContent(message, Role::kAssistant, path, ask));
      TG_RETURN_IF_ERROR(ReadCalls(message, path, open, ask));
    } else if (role == "user" || role == "system" || role == "developer") {
      TG_RETURN_IF_ERROR(CheckFields(message, path, "role:s! content:sa! name:s"));
      TG_RETURN_IF_ERROR(
          ReadContent(message, role == "user" ? Role::kUser : Role::kSystem, path, ask));
    } else {
      return Fail(path + ".role", absl::StrCat("no role '", role, "'"));
    }
  }
  if (!open.empty()) return Fail("messages", "tool_calls without a tool message for each");
  return absl::OkStatus();
}

absl::Status ReadTools(const json::object& body, Ask& ask) {
  TG_ASSIGN_OR_RETURN(const auto tools, Objects(body, "tools", ""));
  for (const json::object* tool : tools) {
    TG_RETURN_IF_ERROR(CheckFields(*tool, "tools", "type:s! function:o!"));
    const json::object& function = *ObjectField(*tool, "function");
    TG_RETURN_IF_ERROR(
        CheckFields(function, "tools.function", "name:s! description:s parameters:o strict:bn"));
    const json::object* parameters = ObjectField(function, "parameters");
    ask.tools.push_back({.name = StringField(function, "name"),
                         .schema = parameters == nullptr ? "{}" : Serialize(*parameters)});
  }
  const std::string choice = StringField(body, "tool_choice");
  if (body.contains("tool_choice") && tools.empty()) {
    return Fail("tool_choice", "only allowed when tools are given");
  }
  if (body.contains("parallel_tool_calls") && tools.empty()) {
    return Fail("parallel_tool_calls", "only allowed when tools are given");
  }
  if (!choice.empty() && choice != "auto" && choice != "none" && choice != "required") {
    return Fail("tool_choice", "auto, none or required");
  }
  ask.tools_allowed = choice != "none";
  ask.parallel = BoolField(body, "parallel_tool_calls", true);
  if (const json::object* named = ObjectField(body, "tool_choice")) {
    TG_RETURN_IF_ERROR(CheckFields(*named, "tool_choice", "type:s! function:o!"));
    ask.tool_chosen = StringField(*ObjectField(*named, "function"), "name");
  }
  return absl::OkStatus();
}

absl::Status ReadResponseFormat(const json::object& body, Ask& ask) {
  const json::object* format = ObjectField(body, "response_format");
  if (format == nullptr) return absl::OkStatus();
  TG_RETURN_IF_ERROR(CheckFields(*format, "response_format", "type:s! json_schema:o"));
  const std::string type = StringField(*format, "type");
  if (type == "json_object") ask.schema = R"({"type":"object"})";
  if (type != "json_schema") return absl::OkStatus();
  const json::object* outer = ObjectField(*format, "json_schema");
  if (outer == nullptr) return Fail("response_format.json_schema", "missing");
  TG_RETURN_IF_ERROR(CheckFields(*outer, "response_format.json_schema",
                                 "name:s! description:s schema:o! strict:bn"));
  ask.schema = Serialize(*ObjectField(*outer, "schema"));
  return absl::OkStatus();
}

absl::Status ReadStops(const json::object& body, Ask& ask) {
  if (const std::string one = StringField(body, "stop"); !one.empty()) ask.stops.push_back(one);
  const json::array* stops = ArrayField(body, "stop");
  if (stops == nullptr) return absl::OkStatus();
  if (stops->size() > 4) return Fail("stop", "at most 4");
  for (const json::value& stop : *stops) {
    if (!stop.is_string()) return Fail("stop", "strings only");
    ask.stops.emplace_back(stop.get_string());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Ask> ReadChat(const json::object& body) {
  TG_RETURN_IF_ERROR(CheckFields(body, "", kBody));
  Ask ask;
  ask.model = StringField(body, "model");
  ask.stream = BoolField(body, "stream", false);
  ask.include_usage = false;
  if (const json::object* options = ObjectField(body, "stream_options")) {
    if (!ask.stream) return Fail("stream_options", "only allowed when stream is set");
    TG_RETURN_IF_ERROR(
        CheckFields(*options, "stream_options", "include_usage:b include_obfuscation:b"));
    ask.include_usage = BoolField(*options, "include_usage", false);
  }
  if (IntField(body, "n").value_or(1) != 1) return Fail("n", "this provider gives one choice");
  if (body.contains("max_tokens") && body.contains("max_completion_tokens")) {
    return Fail("max_tokens", "not together with max_completion_tokens");
  }
  ask.output_tokens_max = IntField(body, "max_completion_tokens");
  if (!ask.output_tokens_max.has_value()) ask.output_tokens_max = IntField(body, "max_tokens");
  if (ask.output_tokens_max.value_or(1) < 1) return Fail("max_completion_tokens", "at least 1");
  const std::string effort = StringField(body, "reasoning_effort");
  ask.thinks = !effort.empty() && effort != "none";
  ask.thoughts_shown = false;  // The format has no place for them.
  ask.thoughts_signed = false;
  ask.logprobs = BoolField(body, "logprobs", false);
  TG_RETURN_IF_ERROR(ReadMessages(body, ask));
  TG_RETURN_IF_ERROR(ReadTools(body, ask));
  TG_RETURN_IF_ERROR(ReadResponseFormat(body, ask));
  TG_RETURN_IF_ERROR(ReadStops(body, ask));
  return ask;
}

}  // namespace tollgate::wire
