// The PEM files of a TLS identity, read and checked before gRPC sees them: gRPC itself only says
// that a handshake failed.  Used by grpc_server.cc and grpc_client.cc.
#ifndef TOLLGATE_BASE_GRPC_TLS_H_
#define TOLLGATE_BASE_GRPC_TLS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "base/tls_files.h"

namespace tollgate {

struct TlsPem {
  std::string certificate;  // Empty when there is none, like the others.
  Secret private_key;
  std::string ca;
};

// Reads the files that are named.  NotFound for a missing one; PermissionDenied for a private key
// that others may read; InvalidArgument for one that is no PEM, for a certificate without its key
// or the reverse, and for a key that is not the certificate's.
absl::StatusOr<TlsPem> ReadTlsPem(const TlsFiles& files);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_GRPC_TLS_H_
