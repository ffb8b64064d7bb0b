// What passes through: read without a tree.
#include "dataplane/json/cursor.h"
#include "dataplane/provider/openai_chat/usage.h"
#include "dataplane/provider/openai_responses/read.h"

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

bool EnterList(JsonCursor& json) {
  if (json.Peek() != JsonKind::kArray) {
    json.Skip();
    return false;
  }
  json.EnterArray();
  return true;
}

void ReadWord(JsonCursor& json, std::string_view& word) {
  if (json.Peek() == JsonKind::kString) {
    json.ReadString(word);
  } else {
    json.Skip();
  }
}

// Reads a whole answer, or the data of an event: members of both have names of their own.
class FactsReader {
 public:
  FactsReader(std::string_view text, bool event) : json_(text), event_(event) {}

  AnswerFacts Run() {
    if (json_.Peek() != JsonKind::kObject) return AnswerFacts();
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      if (event_) {
        ReadEventMember(key);
      } else {
        ReadResponseMember(key);
      }
    }
    if (!json_.AtEnd() || !usage_good_) return AnswerFacts();
    facts_.valid = true;
    if (event_) {
      Classify();
    } else {
      facts_.is_error = facts_.is_error || status_ == "failed" || status_ == "cancelled";
      facts_.has_choices = output_ && (status_ == "completed" || status_ == "incomplete");
    }
    facts_.finish_reason = reason_.empty() ? status_ : reason_;
    if (event_ && !facts_.is_end) facts_.finish_reason = {};
    return facts_;
  }

 private:
  void Classify() {
    facts_.is_end = type_ == "response.completed" || type_ == "response.incomplete";
    const bool failed =
        type_ == "error" || type_ == "response.failed" || type_ == "response.cancelled";
    facts_.is_error = failed || (facts_.is_error && !facts_.is_end);
    facts_.has_choices = true;
    if (type_.ends_with(".delta")) facts_.content_bytes += delta_bytes_;
    if (type_ == "response.output_item.added") facts_.content_bytes += name_bytes_;
    if (!facts_.is_end) facts_.usage = UsageReport();
  }

  void ReadEventMember(std::string_view key) {
    if (KeyIs(key, "type")) {
      ReadWord(json_, type_);
    } else if (KeyIs(key, "delta")) {
      CountText(delta_bytes_);
    } else if (KeyIs(key, "response")) {
      if (!Enter(json_)) return;
      while (json_.NextMember(key)) ReadResponseMember(key);
    } else if (KeyIs(key, "item")) {
      ReadItem();
    } else if (KeyIs(key, "item_id")) {
      ReadItemId();
    } else if (KeyIs(key, "error")) {
      ReadError();
    } else if (KeyIs(key, "message")) {
      ReadWord(json_, facts_.error_message);
    } else if (KeyIs(key, "code")) {
      ReadWord(json_, facts_.error_code);
    } else {
      json_.Skip();
    }
  }

  void ReadResponseMember(std::string_view key) {
    if (KeyIs(key, "id")) {
      ReadWord(json_, facts_.id);
    } else if (KeyIs(key, "previous_response_id")) {
      ReadWord(json_, facts_.previous_id);
    } else if (KeyIs(key, "status")) {
      ReadWord(json_, status_);
    } else if (KeyIs(key, "incomplete_details")) {
      if (!Enter(json_)) return;
      while (json_.NextMember(key)) {
        if (KeyIs(key, "reason")) {
          ReadWord(json_, reason_);
        } else {
          json_.Skip();
        }
      }
    } else if (KeyIs(key, "usage")) {
      usage_good_ = ReadUsage(json_, facts_.usage);
    } else if (KeyIs(key, "error")) {
      ReadError();
    } else if (KeyIs(key, "output")) {
      output_ = true;
      ReadOutput();
    } else if (!event_ && KeyIs(key, "data")) {  // Of a list of items.
      ReadOutput();
    } else if (!event_ && (KeyIs(key, "first_id") || KeyIs(key, "last_id"))) {
      ReadItemId();
    } else {
      json_.Skip();
    }
  }

  void ReadError() {
    if (json_.Peek() == JsonKind::kNull) {
      json_.Skip();
      return;
    }
    facts_.is_error = true;
    if (!Enter(json_)) return;
    std::string_view key;
    while (json_.NextMember(key)) {
      if (KeyIs(key, "message")) {
        ReadWord(json_, facts_.error_message);
      } else if (KeyIs(key, "code")) {
        ReadWord(json_, facts_.error_code);
      } else {
        json_.Skip();
      }
    }
  }

  void CountText(std::int64_t& bytes) {
    std::string_view text;
    ReadWord(json_, text);
    bytes += static_cast<std::int64_t>(text.size());
  }

  void ReadItemId() {
    std::string_view id;
    ReadWord(json_, id);
    if (!id.empty()) facts_.item_ids.push_back(id);
  }

  static bool IsItemId(std::string_view key) {
    return KeyIs(key, "id") || KeyIs(key, "approval_request_id");
  }

  // Of output_item.added: the name of a call.
  void ReadItem() {
    if (!Enter(json_)) return;
    std::string_view key;
    while (json_.NextMember(key)) {
      if (IsItemId(key)) {
        ReadItemId();
      } else if (KeyIs(key, "name")) {
        CountText(name_bytes_);
      } else {
        json_.Skip();
      }
    }
  }

  // What the model wrote: texts, and the names and arguments of calls.  The last event repeats what
  // was counted already.
  void ReadOutput() {
    if (!EnterList(json_)) return;
    while (json_.NextElement()) {
      if (!Enter(json_)) continue;
      std::string_view key;
      while (json_.NextMember(key)) {
        if (IsItemId(key)) {
          ReadItemId();
        } else if (event_) {
          json_.Skip();
        } else if (KeyIs(key, "name") || KeyIs(key, "arguments") || KeyIs(key, "input")) {
          CountText(facts_.content_bytes);
        } else if (KeyIs(key, "content") || KeyIs(key, "summary")) {
          ReadTexts();
        } else {
          json_.Skip();
        }
      }
    }
  }

  void ReadTexts() {
    if (!EnterList(json_)) return;
    while (json_.NextElement()) {
      if (!Enter(json_)) continue;
      std::string_view key;
      while (json_.NextMember(key)) {
        if (KeyIs(key, "text") || KeyIs(key, "refusal")) {
          CountText(facts_.content_bytes);
        } else {
          json_.Skip();
        }
      }
    }
  }

  JsonCursor json_;
  const bool event_;
  AnswerFacts facts_;
  std::string_view type_;
  std::string_view status_;
  std::string_view reason_;
  std::int64_t delta_bytes_ = 0;
  std::int64_t name_bytes_ = 0;
  bool output_ = false;
  bool usage_good_ = true;
};

}  // namespace

AnswerFacts ReadResponsesAnswerFacts(std::string_view body) {
  return FactsReader(body, false).Run();
}

AnswerFacts ReadResponsesEventFacts(std::string_view data) {
  if (data == "[DONE]") {  // Some compatible servers append it; the end came before.
    AnswerFacts facts;
    facts.valid = facts.has_choices = true;
    return facts;
  }
  return FactsReader(data, true).Run();
}

}  // namespace tollgate::dataplane
