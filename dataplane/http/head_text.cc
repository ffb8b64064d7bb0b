#include "dataplane/http/head_text.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tollgate::dataplane {
namespace {

constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c :
       {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr std::array<bool, 256> kTokenTable = MakeTokenTable();

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// The first byte of [at, end) that cannot stand in a field value: a control but the tab.
const char* FindControl(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i tab = _mm_set1_epi8('\t');
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i control =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
    const int mask = _mm_movemask_epi8(control);
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
    at += 16;
  }
#endif
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) break;
  }
  return at;
}

std::uint64_t EightBytes(const char* at) {
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof(bytes));
  return bytes;
}

constexpr std::uint64_t kEachByte = 0x0101010101010101;
constexpr std::uint64_t kCaseBits = 0x20 * kEachByte;
constexpr std::uint64_t kHighBits = 0x80 * kEachByte;

// The high bit of each of the eight bytes that is a lower-case letter.
std::uint64_t LowerLetters(std::uint64_t bytes) {
  const std::uint64_t low = bytes & ~kHighBits;
  const std::uint64_t from_a = low + (0x80 - 'a') * kEachByte;
  const std::uint64_t beyond_z = low + (0x80 - ('z' + 1)) * kEachByte;
  return from_a & ~beyond_z & ~bytes & kHighBits;
}

bool EqualsBytewise(const char* text, const char* lower, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (LowerAscii(text[i]) != lower[i]) return false;
  }
  return true;
}

}  // namespace

HeadProgress HeadEnd::Find(std::string_view bytes) {
  while (scanned_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) {
      scanned_ = bytes.size();
      break;
    }
    const std::size_t lf = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (lf == line_start_ || bytes[lf - 1] != '\r') return HeadProgress::kMalformed;
    scanned_ = lf + 1;
    if (scanned_ > kHeadBytesMax) return HeadProgress::kTooLarge;
    if (lf == line_start_ + 1) {  // An empty line.
      // One empty line before a request is ignored (RFC 9112 section 2.2); RequestHead skips it.
      if (line_start_ != 0) {
        head_bytes_ = scanned_;
        return HeadProgress::kComplete;
      }
    } else {
      ++lines_;
    }
    line_start_ = scanned_;
    if (lines_ > kHeadFieldsMax + 1) return HeadProgress::kTooManyFields;
  }
  return scanned_ > kHeadBytesMax ? HeadProgress::kTooLarge : HeadProgress::kIncomplete;
}

bool HeadFields::Parse(std::string_view block) {
  size_ = 0;
  const char* at = block.data();
  const char* const end = at + block.size();
  while (at != end) {
    if (size_ == kHeadFieldsMax) return false;
    const char* name = at;
    while (at != end && kTokenTable[static_cast<unsigned char>(*at)]) ++at;
    if (at == end || *at != ':' || at == name) return false;
    const std::string_view name_view(name, static_cast<std::size_t>(at - name));
    ++at;
    const char* const cr = FindControl(at, end);
    if (end - cr < 2 || cr[0] != '\r' || cr[1] != '\n') return false;
    fields_[size_++] = {name_view, TrimBlanks({at, static_cast<std::size_t>(cr - at)})};
    at = cr + 2;
  }
  return true;
}

std::string_view HeadFields::Find(std::string_view lower_name) const {
  for (const HeadField& field : *this) {
    if (EqualsIgnoringCase(field.name, lower_name)) return field.value;
  }
  return {};
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  constexpr std::size_t kStep = sizeof(std::uint64_t);
  const std::size_t size = text.size();
  if (size != lower.size()) return false;
  if (size < kStep) return EqualsBytewise(text.data(), lower.data(), size);
  for (std::size_t i = 0; i < size; i += kStep) {
    if (size - i < kStep) i = size - kStep;  // The last step overlaps the one before.
    const std::uint64_t wanted = EightBytes(lower.data() + i);
    const std::uint64_t difference = EightBytes(text.data() + i) ^ wanted;
    // Nothing differs but the bit of the case, and that in letters only.
    if ((difference & ~kCaseBits) != 0 || (difference << 2 & ~LowerLetters(wanted)) != 0) {
      return false;
    }
  }
  return true;
}

bool IsTokenChar(char c) { return kTokenTable[static_cast<unsigned char>(c)]; }

bool IsFieldValue(std::string_view text) {
  const char* const end = text.data() + text.size();
  return FindControl(text.data(), end) == end;
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool ParseContentLength(std::string_view text, std::uint64_t& length) {
  // 18 digits always fit; a longer number could not be a body that anybody sends.
  if (text.empty() || text.size() > 18) return false;
  length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

bool ListHasToken(std::string_view list, std::string_view lower_token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (EqualsIgnoringCase(TrimBlanks(list.substr(0, comma)), lower_token)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace tollgate::dataplane
