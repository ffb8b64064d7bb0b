#include "billing/service/authorize.h"

#include <grpcpp/server_context.h>

#include <string_view>

#include "base/grpc_server.h"
#include "base/status_reason.h"
#include "billing/ledger/entry.h"

namespace tollgate::billing {
namespace {

constexpr std::string_view kBearer = "Bearer ";

absl::Status TokenRequired() {
  return ErrorWithReason(absl::StatusCode::kUnauthenticated, "TOKEN_REQUIRED",
                         "send 'authorization: Bearer <token>' with a token of billing's "
                         "admin_tokens");
}

std::vector<std::string> AuthorizationOf(const grpc::CallbackServerContext& context) {
  std::vector<std::string> values;
  const auto range = context.client_metadata().equal_range("authorization");
  for (auto it = range.first; it != range.second; ++it) {
    values.emplace_back(it->second.data(), it->second.size());
  }
  return values;
}

}  // namespace

absl::Status Authorizer::Check(const grpc::CallbackServerContext& context, AdminRole needed) const {
  return CheckParts(AuthorizationOf(context), PeerCertificateName(context), needed);
}

std::string Authorizer::CallerOf(const grpc::CallbackServerContext& context) const {
  return NameParts(AuthorizationOf(context), PeerCertificateName(context));
}

absl::Status Authorizer::CheckParts(const std::vector<std::string>& authorization,
                                    const std::string& certificate_name, AdminRole needed) const {
  if (needed == AdminRole::kViewer && !certificate_name.empty()) return absl::OkStatus();
  if (options_.tokens.empty()) {
    if (options_.listens_on_loopback) return absl::OkStatus();
    return ErrorWithReason(absl::StatusCode::kPermissionDenied, "TOKEN_REQUIRED",
                           "billing listens beyond this machine and has no admin_tokens: "
                           "configure one");
  }
  const AdminToken* match = FindToken(authorization);
  if (match == nullptr) return TokenRequired();
  if (needed == AdminRole::kAdmin && match->role != AdminRole::kAdmin) {
    return ErrorWithReason(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED",
                           "this token may read only; use one with the role admin");
  }
  return absl::OkStatus();
}

std::string Authorizer::NameParts(const std::vector<std::string>& authorization,
                                  const std::string& certificate_name) const {
  const AdminToken* token = FindToken(authorization);
  const std::string& name = token != nullptr ? token->name : certificate_name;
  return name.empty() ? "local" : name.substr(0, kActorBytesMax);
}

const AdminToken* Authorizer::FindToken(const std::vector<std::string>& authorization) const {
  // Two headers could be read differently by two readers.
  if (authorization.size() != 1 || !authorization[0].starts_with(kBearer)) return nullptr;
  const Sha256Digest digest = Sha256(std::string_view(authorization[0]).substr(kBearer.size()));
  const AdminToken* match = nullptr;
  for (const AdminToken& token : options_.tokens) {
    if (ConstantTimeEqual(token.digest, digest)) match = &token;
  }
  return match;
}

}  // namespace tollgate::billing
