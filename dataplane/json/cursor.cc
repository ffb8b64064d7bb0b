#include "dataplane/json/cursor.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tollgate::dataplane {
namespace {

#if defined(__SSE2__)
// A bit for each of the sixteen bytes at `at` that a string cannot hold as it is.
unsigned StringSpecials(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
}
#endif

// The first byte of [at, end) that a string cannot hold as it is: a quote, a backslash or a
// control.
const char* FindStringSpecial(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const unsigned mask = StringSpecials(at);
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 16;
  }
#endif
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Four hex digits at `at`, already checked by the cursor.
std::uint32_t HexUnit(const char* at) {
  std::uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) unit = unit << 4 | static_cast<std::uint32_t>(HexValue(at[i]));
  return unit;
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | code >> 12));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | code >> 18));
    out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

}  // namespace

std::size_t JsonCursor::ValueOffset() {
  SkipBlanks();
  return offset();
}

bool JsonCursor::Push(bool object) {
  if (depth_ == kDepthMax) return Fail();
  const std::uint64_t bit = std::uint64_t{1} << depth_;
  objects_ = object ? objects_ | bit : objects_ & ~bit;
  fresh_ |= bit;
  ++depth_;
  ++at_;
  return true;
}

bool JsonCursor::EnterObject() {
  if (Peek() != JsonKind::kObject) return Fail();
  return Push(true);
}

bool JsonCursor::EnterArray() {
  if (Peek() != JsonKind::kArray) return Fail();
  return Push(false);
}

inline bool JsonCursor::ReadKey(std::string_view& raw_key) {
  SkipBlanks();
  if (at_ == end_ || *at_ != '"') return Fail();
  const char* start = at_ + 1;
#if defined(__SSE2__)
  // As machines write it: short, without escapes, and the colon directly behind.
  if (end_ - start > 16) {
    const unsigned mask = StringSpecials(start);
    const int length = mask == 0 ? 0 : __builtin_ctz(mask);
    if (mask != 0 && start[length] == '"' && start[length + 1] == ':') {
      raw_key = {start, static_cast<std::size_t>(length)};
      at_ = start + length + 2;
      return true;
    }
  }
#endif
  if (!WalkString()) return false;
  raw_key = {start, static_cast<std::size_t>(at_ - 1 - start)};
  SkipBlanks();
  if (at_ == end_ || *at_ != ':') return Fail();
  ++at_;
  return true;
}

bool JsonCursor::NextMember(std::string_view& raw_key) {
  if (failed_ || depth_ == 0 || !in_object()) return Fail();
  const std::uint64_t bit = std::uint64_t{1} << (depth_ - 1);
  SkipBlanks();
  if (at_ == end_) return Fail();
  if (*at_ == '}') {
    ++at_;
    --depth_;
    return false;
  }
  if (fresh_ & bit) {
    fresh_ &= ~bit;
  } else {
    if (*at_ != ',') return Fail();
    ++at_;
  }
  return ReadKey(raw_key);
}

bool JsonCursor::NextElement() {
  if (failed_ || depth_ == 0 || in_object()) return Fail();
  const std::uint64_t bit = std::uint64_t{1} << (depth_ - 1);
  SkipBlanks();
  if (at_ == end_) return Fail();
  if (*at_ == ']') {
    ++at_;
    --depth_;
    return false;
  }
  if (fresh_ & bit) {
    fresh_ &= ~bit;
    return true;
  }
  if (*at_ != ',') return Fail();
  ++at_;
  return true;
}

bool JsonCursor::WalkString() {
  ++at_;
  for (;;) {
    at_ = FindStringSpecial(at_, end_);
    if (at_ == end_) return Fail();
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ != '\\' || end_ - at_ < 2) return Fail();
    switch (at_[1]) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        at_ += 2;
        break;
      case 'u':
        if (end_ - at_ < 6) return Fail();
        for (int i = 2; i < 6; ++i) {
          if (HexValue(at_[i]) < 0) return Fail();
        }
        at_ += 6;
        break;
      default:
        return Fail();
    }
  }
}

