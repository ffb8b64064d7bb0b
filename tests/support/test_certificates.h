// Certificates made on the spot, for tests of TLS.
#ifndef TOLLGATE_TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define TOLLGATE_TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>

#include "base/check.h"

namespace tollgate {

// A certificate authority of its own.  Certificates are for 127.0.0.1 and localhost, EC P-256,
// valid for a day.
class TestCertificateAuthority {
 public:
  struct Identity {
    std::string certificate_pem;
    std::string private_key_pem;
  };

  TestCertificateAuthority() : key_(NewKey()), certificate_(NewCertificate("test CA", key_)) {
    AddExtension(certificate_, NID_basic_constraints, "critical,CA:TRUE");
    CHECK_GT(X509_sign(certificate_, key_, EVP_sha256()), 0);
  }
  ~TestCertificateAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  TestCertificateAuthority(const TestCertificateAuthority&) = delete;
  TestCertificateAuthority& operator=(const TestCertificateAuthority&) = delete;

  std::string certificate_pem() const { return Pem(certificate_); }

  // A certificate signed by this authority, with its key.
  Identity Issue(const std::string& common_name) const {
    EVP_PKEY* key = NewKey();
    X509* certificate = NewCertificate(common_name, key);
    CHECK_EQ(X509_set_issuer_name(certificate, X509_get_subject_name(certificate_)), 1);
    AddExtension(certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    CHECK_GT(X509_sign(certificate, key_, EVP_sha256()), 0);
    Identity identity{Pem(certificate), Pem(key)};
    X509_free(certificate);
    EVP_PKEY_free(key);
    return identity;
  }

 private:
  static EVP_PKEY* NewKey() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    CHECK(key != nullptr);
    return key;
  }

  static X509* NewCertificate(const std::string& common_name, EVP_PKEY* key) {
    static long serial = 0;
    X509* certificate = X509_new();
    CHECK(certificate != nullptr);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    return certificate;
  }

  static void AddExtension(X509* certificate, int nid, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    CHECK(extension != nullptr);
    CHECK_EQ(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
  }

  static std::string Pem(X509* certificate) {
    BIO* bio = BIO_new(BIO_s_mem());
    CHECK_EQ(PEM_write_bio_X509(bio, certificate), 1);
    return Text(bio);
  }
  static std::string Pem(EVP_PKEY* key) {
    BIO* bio = BIO_new(BIO_s_mem());
    CHECK_EQ(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
    return Text(bio);
  }
  static std::string Text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }

  EVP_PKEY* key_;
  X509* certificate_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TESTS_SUPPORT_TEST_CERTIFICATES_H_
