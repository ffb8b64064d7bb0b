#include "proto/validate/resource.h"

#include <functional>
#include <string>

#include "base/status_reason.h"
#include "gtest/gtest.h"
#include "proto/validate/digest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using config::v1::Resource;

Resource Key() {
  Resource resource;
  config::v1::Key& key = *resource.mutable_api_key();
  key.set_id("key_1");
  key.set_workspace_id("ws_1");
  key.set_digest(std::string(32, 'd'));
  key.set_pepper_id(1);
  return resource;
}

Resource Budget() {
  Resource resource;
  config::v1::Budget& budget = *resource.mutable_budget();
  budget.set_id("bud_1");
  budget.set_scope_kind(config::v1::SCOPE_KIND_KEY);
  budget.set_scope_id("key_1");
  budget.set_period(config::v1::PERIOD_MONTHLY);
  return resource;
}

Resource Provider() {
  Resource resource;
  config::v1::Provider& provider = *resource.mutable_provider();
  provider.set_id("openai");
  provider.set_format(catalog::v1::FORMAT_OPENAI_CHAT);
  provider.set_base_url("https://api.openai.com/v1");
  return resource;
}

Resource Credential() {
  Resource resource;
  config::v1::Credential& credential = *resource.mutable_credential();
  credential.set_id("cred_1");
  credential.set_provider_id("openai");
  credential.set_sealed_secret(std::string(40, 's'));
  return resource;
}

Resource Alias() {
  Resource resource;
  resource.mutable_alias()->set_name("fast");
  resource.mutable_alias()->add_model_ids("openai/gpt-4o-mini");
  return resource;
}

Resource Route() {
  Resource resource;
  resource.mutable_route()->set_id("route_1");
  return resource;
}

Resource Offering() {
  Resource resource;
  catalog::v1::Offering& offering = *resource.mutable_offering();
  offering.set_id("openai:openai/gpt-4o");
  offering.set_model_id("openai/gpt-4o");
  offering.set_provider_id("openai");
  offering.set_provider_model_id("gpt-4o");
  pricing::v1::PriceVersion& version = *offering.add_price_versions();
  version.set_id("pv_1");
  pricing::v1::PriceComponent& component = *version.add_components();
  component.set_unit(pricing::v1::UNIT_TOKEN);
  component.set_direction(pricing::v1::DIRECTION_INPUT);
  component.set_modality(pricing::v1::MODALITY_TEXT);
  component.set_cache(pricing::v1::CACHE_CLASS_NONE);
  component.set_tier(pricing::v1::SERVICE_TIER_STANDARD);
  component.set_price_pico_usd_per_unit(2'500'000);
  return resource;
}

struct Case {
  std::string name;
  Resource (*make)();
  std::function<void(Resource&)> spoil;
  std::string field;  // At fault; empty when the resource is fine all the same.
};

