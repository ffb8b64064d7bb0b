// Who may move money by hand and read it: bearer tokens with two roles.
#ifndef TOLLGATE_BILLING_SERVICE_AUTHORIZE_H_
#define TOLLGATE_BILLING_SERVICE_AUTHORIZE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/digest.h"

namespace grpc {
class CallbackServerContext;
}  // namespace grpc

namespace tollgate::billing {

enum class AdminRole {
  kViewer,  // Reads.
  kAdmin,   // Reads and writes.
};

// A token, by its digest: the token itself is not kept.
struct AdminToken {
  std::string name;
  AdminRole role = AdminRole::kViewer;
  Sha256Digest digest{};
};

// Thread-safe.
//
// With tokens configured, a call needs "authorization: Bearer <token>" with the role; a peer whose
// certificate was verified (a service of ours, under mutual TLS) may read without.  Without any
// token, calls are allowed on a loopback listener only.
class Authorizer {
 public:
  struct Options {
    std::vector<AdminToken> tokens;
    bool listens_on_loopback = false;
  };
  explicit Authorizer(Options options) : options_(std::move(options)) {}

  // Unauthenticated (reason TOKEN_REQUIRED) or PermissionDenied (reason ROLE_REQUIRED).
  absl::Status Check(const grpc::CallbackServerContext& context, AdminRole needed) const;

  // Who calls, for journal and log: the name of the token, else that of the verified certificate,
  // else "local"; at most kActorBytesMax of it.  Says nothing of what the caller may do.
  std::string CallerOf(const grpc::CallbackServerContext& context) const;

  // Check() from the parts of a call: the values of its "authorization" metadata, and the name in
  // its verified certificate (empty for none).
  absl::Status CheckParts(const std::vector<std::string>& authorization,
                          const std::string& certificate_name, AdminRole needed) const;

  // CallerOf() likewise.
  std::string NameParts(const std::vector<std::string>& authorization,
                        const std::string& certificate_name) const;

 private:
  // The token that is shown; nullptr when none is, or two are.
  const AdminToken* FindToken(const std::vector<std::string>& authorization) const;

  const Options options_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_AUTHORIZE_H_
