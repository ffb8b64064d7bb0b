// Writing JSON by appending to a string: for log lines and small files, where a tree is too much.
#ifndef TOLLGATE_BASE_JSON_TEXT_H_
#define TOLLGATE_BASE_JSON_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace tollgate {

// Appends `text` with quotes, escaped as RFC 8259 demands.  The result is always valid JSON on one
// line: control characters, U+2028 and U+2029 are escaped, each byte that is not valid UTF-8
// becomes U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

// How many bytes at the start of `text` stand for themselves in a JSON string: printable ASCII but
// quote and backslash.
std::size_t PlainJsonLength(std::string_view text);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_JSON_TEXT_H_
