#include "controlplane/price_rule/price_rule_kind.h"

#include "base/ids.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/resource.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"workspace_id"};

absl::Status Validate(const admin::v1::PriceRule& rule) {
  return ValidateDisplayName(rule.display_name());
}

// The providers of a rule need not exist: it waits for them.
void References(const admin::v1::PriceRule& rule, std::vector<Reference>& out) {
  if (!rule.workspace_id().empty()) {
    out.push_back({KindId::kWorkspace, rule.workspace_id(), "workspace_id"});
  }
}

void Project(const Record& record, config::v1::Resource& out) {
  const admin::v1::PriceRule& from = record.price_rule();
  config::v1::PriceRule& rule = *out.mutable_price_rule();
  rule.set_id(from.id());
  rule.set_workspace_id(from.workspace_id());
  *rule.mutable_provider_ids() = from.provider_ids();
  rule.set_adjust_ppm(from.adjust_ppm());
  rule.set_version(PriceRuleVersion(rule));
}

}  // namespace

const Kind kPriceRuleKind = {
    .id = KindId::kPriceRule,
    .name = "price_rule",
    .id_prefix = "rule_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .take_secret = nullptr,
    .project = &Project,
};

}  // namespace tollgate::controlplane
