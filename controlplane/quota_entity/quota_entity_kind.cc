#include "controlplane/quota_entity/quota_entity_kind.h"

#include "base/ids.h"
#include "base/scope_ids.h"
#include "base/status_macros.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"workspace_id", "name"};

absl::Status Validate(const admin::v1::QuotaEntity& entity) {
  TG_RETURN_IF_ERROR(ValidateDisplayName(entity.display_name()));
  if (IsValidScopeName(entity.name())) return absl::OkStatus();
  return InvalidField("name", "must be 1 to 256 bytes of UTF-8 without control characters");
}

void References(const admin::v1::QuotaEntity& entity, std::vector<Reference>& out) {
  out.push_back({KindId::kWorkspace, entity.workspace_id(), "workspace_id"});
}

// Nodes make the same id from what a caller names, so they need no table of entities.
std::string DeriveId(const Message& resource) {
  const auto& entity = static_cast<const admin::v1::QuotaEntity&>(resource);
  return QuotaEntityId(entity.workspace_id(), entity.name());
}

}  // namespace

const Kind kQuotaEntityKind = {
    .id = KindId::kQuotaEntity,
    .name = "quota_entity",
    .id_prefix = "qe_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .derive_id = &DeriveId,
    .take_secret = nullptr,
    .project = nullptr,
};

}  // namespace tollgate::controlplane
