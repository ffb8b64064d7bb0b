#include "controlplane/key/key_kind.h"

#include "base/check.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/status_reason.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"workspace_id", "member_id"};

absl::Status Validate(const admin::v1::Key& key) { return ValidateDisplayName(key.display_name()); }

absl::Status ValidateChange(const admin::v1::Key& before, const admin::v1::Key& after) {
  if (!before.revoked() || after.revoked()) return absl::OkStatus();
  return WithField(ErrorWithReason(absl::StatusCode::kFailedPrecondition, "KEY_REVOKED",
                                   "a revoked key stays revoked; create another"),
                   "revoked");
}

void References(const admin::v1::Key& key, std::vector<Reference>& out) {
  out.push_back({KindId::kWorkspace, key.workspace_id(), "workspace_id"});
  if (!key.project_id().empty()) {
    out.push_back({KindId::kProject, key.project_id(), "project_id"});
  }
  if (!key.member_id().empty()) out.push_back({KindId::kMember, key.member_id(), "member_id"});
}

// A new record gets a new secret; an existing one keeps its digest.
absl::Status TakeSecret(const SecretTools& tools, Record& record, Secret& shown) {
  if (!record.digest().empty()) return absl::OkStatus();
  shown = GenerateApiKey(tools.random);
  const std::uint32_t pepper_id = tools.peppers.current_id();
  const std::optional<Sha256Digest> digest = tools.peppers.Digest(pepper_id, shown.Reveal());
  CHECK(digest.has_value()) << "the current pepper is missing";
  record.set_digest(std::string(DigestView(*digest)));
  record.set_pepper_id(pepper_id);
  return absl::OkStatus();
}

void Project(const Record& record, config::v1::Resource& out) {
  config::v1::Key& key = *out.mutable_api_key();
  key.set_id(record.key().id());
  key.set_workspace_id(record.key().workspace_id());
  key.set_digest(record.digest());
  key.set_pepper_id(record.pepper_id());
  if (record.key().has_expire_time()) *key.mutable_expire_time() = record.key().expire_time();
  key.set_revoked(record.key().revoked());
  *key.mutable_allowed_models() = record.key().allowed_models();
  key.set_project_id(record.key().project_id());
  key.set_member_id(record.key().member_id());
  if (record.key().has_limits()) *key.mutable_limits() = record.key().limits();
  key.set_manages_quotas(record.key().manages_quotas());
}

}  // namespace

const Kind kKeyKind = {
    .id = KindId::kKey,
    .name = "key",
    .id_prefix = "key_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = Typed<&ValidateChange>,
    .references = Typed<&References>,
    .take_secret = &TakeSecret,
    .project = &Project,
};

}  // namespace tollgate::controlplane
