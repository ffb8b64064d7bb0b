#include "base/json_text.h"

#include <cstdint>

#include "base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

std::size_t PlainJsonLength(std::string_view text) {
  std::size_t length = 0;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i blank = _mm_set1_epi8(0x20);
  for (; text.size() - length >= 16; length += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + length));
    // As signed bytes, controls and all but ASCII are below the blank.
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, blank), _mm_cmpeq_epi8(bytes, del)),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const int mask = _mm_movemask_epi8(special);
    if (mask != 0) {
      return length + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
    }
  }
#endif
  while (length < text.size()) {
    const auto byte = static_cast<std::uint8_t>(text[length]);
    if (byte < 0x20 || byte >= 0x7F || byte == '"' || byte == '\\') break;
    ++length;
  }
  return length;
}

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (;;) {
    const std::size_t plain = PlainJsonLength(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
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
    } else {
      AppendControl(out, c);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

}  // namespace tollgate
