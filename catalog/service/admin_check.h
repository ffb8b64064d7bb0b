// Who may change the catalog.
#ifndef TOLLGATE_CATALOG_SERVICE_ADMIN_CHECK_H_
#define TOLLGATE_CATALOG_SERVICE_ADMIN_CHECK_H_

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/digest.h"

namespace grpc {
class CallbackServerContext;
}  // namespace grpc

namespace tollgate::catalog {

// Immutable; thread-safe.
class AdminCheck {
 public:
  // The tokens by their SHA-256: the tokens themselves are not kept anywhere.
  explicit AdminCheck(std::vector<Sha256Digest> tokens) : tokens_(std::move(tokens)) {}

  // With tokens configured: OK when the call bears one (`authorization: Bearer …`), else
  // Unauthenticated.  Without: OK for a caller on this machine, else PermissionDenied, which says
  // what to configure.
  absl::Status Check(const grpc::CallbackServerContext& context) const;

  // The same from its parts: the header's value (empty = none) and gRPC's name of the peer.
  absl::Status Check(std::string_view authorization, std::string_view peer) const;

 private:
  const std::vector<Sha256Digest> tokens_;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SERVICE_ADMIN_CHECK_H_
