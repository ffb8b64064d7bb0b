#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/provider/openai_responses/write.h"

namespace tollgate::dataplane {
namespace {

bool IsPlainText(const ir::Part& part) { return part.As<ir::Text>() != nullptr; }

std::string_view RoleName(ir::Role role) {
  switch (role) {
    case ir::Role::kSystem:
      return "system";
    case ir::Role::kDeveloper:
      return "developer";
    case ir::Role::kAssistant:
      return "assistant";
    case ir::Role::kUser:
    case ir::Role::kTool:
      break;
  }
  return "user";
}

class InputWriter {
 public:
  InputWriter(ir::Omissions& omissions, JsonWriter& json) : omissions_(omissions), json_(json) {}

  void Write(const ir::Message& message) {
    if (message.cache.has_value()) OmitCacheMark();
    if (!message.name.empty()) {
      omissions_.LeftOut("name", "`name` of messages was left out: the provider has none.");
    }
    if (message.role == ir::Role::kTool) {
      for (const ir::Part& part : message.parts) WriteResult(part);
    } else if (message.role == ir::Role::kAssistant) {
      WriteAssistant(message);
    } else {
      WriteMessage(message);
    }
    ir::OmitExtras(message.extras, {ir::kOpenAiResponses}, omissions_);
  }

 private:
  void OmitCacheMark() {
    omissions_.LeftOut("cache_control",
                       "`cache_control` was left out: the provider caches by itself.");
  }

  // `first`: the item of the message that has its id.
  void WriteHead(const ir::Message& message, bool first) {
    json_.BeginObject();
    json_.Member("type").String("message");
    json_.Member("role").String(RoleName(message.role));
    if (first && !message.id.empty()) json_.Member("id").String(message.id);
    for (const ir::Extra& extra : message.extras) {
      if (extra.owner == ir::kOpenAiResponses) json_.ForeignMember(extra.name).Raw(extra.json);
    }
    json_.Member("content");
  }

  void WriteMessage(const ir::Message& message) {
    WriteHead(message, true);
    WriteContent(message.parts);
    json_.EndObject();
  }

  // A text alone as a string.
  void WriteContent(const std::vector<ir::Part>& parts) {
    for (const ir::Part& part : parts) NotePart(part);
    if (parts.size() == 1 && IsPlainText(parts[0])) {
      json_.String(parts[0].As<ir::Text>()->text);
      return;
    }
    json_.BeginArray();
    for (const ir::Part& part : parts) WritePart(part);
    json_.EndArray();
  }

  void NotePart(const ir::Part& part) {
    omissions_.At(part.place);
    if (part.cache.has_value()) OmitCacheMark();
    ir::OmitExtras(part.extras, {}, omissions_);
  }

  void WritePart(const ir::Part& part) {
    omissions_.At(part.place);
    if (const auto* text = part.As<ir::Text>()) {
      WriteText("input_text", "text", text->text);
    } else if (const auto* media = part.As<ir::Media>()) {
      WriteMedia(*media);
    } else if (const auto* opaque = part.As<ir::Opaque>()) {
      WriteOpaque(*opaque);
    } else {
      omissions_.Refuse("messages", "A part stands in a message that cannot hold it.");
    }
  }

  void WriteText(std::string_view type, std::string_view member, std::string_view text) {
    json_.BeginObject();
    json_.Member("type").String(type);
    json_.Member(member).String(text);
    json_.EndObject();
  }

  void WriteOpaque(const ir::Opaque& opaque) {
    if (opaque.owner == ir::kOpenAiResponses) {
      json_.Raw(opaque.json);
    } else {
      omissions_.Refuse("messages", absl::StrCat("Parts of type `", AbslView(opaque.type),
                                                 "` cannot be sent to this model."));
    }
  }

  void WriteMedia(const ir::Media& media) {
    switch (media.kind) {
      case ir::Media::Kind::kImage:
        return WriteImage(media);
      case ir::Media::Kind::kFile:
        return WriteFile(media);
      case ir::Media::Kind::kAudio:
        return WriteAudio(media);
      case ir::Media::Kind::kVideo:
        return omissions_.Refuse("messages", "This model takes no videos.");
    }
  }

  bool IsKept(const ir::Media& media) const {
    return !media.file_id.empty() && media.file_owner == ir::kFamilyOpenAi;
  }
  void RefuseForeignFile() {
    omissions_.Refuse("messages",
                      "A file that another provider keeps cannot be sent to this model; send its "
                      "bytes or a URL.");
  }

  void WriteImage(const ir::Media& media) {
    const std::string url = ir::UrlOf(media);
    if (!IsKept(media) && url.empty()) return RefuseForeignFile();
    json_.BeginObject();
    json_.Member("type").String("input_image");
    if (IsKept(media)) {
      json_.Member("file_id").String(media.file_id);
    } else {
      json_.Member("image_url").String(url);
    }
    json_.Member("detail").String(media.detail.empty() ? "auto" : media.detail);
    json_.EndObject();
  }

