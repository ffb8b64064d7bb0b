#include "controlplane/service/authenticator.h"

#include <grpcpp/server_context.h>

#include "absl/strings/str_cat.h"
#include "base/grpc_server.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "controlplane/service/config_stream_service.h"

namespace tollgate::controlplane {
namespace {

absl::Status Unauthenticated() {
  return ErrorWithReason(absl::StatusCode::kUnauthenticated, "UNAUTHENTICATED",
                         "send a token that the control plane knows as metadata "
                         "'authorization: Bearer <token>'");
}

}  // namespace

absl::StatusOr<Role> ParseRole(std::string_view name) {
  if (name == "admin") return Role::kAdmin;
  if (name == "viewer") return Role::kViewer;
  if (name == "node") return Role::kNode;
  return absl::InvalidArgumentError(
      absl::StrCat("the role ", AbslView(name), " is neither admin, viewer nor node"));
}

absl::StatusOr<Principal> Authenticator::Authenticate(
    const grpc::CallbackServerContext& context) const {
  constexpr std::string_view kScheme = "Bearer ";
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find("authorization");
  if (it == metadata.end()) {
    const std::string name = PeerCertificateName(context);
    if (CertificateAllows(name, config::v1::AUDIENCE_DATAPLANE))
      return Principal{name, Role::kNode};
  }
  if (it == metadata.end() || metadata.count("authorization") != 1) return Unauthenticated();
  const std::string_view value(it->second.data(), it->second.size());
  if (!value.starts_with(kScheme)) return Unauthenticated();
  return AuthenticateToken(value.substr(kScheme.size()));
}

absl::StatusOr<Principal> Authenticator::AuthenticateToken(std::string_view token) const {
  if (token.empty()) return Unauthenticated();
  const Sha256Digest digest = Sha256(token);
  const Token* found = nullptr;
  for (const Token& known : tokens_) {
    if (ConstantTimeEqual(known.sha256, digest)) found = &known;
  }
  if (found == nullptr) return Unauthenticated();
  return Principal{found->name, found->role};
}

absl::Status RequireRole(const Principal& principal, Role needed) {
  if (principal.role == needed || principal.role == Role::kAdmin) return absl::OkStatus();
  const char* const why = needed == Role::kNode           ? " is no data plane's"
                          : principal.role == Role::kNode ? " is a data plane's"
                                                          : " may only read";
  return ErrorWithReason(absl::StatusCode::kPermissionDenied, "PERMISSION_DENIED",
                         absl::StrCat("the token ", principal.name, why, "; use one with the role ",
                                      needed == Role::kNode ? "node" : "admin"));
}

}  // namespace tollgate::controlplane
