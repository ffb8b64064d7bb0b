// Who calls: a key's text becomes a Principal, or a refusal.
//
// There is no other way to get a Principal: no default, no fallback.
#ifndef TOLLGATE_DATAPLANE_AUTH_AUTHENTICATOR_H_
#define TOLLGATE_DATAPLANE_AUTH_AUTHENTICATOR_H_

#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "base/api_key.h"
#include "dataplane/auth/recent_keys.h"
#include "dataplane/snapshot/snapshot.h"

namespace tollgate::dataplane {

// Why a credential was refused.  kMalformed and kUnknown must get the same answer at the edge
// (invalid key); they are told apart for metrics only.
enum class AuthError { kMissing, kMalformed, kUnknown, kRevoked, kExpired };

// "missing", "malformed", "unknown", "revoked", "expired": for metric labels.
std::string_view AuthErrorName(AuthError error);

// An authenticated caller.  Its views point into the snapshot it was found in: keep that.
class Principal {
 public:
  std::string_view key_id() const { return key_.id(); }
  std::string_view workspace_id() const { return workspace_->id; }
  std::string_view organization_id() const { return workspace_->organization_id; }
  std::string_view project_id() const { return key_.project_id(); }  // Empty = none.
  std::string_view member_id() const { return key_.member_id(); }    // Empty = a service key.
  RateLimits key_limits() const { return key_.limits(); }
  RateLimits member_limits() const { return member_ == nullptr ? RateLimits() : member_->limits; }
  const RateLimits& workspace_limits() const { return workspace_->limits; }
  // Whether it may change quotas.
  bool manages_quotas() const { return key_.manages_quotas(); }
  const KeyRef& key() const { return key_; }

 private:
  friend std::variant<Principal, AuthError> Authenticate(std::string_view credential,
                                                         const Snapshot& snapshot,
                                                         const Peppers& peppers, absl::Time now,
                                                         RecentKeys* recent);
  Principal(KeyRef key, const Workspace* workspace, const Member* member)
      : key_(key), workspace_(workspace), member_(member) {}

  KeyRef key_;
  const Workspace* workspace_;
  const Member* member_;  // Null for a service key.
};

// Looks `credential` (the key itself, without "Bearer ") up.  One digest per pepper, whatever the
// text looks like, and no allocation: malformed and unknown take the same time.  A revoked key is
// refused as revoked even when it is also expired, and so is the key of a disabled member.
// `recent`, unless it is null, spares the digests of a key that was found before.
std::variant<Principal, AuthError> Authenticate(std::string_view credential,
                                                const Snapshot& snapshot, const Peppers& peppers,
                                                absl::Time now, RecentKeys* recent = nullptr);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_AUTH_AUTHENTICATOR_H_
