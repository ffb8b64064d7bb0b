#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/provider/anthropic/write.h"

namespace tollgate::dataplane {
namespace {

bool IsSystem(const ir::Message& message) {
  return message.role == ir::Role::kSystem || message.role == ir::Role::kDeveloper;
}

bool IsAssistant(const ir::Message& message) { return message.role == ir::Role::kAssistant; }

// Whether it is a thought that the API knows again as one of its models'.
bool IsOwnThought(const ir::Reasoning& reasoning, const ir::Signature& signature) {
  return signature.maker == ir::kFamilyAnthropic &&
         (signature.present() || !reasoning.redacted.empty());
}

// A part with the mark that it gets: its own, or its message's.
struct Block {
  const ir::Part* part = nullptr;
  std::optional<ir::CacheMark> cache;
};

// Neighbours of one role, which the API takes as one turn.
struct Turn {
  bool assistant = false;
  std::vector<Block> blocks;
};

void AddBlocks(const ir::Message& message, ir::Omissions& omissions, std::vector<Block>& blocks) {
  if (!message.name.empty()) omissions.LeftOut("name");
  ir::OmitExtras(message.extras, {ir::kFamilyAnthropic}, omissions);
  const std::size_t first = blocks.size();
  for (const ir::Part& part : message.parts) blocks.push_back({&part, part.cache});
  if (message.cache.has_value() && blocks.size() > first && !blocks.back().cache.has_value()) {
    blocks.back().cache = message.cache;
  }
}

std::vector<Turn> TurnsOf(const std::vector<ir::Message>& messages, ir::Omissions& omissions) {
  std::vector<Turn> turns;
  for (const ir::Message& message : messages) {
    if (IsSystem(message)) continue;
    const bool assistant = IsAssistant(message);
    if (turns.empty() || turns.back().assistant != assistant) turns.push_back({assistant, {}});
    AddBlocks(message, omissions, turns.back().blocks);
  }
  for (Turn& turn : turns) {
    if (turn.assistant) continue;
    // Results come before anything else that the user says.
    std::stable_partition(turn.blocks.begin(), turn.blocks.end(), [](const Block& block) {
      return block.part->type() == ir::PartType::kToolResult;
    });
  }
  return turns;
}

class MessagesWriter {
 public:
  MessagesWriter(bool thinks, ir::Omissions& omissions, AnthropicCacheMarks& marks,
                 JsonWriter& json)
      : thinks_(thinks), omissions_(omissions), marks_(marks), json_(json) {}

  void Write(const Turn& turn, bool last) {
    open_ = false;
    assistant_ = turn.assistant;
    for (std::size_t i = 0; i < turn.blocks.size(); ++i) {
      trims_ = turn.assistant && last && i + 1 == turn.blocks.size();
      WriteBlock(turn.blocks[i]);
    }
    if (!open_) return;
    json_.EndArray();
    json_.EndObject();
  }

  bool used_files() const { return used_files_; }

 private:
  // A turn of which nothing remains is not written at all.
  void Open() {
    if (open_) return;
    open_ = true;
    json_.BeginObject();
    json_.Member("role").String(assistant_ ? "assistant" : "user");
    json_.Member("content").BeginArray();
  }

  void WriteBlock(const Block& block) {
    const ir::Part& part = *block.part;
    omissions_.At(part.place);
    if (const auto* text = part.As<ir::Text>()) {
      WriteText(text->text, text->citations, block);
    } else if (const auto* refusal = part.As<ir::Refusal>()) {
      WriteText(refusal->text, {}, block);
    } else if (const auto* media = part.As<ir::Media>()) {
      Open();
      WriteMedia(*media, block.cache);
    } else if (const auto* call = part.As<ir::ToolCall>()) {
      WriteCall(*call, block);
    } else if (const auto* result = part.As<ir::ToolResult>()) {
      WriteResult(*result, block);
    } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
      WriteReasoning(*reasoning, part.signature);
    } else {
      WriteOpaque(*part.As<ir::Opaque>());
    }
    ir::OmitExtras(part.extras, {ir::kAnthropicMessages, ir::kFamilyAnthropic}, omissions_);
  }

  void WriteText(std::string_view text, const std::vector<ir::Citation>& citations,
                 const Block& block) {
    // The API refuses blanks at the end of a turn that the model is to go on with.
    if (trims_) text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    if (text.empty()) return;  // The API refuses empty texts.
    Open();
    json_.BeginObject();
    json_.Member("type").String("text");
    json_.Member("text").String(text);
    WriteCitations(citations);
    marks_.Write(block.cache, json_);
    json_.EndObject();
  }

