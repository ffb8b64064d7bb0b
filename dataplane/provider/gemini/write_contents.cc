#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/provider/gemini/write.h"

namespace tollgate::dataplane {
namespace {

bool IsSystem(const ir::Message& message) {
  return message.role == ir::Role::kSystem || message.role == ir::Role::kDeveloper;
}

class ContentsWriter {
 public:
  ContentsWriter(const ir::Request& request, bool call_ids, ir::Omissions& omissions,
                 JsonWriter& json)
      : request_(request), call_ids_(call_ids), omissions_(omissions), json_(json) {}

  void Run() {
    json_.BeginArray();
    for (std::size_t i = 0; i < request_.messages.size(); ++i) {
      const ir::Message& message = request_.messages[i];
      if (!message.name.empty()) omissions_.LeftOut("name");
      if (IsSystem(message)) continue;
      Turn(message.role == ir::Role::kAssistant);
      for (const ir::Part& part : message.parts) WritePart(part);
      ir::OmitExtras(message.extras, {ir::kFamilyGoogle}, omissions_);
    }
    CloseTurn();
    json_.EndArray();
  }

 private:
  // Neighbours of one role are one turn: the answers to parallel calls must be.
  void Turn(bool model) {
    if (model != model_ || !begun_) CloseTurn();
    model_ = model;
    begun_ = true;
  }

  void CloseTurn() {
    if (open_) {
      json_.EndArray();
      json_.EndObject();
    }
    open_ = false;
    begun_ = false;
    signed_call_ = false;
  }

  // A turn of which nothing remains is not written at all.
  void Open() {
    if (open_) return;
    open_ = true;
    json_.BeginObject();
    json_.Member("role").String(model_ ? "model" : "user");
    json_.Member("parts").BeginArray();
  }

  void WritePart(const ir::Part& part) {
    omissions_.At(part.place);
    if (part.cache.has_value()) {
      omissions_.LeftOut("cache_control",
                         "`cache_control` was left out: this model caches by itself.");
    }
    if (const auto* text = part.As<ir::Text>()) {
      WriteText(text->text, false, part);
    } else if (const auto* refusal = part.As<ir::Refusal>()) {
      WriteText(refusal->text, false, part);
    } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
      // No model reads another's thoughts; what Google's needs of them is in its signatures.
      if (part.signature.maker == ir::kFamilyGoogle) WriteText(reasoning->text, true, part);
    } else if (const auto* media = part.As<ir::Media>()) {
      Open();
      json_.BeginObject();
      WriteMedia(*media);
      WriteBeside(part);
      json_.EndObject();
    } else if (const auto* call = part.As<ir::ToolCall>()) {
      WriteCall(*call, part);
    } else if (const auto* result = part.As<ir::ToolResult>()) {
      WriteResult(*result, part.extras);
    } else if (const auto* opaque = part.As<ir::Opaque>()) {
      WriteOpaque(*opaque);
    }
    ir::OmitExtras(part.extras, {ir::kGemini, ir::kFamilyGoogle}, omissions_);
  }

  static bool IsSigned(const ir::Part& part) {
    return part.signature.maker == ir::kFamilyGoogle && part.signature.present();
  }

  void WriteExtras(const ir::Extras& extras) {
    for (const ir::Extra& extra : extras) {
      if (extra.owner == ir::kGemini) json_.ForeignMember(extra.name).Raw(extra.json);
    }
  }

  // What stands in every part: its signature, and what only this API knows.
  void WriteBeside(const ir::Part& part) {
    if (IsSigned(part)) json_.Member("thoughtSignature").String(part.signature.value);
    WriteExtras(part.extras);
  }

  void WriteText(std::string_view text, bool thought, const ir::Part& part) {
    if (text.empty() && !IsSigned(part)) return;
    Open();
    json_.BeginObject();
    json_.Member("text").String(text);
    if (thought) json_.Member("thought").Bool(true);
    WriteBeside(part);
    json_.EndObject();
  }

  void WriteMedia(const ir::Media& media) {
    if (!media.text.empty()) {
      std::string encoded;
      absl::Base64Escape(AbslView(media.text), &encoded);
      WriteInline("text/plain", encoded);
    } else if (!media.base64.empty()) {
      std::string_view type = media.media_type;
      if (type.empty() || type.ends_with("/*")) type = ir::SniffMediaType(media.base64);
      if (type.empty()) {
        omissions_.Refuse("messages", "A file's media type is not known; state it.");
      }
      WriteInline(type, media.base64);
    } else if (!media.url.empty()) {
      WriteLink(media.media_type, media.url);
    } else if (media.file_owner == ir::kFamilyGoogle) {
      WriteLink(media.media_type, media.file_id);
    } else {
      omissions_.Refuse("messages",
                        "A file that another provider keeps cannot be sent to this "
                        "model; send its bytes or a URL.");
    }
  }

  void WriteInline(std::string_view type, std::string_view base64) {
    json_.Member("inlineData").BeginObject();
    json_.Member("mimeType").String(type);
    json_.Member("data").String(base64);
    json_.EndObject();
  }

  void WriteLink(std::string_view type, std::string_view uri) {
    json_.Member("fileData").BeginObject();
    if (!type.empty() && !type.ends_with("/*")) json_.Member("mimeType").String(type);
    json_.Member("fileUri").String(uri);
    json_.EndObject();
  }