  void WriteFile(const ir::Media& media) {
    if (!media.context.empty()) omissions_.LeftOut("context");
    if (media.citations == true) omissions_.LeftOut("citations");
    if (!media.text.empty()) {
      return WriteText("input_text", "text",
                       media.title.empty()
                           ? std::string(media.text)
                           : absl::StrCat(AbslView(media.title), "\n\n", AbslView(media.text)));
    }
    if (!IsKept(media) && media.url.empty() && media.base64.empty()) return RefuseForeignFile();
    json_.BeginObject();
    json_.Member("type").String("input_file");
    if (IsKept(media)) {
      json_.Member("file_id").String(media.file_id);
    } else if (!media.url.empty()) {
      json_.Member("file_url").String(media.url);
    } else {
      json_.Member("filename").String(media.filename.empty() ? "file" : media.filename);
      json_.Member("file_data").String(ir::UrlOf(media));
    }
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

  void WriteResult(const ir::Part& part) {
    NotePart(part);
    const ir::ToolResult* result = part.As<ir::ToolResult>();
    if (result == nullptr) {
      return omissions_.Refuse("messages", "A tool's message can hold results only.");
    }
    if (result->is_error) {
      omissions_.LeftOut(
          "is_error", "That a tool failed was left out: this model takes what the tool said only.");
    }
    json_.BeginObject();
    json_.Member("type").String(IsCustom(*result) ? "custom_tool_call_output"
                                                  : "function_call_output");
    json_.Member("call_id").String(result->tool_call_id);
    json_.Member("output");
    if (result->parts.empty()) {
      json_.String("");
    } else {
      WriteContent(result->parts);
    }
    json_.EndObject();
  }

  // Whose clients do not say it of a result, the call does.
  bool IsCustom(const ir::ToolResult& result) const {
    return result.custom || std::find(custom_calls_.begin(), custom_calls_.end(),
                                      result.tool_call_id) != custom_calls_.end();
  }

  // What the model said: an item for each call and thought, and for the texts between them.
  void WriteAssistant(const ir::Message& message) {
    bool open = false;  // A message item.
    bool first = true;
    const auto close = [&] {
      if (!open) return;
      json_.EndArray();
      json_.EndObject();
      open = false;
    };
    const std::size_t said = CountUpToLastSaid(message.parts);
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
      const ir::Part& part = message.parts[i];
      NotePart(part);
      // The API refuses a thought that leads to nothing, as of a turn that was cut.
      if (i >= said && part.As<ir::Reasoning>() != nullptr) continue;
      const ir::Text* text = part.As<ir::Text>();
      const ir::Refusal* refusal = part.As<ir::Refusal>();
      if (text != nullptr || refusal != nullptr) {
        if (!open) {
          WriteHead(message, std::exchange(first, false));
          json_.BeginArray();
        }
        open = true;
        if (text != nullptr) WriteOutputText(*text);
        if (refusal != nullptr) WriteText("refusal", "refusal", refusal->text);
        continue;
      }
      close();
      WriteAssistantItem(part);
    }
    close();
  }

  // How many parts there are up to the last that is no thought.
  static std::size_t CountUpToLastSaid(const std::vector<ir::Part>& parts) {
    std::size_t count = parts.size();
    while (count > 0 && parts[count - 1].As<ir::Reasoning>() != nullptr) --count;
    return count;
  }

  void WriteOutputText(const ir::Text& text) {
    json_.BeginObject();
    json_.Member("type").String("output_text");
    json_.Member("text").String(text.text);
    json_.Member("annotations").BeginArray();
    for (const ir::Citation& citation : text.citations) {
      if (citation.owner == ir::kOpenAiResponses) json_.Raw(citation.json);
    }
    json_.EndArray();
    json_.EndObject();
  }

  void WriteAssistantItem(const ir::Part& part) {
    if (const auto* call = part.As<ir::ToolCall>()) {
      WriteCall(*call);
    } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
      WriteReasoning(*reasoning, part.signature);
    } else if (const auto* opaque = part.As<ir::Opaque>()) {
      WriteOpaque(*opaque);
    } else if (part.As<ir::Media>() != nullptr) {
      omissions_.LeftOut("image",
                         "An image that the model made was left out of what it is told: it reads "
                         "no images of its own.");
    } else {
      omissions_.Refuse("messages", "A part stands in a message that cannot hold it.");
    }
  }

  void WriteCall(const ir::ToolCall& call) {
    if (call.custom) custom_calls_.push_back(call.id);
    json_.BeginObject();
    json_.Member("type").String(call.custom ? "custom_tool_call" : "function_call");
    json_.Member("call_id").String(call.id);
    json_.Member("name").String(call.name);
    json_.Member(call.custom ? "input" : "arguments")
        .String(call.arguments.empty() && !call.custom ? "{}" : call.arguments);
    json_.EndObject();
  }

  // Only what the maker itself encrypted says something to it.
  void WriteReasoning(const ir::Reasoning& reasoning, const ir::Signature& signature) {
    if (signature.maker != ir::kFamilyOpenAi || reasoning.redacted.empty()) return;
    json_.BeginObject();
    json_.Member("type").String("reasoning");
    if (!reasoning.id.empty()) json_.Member("id").String(reasoning.id);
    // The API wants a summary, empty if need be, besides what else it says of the thought.
    json_.Member("summary").BeginArray();
    if (reasoning.summary && !reasoning.text.empty()) {
      WriteText("summary_text", "text", reasoning.text);
    }
    json_.EndArray();
    if (!reasoning.summary && !reasoning.text.empty()) {
      json_.Member("content").BeginArray();
      WriteText("reasoning_text", "text", reasoning.text);
      json_.EndArray();
    }
    json_.Member("encrypted_content").String(reasoning.redacted);
    json_.EndObject();
  }

  ir::Omissions& omissions_;
  std::vector<std::string_view> custom_calls_;  // The ids of those that were written.
  JsonWriter& json_;
};

}  // namespace

void WriteResponsesInput(const ir::Request& request, ir::Omissions& omissions, JsonWriter& json) {
  json.BeginArray();
  InputWriter writer(omissions, json);
  for (const ir::Message& message : request.messages) writer.Write(message);
  json.EndArray();
  omissions.At({});
  if (!request.messages.empty() && request.messages.back().role == ir::Role::kAssistant) {
    omissions.Changed("messages",
                      "The assistant's last message was sent as one that is complete: this model "
                      "answers it, and does not go on with it.");
  }
}

}  // namespace tollgate::dataplane
