// Reads POST /v1beta/models/M:generateContent, :streamGenerateContent and :countTokens.
#include <boost/json/array.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/support/fake_provider/wire/fields.h"
#include "tests/support/fake_provider/wire/gemini.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

// What the interface takes in place of the signature of a call that another model made.
constexpr std::string_view kForeignThought = "skip_thought_signature_validator";

absl::Status Fail(const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("Invalid value at '", path, "': ", std::string(what)));
}

// The interface takes snake_case for each of its own names.
json::object Camel(const json::object& object) {
  json::object out;
  for (const auto& member : object) {
    std::string name;
    bool raise = false;
    for (const char c : member.key()) {
      if (c == '_') {
        raise = true;
      } else {
        name += raise ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
        raise = false;
      }
    }
    out[name] = member.value();
  }
  return out;
}

// Gemini's schemas spell types in capitals; those of JSON Schema do not.
json::value LowerTypes(const json::value& schema) {
  if (const json::array* items = schema.if_array()) {
    json::array out;
    for (const json::value& item : *items) out.push_back(LowerTypes(item));
    return out;
  }
  const json::object* fields = schema.if_object();
  if (fields == nullptr) return schema;
  json::object out;
  for (const auto& member : *fields) {
    const bool type = member.key() == "type" && member.value().is_string();
    out[member.key()] =
        type ? json::value(absl::AsciiStrToLower(std::string(member.value().get_string())))
             : LowerTypes(member.value());
  }
  return out;
}

json::object CamelField(const json::object& object, std::string_view key) {
  const json::object* field = ObjectField(object, key);
  return field == nullptr ? json::object() : Camel(*field);
}

absl::StatusOr<Attachment> ReadInline(const json::object& blob, const std::string& path) {
  TG_RETURN_IF_ERROR(CheckFields(blob, path, "mimeType:s! data:s! displayName:s"));
  const std::string type = StringField(blob, "mimeType");
  const char* kind = absl::StartsWith(type, "image/")   ? "image"
                     : absl::StartsWith(type, "audio/") ? "audio"
                                                        : "document";
  return DecodeAttachment(kind, type, StringField(blob, "data"), path);
}

absl::StatusOr<Attachment> ReadFile(const json::object& file, const std::string& path) {
  TG_RETURN_IF_ERROR(CheckFields(file, path, "mimeType:s fileUri:s! displayName:s"));
  const bool image = absl::StartsWith(StringField(file, "mimeType"), "image/");
  return AttachmentOfUrl(image ? "image" : "document", StringField(file, "fileUri"), path);
}