  void WriteCall(const ir::ToolCall& call, const ir::Part& part) {
    Open();
    JsonDocument document;
    json_.BeginObject();
    json_.Member("functionCall").BeginObject();
    if (call_ids_ && !call.id.empty()) json_.Member("id").String(call.id);
    json_.Member("name").String(call.name);
    json_.Member("args");
    if (call.arguments.empty()) {
      json_.Raw("{}");
    } else if (document.Parse(call.arguments) && document.root().is_object()) {
      json_.Raw(call.arguments);
    } else {
      json_.BeginObject();
      json_.Member("arguments").String(call.arguments);
      json_.EndObject();
    }
    json_.EndObject();
    // Of parallel calls the API signs, and checks, the first.
    if (!IsSigned(part) && !signed_call_) {
      json_.Member("thoughtSignature").String(kForeignThoughtSignature);
    }
    WriteBeside(part);
    signed_call_ = true;
    json_.EndObject();
  }

  // The API knows calls by the names of their functions.
  std::string_view NameOf(const ir::ToolResult& result) const {
    for (const ir::Message& message : request_.messages) {
      for (const ir::Part& part : message.parts) {
        const auto* call = part.As<ir::ToolCall>();
        if (call != nullptr && call->id == result.tool_call_id) return call->name;
      }
    }
    return result.name;
  }

  void WriteResult(const ir::ToolResult& result, const ir::Extras& extras) {
    const std::string_view name = NameOf(result);
    if (name.empty()) {
      return omissions_.Refuse("messages",
                               absl::StrCat("The result of `", AbslView(result.tool_call_id),
                                            "` answers no call in the conversation."));
    }
    Open();
    json_.BeginObject();
    json_.Member("functionResponse").BeginObject();
    if (call_ids_ && !result.tool_call_id.empty()) json_.Member("id").String(result.tool_call_id);
    json_.Member("name").String(name);
    WriteResponse(result);
    WriteFiles(result);
    WriteExtras(extras);
    json_.EndObject();
    json_.EndObject();
  }

  // The API wants an object: one with `output` or `error`, or any other, which is the result.
  void WriteResponse(const ir::ToolResult& result) {
    std::string text;
    for (const ir::Part& part : result.parts) {
      if (const auto* inner = part.As<ir::Text>()) text += inner->text;
      if (const auto* opaque = part.As<ir::Opaque>()) {
        omissions_.Refuse("messages", absl::StrCat("Parts of type `", AbslView(opaque->type),
                                                   "` cannot be sent to this model."));
      }
    }
    JsonDocument document;
    const bool is_json = result.json && document.Parse(text);
    const JsonValue root = document.root();
    json_.Member("response");
    if (is_json && root.is_object() && !result.is_error && !root["output"].exists() &&
        !root["error"].exists()) {
      json_.Raw(text);
      return;
    }
    json_.BeginObject();
    json_.Member(result.is_error ? "error" : "output");
    if (is_json) {
      json_.Raw(text);
    } else {
      json_.String(text);
    }
    json_.EndObject();
  }

  void WriteFiles(const ir::ToolResult& result) {
    bool any = false;
    for (const ir::Part& part : result.parts) {
      const auto* media = part.As<ir::Media>();
      if (media == nullptr) continue;
      if (!any) json_.Member("parts").BeginArray();
      any = true;
      json_.BeginObject();
      WriteMedia(*media);
      json_.EndObject();
    }
    if (any) json_.EndArray();
  }

  void WriteOpaque(const ir::Opaque& opaque) {
    if (opaque.owner != ir::kGemini) {
      return omissions_.Refuse("messages", absl::StrCat("Parts of type `", AbslView(opaque.type),
                                                        "` cannot be sent to this model."));
    }
    Open();
    json_.Raw(opaque.json);
  }

  const ir::Request& request_;
  const bool call_ids_;
  ir::Omissions& omissions_;
  JsonWriter& json_;
  bool begun_ = false;
  bool model_ = false;
  bool open_ = false;
  bool signed_call_ = false;  // The turn's first call was written.
};

}  // namespace

void WriteGeminiSystem(const ir::Request& request, ir::Omissions& omissions, JsonWriter& json) {
  bool any = false;
  bool talk = false;  // The conversation has begun.
  for (const ir::Message& message : request.messages) {
    if (!IsSystem(message)) {
      talk = true;
      continue;
    }
    if (talk) {
      omissions.Changed("system",
                        "Instructions amid the conversation were put in front of it: "
                        "this model takes them there only.");
    }
    ir::OmitExtras(message.extras, {ir::kFamilyGoogle}, omissions);
    for (const ir::Part& part : message.parts) {
      omissions.At(part.place);
      const ir::Text* text = part.As<ir::Text>();
      if (text == nullptr) {
        omissions.Refuse("messages", "Instructions can be text only.");
        continue;
      }
      if (part.cache.has_value()) {
        omissions.LeftOut("cache_control",
                          "`cache_control` was left out: this model caches by itself.");
      }
      if (text->text.empty()) continue;
      if (!any) {
        json.Member("systemInstruction").BeginObject();
        json.Member("parts").BeginArray();
      }
      any = true;
      json.BeginObject();
      json.Member("text").String(text->text);
      json.EndObject();
    }
  }
  if (!any) return;
  json.EndArray();
  json.EndObject();
}

void WriteGeminiContents(const ir::Request& request, bool call_ids, ir::Omissions& omissions,
                         JsonWriter& json) {
  ContentsWriter(request, call_ids, omissions, json).Run();
}

}  // namespace tollgate::dataplane
