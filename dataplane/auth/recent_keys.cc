#include "dataplane/auth/recent_keys.h"

#include <openssl/crypto.h>

#include <cstdint>
#include <cstring>

#include "base/check.h"

namespace tollgate::dataplane {
namespace {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

std::uint64_t Word(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Whatever differs, all is looked at.
bool SameKey(const char* a, const char* b) {
  constexpr std::size_t kLast = kApiKeyChars - kWordBytes;
  std::uint64_t difference = Word(a + kLast) ^ Word(b + kLast);
  for (std::size_t i = 0; i < kLast; i += kWordBytes) difference |= Word(a + i) ^ Word(b + i);
  return difference == 0;
}

}  // namespace

RecentKeys::~RecentKeys() { OPENSSL_cleanse(entries_.data(), sizeof(entries_)); }

// By its last characters, which are random or a checksum of the others.
std::size_t RecentKeys::SlotOf(std::string_view key) {
  static_assert(kEntries == 256);
  const std::uint64_t word = Word(key.data() + kApiKeyChars - kWordBytes);
  return word * 0x9e3779b97f4a7c15u >> 56;
}

const Sha256Digest* RecentKeys::Find(std::string_view key) const {
  if (key.size() != kApiKeyChars) return nullptr;
  const Entry& entry = entries_[SlotOf(key)];
  return SameKey(entry.key.data(), key.data()) ? &entry.digest : nullptr;
}

void RecentKeys::Remember(std::string_view key, const Sha256Digest& digest) {
  CHECK_EQ(key.size(), kApiKeyChars);
  Entry& entry = entries_[SlotOf(key)];
  std::memcpy(entry.key.data(), key.data(), kApiKeyChars);
  entry.digest = digest;
}

}  // namespace tollgate::dataplane