std::vector<Case> Cases() {
  return {
      {"key", &Key, [](Resource&) {}, ""},
      {"short digest", &Key, [](Resource& r) { r.mutable_api_key()->set_digest("x"); }, "digest"},
      {"no pepper", &Key, [](Resource& r) { r.mutable_api_key()->clear_pepper_id(); }, "pepper_id"},
      {"no workspace", &Key, [](Resource& r) { r.mutable_api_key()->clear_workspace_id(); },
       "workspace_id"},
      {"bad time", &Key,
       [](Resource& r) { r.mutable_api_key()->mutable_expire_time()->set_nanos(-1); },
       "expire_time"},
      {"pattern", &Key, [](Resource& r) { r.mutable_api_key()->add_allowed_models("openai/*"); },
       ""},
      {"star in the middle", &Key,
       [](Resource& r) { r.mutable_api_key()->add_allowed_models("a*b"); }, "allowed_models"},
      {"too many models", &Key,
       [](Resource& r) {
         for (int i = 0; i <= kAllowedModelsMax; ++i) r.mutable_api_key()->add_allowed_models("m");
       },
       "allowed_models"},
      {"budget", &Budget, [](Resource&) {}, ""},
      {"negative limit", &Budget, [](Resource& r) { r.mutable_budget()->set_limit_nano_usd(-1); },
       "limit_nano_usd"},
      {"no period", &Budget, [](Resource& r) { r.mutable_budget()->clear_period(); }, "period"},
      {"no scope kind", &Budget, [](Resource& r) { r.mutable_budget()->clear_scope_kind(); },
       "scope_kind"},
      {"provider", &Provider, [](Resource&) {}, ""},
      {"no format", &Provider, [](Resource& r) { r.mutable_provider()->clear_format(); }, "format"},
      {"format of tomorrow", &Provider,
       [](Resource& r) { r.mutable_provider()->set_format(static_cast<catalog::v1::Format>(99)); },
       "format"},
      {"no url", &Provider, [](Resource& r) { r.mutable_provider()->clear_base_url(); },
       "base_url"},
      {"no time to connect", &Provider,
       [](Resource& r) {
         r.mutable_provider()->mutable_limits()->mutable_connect_timeout()->set_seconds(0);
       },
       "limits.connect_timeout"},
      {"no cooldown", &Provider,
       [](Resource& r) {
         r.mutable_provider()->mutable_limits()->mutable_cooldown()->set_seconds(0);
       },
       ""},
      {"a day", &Provider,
       [](Resource& r) {
         r.mutable_provider()->mutable_limits()->mutable_total_timeout()->set_seconds(86'400);
       },
       "limits.total_timeout"},
      {"credential", &Credential, [](Resource&) {}, ""},
      {"not sealed", &Credential,
       [](Resource& r) { r.mutable_credential()->set_sealed_secret("short"); }, "sealed_secret"},
      {"priority", &Credential, [](Resource& r) { r.mutable_credential()->set_priority(1001); },
       "priority"},
      {"alias", &Alias, [](Resource&) {}, ""},
      {"alias of nothing", &Alias, [](Resource& r) { r.mutable_alias()->clear_model_ids(); },
       "model_ids"},
      {"alias of one twice", &Alias,
       [](Resource& r) { r.mutable_alias()->add_model_ids("openai/gpt-4o-mini"); }, "model_ids"},
      {"route", &Route, [](Resource&) {}, ""},
      {"provider twice", &Route,
       [](Resource& r) {
         r.mutable_route()->add_order("a");
         r.mutable_route()->add_order("a");
       },
       "order"},
      {"attempts", &Route, [](Resource& r) { r.mutable_route()->set_attempts_max(21); },
       "attempts_max"},
      {"offering", &Offering, [](Resource&) {}, ""},
      {"not priced", &Offering, [](Resource& r) { r.mutable_offering()->clear_price_versions(); },
       "price_versions"},
      {"no component", &Offering,
       [](Resource& r) { r.mutable_offering()->mutable_price_versions(0)->clear_components(); },
       "price_versions"},
      {"negative price", &Offering,
       [](Resource& r) {
         r.mutable_offering()
             ->mutable_price_versions(0)
             ->mutable_components(0)
             ->set_price_pico_usd_per_unit(-1);
       },
       "price_versions"},
      {"unit not stated", &Offering,
       [](Resource& r) {
         r.mutable_offering()->mutable_price_versions(0)->mutable_components(0)->clear_unit();
       },
       "price_versions"},
  };
}

TEST(ValidateResourceTest, Table) {
  for (const Case& row : Cases()) {
    SCOPED_TRACE(row.name);
    Resource resource = row.make();
    row.spoil(resource);
    SetIdentity(resource);
    const absl::Status status = ValidateResource(resource, config::v1::AUDIENCE_DATAPLANE);
    EXPECT_EQ(status.ok(), row.field.empty()) << status;
    EXPECT_EQ(FieldOf(status), row.field) << status;
    if (!status.ok()) {
      EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
      EXPECT_NE(status.message().find(resource.key()), std::string::npos) << status;
    }
  }
}

TEST(ValidateResourceTest, BillingReadsNoDigestAndNoProvider) {
  Resource key = Key();
  SetIdentity(key);
  EXPECT_FALSE(ValidateResource(key, config::v1::AUDIENCE_BILLING).ok());
  key.mutable_api_key()->clear_digest();
  EXPECT_OK(ValidateResource(key, config::v1::AUDIENCE_BILLING));
  EXPECT_FALSE(ValidateResource(key, config::v1::AUDIENCE_DATAPLANE).ok());
  Resource provider = Provider();
  SetIdentity(provider);
  EXPECT_FALSE(ValidateResource(provider, config::v1::AUDIENCE_BILLING).ok());
}

TEST(ValidateResourceTest, TheKeyMustBeTheBodys) {
  Resource resource = Alias();
  resource.set_key("alias/other");
  EXPECT_EQ(FieldOf(ValidateResource(resource, config::v1::AUDIENCE_DATAPLANE)), "key");
  EXPECT_EQ(FieldOf(ValidateResource(Resource(), config::v1::AUDIENCE_DATAPLANE)), "body");
}

}  // namespace
}  // namespace tollgate
