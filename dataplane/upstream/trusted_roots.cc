#include "dataplane/upstream/trusted_roots.h"

#include <openssl/err.h>

#include "absl/strings/str_cat.h"

namespace tollgate::dataplane {

absl::StatusOr<std::unique_ptr<TrustedRoots>> TrustedRoots::Load(const std::string& ca_file) {
  std::unique_ptr<TrustedRoots> roots(new TrustedRoots);
  X509_STORE* const store = roots->store_.get();
  if (!ca_file.empty() && X509_STORE_load_file(store, ca_file.c_str()) != 1) {
    const char* const reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read the roots for providers in '", ca_file,
                     "': ", reason == nullptr ? "it has no certificate" : reason));
  }
  return roots;
}

void TrustedRoots::ReadSoon() {
  reader_ = std::async(std::launch::async, [this] { store(); });
}

X509_STORE* TrustedRoots::store() const {
  std::call_once(system_read_, [this] {
    // Without any, verification fails with its own words.
    X509_STORE_set_default_paths(store_.get());
    ERR_clear_error();
  });
  return store_.get();
}

}  // namespace tollgate::dataplane
