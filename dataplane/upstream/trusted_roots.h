// The certificates that providers' own are verified against: the system's, and those of a file.
#ifndef TOLLGATE_DATAPLANE_UPSTREAM_TRUSTED_ROOTS_H_
#define TOLLGATE_DATAPLANE_UPSTREAM_TRUSTED_ROOTS_H_

#include <openssl/x509.h>

#include <future>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"

namespace tollgate::dataplane {

// Read once for all workers.  The system's roots take some thirty milliseconds of a processor,
// which a start does without: they are read when it is over, or when they are wanted before.
// Thread-safe.
class TrustedRoots {
 public:
  // `ca_file` adds to the system's roots; empty = the system's only.  InvalidArgument when it
  // cannot be read.
  static absl::StatusOr<std::unique_ptr<TrustedRoots>> Load(const std::string& ca_file);

  // Reads the system's on another thread, so that nobody has to wait for them.  Once.
  void ReadSoon();

  // Waits until they are read; reads them if nobody does.
  X509_STORE* store() const;

 private:
  struct Free {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };

  TrustedRoots() : store_(X509_STORE_new()) {}

  std::unique_ptr<X509_STORE, Free> store_;
  mutable std::once_flag system_read_;
  std::future<void> reader_;  // After the store: it is waited for before that goes.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_UPSTREAM_TRUSTED_ROOTS_H_
