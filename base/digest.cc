// The low-level SHA256_* calls are deprecated in OpenSSL 3 but remain the only ones whose state can
// be copied without an allocation (HmacKey) and that begin without looking an algorithm up.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstring>

#include "absl/status/status.h"
#include "base/check.h"

namespace tollgate {
namespace {

constexpr std::size_t kBlockBytes = 64;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

// The state after hashing one block of the key XOR `pad` (RFC 2104 section 2).
SHA256_CTX PaddedState(const std::array<unsigned char, kBlockBytes>& key, unsigned char pad) {
  std::array<unsigned char, kBlockBytes> block = key;
  for (unsigned char& byte : block) byte ^= pad;
  SHA256_CTX state;
  CHECK_EQ(SHA256_Init(&state), 1);
  CHECK_EQ(SHA256_Update(&state, block.data(), block.size()), 1);
  OPENSSL_cleanse(block.data(), block.size());
  return state;
}

}  // namespace

Sha256Digest Sha256(std::string_view data) {
  // SHA256() looks the algorithm up by its name each time, which costs more than a short message.
  SHA256_CTX state;
  Sha256Digest digest;
  SHA256_Init(&state);
  SHA256_Update(&state, data.data(), data.size());
  SHA256_Final(digest.data(), &state);
  return digest;
}

Sha256Digest HmacSha256(std::string_view key, std::string_view data) {
  return HmacKey(key).Digest(data);
}

HmacKey::HmacKey(std::string_view key) {
  static_assert(sizeof(SHA256_CTX) == kStateBytes);
  std::array<unsigned char, kBlockBytes> block{};
  if (key.size() > kBlockBytes) {
    const Sha256Digest digest = Sha256(key);
    std::memcpy(block.data(), digest.data(), digest.size());
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  const SHA256_CTX inner = PaddedState(block, 0x36);
  const SHA256_CTX outer = PaddedState(block, 0x5c);
  std::memcpy(inner_.data(), &inner, kStateBytes);
  std::memcpy(outer_.data(), &outer, kStateBytes);
  OPENSSL_cleanse(block.data(), block.size());
}

HmacKey::~HmacKey() {
  OPENSSL_cleanse(inner_.data(), inner_.size());
  OPENSSL_cleanse(outer_.data(), outer_.size());
}

Sha256Digest HmacKey::Digest(std::string_view data) const {
  SHA256_CTX state;
  Sha256Digest digest;
  std::memcpy(&state, inner_.data(), kStateBytes);
  SHA256_Update(&state, data.data(), data.size());
  SHA256_Final(digest.data(), &state);
  std::memcpy(&state, outer_.data(), kStateBytes);
  SHA256_Update(&state, digest.data(), digest.size());
  SHA256_Final(digest.data(), &state);
  return digest;
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool ConstantTimeEqual(const Sha256Digest& a, const Sha256Digest& b) {
  std::array<std::uint64_t, 4> x;
  std::array<std::uint64_t, 4> y;
  static_assert(sizeof(x) == sizeof(a));
  std::memcpy(x.data(), a.data(), sizeof(x));
  std::memcpy(y.data(), b.data(), sizeof(y));
  return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

std::string_view DigestView(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string HexEncode(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

absl::StatusOr<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) {
    return absl::InvalidArgumentError("an odd number of hexadecimal digits");
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return absl::InvalidArgumentError("not a hexadecimal digit");
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

std::string Base64Encode(std::string_view bytes) {
  // EVP_EncodeBlock also writes a final NUL.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

absl::StatusOr<std::string> Base64Decode(std::string_view text) {
  // OpenSSL's decoder takes blanks and lax padding, so this is done by hand.
  const absl::Status malformed = absl::InvalidArgumentError("malformed base64");
  if (text.size() % 4 != 0) return malformed;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  unsigned buffer = 0;
  int bits = 0;
  for (char c : text) {
    const int value = Base64Value(c);
    if (value < 0) return malformed;
    buffer = buffer << 6 | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(buffer >> bits & 255));
    }
  }
  // The bits that padding leaves over must be zero, so that each value has one encoding.
  if ((buffer & ((1u << bits) - 1)) != 0) return malformed;
  return bytes;
}

}  // namespace tollgate