absl::Status ReadResponse(const json::object& response, const std::string& path, Ask& ask) {
  TG_RETURN_IF_ERROR(
      CheckFields(response, path, "name:s! response:o! id:s parts:a willContinue:b scheduling:s"));
  Block block;
  block.role = Role::kTool;
  block.kind = BlockKind::kResult;
  block.id = StringField(response, "id");
  block.name = StringField(response, "name");
  const json::object& value = *ObjectField(response, "response");
  // `content` is what @ai-sdk/google writes, beside the name.
  for (const char* key : {"output", "result", "error", "content"}) {
    if (block.text.empty()) block.text = StringField(value, key);
  }
  if (block.text.empty()) block.text = Serialize(value);
  ask.blocks.push_back(std::move(block));
  TG_ASSIGN_OR_RETURN(const auto parts, Objects(response, "parts", path));
  for (const json::object* part : parts) {
    Block file;
    file.role = Role::kTool;
    file.kind = BlockKind::kAttachment;
    TG_ASSIGN_OR_RETURN(file.attachment, ReadInline(CamelField(Camel(*part), "inlineData"), path));
    ask.blocks.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::Status ReadPart(const json::object& raw, Role role, const std::string& path, Ask& ask) {
  const json::object part = Camel(raw);
  TG_RETURN_IF_ERROR(CheckFields(part, path,
                                 "text:s thought:b thoughtSignature:s inlineData:o fileData:o "
                                 "functionCall:o functionResponse:o videoMetadata:o "
                                 "mediaResolution:o partMetadata:o"));
  Block block;
  block.role = role;
  const std::string signature = StringField(part, "thoughtSignature");
  const bool thought = BoolField(part, "thought", false);
  if (!signature.empty() && signature != kForeignThought) {
    Block reasoning;
    reasoning.role = Role::kAssistant;
    reasoning.kind = BlockKind::kReasoning;
    reasoning.signature = signature;
    ask.blocks.push_back(std::move(reasoning));
  }
  if (thought) return absl::OkStatus();  // A summary of thoughts says nothing to the model.
  if (part.contains("functionResponse")) {
    if (role != Role::kUser) return Fail(path, "functionResponse in a turn of the model");
    return ReadResponse(CamelField(part, "functionResponse"), path + ".functionResponse", ask);
  }
  if (part.contains("functionCall")) {
    const json::object call = CamelField(part, "functionCall");
    TG_RETURN_IF_ERROR(CheckFields(call, path + ".functionCall", "name:s! args:o id:s"));
    block.kind = BlockKind::kCall;
    block.id = signature == kForeignThought ? "" : StringField(call, "id");
    block.name = StringField(call, "name");
    const json::object* args = ObjectField(call, "args");
    block.text = args == nullptr ? "{}" : Serialize(*args);
    if (signature == kForeignThought) ask.calls_need_signature = false;
  } else if (part.contains("inlineData")) {
    block.kind = BlockKind::kAttachment;
    TG_ASSIGN_OR_RETURN(block.attachment, ReadInline(CamelField(part, "inlineData"), path));
  } else if (part.contains("fileData")) {
    block.kind = BlockKind::kAttachment;
    TG_ASSIGN_OR_RETURN(block.attachment, ReadFile(CamelField(part, "fileData"), path));
  } else if (part.contains("text")) {
    block.text = StringField(part, "text");
    if (block.text.empty()) return absl::OkStatus();
  } else if (signature.empty()) {
    return Fail(path, "oneof field 'data' must have one initialized field");
  } else {
    return absl::OkStatus();
  }
  ask.blocks.push_back(std::move(block));
  return absl::OkStatus();
}

absl::Status ReadContent(const json::object& raw, Role role, const std::string& path, Ask& ask) {
  const json::object content = Camel(raw);
  TG_RETURN_IF_ERROR(CheckFields(content, path, "role:s parts:a!"));
  TG_ASSIGN_OR_RETURN(const auto parts, Objects(content, "parts", path));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    TG_RETURN_IF_ERROR(ReadPart(*parts[i], role, absl::StrCat(path, ".parts[", i, "]"), ask));
  }
  return absl::OkStatus();
}

// Each turn with calls must be followed by one with as many responses, of the same names.
absl::Status CheckResponses(const Ask& ask) {
  std::vector<std::string> open;
  for (const Block& block : ask.blocks) {
    if (block.kind == BlockKind::kCall) open.push_back(block.name);
    if (block.kind == BlockKind::kResult) {
      const auto call = std::find(open.begin(), open.end(), block.name);
      if (call == open.end()) return Fail("contents", "a functionResponse without its call");
      open.erase(call);
    }
    if (block.role == Role::kUser && !open.empty()) break;
  }
  if (open.empty()) return absl::OkStatus();
  return Fail("contents",
              "the number of function response parts must equal that of function call parts");
}

absl::Status ReadTools(const json::object& body, Ask& ask) {
  TG_ASSIGN_OR_RETURN(const auto tools, Objects(body, "tools", ""));
  for (const json::object* raw : tools) {
    const json::object tool = Camel(*raw);
    TG_RETURN_IF_ERROR(CheckFields(tool, "tools", "functionDeclarations:a!"));
    TG_ASSIGN_OR_RETURN(const auto functions, Objects(tool, "functionDeclarations", "tools"));
    for (const json::object* declaration : functions) {
      const json::object function = Camel(*declaration);
      TG_RETURN_IF_ERROR(CheckFields(function, "tools.functionDeclarations",
                                     "name:s! description:s parameters:o parametersJsonSchema:o "
                                     "response:o responseJsonSchema:o behavior:s"));
      const json::object* schema = ObjectField(function, "parameters");
      if (schema == nullptr) schema = ObjectField(function, "parametersJsonSchema");
      ask.tools.push_back({.name = StringField(function, "name"),
                           .schema = schema == nullptr ? "{}" : Serialize(LowerTypes(*schema))});
    }
  }
  const json::object config = CamelField(body, "toolConfig");
  TG_RETURN_IF_ERROR(CheckFields(config, "toolConfig",
                                 "functionCallingConfig:o retrievalConfig:o "
                                 "includeServerSideToolInvocations:b"));
  const json::object calling = CamelField(config, "functionCallingConfig");
  TG_RETURN_IF_ERROR(CheckFields(calling, "toolConfig.functionCallingConfig",
                                 "mode:s allowedFunctionNames:a streamFunctionCallArguments:b"));
  const std::string mode = StringField(calling, "mode");
  if (!mode.empty() && mode != "AUTO" && mode != "ANY" && mode != "NONE" && mode != "VALIDATED") {
    return Fail("toolConfig.functionCallingConfig.mode", mode);
  }
  ask.tools_allowed = mode != "NONE";
  const json::array* allowed = ArrayField(calling, "allowedFunctionNames");
  if (allowed != nullptr && mode == "ANY" && allowed->size() == 1 && allowed->front().is_string()) {
    ask.tool_chosen = std::string(allowed->front().get_string());
  }
  return absl::OkStatus();
}

absl::Status ReadConfig(const json::object& body, Ask& ask) {
  const json::object config = CamelField(body, "generationConfig");
  TG_RETURN_IF_ERROR(CheckFields(
      config, "generationConfig",
      "temperature:f topP:f topK:f candidateCount:i maxOutputTokens:i stopSequences:a seed:i "
      "presencePenalty:f frequencyPenalty:f responseMimeType:s responseSchema:o "
      "responseJsonSchema:o responseModalities:a responseLogprobs:b logprobs:i thinkingConfig:o "
      "speechConfig:o mediaResolution:s audioTimestamp:b imageConfig:o"));
  if (IntField(config, "candidateCount").value_or(1) != 1) return Fail("candidateCount", "1");
  ask.output_tokens_max = IntField(config, "maxOutputTokens");
  if (const json::array* stops = ArrayField(config, "stopSequences")) {
    for (const json::value& stop : *stops) {
      if (!stop.is_string()) return Fail("generationConfig.stopSequences", "texts");
      ask.stops.emplace_back(stop.get_string());
    }
  }
  const json::object* schema = ObjectField(config, "responseJsonSchema");
  if (schema != nullptr) {
    ask.schema = Serialize(*schema);
  } else if ((schema = ObjectField(config, "responseSchema")) != nullptr) {
    ask.schema = Serialize(LowerTypes(*schema));
  }
  const std::string mime = StringField(config, "responseMimeType");
  if (ask.schema.has_value() && mime != "application/json") {
    return Fail("generationConfig.responseMimeType", "a schema needs application/json");
  }
  if (mime == "application/json" && !ask.schema.has_value()) ask.schema = R"({"type":"object"})";
  const json::object thinking = CamelField(config, "thinkingConfig");
  TG_RETURN_IF_ERROR(CheckFields(thinking, "generationConfig.thinkingConfig",
                                 "includeThoughts:b thinkingBudget:i thinkingLevel:s"));
  const auto budget = IntField(thinking, "thinkingBudget");
  if (budget.has_value() && thinking.contains("thinkingLevel")) {
    return Fail("generationConfig.thinkingConfig", "either thinkingBudget or thinkingLevel");
  }
  ask.thinks = !thinking.empty() && budget.value_or(-1) != 0;
  ask.thoughts_shown = BoolField(thinking, "includeThoughts", false);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Ask> ReadGemini(const json::object& raw) {
  const json::object body = Camel(raw);
  TG_RETURN_IF_ERROR(CheckFields(body, "",
                                 "contents:a! systemInstruction:o tools:a toolConfig:o "
                                 "safetySettings:a generationConfig:o cachedContent:s labels:o "
                                 "model:s store:b serviceTier:s"));
  Ask ask;
  ask.calls_need_signature = true;
  ask.tells_cache_writes = false;
  if (const json::object* system = ObjectField(body, "systemInstruction")) {
    TG_RETURN_IF_ERROR(ReadContent(*system, Role::kSystem, "systemInstruction", ask));
  }
  TG_ASSIGN_OR_RETURN(const auto contents, Objects(body, "contents", ""));
  if (contents.empty()) return Fail("contents", "contents is not specified");
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const std::string role = StringField(*contents[i], "role");
    if (role != "user" && role != "model" && role != "function" && !role.empty()) {
      return Fail("contents.role", "Please use a valid role: user, model.");
    }
    TG_RETURN_IF_ERROR(ReadContent(*contents[i], role == "model" ? Role::kAssistant : Role::kUser,
                                   absl::StrCat("contents[", i, "]"), ask));
  }
  TG_RETURN_IF_ERROR(CheckResponses(ask));
  TG_RETURN_IF_ERROR(ReadTools(body, ask));
  TG_RETURN_IF_ERROR(ReadConfig(body, ask));
  return ask;
}

absl::StatusOr<Ask> ReadGeminiToCount(const json::object& raw) {
  const json::object body = Camel(raw);
  TG_RETURN_IF_ERROR(CheckFields(body, "", "contents:a generateContentRequest:o model:s"));
  if (const json::object* whole = ObjectField(body, "generateContentRequest")) {
    return ReadGemini(*whole);
  }
  return ReadGemini(body);
}

}  // namespace tollgate::wire
