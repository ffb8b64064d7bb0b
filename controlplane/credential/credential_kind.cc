#include "controlplane/credential/credential_kind.h"

#include "base/ids.h"
#include "base/status_macros.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/sealed_secret.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"provider_id", "workspace_id"};

constexpr std::size_t kSecretCharsMax = 4096;  // Far above any provider's, service accounts aside.

// What may stand in an HTTP header.
bool IsVisibleAscii(std::string_view text) {
  for (char c : text) {
    if (c < 0x21 || c > 0x7e) return false;
  }
  return true;
}

absl::Status Validate(const admin::v1::Credential& credential) {
  TG_RETURN_IF_ERROR(ValidateDisplayName(credential.display_name()));
  if (credential.secret().size() > kSecretCharsMax || !IsVisibleAscii(credential.secret())) {
    return InvalidField("secret", "must be 1 to 4096 visible ASCII characters");
  }
  return absl::OkStatus();
}

void References(const admin::v1::Credential& credential, std::vector<Reference>& out) {
  out.push_back({.kind = KindId::kProvider,
                 .id = credential.provider_id(),
                 .field = "provider_id",
                 .catalog_may_know = true});
  if (!credential.workspace_id().empty()) {
    out.push_back({KindId::kWorkspace, credential.workspace_id(), "workspace_id"});
  }
}

void DropKnownSecret(const SecretTools& tools, Record& record) {
  admin::v1::Credential& credential = *record.mutable_credential();
  DropKnownSealedSecret(tools, "credential", credential.id(), record, credential.mutable_secret());
}

absl::Status TakeSecret(const SecretTools& tools, Record& record, Secret&) {
  admin::v1::Credential& credential = *record.mutable_credential();
  return SealSecret(tools, "credential", credential.id(), record, credential.mutable_secret());
}

void Project(const Record& record, config::v1::Resource& out) {
  const admin::v1::Credential& from = record.credential();
  config::v1::Credential& credential = *out.mutable_credential();
  credential.set_id(from.id());
  credential.set_provider_id(from.provider_id());
  credential.set_sealed_secret(record.sealed_secret());
  credential.set_workspace_id(from.workspace_id());
  credential.set_priority(from.priority());
}

}  // namespace

const Kind kCredentialKind = {
    .id = KindId::kCredential,
    .name = "credential",
    .id_prefix = "cred_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .drop_known_secret = &DropKnownSecret,
    .take_secret = &TakeSecret,
    .project = &Project,
};

}  // namespace tollgate::controlplane
