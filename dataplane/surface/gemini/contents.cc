#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/gemini/names.h"
#include "dataplane/surface/gemini/request.h"
#include "dataplane/surface/gemini/thought_signature.h"

namespace tollgate::dataplane {
namespace {

// Addresses of what Google keeps, or gets by itself.
bool IsGoogles(std::string_view uri) {
  return uri.starts_with("https://generativelanguage.googleapis.com/") ||
         uri.starts_with("https://www.youtube.com/") || uri.starts_with("https://youtu.be/") ||
         uri.starts_with("gs://");
}

// Source: https://ai.google.dev/gemini-api/docs/thought-signatures.
constexpr std::string_view kNoSignature = "skip_thought_signature_validator";

// Reads the parts of contents; a list, or one that stands for a list of one.
class ContentsReader {
 public:
  ContentsReader(FieldReader& fields, ir::Request& request) : fields_(fields), request_(request) {}

  void ReadContent(JsonValue content, const std::string& where) {
    where_ = where;
    begun_ = open_thought_ = false;
    if (!content.is_object()) return Wrong("", "an object");
    const std::string_view role = content["role"].string();
    if (role == "model") {
      role_ = ir::Role::kAssistant;
    } else if (role == "user" || role == "function" || !content["role"].has_value()) {
      role_ = ir::Role::kUser;
    } else {
      return Wrong(".role", "one of user and model");
    }
    for (const JsonMember m : content.members()) {
      if (m.key != "role" && m.key != "parts" && !m.value.is_null()) {
        return Fail(Unsupported(absl::StrCat(where_, ".", AbslView(m.key)),
                                "A content has role and parts."));
      }
    }
    const JsonValue parts = content["parts"];
    if (parts.is_object()) ReadPart(parts);
    for (const JsonValue part : parts.elements()) ReadPart(part);
    if (parts.size() == 0) Parts(role_);
  }

  void ReadSystem(JsonValue content) {
    where_ = "systemInstruction";
    role_ = ir::Role::kSystem;
    begun_ = false;
    Parts(role_);
    const JsonValue parts = content["parts"];
    if (content.is_string()) {
      AddSystemText(content);
    } else if (parts.is_object()) {
      AddSystemText(parts["text"]);
    } else if (parts.is_array()) {
      for (const JsonValue part : parts.elements()) AddSystemText(part["text"]);
    } else {
      Wrong("", "a content with parts");
    }
  }

 private:
  // A call of the conversation, for the result that answers it.
  struct Call {
    std::string_view id;
    std::string_view name;
    bool answered = false;
  };

  void Fail(GatewayError error) { fields_.Fail(std::move(error)); }
  void Wrong(std::string_view behind, std::string_view wanted) {
    Fail(WrongType(absl::StrCat(where_, AbslView(behind)), wanted));
  }

  void AddSystemText(JsonValue text) {
    if (!text.is_string()) return Wrong("", "a content whose parts are texts");
    Parts(role_).emplace_back().body = ir::Text{text.string(), {}};
  }

  // The parts of the last message, which is begun when it has another role.
  std::vector<ir::Part>& Parts(ir::Role role) {
    if (!begun_ || request_.messages.back().role != role) {
      request_.messages.emplace_back().role = role;
      begun_ = true;
    }
    return request_.messages.back().parts;
  }