  void WriteCitations(const std::vector<ir::Citation>& citations) {
    bool any = false;
    for (const ir::Citation& citation : citations) {
      if (citation.owner != ir::kAnthropicMessages) continue;
      if (!any) json_.Member("citations").BeginArray();
      any = true;
      json_.Raw(citation.json);
    }
    if (any) json_.EndArray();
  }

  void WriteMedia(const ir::Media& media, const std::optional<ir::CacheMark>& cache) {
    if (assistant_) {
      return omissions_.Refuse("messages", "This model takes no images or files as its own words.");
    }
    const bool image = media.kind == ir::Media::Kind::kImage;
    if (!image && media.kind != ir::Media::Kind::kFile) {
      return omissions_.Refuse("messages", "This model takes neither sounds nor videos.");
    }
    if (!media.detail.empty() && media.detail != "auto") omissions_.LeftOut("detail");
    json_.BeginObject();
    json_.Member("type").String(image ? "image" : "document");
    json_.Member("source").BeginObject();
    WriteSource(media, image);
    json_.EndObject();
    if (!image) {
      const std::string_view title = media.title.empty() ? media.filename : media.title;
      if (!title.empty()) json_.Member("title").String(title);
      if (!media.context.empty()) json_.Member("context").String(media.context);
      if (media.citations.has_value()) {
        json_.Member("citations").BeginObject();
        json_.Member("enabled").Bool(*media.citations);
        json_.EndObject();
      }
    }
    marks_.Write(cache, json_);
    json_.EndObject();
  }

  void WriteSource(const ir::Media& media, bool image) {
    if (!media.text.empty()) return WriteTextSource(media.text);
    if (!media.url.empty()) {
      json_.Member("type").String("url");
      json_.Member("url").String(media.url);
      return;
    }
    if (!media.file_id.empty()) {
      if (media.file_owner != ir::kFamilyAnthropic) {
        omissions_.Refuse("messages",
                          "A file that another provider keeps cannot be sent to this "
                          "model; send its bytes or a URL.");
      }
      used_files_ = true;
      json_.Member("type").String("file");
      json_.Member("file_id").String(media.file_id);
      return;
    }
    std::string_view type = media.media_type;
    if (type.empty() || type.ends_with("/*")) type = ir::SniffMediaType(media.base64);
    if (!image && type.starts_with("text/")) return WriteEncodedText(media.base64);
    if (type.empty() || (!image && type != "application/pdf")) {
      return omissions_.Refuse("messages",
                               "This model takes images of type png, jpeg, gif and webp, and "
                               "documents of PDF and plain text.");
    }
    json_.Member("type").String("base64");
    json_.Member("media_type").String(type);
    json_.Member("data").String(media.base64);
  }

  void WriteTextSource(std::string_view text) {
    json_.Member("type").String("text");
    json_.Member("media_type").String("text/plain");
    json_.Member("data").String(text);
  }

  void WriteEncodedText(std::string_view base64) {
    std::string text;
    if (!absl::Base64Unescape(AbslView(base64), &text)) {
      return omissions_.Refuse("messages", "A document of plain text is not valid base64.");
    }
    WriteTextSource(text);
  }

  // The API wants an object.
  void WriteInput(std::string_view arguments) {
    JsonDocument document;
    if (arguments.empty()) {
      json_.Raw("{}");
    } else if (document.Parse(arguments) && document.root().is_object()) {
      json_.Raw(arguments);
    } else {
      json_.BeginObject();
      json_.Member("arguments").String(arguments);
      json_.EndObject();
    }
  }

  void WriteCall(const ir::ToolCall& call, const Block& block) {
    Open();
    json_.BeginObject();
    json_.Member("type").String("tool_use");
    json_.Member("id").String(AnthropicCallId(call.id));
    json_.Member("name").String(call.name);
    json_.Member("input");
    WriteInput(call.arguments);
    marks_.Write(block.cache, json_);
    json_.EndObject();
  }

  void WriteResult(const ir::ToolResult& result, const Block& block) {
    Open();
    json_.BeginObject();
    json_.Member("type").String("tool_result");
    json_.Member("tool_use_id").String(AnthropicCallId(result.tool_call_id));
    if (result.is_error) json_.Member("is_error").Bool(true);
    json_.Member("content").BeginArray();
    for (const ir::Part& part : result.parts) {
      if (const auto* text = part.As<ir::Text>()) {
        if (text->text.empty()) continue;
        json_.BeginObject();
        json_.Member("type").String("text");
        json_.Member("text").String(text->text);
        marks_.Write(part.cache, json_);
        json_.EndObject();
      } else if (const auto* media = part.As<ir::Media>()) {
        WriteMedia(*media, part.cache);
      } else if (const auto* opaque = part.As<ir::Opaque>()) {
        WriteOpaque(*opaque);
      }
    }
    json_.EndArray();
    marks_.Write(block.cache, json_);
    json_.EndObject();
  }

