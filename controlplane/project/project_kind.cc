#include "controlplane/project/project_kind.h"

#include "base/ids.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"workspace_id"};

absl::Status Validate(const admin::v1::Project& project) {
  return ValidateDisplayName(project.display_name());
}

void References(const admin::v1::Project& project, std::vector<Reference>& out) {
  out.push_back({KindId::kWorkspace, project.workspace_id(), "workspace_id"});
}

}  // namespace

// Nodes read of a project no more than the keys that name it.
const Kind kProjectKind = {
    .id = KindId::kProject,
    .name = "project",
    .id_prefix = "proj_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .take_secret = nullptr,
    .project = nullptr,
};

}  // namespace tollgate::controlplane
