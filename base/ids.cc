#include "base/ids.h"

#include <array>
#include <cstdint>
#include <span>

namespace tollgate {
namespace {

// Crockford's base32: no I, L, O or U.
constexpr std::string_view kUpperBase32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kLowerBase32 = "0123456789abcdefghjkmnpqrstvwxyz";

// Writes 80 bits as kRandomChars characters.
constexpr std::size_t kRandomChars = 16;
void WriteBase32(char* out, const std::array<std::uint8_t, 10>& bytes, std::string_view alphabet) {
  unsigned buffer = 0;
  int bits = 0;
  for (std::uint8_t byte : bytes) {
    buffer = buffer << 8 | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      *out++ = alphabet[buffer >> bits & 31];
    }
  }
}

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string NewUlid(const Clock& clock, Random& random) {
  std::string ulid;
  AppendUlid(clock, random, ulid);
  return ulid;
}

void AppendUlid(const Clock& clock, Random& random, std::string& out) {
  std::array<char, kUlidChars> ulid;
  std::size_t at = 0;
  const auto milliseconds = static_cast<std::uint64_t>(absl::ToUnixMillis(clock.Wall()));
  for (int shift = 45; shift >= 0; shift -= 5) {
    // 48 bits in 10 characters: the first holds only three.
    const std::uint64_t masked = milliseconds & 0xFFFF'FFFF'FFFF;
    ulid[at++] = kUpperBase32[masked >> shift & 31];
  }
  std::array<std::uint8_t, 10> bytes;
  random.Fill(bytes);
  WriteBase32(ulid.data() + at, bytes, kUpperBase32);
  out.append(ulid.data(), ulid.size());
}

bool IsValidUlid(std::string_view text) {
  if (text.size() != kUlidChars || text[0] > '7') return false;
  return text.find_first_not_of(kUpperBase32) == std::string_view::npos;
}

std::string NewId(std::string_view prefix, Random& random) {
  std::string id(prefix);
  id.resize(prefix.size() + kRandomChars);
  std::array<std::uint8_t, 10> bytes;
  random.Fill(bytes);
  WriteBase32(id.data() + prefix.size(), bytes, kLowerBase32);
  return id;
}

bool IsValidResourceId(std::string_view text) {
  if (text.empty() || text.size() > kResourceIdCharsMax) return false;
  if (!IsLowerOrDigit(text.front()) || !IsLowerOrDigit(text.back())) return false;
  for (char c : text) {
    if (!IsLowerOrDigit(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

}  // namespace tollgate