bool JsonCursor::WalkNumber() {
  if (at_ != end_ && *at_ == '-') ++at_;
  if (at_ == end_ || !IsDigit(*at_)) return Fail();
  if (*at_ == '0') {
    ++at_;
  } else {
    while (at_ != end_ && IsDigit(*at_)) ++at_;
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (at_ == end_ || !IsDigit(*at_)) return Fail();
    while (at_ != end_ && IsDigit(*at_)) ++at_;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (at_ == end_ || !IsDigit(*at_)) return Fail();
    while (at_ != end_ && IsDigit(*at_)) ++at_;
  }
  return true;
}

bool JsonCursor::WalkLiteral(std::string_view literal) {
  const std::string_view ahead(at_, static_cast<std::size_t>(end_ - at_));
  if (!ahead.starts_with(literal)) return Fail();
  at_ += literal.size();
  return true;
}

bool JsonCursor::WalkScalar(JsonKind kind) {
  switch (kind) {
    case JsonKind::kString:
      return WalkString();
    case JsonKind::kNumber:
      return WalkNumber();
    case JsonKind::kTrue:
      return WalkLiteral("true");
    case JsonKind::kFalse:
      return WalkLiteral("false");
    case JsonKind::kNull:
      return WalkLiteral("null");
    default:
      return Fail();
  }
}

bool JsonCursor::Skip() {
  const int base = depth_;
  for (;;) {
    const JsonKind kind = Peek();
    if (kind == JsonKind::kObject || kind == JsonKind::kArray) {
      if (!Push(kind == JsonKind::kObject)) return false;
    } else if (!WalkScalar(kind)) {
      return false;
    }
    // Leaves the containers that end here, until a further value is ahead.
    for (;;) {
      if (depth_ == base) return true;
      std::string_view key;
      if (in_object() ? NextMember(key) : NextElement()) break;
      if (failed_) return false;
    }
  }
}

bool JsonCursor::ReadString(std::string_view& raw) {
  if (Peek() != JsonKind::kString) return Fail();
  const char* start = at_ + 1;
  if (!WalkString()) return false;
  raw = {start, static_cast<std::size_t>(at_ - 1 - start)};
  return true;
}

bool JsonCursor::ReadNumber(std::string_view& raw) {
  if (Peek() != JsonKind::kNumber) return Fail();
  const char* start = at_;
  if (!WalkNumber()) return false;
  raw = {start, static_cast<std::size_t>(at_ - start)};
  return true;
}

bool JsonCursor::ReadInt64(std::int64_t& value, bool& fits) {
  std::string_view raw;
  if (!ReadNumber(raw)) return false;
  const auto [rest, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  fits = error == std::errc() && rest == raw.data() + raw.size();
  return true;
}

bool JsonCursor::ReadBool(bool& value) {
  const JsonKind kind = Peek();
  if (kind != JsonKind::kTrue && kind != JsonKind::kFalse) return Fail();
  value = kind == JsonKind::kTrue;
  return WalkScalar(kind);
}

bool JsonCursor::AtEnd() {
  if (failed_ || depth_ != 0) return false;
  SkipBlanks();
  return at_ == end_;
}

bool UnescapeJson(std::string_view raw, std::string& out) {
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      const std::size_t run_end = std::min(raw.find('\\', i), raw.size());
      out.append(raw.data() + i, run_end - i);
      i = run_end;
      continue;
    }
    const char escape = raw[i + 1];
    i += 2;
    switch (escape) {
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'u': {
        std::uint32_t code = HexUnit(raw.data() + i);
        i += 4;
        if (code >= 0xdc00 && code <= 0xdfff) return false;
        if (code >= 0xd800 && code <= 0xdbff) {
          if (raw.substr(i, 2) != "\\u") return false;
          const std::uint32_t low = HexUnit(raw.data() + i + 2);
          if (low < 0xdc00 || low > 0xdfff) return false;
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          i += 6;
        }
        AppendUtf8(code, out);
        break;
      }
      default:
        out.push_back(escape);
        break;  // '"', '\\' and '/'.
    }
  }
  return true;
}

bool JsonEquals(std::string_view raw, std::string_view text) {
  if (raw == text) return true;
  if (raw.size() <= text.size() || raw.find('\\') == std::string_view::npos) return false;
  std::string unescaped;
  return UnescapeJson(raw, unescaped) && unescaped == text;
}

bool IsValidUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace tollgate::dataplane
