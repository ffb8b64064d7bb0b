#include "base/grpc_tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/key_file.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio ReadOnlyBio(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

// OpenSSL would otherwise ask the terminal for the passphrase of an encrypted key.
int NoPassphrase(char*, int, int, void*) { return -1; }

Certificate ParseCertificate(std::string_view pem) {
  return Certificate(PEM_read_bio_X509(ReadOnlyBio(pem).get(), nullptr, NoPassphrase, nullptr),
                     &X509_free);
}

absl::StatusOr<std::string> ReadCertificates(const std::string& path) {
  TG_ASSIGN_OR_RETURN(std::string pem, RealFileSystem().ReadFile(path));
  if (ParseCertificate(pem) == nullptr) {
    ERR_clear_error();
    return absl::InvalidArgumentError(absl::StrCat(path, " holds no certificate in PEM form"));
  }
  return pem;
}

absl::Status CheckPair(const TlsPem& pem, const TlsFiles& files) {
  const Certificate certificate = ParseCertificate(pem.certificate);
  const PrivateKey key(PEM_read_bio_PrivateKey(ReadOnlyBio(pem.private_key.Reveal()).get(), nullptr,
                                               NoPassphrase, nullptr),
                       &EVP_PKEY_free);
  const bool matches = key != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.private_key_path, " holds no unencrypted private key in PEM form"));
  }
  if (!matches) {
    return absl::InvalidArgumentError(absl::StrCat("the private key ", files.private_key_path,
                                                   " is not that of ", files.certificate_path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsPem> ReadTlsPem(const TlsFiles& files) {
  if (files.certificate_path.empty() != files.private_key_path.empty()) {
    return absl::InvalidArgumentError(
        "a TLS certificate and its private key must be given together");
  }
  TlsPem pem;
  if (!files.ca_path.empty()) {
    TG_ASSIGN_OR_RETURN(pem.ca, ReadCertificates(files.ca_path));
  }
  if (!files.certificate_path.empty()) {
    TG_ASSIGN_OR_RETURN(pem.certificate, ReadCertificates(files.certificate_path));
    TG_ASSIGN_OR_RETURN(pem.private_key, ReadKeyFile(files.private_key_path));
    TG_RETURN_IF_ERROR(CheckPair(pem, files));
  }
  return pem;
}

}  // namespace tollgate
