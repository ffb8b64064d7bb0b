#include "controlplane/route/route_kind.h"

#include "base/ids.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"

namespace tollgate::controlplane {
namespace {

absl::Status Validate(const admin::v1::Route& route) {
  return ValidateDisplayName(route.display_name());
}

void References(const admin::v1::Route& route, std::vector<Reference>& out) {
  if (route.workspace_id().empty()) return;
  out.push_back({KindId::kWorkspace, route.workspace_id(), "workspace_id"});
}

void Project(const Record& record, config::v1::Resource& out) {
  const admin::v1::Route& from = record.route();
  config::v1::Route& route = *out.mutable_route();
  route.set_id(from.id());
  route.set_workspace_id(from.workspace_id());
  route.set_model_pattern(from.model_pattern());
  *route.mutable_order() = from.order();
  *route.mutable_only() = from.only();
  *route.mutable_ignore() = from.ignore();
  route.set_sort(from.sort());
  route.set_attempts_max(from.attempts_max());
}

}  // namespace

const Kind kRouteKind = {
    .id = KindId::kRoute,
    .name = "route",
    .id_prefix = "route_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = {},
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .take_secret = nullptr,
    .project = &Project,
};

}  // namespace tollgate::controlplane
