// Hashes, keyed hashes and text encodings of bytes, on OpenSSL.  All thread-safe.
#ifndef TOLLGATE_BASE_DIGEST_H_
#define TOLLGATE_BASE_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tollgate {

using Sha256Digest = std::array<std::uint8_t, 32>;

// SHA-256 (FIPS 180-4).
Sha256Digest Sha256(std::string_view data);

// HMAC-SHA-256 (RFC 2104).  For many messages under one key use HmacKey.
Sha256Digest HmacSha256(std::string_view key, std::string_view data);

// An HMAC-SHA-256 key with its inner and outer states computed once: a message of up to 55 bytes
// costs two SHA-256 compressions and no allocation.  Wiped on destruction.
class HmacKey {
 public:
  explicit HmacKey(std::string_view key);
  ~HmacKey();
  HmacKey(const HmacKey&) = default;
  HmacKey& operator=(const HmacKey&) = default;

  // Equal to HmacSha256(key, data).
  Sha256Digest Digest(std::string_view data) const;

 private:
  // Opaque copies of OpenSSL's SHA256_CTX, so that its headers stay out of this one.
  static constexpr std::size_t kStateBytes = 112;
  alignas(8) std::array<unsigned char, kStateBytes> inner_;
  alignas(8) std::array<unsigned char, kStateBytes> outer_;
};

// Compares in time that depends on the lengths only.  False when the lengths differ.
bool ConstantTimeEqual(std::string_view a, std::string_view b);
bool ConstantTimeEqual(const Sha256Digest& a, const Sha256Digest& b);

// The bytes of a digest as a view, e.g. to encode or to use as a key; valid as long as `digest`.
std::string_view DigestView(const Sha256Digest& digest);

// Lower-case hexadecimal.
std::string HexEncode(std::string_view bytes);
// Either case; InvalidArgument for odd length or another character.
absl::StatusOr<std::string> HexDecode(std::string_view text);

// RFC 4648 section 4, padded, one line.
std::string Base64Encode(std::string_view bytes);
// Strict: correct padding, no blanks or line ends; InvalidArgument otherwise.
absl::StatusOr<std::string> Base64Decode(std::string_view text);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_DIGEST_H_
