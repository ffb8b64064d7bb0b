// Who calls the admin API, and who may.
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_AUTHENTICATOR_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_AUTHENTICATOR_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/digest.h"

namespace grpc {
class CallbackServerContext;
}  // namespace grpc

namespace tollgate::controlplane {

// A viewer reads; an admin reads and writes; a node is a data plane, which only asks on behalf of
// the keys that it has authenticated (quota_service.proto).
enum class Role { kViewer, kAdmin, kNode };

// "viewer", "admin" or "node"; InvalidArgument otherwise.
absl::StatusOr<Role> ParseRole(std::string_view name);

// A bearer token, known by its SHA-256: tokens are random and long, so a plain hash does not help
// whoever reads the configuration.
struct Token {
  std::string name;  // Stands in audit entries.
  Role role = Role::kViewer;
  Sha256Digest sha256{};
};

inline constexpr std::size_t kTokensMax = 1'000;

// Whose token it is.
struct Principal {
  std::string name;
  Role role = Role::kViewer;
};

// Immutable; thread-safe.
class Authenticator {
 public:
  explicit Authenticator(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  // The principal of the call's `authorization: Bearer <token>`.  Unauthenticated, reason
  // UNAUTHENTICATED, when it is missing, malformed or unknown: one answer for all three.  A data
  // plane that shows a verified certificate needs none.
  absl::StatusOr<Principal> Authenticate(const grpc::CallbackServerContext& context) const;

  // The same for the token itself.  Takes the same time for any unknown token.
  absl::StatusOr<Principal> AuthenticateToken(std::string_view token) const;

 private:
  const std::vector<Token> tokens_;
};

// PermissionDenied, reason PERMISSION_DENIED, unless the principal has the role or is an admin; an
// admin may all, a node nothing else.
absl::Status RequireRole(const Principal& principal, Role needed);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_AUTHENTICATOR_H_
