// Budgets, members, price rules and webhooks: what is refused, and which field is named.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/status_reason.h"
#include "proto/validate/digest.h"
#include "proto/validate/resource.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using config::v1::Resource;

Resource Budget() {
  Resource resource;
  config::v1::Budget& budget = *resource.mutable_budget();
  budget.set_id("bud_1");
  budget.set_scope_kind(config::v1::SCOPE_KIND_WORKSPACE);
  budget.set_scope_id("ws_1");
  budget.set_limit_nano_usd(1000);
  budget.set_period(config::v1::PERIOD_MONTHLY);
  for (const std::uint32_t percent : {50, 75, 100}) budget.add_alert_percents(percent);
  return resource;
}

Resource Member() {
  Resource resource;
  resource.mutable_member()->set_id("mem_1");
  resource.mutable_member()->set_workspace_id("ws_1");
  return resource;
}

Resource PriceRule() {
  Resource resource;
  config::v1::PriceRule& rule = *resource.mutable_price_rule();
  rule.set_id("rule_1");
  rule.set_adjust_ppm(-200'000);
  rule.add_provider_ids("openai");
  rule.set_version(PriceRuleVersion(rule));
  return resource;
}

Resource Webhook() {
  Resource resource;
  config::v1::Webhook& webhook = *resource.mutable_webhook();
  webhook.set_id("hook_1");
  webhook.set_url("https://example.com/alerts");
  webhook.set_sealed_secret(std::string(60, 's'));
  return resource;
}

absl::Status Validate(Resource resource, config::v1::Audience audience) {
  SetIdentity(resource);
  return ValidateResource(resource, audience);
}

// Changes a good resource and returns the field at fault, "" when it is still good.
std::string Fault(Resource resource, const std::function<void(Resource&)>& change,
                  config::v1::Audience audience = config::v1::AUDIENCE_DATAPLANE) {
  change(resource);
  const absl::Status status = Validate(std::move(resource), audience);
  return status.ok() ? "" : std::string(FieldOf(status));
}

TEST(ScopesTest, GoodOnesPass) {
  const auto nothing = [](Resource&) {};
  EXPECT_EQ(Fault(Budget(), nothing), "");
  EXPECT_EQ(Fault(Member(), nothing), "");
  EXPECT_EQ(Fault(PriceRule(), nothing), "");
  EXPECT_EQ(Fault(Webhook(), nothing, config::v1::AUDIENCE_BILLING), "");
}

TEST(ScopesTest, WebhooksAreForBillingOnly) {
  EXPECT_EQ(Fault(Webhook(), [](Resource&) {}), "body");
}

TEST(ScopesTest, TemplatesAreOfWhatIsWithinTheScope) {
  const auto each = [](config::v1::ScopeKind scope, config::v1::ScopeKind kind) {
    return Fault(Budget(), [&](Resource& resource) {
      resource.mutable_budget()->set_scope_kind(scope);
      resource.mutable_budget()->set_each_kind(kind);
    });
  };
  EXPECT_EQ(each(config::v1::SCOPE_KIND_WORKSPACE, config::v1::SCOPE_KIND_KEY), "");
  EXPECT_EQ(each(config::v1::SCOPE_KIND_ORGANIZATION, config::v1::SCOPE_KIND_MEMBER), "");
  EXPECT_EQ(each(config::v1::SCOPE_KIND_KEY, config::v1::SCOPE_KIND_QUOTA_ENTITY), "");
  EXPECT_EQ(each(config::v1::SCOPE_KIND_KEY, config::v1::SCOPE_KIND_KEY), "each_kind");
  EXPECT_EQ(each(config::v1::SCOPE_KIND_PROJECT, config::v1::SCOPE_KIND_MEMBER), "each_kind");
  EXPECT_EQ(each(config::v1::SCOPE_KIND_WORKSPACE, config::v1::SCOPE_KIND_WORKSPACE), "each_kind");
  EXPECT_EQ(each(config::v1::SCOPE_KIND_ORGANIZATION, config::v1::SCOPE_KIND_WORKSPACE),
            "each_kind");
}

TEST(ScopesTest, RaisesAndAlertsAreChecked) {
  const auto raise = [](std::int64_t amount, std::int64_t until) {
    return Fault(Budget(), [&](Resource& resource) {
      config::v1::Budget::Raise& added = *resource.mutable_budget()->add_raises();
      added.set_amount_nano_usd(amount);
      if (until != 0) added.mutable_until()->set_seconds(until);
    });
  };
  EXPECT_EQ(raise(1, 1'800'000'000), "");
  EXPECT_EQ(raise(0, 1'800'000'000), "raises");
  EXPECT_EQ(raise(-1, 1'800'000'000), "raises");
  EXPECT_EQ(raise(1, 0), "raises");
  EXPECT_EQ(raise(INT64_MAX, 1'800'000'000), "raises");  // With the limit it overflows.
  const auto percent = [](std::uint32_t added) {
    return Fault(Budget(),
                 [&](Resource& resource) { resource.mutable_budget()->add_alert_percents(added); });
  };
  EXPECT_EQ(percent(120), "");
  EXPECT_EQ(percent(100), "alert_percents");
  EXPECT_EQ(percent(1001), "alert_percents");
}

TEST(ScopesTest, RateLimitsAreNotNegative) {
  EXPECT_EQ(Fault(Member(),
                  [](Resource& resource) {
                    resource.mutable_member()->mutable_limits()->set_tokens_per_minute(-1);
                  }),
            "limits");
}

TEST(ScopesTest, APriceRuleNamesItsContents) {
  EXPECT_EQ(Fault(PriceRule(), [](Resource& resource) {
              resource.mutable_price_rule()->set_adjust_ppm(5);
            }),
            "version");
  EXPECT_EQ(Fault(PriceRule(), [](Resource& resource) {
              resource.mutable_price_rule()->set_adjust_ppm(-1'000'001);
            }),
            "adjust_ppm");
}

TEST(ScopesTest, WebhooksNeedAnAddressAndASecret) {
  const auto fault = [](const std::function<void(config::v1::Webhook&)>& change) {
    return Fault(
        Webhook(), [&](Resource& resource) { change(*resource.mutable_webhook()); },
        config::v1::AUDIENCE_BILLING);
  };
  EXPECT_EQ(fault([](auto& webhook) { webhook.set_url("ftp://example.com"); }), "url");
  EXPECT_EQ(fault([](auto& webhook) { webhook.set_url("https://user@example.com/"); }), "url");
  EXPECT_EQ(fault([](auto& webhook) { webhook.clear_sealed_secret(); }), "sealed_secret");
}

}  // namespace
}  // namespace tollgate
