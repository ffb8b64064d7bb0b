// Where a TLS identity lies on disk (PEM).
#ifndef TOLLGATE_BASE_TLS_FILES_H_
#define TOLLGATE_BASE_TLS_FILES_H_

#include <string>

namespace tollgate {

// All three empty = plaintext.  For mutual TLS all three are set.
struct TlsFiles {
  std::string certificate_path{};  // Our certificate, followed by its intermediates.
  std::string private_key_path{};  // Its private key; not readable by others.
  std::string ca_path{};           // What the peer's certificate must chain to.

  bool empty() const {
    return certificate_path.empty() && private_key_path.empty() && ca_path.empty();
  }
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_TLS_FILES_H_