  void ReadPart(JsonValue value) {
    if (!value.is_object()) return Wrong(".parts", "a list of objects");
    // What the part is, and what stands beside.
    JsonMember data{};
    ThoughtSignature thought;
    bool is_signed = false;
    bool is_thought = false;
    ir::Extras extras;
    for (const JsonMember m : value.members()) {
      if (m.value.is_null()) continue;
      if (m.key == "thought") {
        is_thought = m.value.boolean() == true;
      } else if (IsNamed(m.key, "thoughtSignature")) {
        // A client says so of a call whose signature it has not kept.
        is_signed = m.value.string() != kNoSignature;
        if (is_signed) thought = ReadThoughtSignature(m.value.string(), request_.arena);
      } else if (IsNamed(m.key, "videoMetadata") || IsNamed(m.key, "mediaResolution") ||
                 IsNamed(m.key, "partMetadata")) {
        extras.push_back({ir::kGemini, m.key, m.value.raw(), false});
      } else if (data.value.exists()) {
        return Wrong(".parts", "a list of parts of one kind each");
      } else {
        data = m;
      }
    }
    if (is_thought && (data.key == "text" || !data.value.exists())) {
      return AddThought(data.value.string(), thought, is_signed);
    }
    if (IsNamed(data.key, "functionResponse")) return ReadResult(data.value);
    if (!data.value.exists() && !is_signed) {
      return Wrong(".parts",
                   "a list of parts that have one of text, inlineData, fileData, "
                   "functionCall and functionResponse");
    }
    ir::Part& part = Parts(role_).emplace_back();
    part.signature = thought.signature;
    part.extras = std::move(extras);
    if (data.key == "text" || !data.value.exists()) {
      if (data.value.exists() && !data.value.is_string()) return Wrong(".parts.text", "a string");
      part.body = ir::Text{data.value.string(), {}};
    } else if (IsNamed(data.key, "functionCall")) {
      ReadCall(data.value, part);
    } else if (is_thought || !ReadMedia(data, part)) {
      part.signature = {};
      part.extras.clear();
      part.body = ir::Opaque{ir::kGemini, data.key, value.raw()};
    }
  }

  // A stream gives one thought in several parts, the last of which may be signed.
  void AddThought(std::string_view text, const ThoughtSignature& thought, bool is_signed) {
    std::vector<ir::Part>& parts = Parts(role_);
    ir::Reasoning* open = parts.empty() ? nullptr : parts.back().As<ir::Reasoning>();
    if (open == nullptr || !open_thought_ || parts.size() != open_thought_parts_) {
      open = &parts.emplace_back().body.emplace<ir::Reasoning>();
      open->summary = true;
      open->text = text;
    } else if (!text.empty()) {
      open->text = open->text.empty()
                       ? text
                       : request_.arena.Keep(absl::StrCat(AbslView(open->text), AbslView(text)));
    }
    parts.back().signature = thought.signature;
    // A thought that nobody signed is Google's: another's always is.
    if (!is_signed) parts.back().signature.maker = ir::kFamilyGoogle;
    open->redacted = thought.redacted;
    open->id = thought.id;
    open_thought_ = !is_signed;
    open_thought_parts_ = parts.size();
  }

  bool ReadMedia(const JsonMember& data, ir::Part& part) {
    ir::Media media;
    media.media_type = FindNamed(data.value, "mimeType").string();
    media.filename = FindNamed(data.value, "displayName").string();
    media.kind = ir::KindOf(media.media_type);
    if (IsNamed(data.key, "inlineData")) {
      const JsonValue bytes = data.value["data"];
      if (!bytes.is_string() || bytes.string().empty()) {
        Wrong(".parts.inlineData.data", "bytes in base64");
        return true;
      }
      media.base64 = StandardBase64(bytes.string(), request_.arena);
    } else if (IsNamed(data.key, "fileData")) {
      const std::string_view uri = FindNamed(data.value, "fileUri").string();
      if (IsGoogles(uri)) {
        media.file_id = uri;
        media.file_owner = ir::kFamilyGoogle;
      } else if (!ir::TakeUrl(uri, media)) {
        Wrong(".parts.fileData.fileUri", "a URL of http, https, data or gs");
      }
    } else {
      return false;
    }
    part.body = media;
    return true;
  }

