#include "controlplane/alias/alias_kind.h"

#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/resource.h"

namespace tollgate::controlplane {
namespace {

absl::Status Validate(const admin::v1::Alias& alias) {
  return ValidateDisplayName(alias.display_name());
}

void References(const admin::v1::Alias& alias, std::vector<Reference>& out) {
  if (alias.workspace_id().empty()) return;
  out.push_back({KindId::kWorkspace, alias.workspace_id(), "workspace_id"});
}

void Project(const Record& record, config::v1::Resource& out) {
  config::v1::Alias& alias = *out.mutable_alias();
  alias.set_name(record.alias().id());
  alias.set_workspace_id(record.alias().workspace_id());
  *alias.mutable_model_ids() = record.alias().model_ids();
}

}  // namespace

const Kind kAliasKind = {
    .id = KindId::kAlias,
    .name = "alias",
    .id_prefix = "",
    .is_valid_id = &IsValidModelName,
    .immutable_fields = {},
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .take_secret = nullptr,
    .project = &Project,
};

}  // namespace tollgate::controlplane
