// A JSON text as a tree, for what is translated: flat, strict, and every value still knows its own
// text, so that what nobody understands can travel untouched.
//
//   JsonDocument document;
//   if (!document.Parse(body)) return error(document.error_offset());
//   for (const JsonMember member : document.root().members()) {
//     if (member.key == "model") model = member.value.string();
//   }
//
// What is passed through is read with JsonCursor instead, which makes no tree.
#ifndef TOLLGATE_DATAPLANE_JSON_DOCUMENT_H_
#define TOLLGATE_DATAPLANE_JSON_DOCUMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/json/cursor.h"
#include "dataplane/json/text_arena.h"

namespace tollgate::dataplane {

class JsonDocument;
struct JsonMember;

// A value of a document: cheap to copy, good as long as the document and its text.  A value that
// is not there (Find() of an absent member) has kind kBad, and every reading of it is empty.
class JsonValue {
 public:
  JsonValue() = default;

  JsonKind kind() const;
  bool exists() const { return document_ != nullptr; }
  bool is_object() const { return kind() == JsonKind::kObject; }
  bool is_array() const { return kind() == JsonKind::kArray; }
  bool is_string() const { return kind() == JsonKind::kString; }
  bool is_number() const { return kind() == JsonKind::kNumber; }
  bool is_bool() const { return kind() == JsonKind::kTrue || kind() == JsonKind::kFalse; }
  bool is_null() const { return kind() == JsonKind::kNull; }
  // Neither absent nor null.
  bool has_value() const { return exists() && !is_null(); }

  // The text of the value as it stands in the document: valid JSON.
  std::string_view raw() const;
  // What a string stands for, as UTF-8; half a surrogate pair reads as U+FFFD.  Empty for another
  // kind.
  std::string_view string() const;
  // The string as it is written, without its quotes.  Empty for another kind.
  std::string_view escaped() const;
  // A number as it is written.  Empty for another kind.
  std::string_view number() const { return is_number() ? raw() : std::string_view(); }
  // An integer: digits with an optional minus.  Nullopt for all else, and when it does not fit.
  std::optional<std::int64_t> integer() const;
  std::optional<bool> boolean() const;

  // Members or elements; 0 for another kind.
  std::size_t size() const;
  // The member of that name; the last, when it is given twice.
  JsonValue Find(std::string_view name) const;
  JsonValue operator[](std::string_view name) const { return Find(name); }

  class Members;
  class Elements;
  // The members of an object in order; none for another kind.
  Members members() const;
  // The elements of an array in order; none for another kind.
  Elements elements() const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument* document, std::uint32_t index)
      : document_(document), index_(index) {}

  const JsonDocument* document_ = nullptr;
  std::uint32_t index_ = 0;
};

// A member of an object.
struct JsonMember {
  std::string_view key;  // Unescaped.
  JsonValue value;
};

// Not thread-safe, not even for reading: strings are unescaped when they are asked for.
class JsonDocument {
 public:
  JsonDocument() = default;
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // Reads `text`, which must outlive what is read from the document.  False when it is not one
  // JSON value (nested at most JsonCursor::kDepthMax deep); then the document is empty.  UTF-8 is
  // not checked.  What was read before is gone; its memory is used again.
  bool Parse(std::string_view text);

  // The whole value; absent when nothing was parsed.
  JsonValue root() const { return nodes_.empty() ? JsonValue() : JsonValue(this, 0); }
  // Where the text is wrong, after Parse() was false.
  std::size_t error_offset() const { return error_offset_; }

 private:
  friend class JsonValue;
  friend class JsonValue::Members;
  friend class JsonValue::Elements;

  struct Node {
    std::string_view key;
    std::string_view raw;
    mutable std::string_view text;  // Of a string, once it was asked for.
    JsonKind kind = JsonKind::kBad;
    mutable bool has_text = false;
    std::uint32_t size = 0;  // Members or elements.
    std::uint32_t next = 0;  // The node behind this one and all within it.
  };

  std::uint32_t Begin(JsonKind kind, std::string_view raw_key);
  bool ParseValue(JsonCursor& cursor, std::string_view raw_key);
  bool ParseChildren(JsonCursor& cursor, JsonKind kind, std::uint32_t node);
  std::string_view Unescaped(std::string_view raw) const;

  std::string_view source_;
  std::vector<Node> nodes_;
  mutable TextArena arena_;
  std::size_t error_offset_ = 0;
};

// The two ranges of JsonValue.
class JsonValue::Elements {
 public:
  class Iterator {
   public:
    Iterator(const JsonDocument* document, std::uint32_t at) : document_(document), at_(at) {}
    JsonValue operator*() const { return JsonValue(document_, at_); }
    Iterator& operator++() {
      at_ = document_->nodes_[at_].next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const JsonDocument* document_;
    std::uint32_t at_;
  };

  Elements(const JsonDocument* document, std::uint32_t begin, std::uint32_t end)
      : document_(document), begin_(begin), end_(end) {}
  Iterator begin() const { return {document_, begin_}; }
  Iterator end() const { return {document_, end_}; }

 private:
  const JsonDocument* document_;
  std::uint32_t begin_;
  std::uint32_t end_;
};

class JsonValue::Members {
 public:
  class Iterator {
   public:
    Iterator(const JsonDocument* document, std::uint32_t at) : document_(document), at_(at) {}
    JsonMember operator*() const { return {document_->nodes_[at_].key, JsonValue(document_, at_)}; }
    Iterator& operator++() {
      at_ = document_->nodes_[at_].next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const JsonDocument* document_;
    std::uint32_t at_;
  };

  Members(const JsonDocument* document, std::uint32_t begin, std::uint32_t end)
      : document_(document), begin_(begin), end_(end) {}
  Iterator begin() const { return {document_, begin_}; }
  Iterator end() const { return {document_, end_}; }

 private:
  const JsonDocument* document_;
  std::uint32_t begin_;
  std::uint32_t end_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_JSON_DOCUMENT_H_
