#include "controlplane/budget/budget_kind.h"

#include <cstdint>
#include <iterator>

#include "base/ids.h"
#include "base/status_macros.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"scope_kind", "scope_id", "each_kind"};

absl::Status Validate(const admin::v1::Budget& budget) {
  TG_RETURN_IF_ERROR(ValidateDisplayName(budget.display_name()));
  if (!budget.has_limit_nano_usd()) return InvalidField("limit_nano_usd", "must be stated");
  return absl::OkStatus();
}

// Where no shares are stated.
constexpr std::uint32_t kAlertPercents[] = {50, 75, 100};

KindId ScopeKindOf(config::v1::ScopeKind kind) {
  switch (kind) {
    case config::v1::SCOPE_KIND_ORGANIZATION:
      return KindId::kOrganization;
    case config::v1::SCOPE_KIND_PROJECT:
      return KindId::kProject;
    case config::v1::SCOPE_KIND_MEMBER:
      return KindId::kMember;
    case config::v1::SCOPE_KIND_KEY:
      return KindId::kKey;
    case config::v1::SCOPE_KIND_QUOTA_ENTITY:
      return KindId::kQuotaEntity;
    default:  // That one is stated was validated.
      return KindId::kWorkspace;
  }
}

void References(const admin::v1::Budget& budget, std::vector<Reference>& out) {
  out.push_back({ScopeKindOf(budget.scope_kind()), budget.scope_id(), "scope_id"});
  for (const std::string& webhook : budget.alert_webhook_ids()) {
    out.push_back({KindId::kWebhook, webhook, "alert_webhook_ids"});
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
  budget.set_each_kind(from.each_kind());
  budget.set_disabled(from.disabled() || from.archived());
  *budget.mutable_raises() = from.raises();
  *budget.mutable_alert_percents() = from.alert_percents();
  if (from.alert_percents().empty()) {
    budget.mutable_alert_percents()->Add(std::begin(kAlertPercents), std::end(kAlertPercents));
  }
  *budget.mutable_alert_webhook_ids() = from.alert_webhook_ids();
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
