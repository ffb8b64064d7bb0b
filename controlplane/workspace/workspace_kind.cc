#include "controlplane/workspace/workspace_kind.h"

#include "base/ids.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"organization_id"};

absl::Status Validate(const admin::v1::Workspace& workspace) {
  return ValidateDisplayName(workspace.display_name());
}

void References(const admin::v1::Workspace& workspace, std::vector<Reference>& out) {
  out.push_back({KindId::kOrganization, workspace.organization_id(), "organization_id"});
}

void Project(const Record& record, config::v1::Resource& out) {
  config::v1::Workspace& workspace = *out.mutable_workspace();
  workspace.set_id(record.workspace().id());
  workspace.set_organization_id(record.workspace().organization_id());
  if (record.workspace().has_limits()) *workspace.mutable_limits() = record.workspace().limits();
}

}  // namespace

const Kind kWorkspaceKind = {
    .id = KindId::kWorkspace,
    .name = "workspace",
    .id_prefix = "ws_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .take_secret = nullptr,
    .project = &Project,
};

}  // namespace tollgate::controlplane
