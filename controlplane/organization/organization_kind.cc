#include "controlplane/organization/organization_kind.h"

#include "base/ids.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"

namespace tollgate::controlplane {
namespace {

absl::Status Validate(const admin::v1::Organization& organization) {
  return ValidateDisplayName(organization.display_name());
}

}  // namespace

const Kind kOrganizationKind = {
    .id = KindId::kOrganization,
    .name = "organization",
    .id_prefix = "org_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = {},
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = nullptr,
    .take_secret = nullptr,
    .project = nullptr,
};

}  // namespace tollgate::controlplane