  void WriteReasoning(const ir::Reasoning& reasoning, const ir::Signature& signature) {
    // Another's say nothing to it; and where it does not think, the API passes over its own too.
    if (!IsOwnThought(reasoning, signature) || !thinks_) return;
    Open();
    json_.BeginObject();
    if (reasoning.redacted.empty()) {
      json_.Member("type").String("thinking");
      json_.Member("thinking").String(reasoning.text);
      json_.Member("signature").String(signature.value);
    } else {
      json_.Member("type").String("redacted_thinking");
      json_.Member("data").String(reasoning.redacted);
    }
    json_.EndObject();
  }

  void WriteOpaque(const ir::Opaque& opaque) {
    if (opaque.owner != ir::kAnthropicMessages) {
      return omissions_.Refuse("messages", absl::StrCat("Parts of type `", AbslView(opaque.type),
                                                        "` cannot be sent to this model."));
    }
    Open();
    json_.Raw(opaque.json);
  }

  const bool thinks_;
  ir::Omissions& omissions_;
  AnthropicCacheMarks& marks_;
  JsonWriter& json_;
  bool assistant_ = false;
  bool open_ = false;
  bool trims_ = false;
  bool used_files_ = false;
};

// `caching: auto`: what came before the last question, and the whole, if the caller set no mark.
void MarkTurns(std::vector<Turn>& turns) {
  for (const Turn& turn : turns) {
    for (const Block& block : turn.blocks) {
      if (block.cache.has_value()) return;
    }
  }
  int marked = 0;
  for (auto turn = turns.rbegin(); turn != turns.rend() && marked < 2; ++turn) {
    if (turn->assistant || turn->blocks.empty()) continue;
    turn->blocks.back().cache = ir::CacheMark{};
    ++marked;
  }
}

}  // namespace

std::string AnthropicCallId(std::string_view id) {
  std::string out(id);
  for (char& c : out) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!letter) c = '_';
  }
  return out;
}

bool AnthropicThoughtsComplete(const std::vector<ir::Message>& messages) {
  // Only the turns behind the last question of the user count.
  std::size_t from = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role != ir::Role::kUser) continue;
    const bool result =
        std::any_of(messages[i].parts.begin(), messages[i].parts.end(),
                    [](const ir::Part& part) { return part.type() == ir::PartType::kToolResult; });
    if (!result) from = i;
  }
  for (std::size_t i = from; i < messages.size(); ++i) {
    if (!IsAssistant(messages[i])) continue;
    bool signed_thought = false;
    for (const ir::Part& part : messages[i].parts) {
      const auto* reasoning = part.As<ir::Reasoning>();
      if (reasoning != nullptr && IsOwnThought(*reasoning, part.signature)) signed_thought = true;
      if (part.type() == ir::PartType::kToolCall && !signed_thought) return false;
    }
  }
  return true;
}

void WriteAnthropicSystem(const ir::Request& request, std::string_view extra,
                          ir::Omissions& omissions, AnthropicCacheMarks& marks, JsonWriter& json) {
  std::vector<Block> blocks;
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
    AddBlocks(message, omissions, blocks);
  }
  if (request.auto_caching && !blocks.empty() && !blocks.back().cache.has_value()) {
    blocks.back().cache = ir::CacheMark{};
  }
  bool any = false;
  const auto write = [&](std::string_view text, const std::optional<ir::CacheMark>& cache) {
    if (text.empty()) return;
    if (!any) json.Member("system").BeginArray();
    any = true;
    json.BeginObject();
    json.Member("type").String("text");
    json.Member("text").String(text);
    marks.Write(cache, json);
    json.EndObject();
  };
  for (const Block& block : blocks) {
    omissions.At(block.part->place);
    const ir::Text* text = block.part->As<ir::Text>();
    if (text == nullptr) {
      omissions.Refuse("messages", "Instructions can be text only.");
      continue;
    }
    write(text->text, block.cache);
  }
  write(extra, std::nullopt);
  if (any) json.EndArray();
}

bool WriteAnthropicMessages(const ir::Request& request, bool thinks, ir::Omissions& omissions,
                            AnthropicCacheMarks& marks, JsonWriter& json) {
  std::vector<Turn> turns = TurnsOf(request.messages, omissions);
  if (request.auto_caching) MarkTurns(turns);
  json.BeginArray();
  MessagesWriter writer(thinks, omissions, marks, json);
  for (std::size_t i = 0; i < turns.size(); ++i) writer.Write(turns[i], i + 1 == turns.size());
  json.EndArray();
  return writer.used_files();
}

}  // namespace tollgate::dataplane
