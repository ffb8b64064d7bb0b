#include "controlplane/budget/budget_kind.h"

#include "base/ids.h"
#include "base/status_macros.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"scope_kind", "scope_id"};

absl::Status Validate(const admin::v1::Budget& budget) {
  TG_RETURN_IF_ERROR(ValidateDisplayName(budget.display_name()));
  if (!budget.has_limit_nano_usd()) return InvalidField("limit_nano_usd", "must be stated");
  return absl::OkStatus();
}

// Projects, members and quota entities are not resources of the control plane.
void References(const admin::v1::Budget& budget, std::vector<Reference>& out) {
  switch (budget.scope_kind()) {
    case config::v1::SCOPE_KIND_ORGANIZATION:
      out.push_back({KindId::kOrganization, budget.scope_id(), "scope_id"});
      break;
    case config::v1::SCOPE_KIND_WORKSPACE:
      out.push_back({KindId::kWorkspace, budget.scope_id(), "scope_id"});
      break;
    case config::v1::SCOPE_KIND_KEY:
      out.push_back({KindId::kKey, budget.scope_id(), "scope_id"});
      break;
    default:
      break;
  }
}

void Project(const Record& record, config::v1::Resource& out) {
  const admin::v1::Budget& from = record.budget();
  config::v1::Budget& budget = *out.mutable_budget();
  budget.set_id(from.id());
  budget.set_scope_kind(from.scope_kind());
  budget.set_scope_id(from.scope_id());
  budget.set_limit_nano_usd(from.limit_nano_usd());
  budget.set_period(from.period());
  budget.set_hard(from.hard());
  budget.set_include_byok(from.include_byok());
}

}  // namespace

const Kind kBudgetKind = {
    .id = KindId::kBudget,
    .name = "budget",
    .id_prefix = "bud_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .take_secret = nullptr,
    .project = &Project,
};

}  // namespace tollgate::controlplane
