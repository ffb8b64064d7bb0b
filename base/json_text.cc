#include "base/json_text.h"

#include <cstddef>
#include <cstdint>

#include "base/utf8.h"

namespace tollgate {
namespace {

void AppendControl(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kDigits[static_cast<std::uint8_t>(c) >> 4];
      out += kDigits[static_cast<std::uint8_t>(c) & 15];
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = Utf8SequenceLength(text);
    if (length == 0) {
      out += kUtf8Replacement;
    } else if (length > 1) {
      const std::string_view sequence = text.substr(0, length);
      // Line ends to some readers of lines, though not to JSON.
      if (sequence == "\xE2\x80\xA8") {
        out += "\\u2028";
      } else if (sequence == "\xE2\x80\xA9") {
        out += "\\u2029";
      } else {
        out += sequence;
      }
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F) {
      AppendControl(out, c);
    } else {
      out += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

}  // namespace tollgate
