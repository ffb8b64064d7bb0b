// Customer API keys: their format, and the peppers with which they are digested.
//
//   tg_live_ + 32 random base62 characters (190 bits) + CRC-32 of all that, 6 base62 characters
//
// The checksum lets a mistyped key be refused cheaply and lets secret scanners recognize a key.
// A key is stored nowhere: only HMAC-SHA-256(pepper, key) and the pepper's id are.  The whole key
// is digested, prefix and checksum included.
#ifndef TOLLGATE_BASE_API_KEY_H_
#define TOLLGATE_BASE_API_KEY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/secret.h"

namespace tollgate {

inline constexpr std::string_view kApiKeyPrefix = "tg_live_";
inline constexpr std::size_t kApiKeyRandomChars = 32;
inline constexpr std::size_t kApiKeyChecksumChars = 6;
inline constexpr std::size_t kApiKeyChars = 8 + kApiKeyRandomChars + kApiKeyChecksumChars;

// A new key.  `random` must be SystemRandom() outside tests.
Secret GenerateApiKey(Random& random);

// Whether `text` has the length, prefix, alphabet and checksum of a key.  Says nothing about
// whether it exists.
bool LooksLikeApiKey(std::string_view text);

inline constexpr std::size_t kPepperBytesMin = 32;
inline constexpr std::size_t kPeppersMax = 8;  // Two during a rotation; the rest is slack.

// The server-side secrets under which keys are digested.  Each has an id from 1 up; the highest is
// current and digests new keys, the others still verify keys made before the rotation.
// Immutable after construction; safe to share between threads.
class Peppers {
 public:
  // Reads lines `id:hex`; blank lines and lines beginning with # are skipped.  The errors of
  // ReadKeyFile() (base/key_file.h), and InvalidArgument, with the line, for a malformed line, id
  // 0, a repeated id, fewer than 32 bytes, more than kPeppersMax, or none at all.
  static absl::StatusOr<Peppers> Load(const std::string& path);

  // The same from text; `name` begins the messages.  Messages never quote the text.
  static absl::StatusOr<Peppers> Parse(std::string_view text, std::string_view name);

  std::uint32_t current_id() const { return keys_.rbegin()->first; }

  // All ids, current first.
  std::vector<std::uint32_t> ids() const;

  // HMAC-SHA-256 of `key` under a pepper; nullopt when there is no such pepper.  No allocation.
  std::optional<Sha256Digest> Digest(std::uint32_t pepper_id, std::string_view key) const;

  // Calls visit(digest of `key`) under each pepper, the current one first.  No allocation.
  template <typename Visit>
  void ForEachDigest(std::string_view key, Visit visit) const {
    for (auto it = keys_.rbegin(); it != keys_.rend(); ++it) visit(it->second.Digest(key));
  }

 private:
  Peppers() = default;

  std::map<std::uint32_t, HmacKey> keys_;
};

// Writes a new pepper file with one random pepper, id 1, mode 0600.  AlreadyExists when taken.
absl::Status GeneratePepperFile(const std::string& path);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_API_KEY_H_
