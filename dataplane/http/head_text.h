// What request and response heads have in common: finding their end, and reading their fields.
//
// HTTP/1.1 (RFC 9112) in its strict form only.  Lines end in CRLF; a bare LF, a bare CR, a NUL or
// another control, a folded line, blanks before the colon and an empty field name are errors, never
// repaired: two parsers that repair differently are how requests are smuggled.
#ifndef TOLLGATE_DATAPLANE_HTTP_HEAD_TEXT_H_
#define TOLLGATE_DATAPLANE_HTTP_HEAD_TEXT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/limits.h"

namespace tollgate::dataplane {

// How far a head is.
enum class HeadProgress {
  kIncomplete,     // More bytes are needed.
  kComplete,       // The head ends at HeadEnd::head_bytes().
  kTooLarge,       // More than kHeadBytesMax bytes.
  kTooManyFields,  // More than kHeadFieldsMax fields.
  kMalformed,      // A line that does not end in CRLF.
};

// Finds the end of a head in bytes that arrive in any pieces, each byte looked at once.
class HeadEnd {
 public:
  // Looks at `bytes`, which begins with the bytes of the former call.
  HeadProgress Find(std::string_view bytes);

  // Size of the head with the empty line that ends it.  REQUIRED: kComplete.
  std::size_t head_bytes() const { return head_bytes_; }

  void Reset() { *this = HeadEnd(); }

 private:
  std::size_t scanned_ = 0;     // Bytes looked at.
  std::size_t line_start_ = 0;  // Where the current line begins.
  std::size_t lines_ = 0;       // Complete lines so far.
  std::size_t head_bytes_ = 0;
};

// One field; views into the head.  The value is without the blanks around it.
struct HeadField {
  std::string_view name;
  std::string_view value;
};

// The fields of a head in order.  Storage is inline and not cleared.
class HeadFields {
 public:
  // Reads the lines of `block`, each ending in CRLF, without the empty line.  False when one is
  // malformed or there are too many.
  bool Parse(std::string_view block);

  std::size_t size() const { return size_; }
  const HeadField* begin() const { return fields_.data(); }
  const HeadField* end() const { return fields_.data() + size_; }

  // The value of the first field of that (lower-case) name; a null view when there is none.
  std::string_view Find(std::string_view lower_name) const;

 private:
  std::size_t size_ = 0;
  std::array<HeadField, kHeadFieldsMax> fields_;
};

// Whether `text` equals `lower` without regard to the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view text, std::string_view lower);

// Whether `c` may stand in a token (RFC 9110 section 5.6.2).
bool IsTokenChar(char c);
// Whether `text` may be a field value: no control but the tab.
bool IsFieldValue(std::string_view text);

// Without blanks and tabs at both ends.
std::string_view TrimBlanks(std::string_view text);

// Reads a Content-Length: 1 to 18 digits and nothing else.  False otherwise.
bool ParseContentLength(std::string_view text, std::uint64_t& length);

// Whether a list such as Connection's has the (lower-case) member.
bool ListHasToken(std::string_view list, std::string_view lower_token);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_HEAD_TEXT_H_
