#include "catalog/service/admin_check.h"

#include <string>

#include "base/host_port.h"
#include "grpcpp/server_context.h"

namespace tollgate::catalog {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// gRPC names peers "ipv4:127.0.0.1:5000", "ipv6:%5B::1%5D:5000", "unix:…", "inproc:…" ("unknown"
// with its in-process transport of this version).
bool IsLocalPeer(std::string_view peer) {
  if (peer.starts_with("unix:") || peer.starts_with("inproc") || peer == "unknown") return true;
  if (peer.starts_with("ipv6:%5B")) {
    const std::size_t end = peer.find("%5D");
    return end != std::string_view::npos && IsLoopbackHost(peer.substr(8, end - 8));
  }
  for (const std::string_view prefix : {"ipv4:", "ipv6:["}) {
    if (!peer.starts_with(prefix)) continue;
    const std::string_view rest = peer.substr(prefix.size());
    return IsLoopbackHost(rest.substr(0, rest.find(prefix == "ipv4:" ? ':' : ']')));
  }
  return false;
}

}  // namespace

absl::Status AdminCheck::Check(const grpc::CallbackServerContext& context) const {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  const std::string_view authorization =
      found == metadata.end() ? std::string_view()
                              : std::string_view(found->second.data(), found->second.size());
  return Check(authorization, context.peer());
}

absl::Status AdminCheck::Check(std::string_view authorization, std::string_view peer) const {
  if (tokens_.empty()) {
    if (IsLocalPeer(peer)) return absl::OkStatus();
    return absl::PermissionDeniedError(
        "the catalog can be changed from this machine only; set admin_tokens in the catalog's "
        "configuration to allow it from elsewhere");
  }
  if (authorization.starts_with(kBearer)) {
    const Sha256Digest digest = Sha256(authorization.substr(kBearer.size()));
    bool known = false;
    for (const Sha256Digest& token : tokens_) known = ConstantTimeEqual(digest, token) || known;
    if (known) return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      "changing the catalog needs one of its admin tokens as 'authorization: Bearer …'");
}

}  // namespace tollgate::catalog
