// What passes through: read without a tree.
#include "dataplane/json/cursor.h"
#include "dataplane/provider/anthropic/read.h"

namespace tollgate::dataplane {
namespace {

// Enters the object ahead; false, having skipped it, when it is something else.
bool Enter(JsonCursor& json) {
  if (json.Peek() != JsonKind::kObject) {
    json.Skip();
    return false;
  }
  json.EnterObject();
  return true;
}

void ReadWord(JsonCursor& json, std::string_view& word) {
  if (json.Peek() == JsonKind::kString) {
    json.ReadString(word);
  } else {
    json.Skip();
  }
}

class FactsReader {
 public:
  explicit FactsReader(std::string_view text) : text_(text), json_(text) {}

  AnswerFacts Run() {
    if (json_.Peek() != JsonKind::kObject) return AnswerFacts();
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) ReadMember(key);
    if (!json_.AtEnd()) return AnswerFacts();
    facts_.valid = true;
    facts_.is_error = facts_.is_error || type_ == "error";
    facts_.is_end = type_ == "message_stop";
    if (type_ == "content_block_start") facts_.part_begun = index_;
    if (type_ == "content_block_stop") facts_.part_ended = index_;
    facts_.has_choices = !facts_.is_error;
    return facts_;
  }

 private:
  void ReadMember(std::string_view key) {
    if (key == "type") {
      ReadWord(json_, type_);
    } else if (key == "id") {
      ReadWord(json_, facts_.id);
    } else if (key == "index" && json_.Peek() == JsonKind::kNumber) {
      bool fits = false;
      if (!json_.ReadInt64(index_, fits) || !fits) index_ = -1;
    } else if (key == "content") {
      ReadBlocks();
    } else if (key == "content_block") {
      ReadBlock();
    } else if (key == "delta") {
      ReadBlock();
    } else if (key == "stop_reason") {
      ReadWord(json_, facts_.finish_reason);
    } else if (key == "usage") {
      ReadUsageMember(true);
    } else if (key == "message") {
      ReadMessage();
    } else if (key == "error") {
      ReadErrorMember();
    } else {
      json_.Skip();
    }
  }

  void ReadBlocks() {
    if (json_.Peek() != JsonKind::kArray) {
      json_.Skip();
      return;
    }
    json_.EnterArray();
    while (json_.NextElement()) ReadBlock();
  }

  // A block, or the delta of one or of the message: what the model wrote is in these members.
  void ReadBlock() {
    if (!Enter(json_)) return;
    std::string_view key;
    while (json_.NextMember(key)) {
      if (key == "stop_reason") {
        ReadWord(json_, facts_.finish_reason);
      } else if (key == "text" || key == "thinking" || key == "partial_json" || key == "name" ||
                 key == "input") {
        const std::size_t begin = json_.ValueOffset();
        json_.Skip();
        facts_.content_bytes += static_cast<std::int64_t>(json_.offset() - begin);
      } else {
        json_.Skip();
      }
    }
  }

  // Of message_start.
  void ReadMessage() {
    if (!Enter(json_)) return;
    std::string_view key;
    while (json_.NextMember(key)) {
      if (key == "id") {
        ReadWord(json_, facts_.id);
      } else if (key == "usage") {
        ReadUsageMember(false);  // The input only: no place for a cost.
      } else {
        json_.Skip();
      }
    }
  }

  void ReadUsageMember(bool final) {
    const std::size_t begin = json_.ValueOffset();
    const bool object = json_.Peek() == JsonKind::kObject;
    json_.Skip();
    if (!object || !json_.ok()) return;
    const std::size_t end = json_.offset();
    JsonDocument document;
    if (!document.Parse(text_.substr(begin, end - begin))) return;
    ir::Usage usage;
    TakeAnthropicUsage(document.root(), usage);
    facts_.usage.present = usage.present;
    facts_.usage.tokens = usage.tokens;
    if (!final) return;
    facts_.usage.close = end - 1;
    facts_.usage.empty = document.root().size() == 0;
    if (const JsonValue cost = document.root()["cost"]; cost.exists()) {
      facts_.usage.cost_begin = static_cast<std::size_t>(cost.raw().data() - text_.data());
      facts_.usage.cost_end = facts_.usage.cost_begin + cost.raw().size();
    }
  }

  void ReadErrorMember() {
    facts_.is_error = true;
    if (!Enter(json_)) return;
    std::string_view key;
    while (json_.NextMember(key)) {
      if (key == "message") {
        ReadWord(json_, facts_.error_message);
      } else if (key == "type") {
        ReadWord(json_, facts_.error_code);
      } else {
        json_.Skip();
      }
    }
  }

  std::string_view text_;
  JsonCursor json_;
  AnswerFacts facts_;
  std::string_view type_;
  std::int64_t index_ = -1;
};

}  // namespace

AnswerFacts ReadAnthropicFacts(std::string_view text) { return FactsReader(text).Run(); }

}  // namespace tollgate::dataplane
