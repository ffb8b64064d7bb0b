// Reads JSON (RFC 8259) by walking over it once, without a tree and without allocation.
//
// Strict: what it walks over is well-formed JSON, nesting included, down to the escapes of strings
// that nobody asks for; so no two readers of the bytes can disagree about them.  (A lazy parser
// skips what it is not asked for unchecked.)  UTF-8 is checked apart, for the whole text at once.
//
//   JsonCursor json(text);
//   std::string_view key;
//   if (json.EnterObject()) {
//     while (json.NextMember(key)) {
//       if (key == "model") json.ReadString(model); else json.Skip();
//     }
//   }
//   if (!json.AtEnd()) return error(json.offset());
//
// After an error every call returns false.  Each member or element must be read, entered or skipped
// before the next is asked for.  Not thread-safe.
#ifndef TOLLGATE_DATAPLANE_JSON_CURSOR_H_
#define TOLLGATE_DATAPLANE_JSON_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tollgate::dataplane {

// What the next value is.
enum class JsonKind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull, kBad };

class JsonCursor {
 public:
  // Containers that may be open at once; deeper text is an error.
  static constexpr int kDepthMax = 64;

  explicit JsonCursor(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  // The kind of the value ahead; does not move but over blanks.
  JsonKind Peek() {
    if (failed_) return JsonKind::kBad;
    SkipBlanks();
    return at_ == end_ ? JsonKind::kBad : KindOf(*at_);
  }

  // Enters the object ahead; false (an error) when it is none.
  bool EnterObject();
  // Moves to the next member's value; `raw_key` is without quotes, escapes as written.  False at
  // the end of the object, which is then left, and after an error.
  bool NextMember(std::string_view& raw_key);

  bool EnterArray();
  // Moves to the next element; false as above.
  bool NextElement();

  // Walks over the value ahead, whatever it is.
  bool Skip();

  // Reads a string; `raw` is without quotes, its escapes checked and as written.
  bool ReadString(std::string_view& raw);
  // Reads a number as it is written.
  bool ReadNumber(std::string_view& raw);
  // Reads an integer: digits with an optional minus, no fraction or exponent but zero ones (`5.0`,
  // `5e0` are not taken).  Out of range or another number: `fits` is false, and the walk goes on.
  bool ReadInt64(std::int64_t& value, bool& fits);
  bool ReadBool(bool& value);

  // Whether nothing but blanks is left, no container is open and there was no error.
  bool AtEnd();

  bool ok() const { return !failed_; }
  // Bytes walked over; after an error, where it is.
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
  // Offset of the value ahead: offset() after blanks.
  std::size_t ValueOffset();

 private:
  bool Fail() {
    failed_ = true;
    return false;
  }
  static JsonKind KindOf(char c) {
    switch (c) {
      case '{':
        return JsonKind::kObject;
      case '[':
        return JsonKind::kArray;
      case '"':
        return JsonKind::kString;
      case 't':
        return JsonKind::kTrue;
      case 'f':
        return JsonKind::kFalse;
      case 'n':
        return JsonKind::kNull;
      default:
        return c == '-' || (c >= '0' && c <= '9') ? JsonKind::kNumber : JsonKind::kBad;
    }
  }
  void SkipBlanks() {
    // Machines write none: one comparison says so.
    while (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ' &&
           (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
      ++at_;
    }
  }
  bool Push(bool object);
  bool ReadKey(std::string_view& raw_key);
  bool WalkString();
  bool WalkNumber();
  bool WalkLiteral(std::string_view literal);
  bool WalkScalar(JsonKind kind);
  bool in_object() const { return (objects_ >> (depth_ - 1)) & 1; }

  const char* begin_;
  const char* at_;
  const char* end_;
  std::uint64_t objects_ = 0;  // Bit d: the container at depth d + 1 is an object.
  std::uint64_t fresh_ = 0;    // Bit d: nothing of it was read yet.
  int depth_ = 0;
  bool failed_ = false;
};

// The text that `raw` (from a JsonCursor) stands for, as UTF-8, appended to `out`.  False when it
// has a surrogate without its other half.
bool UnescapeJson(std::string_view raw, std::string& out);

// Whether a raw key is `literal` as it is written, in the few instructions that its length allows.
template <std::size_t N>
bool KeyIs(std::string_view raw_key, const char (&literal)[N]) {
  return raw_key.size() == N - 1 && std::memcmp(raw_key.data(), literal, N - 1) == 0;
}

// Whether `raw` stands for `text`.
bool JsonEquals(std::string_view raw, std::string_view text);

// Whether `text` is valid UTF-8.
bool IsValidUtf8(std::string_view text);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_JSON_CURSOR_H_
