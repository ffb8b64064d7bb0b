#include "dataplane/auth/authenticator.h"

#include <optional>

namespace tollgate::dataplane {

std::string_view AuthErrorName(AuthError error) {
  switch (error) {
    case AuthError::kMissing:
      return "missing";
    case AuthError::kMalformed:
      return "malformed";
    case AuthError::kUnknown:
      return "unknown";
    case AuthError::kRevoked:
      return "revoked";
    case AuthError::kExpired:
      return "expired";
  }
  return "unknown";
}

namespace {

// The key in the snapshot that `credential` is, or why there is none.
std::variant<KeyRef, AuthError> FindKey(std::string_view credential, const Snapshot& snapshot,
                                        const Peppers& peppers, RecentKeys* recent) {
  // The form is looked at and not acted on before the digests: both take the same path.
  const bool well_formed = LooksLikeApiKey(credential);
  // What is longer than a key is no key; its first bytes stand for it, so that a megabyte in a
  // header costs no more than a key.
  const std::string_view digested = credential.substr(0, kApiKeyChars);
  std::optional<KeyRef> found;
  Sha256Digest found_digest;
  peppers.ForEachDigest(digested, [&](const Sha256Digest& digest) {
    const std::optional<KeyRef> key = snapshot.FindKey(digest);
    if (!key.has_value()) return;
    found = key;
    found_digest = digest;
  });
  if (!well_formed) return AuthError::kMalformed;
  if (!found.has_value()) return AuthError::kUnknown;
  if (recent != nullptr && !found->revoked()) recent->Remember(credential, found_digest);
  return *found;
}

}  // namespace

std::variant<Principal, AuthError> Authenticate(std::string_view credential,
                                                const Snapshot& snapshot, const Peppers& peppers,
                                                absl::Time now, RecentKeys* recent) {
  if (credential.empty()) return AuthError::kMissing;
  const Sha256Digest* const digest = recent == nullptr ? nullptr : recent->Find(credential);
  std::optional<KeyRef> found;
  if (digest != nullptr) found = snapshot.FindKey(*digest);
  if (!found.has_value()) {  // It may have been digested anew since.
    const auto result = FindKey(credential, snapshot, peppers, recent);
    if (const AuthError* error = std::get_if<AuthError>(&result)) return *error;
    found = std::get<KeyRef>(result);
  }
  if (found->revoked()) return AuthError::kRevoked;
  const Member* member = nullptr;
  if (const std::string_view id = found->member_id(); !id.empty()) {
    member = snapshot.FindMember(id);
    if (member == nullptr || member->disabled) return AuthError::kRevoked;
  }
  if (found->ExpiredAt(now)) return AuthError::kExpired;
  return Principal(*found, &snapshot.WorkspaceAt(found->workspace()), member);
}

}  // namespace tollgate::dataplane
