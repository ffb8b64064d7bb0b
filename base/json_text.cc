#include "base/json_text.h"

#include <cstdint>
#include <cstring>

#include "base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tollgate {
namespace {

bool IsPlain(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

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

#if defined(__SSE2__)

namespace {

// A bit for each of the sixteen bytes that does not stand for itself.
unsigned SpecialBytes(__m128i bytes) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i blank = _mm_set1_epi8(0x20);
  // As signed bytes, controls and all but ASCII are below the blank.
  const __m128i special =
      _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, blank), _mm_cmpeq_epi8(bytes, del)),
                   _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
  return static_cast<unsigned>(_mm_movemask_epi8(special));
}

unsigned SpecialBytes16(const char* at) {
  return SpecialBytes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}

}  // namespace

// The last piece overlaps what was looked at before, so that no byte is looked at by itself.
std::size_t PlainJsonLength(std::string_view text) {
  const char* const data = text.data();
  const std::size_t size = text.size();
  const auto first = [](unsigned mask) { return static_cast<std::size_t>(__builtin_ctz(mask)); };
  if (size >= 16) {
    for (std::size_t at = 0;; at += 16) {
      if (size - at < 16) at = size - 16;
      if (const unsigned mask = SpecialBytes16(data + at); mask != 0) return at + first(mask);
      if (size - at == 16) return size;
    }
  }
  if (size >= 8) {
    std::int64_t head;
    std::int64_t tail;
    std::memcpy(&head, data, 8);
    std::memcpy(&tail, data + size - 8, 8);
    const unsigned mask = SpecialBytes(_mm_set_epi64x(tail, head));
    if (mask == 0) return size;
    return first(mask) < 8 ? first(mask) : size - 16 + first(mask);
  }
  std::size_t length = 0;
  while (length < size && IsPlain(data[length])) ++length;
  return length;
}

#else

std::size_t PlainJsonLength(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && IsPlain(text[length])) ++length;
  return length;
}

#endif

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
