// Encryption at rest of provider credentials: AES-256-GCM with a key from a file.
//
// A sealed value is: version byte 1 | nonce, 12 bytes | ciphertext | tag, 16 bytes.  The nonce is
// random per call; with one key, seal at most 2^32 values (NIST SP 800-38D section 8.3).
#ifndef TOLLGATE_BASE_SEAL_H_
#define TOLLGATE_BASE_SEAL_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random.h"
#include "base/secret.h"

namespace tollgate {

inline constexpr std::size_t kSealKeyBytes = 32;
inline constexpr std::size_t kSealOverheadBytes = 1 + 12 + 16;

// Thread-safe when its Random is.
class Sealer {
 public:
  // Reads 64 hexadecimal digits and optional blanks around them.  The errors of ReadKeyFile()
  // (base/key_file.h), or InvalidArgument when it is not such a key.  `random` must outlive this.
  static absl::StatusOr<Sealer> Load(const std::string& path, Random& random = SystemRandom());

  // `key` is the 32 bytes themselves.  InvalidArgument for another length.
  static absl::StatusOr<Sealer> Create(Secret key, Random& random = SystemRandom());

  // Encrypts `plaintext` and binds it to `associated_data`, which is not stored: pass what names
  // the value (e.g. the credential's id), so that a sealed value moved elsewhere does not open.
  std::string Seal(std::string_view plaintext, std::string_view associated_data) const;

  // InvalidArgument when `sealed` is too short or of another version; DataLoss when it was made
  // with another key or other associated data, or was altered (which of these cannot be told).
  absl::StatusOr<Secret> Open(std::string_view sealed, std::string_view associated_data) const;

 private:
  Sealer(Secret key, Random& random) : key_(std::move(key)), random_(&random) {}

  Secret key_;
  Random* random_;
};

// Writes a new key file with a random key, mode 0600.  AlreadyExists when the path is taken.
absl::Status GenerateSealKeyFile(const std::string& path);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_SEAL_H_
