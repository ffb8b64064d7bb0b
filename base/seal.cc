#include "base/seal.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/key_file.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(std::string_view view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}
unsigned char* Bytes(char* data) { return reinterpret_cast<unsigned char*>(data); }

CipherContext NewContext() {
  CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  CHECK(context != nullptr) << "out of memory";
  return context;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

absl::StatusOr<Sealer> Sealer::Load(const std::string& path, Random& random) {
  TG_ASSIGN_OR_RETURN(Secret contents, ReadKeyFile(path));
  absl::StatusOr<std::string> bytes = HexDecode(Trimmed(contents.Reveal()));
  if (!bytes.ok() || bytes->size() != kSealKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat("key file ", path, " must hold exactly ",
                                                   2 * kSealKeyBytes, " hexadecimal digits"));
  }
  return Create(Secret::Take(*std::move(bytes)), random);
}

absl::StatusOr<Sealer> Sealer::Create(Secret key, Random& random) {
  if (key.size() != kSealKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sealing key has ", kSealKeyBytes, " bytes, not ", key.size()));
  }
  return Sealer(std::move(key), random);
}

std::string Sealer::Seal(std::string_view plaintext, std::string_view associated_data) const {
  std::string sealed(plaintext.size() + kSealOverheadBytes, '\0');
  sealed[0] = kVersion;
  unsigned char* const nonce = Bytes(sealed.data() + 1);
  random_->Fill({nonce, kNonceBytes});
  unsigned char* out = nonce + kNonceBytes;
  // Encryption cannot fail for reasons of the input: a failure is a broken library or no memory.
  const CipherContext context = NewContext();
  int length = 0;
  CHECK_EQ(
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_.Reveal()), nonce),
      1);
  CHECK_EQ(EVP_EncryptUpdate(context.get(), nullptr, &length, Bytes(associated_data),
                             static_cast<int>(associated_data.size())),
           1);
  CHECK_EQ(EVP_EncryptUpdate(context.get(), out, &length, Bytes(plaintext),
                             static_cast<int>(plaintext.size())),
           1);
  out += length;
  CHECK_EQ(EVP_EncryptFinal_ex(context.get(), out, &length), 1);
  CHECK_EQ(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out + length), 1);
  return sealed;
}

absl::StatusOr<Secret> Sealer::Open(std::string_view sealed,
                                    std::string_view associated_data) const {
  if (sealed.size() < kSealOverheadBytes) {
    return absl::InvalidArgumentError("a sealed value is too short");
  }
  if (sealed[0] != kVersion) {
    return absl::InvalidArgumentError("a sealed value is of an unknown version");
  }
  const std::string_view nonce = sealed.substr(1, kNonceBytes);
  const std::string_view ciphertext =
      sealed.substr(1 + kNonceBytes, sealed.size() - kSealOverheadBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plaintext(ciphertext.size(), '\0');
  const CipherContext context = NewContext();
  int length = 0;
  const bool opened =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_.Reveal()),
                         Bytes(nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &length, Bytes(associated_data),
                        static_cast<int>(associated_data.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), Bytes(plaintext.data()), &length, Bytes(ciphertext),
                        static_cast<int>(ciphertext.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), Bytes(plaintext.data()) + length, &length) == 1;
  // Taken in any case: unauthenticated plaintext is wiped too.
  Secret secret = Secret::Take(std::move(plaintext));
  if (!opened) {
    return absl::DataLossError(
        "a sealed value does not open: it was sealed with another key or for another use, or it "
        "was altered");
  }
  return secret;
}

absl::Status GenerateSealKeyFile(const std::string& path) {
  std::array<std::uint8_t, kSealKeyBytes> bytes;
  SystemRandom().Fill(bytes);
  const Secret line = Secret::Take(
      absl::StrCat(HexEncode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), "\n"));
  return WriteNewKeyFile(path, line.Reveal());
}

}  // namespace tollgate
