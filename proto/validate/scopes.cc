// The checks of what scopes and money consist of: budgets, members, price rules, webhooks.
#include <google/protobuf/util/time_util.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/scope_ids.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "proto/validate/base_url.h"
#include "proto/validate/field_checks.h"
#include "proto/validate/field_error.h"
#include "proto/validate/resource.h"

namespace tollgate {
namespace {

using config::v1::ScopeKind;

constexpr std::size_t kSealedSecretBytesMax = 256 + kSealOverheadBytes;

// Which things a template on a scope can be about: those that every request of the scope may have,
// and that are not the scope itself.
bool CanBeEachOf(ScopeKind each, ScopeKind scope) {
  switch (each) {
    case config::v1::SCOPE_KIND_UNSPECIFIED:
      return true;
    case config::v1::SCOPE_KIND_PROJECT:
      return scope == config::v1::SCOPE_KIND_ORGANIZATION ||
             scope == config::v1::SCOPE_KIND_WORKSPACE || scope == config::v1::SCOPE_KIND_MEMBER;
    case config::v1::SCOPE_KIND_MEMBER:
      return scope == config::v1::SCOPE_KIND_ORGANIZATION ||
             scope == config::v1::SCOPE_KIND_WORKSPACE;
    case config::v1::SCOPE_KIND_KEY:
      return scope != config::v1::SCOPE_KIND_KEY && scope != config::v1::SCOPE_KIND_QUOTA_ENTITY;
    case config::v1::SCOPE_KIND_QUOTA_ENTITY:
      return scope != config::v1::SCOPE_KIND_QUOTA_ENTITY;
    default:
      return false;
  }
}

absl::Status CheckRaises(const config::v1::Budget& budget) {
  if (budget.raises_size() > kRaisesMax) return InvalidField("raises", "must be at most 16");
  std::int64_t sum = budget.limit_nano_usd();
  for (const config::v1::Budget::Raise& raise : budget.raises()) {
    if (raise.amount_nano_usd() <= 0 || !raise.has_until() || !IsValidTime(raise.until())) {
      return InvalidField("raises", "must each have an amount above zero and a time");
    }
    if (__builtin_add_overflow(sum, raise.amount_nano_usd(), &sum)) {
      return InvalidField("raises", "would make the limit more than can be counted");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAlerts(const config::v1::Budget& budget) {
  if (budget.alert_percents_size() > kAlertPercentsMax) {
    return InvalidField("alert_percents", "must be at most 16");
  }
  std::uint32_t before = 0;
  for (const std::uint32_t percent : budget.alert_percents()) {
    if (percent <= before || percent > kAlertPercentMax) {
      return InvalidField("alert_percents", "must be 1 to 1000, rising");
    }
    before = percent;
  }
  if (budget.alert_webhook_ids_size() > kAlertWebhooksMax) {
    return InvalidField("alert_webhook_ids", "must be at most 8");
  }
  return CheckProviders("alert_webhook_ids", budget.alert_webhook_ids());
}

}  // namespace

absl::Status ValidateBody(const config::v1::Budget& budget) {
  TG_RETURN_IF_ERROR(CheckId("id", budget.id()));
  if (budget.scope_kind() == config::v1::SCOPE_KIND_UNSPECIFIED ||
      !config::v1::ScopeKind_IsValid(budget.scope_kind())) {
    return InvalidField("scope_kind", "must be stated");
  }
  TG_RETURN_IF_ERROR(CheckId("scope_id", budget.scope_id()));
  if (budget.limit_nano_usd() < 0) return InvalidField("limit_nano_usd", "must not be negative");
  if (budget.period() == config::v1::PERIOD_UNSPECIFIED ||
      !config::v1::Period_IsValid(budget.period())) {
    return InvalidField("period", "must be stated");
  }
  if (!CanBeEachOf(budget.each_kind(), budget.scope_kind())) {
    return InvalidField("each_kind", "must be something that is within the scope");
  }
  TG_RETURN_IF_ERROR(CheckRaises(budget));
  return CheckAlerts(budget);
}

absl::Status ValidateBody(const config::v1::Member& member) {
  TG_RETURN_IF_ERROR(CheckId("id", member.id()));
  TG_RETURN_IF_ERROR(CheckId("workspace_id", member.workspace_id()));
  return CheckRateLimits(member.limits());
}

std::string PriceRuleVersion(const config::v1::PriceRule& rule) {
  std::string contents = absl::StrCat(rule.id(), "\n", rule.workspace_id(), "\n");
  for (const std::string& provider : rule.provider_ids()) absl::StrAppend(&contents, provider, ",");
  absl::StrAppend(&contents, "\n", rule.adjust_ppm());
  return HashedId("rv_", contents);
}

absl::Status ValidateBody(const config::v1::PriceRule& rule) {
  TG_RETURN_IF_ERROR(CheckId("id", rule.id()));
  TG_RETURN_IF_ERROR(CheckOptionalId("workspace_id", rule.workspace_id()));
  TG_RETURN_IF_ERROR(CheckProviders("provider_ids", rule.provider_ids()));
  if (rule.adjust_ppm() < kPriceAdjustPpmMin || rule.adjust_ppm() > kPriceAdjustPpmMax) {
    return InvalidField("adjust_ppm", "must be -1000000 to 10000000");
  }
  if (rule.version() != PriceRuleVersion(rule)) {
    return InvalidField("version", "must be the hash of the contents");
  }
  return absl::OkStatus();
}

absl::Status ValidateBody(const config::v1::Webhook& webhook) {
  TG_RETURN_IF_ERROR(CheckId("id", webhook.id()));
  const std::string_view objection = BaseUrlObjection(webhook.url());
  if (!objection.empty()) return InvalidField("url", objection);
  const std::size_t bytes = webhook.sealed_secret().size();
  if (bytes <= kSealOverheadBytes || bytes > kSealedSecretBytesMax) {
    return InvalidField("sealed_secret", "must be a sealed secret of 1 to 256 characters");
  }
  return absl::OkStatus();
}

}  // namespace tollgate