  // Ids are optional here, and every other API wants one: the same at each turn, so that prefixes
  // stay what they were.
  void ReadCall(JsonValue call, ir::Part& part) {
    const std::string_view name = call["name"].string();
    if (name.empty()) return Fail(Missing(absl::StrCat(where_, ".parts.functionCall.name")));
    std::string_view id = call["id"].string();
    if (id.empty()) id = request_.arena.Keep(absl::StrCat("call_", calls_.size()));
    calls_.push_back({id, name});
    const JsonValue arguments = call["args"];
    part.body = ir::ToolCall{
        .id = id, .name = name, .arguments = arguments.is_object() ? arguments.raw() : "{}"};
  }

  // The call that a result answers: by its id, else the first of its name without an answer.
  Call* CallOf(std::string_view id, std::string_view name) {
    Call* by_name = nullptr;
    for (Call& call : calls_) {
      if (!id.empty() && call.id == id) return &call;
      if (by_name == nullptr && !call.answered && call.name == name) by_name = &call;
    }
    return by_name;
  }

  void ReadResult(JsonValue value) {
    ir::ToolResult result;
    result.name = value["name"].string();
    Call* call = CallOf(value["id"].string(), result.name);
    if (call == nullptr) {
      return Fail(Fault(ErrorCode::kInvalidParameter,
                        absl::StrCat(where_, ".parts.functionResponse"),
                        absl::StrCat("The functionResponse of `", AbslView(result.name),
                                     "` answers no functionCall in the conversation.")));
    }
    call->answered = true;
    result.tool_call_id = call->id;
    ReadResponse(value["response"], result);
    const JsonValue files = value["parts"];
    for (const JsonValue file : files.elements()) {
      const auto first = file.members().begin();
      ir::Part& part = result.parts.emplace_back();
      if (file.size() == 0 || !ReadMedia(*first, part)) {
        return Wrong(".parts.functionResponse.parts", "a list of inlineData and fileData");
      }
    }
    ir::Part part;
    for (const JsonMember m : value.members()) {
      if (m.key != "id" && m.key != "name" && m.key != "response" && m.key != "parts" &&
          !m.value.is_null()) {
        part.extras.push_back({ir::kGemini, m.key, m.value.raw(), false});
      }
    }
    part.body = std::move(result);
    Parts(ir::Role::kTool).push_back(std::move(part));
  }

  // The API says: `output` is the result and `error` the failure; without either the object itself
  // is.  Its clients also write `result`, or `content` beside the name.
  static void ReadResponse(JsonValue response, ir::ToolResult& result) {
    JsonValue said = response;
    if (response.size() == 1 && response["error"].exists()) {
      result.is_error = true;
      said = response["error"];
    } else if (response.size() == 1 && response["output"].exists()) {
      said = response["output"];
    } else if (response.size() == 1 && response["result"].exists()) {
      said = response["result"];
    } else if (response.size() == 2 && response["name"].string() == result.name) {
      result.is_error = response["error"].exists();
      if (result.is_error) said = response["error"];
      if (response["content"].exists()) said = response["content"];
    }
    if (!said.exists()) return;
    result.json = !said.is_string();
    result.parts.emplace_back().body = ir::Text{said.is_string() ? said.string() : said.raw(), {}};
  }

  FieldReader& fields_;
  ir::Request& request_;
  std::string where_;
  ir::Role role_ = ir::Role::kUser;
  bool begun_ = false;
  bool open_thought_ = false;  // The last thought may go on.
  std::size_t open_thought_parts_ = 0;
  std::vector<Call> calls_;
};

}  // namespace

void ReadGeminiSystem(JsonValue value, FieldReader& fields, ir::Request& out) {
  if (value.has_value()) ContentsReader(fields, out).ReadSystem(value);
}

void ReadGeminiContents(JsonValue value, FieldReader& fields, ir::Request& out) {
  ContentsReader reader(fields, out);
  if (value.is_object()) return reader.ReadContent(value, "contents");
  std::size_t i = 0;
  for (const JsonValue content : value.elements()) {
    reader.ReadContent(content, absl::StrCat("contents[", i++, "]"));
    if (fields.failed()) return;
  }
}

}  // namespace tollgate::dataplane
