// Published resources, made short.
#ifndef TOLLGATE_TESTS_DATAPLANE_SUPPORT_RESOURCES_H_
#define TOLLGATE_TESTS_DATAPLANE_SUPPORT_RESOURCES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/seal.h"
#include "proto/validate/digest.h"
#include "proto/validate/resource.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::dataplane {

inline const Sealer& TestSealer() {
  static const Sealer sealer = *Sealer::Create(Secret(std::string(kSealKeyBytes, 'k')));
  return sealer;
}

inline config::v1::Resource WorkspaceResource(const std::string& id,
                                              const std::string& organization = "org_1") {
  config::v1::Resource resource;
  resource.mutable_workspace()->set_id(id);
  resource.mutable_workspace()->set_organization_id(organization);
  SetIdentity(resource);
  return resource;
}

// The digest is SHA-256 of `digest_of`, or of the id.
inline config::v1::Resource KeyResource(const std::string& id, const std::string& workspace,
                                        const std::vector<std::string>& allowed = {},
                                        bool revoked = false, std::string digest_of = "") {
  config::v1::Resource resource;
  config::v1::Key* key = resource.mutable_api_key();
  key->set_id(id);
  key->set_workspace_id(workspace);
  const Sha256Digest digest = Sha256(digest_of.empty() ? id : digest_of);
  key->set_digest(std::string(DigestView(digest)));
  key->set_pepper_id(1);
  key->set_revoked(revoked);
  for (const std::string& name : allowed) key->add_allowed_models(name);
  SetIdentity(resource);
  return resource;
}

inline config::v1::Resource BudgetResource(const std::string& id, config::v1::ScopeKind kind,
                                           const std::string& scope, bool hard = true,
                                           config::v1::Period period = config::v1::PERIOD_DAILY) {
  config::v1::Resource resource;
  config::v1::Budget* budget = resource.mutable_budget();
  budget->set_id(id);
  budget->set_scope_kind(kind);
  budget->set_scope_id(scope);
  budget->set_limit_nano_usd(1'000'000'000);
  budget->set_period(period);
  budget->set_hard(hard);
  SetIdentity(resource);
  return resource;
}

inline config::v1::Resource ProviderResource(
    const std::string& id, catalog::v1::Format format = catalog::v1::FORMAT_OPENAI_CHAT,
    const std::string& base_url = "https://api.example.com/v1") {
  config::v1::Resource resource;
  config::v1::Provider* provider = resource.mutable_provider();
  provider->set_id(id);
  provider->set_display_name(id);
  provider->set_format(format);
  provider->set_base_url(base_url);
  SetIdentity(resource);
  return resource;
}

inline config::v1::Resource CredentialResource(const std::string& id, const std::string& provider,
                                               const std::string& workspace = "", int priority = 0,
                                               const std::string& secret = "sk-secret") {
  config::v1::Resource resource;
  config::v1::Credential* credential = resource.mutable_credential();
  credential->set_id(id);
  credential->set_provider_id(provider);
  credential->set_workspace_id(workspace);
  credential->set_priority(priority);
  credential->set_sealed_secret(TestSealer().Seal(secret, absl::StrCat("credential/", id)));
  SetIdentity(resource);
  return resource;
}

inline config::v1::Resource ModelResource(const std::string& id,
                                          const std::string& type = "language") {
  config::v1::Resource resource;
  catalog::v1::Model* model = resource.mutable_model();
  model->set_id(id);
  model->set_display_name(id);
  model->set_vendor(id.substr(0, id.find('/')));
  model->set_type(type);
  SetIdentity(resource);
  return resource;
}

inline void AddPrice(config::v1::Resource& resource, std::int64_t pico_usd,
                     std::int64_t effective_s, const std::string& version_id) {
  pricing::v1::PriceVersion* version = resource.mutable_offering()->add_price_versions();
  version->set_id(version_id);
  version->mutable_effective_time()->set_seconds(effective_s);
  for (auto direction : {pricing::v1::DIRECTION_INPUT, pricing::v1::DIRECTION_OUTPUT}) {
    pricing::v1::PriceComponent* component = version->add_components();
    component->set_unit(pricing::v1::UNIT_TOKEN);
    component->set_direction(direction);
    component->set_modality(pricing::v1::MODALITY_TEXT);
    component->set_cache(pricing::v1::CACHE_CLASS_NONE);
    component->set_tier(pricing::v1::SERVICE_TIER_STANDARD);
    component->set_price_pico_usd_per_unit(pico_usd);
  }
  SetIdentity(resource);
}

inline config::v1::Resource OfferingResource(const std::string& provider, const std::string& model,
                                             std::int64_t pico_usd = 1000) {
  config::v1::Resource resource;
  catalog::v1::Offering* offering = resource.mutable_offering();
  offering->set_id(provider + ":" + model);
  offering->set_model_id(model);
  offering->set_provider_id(provider);
  offering->set_provider_model_id(model.substr(model.find('/') + 1));
  AddPrice(resource, pico_usd, 0, absl::StrCat("pv_", provider, pico_usd));
  return resource;
}

inline config::v1::Resource MemberResource(const std::string& id, const std::string& workspace,
                                           bool disabled = false) {
  config::v1::Resource resource;
  resource.mutable_member()->set_id(id);
  resource.mutable_member()->set_workspace_id(workspace);
  resource.mutable_member()->set_disabled(disabled);
  SetIdentity(resource);
  return resource;
}

inline config::v1::Resource PriceRuleResource(const std::string& id, std::int64_t adjust_ppm,
                                              const std::string& workspace = "",
                                              const std::vector<std::string>& providers = {}) {
  config::v1::Resource resource;
  config::v1::PriceRule* rule = resource.mutable_price_rule();
  rule->set_id(id);
  rule->set_workspace_id(workspace);
  for (const std::string& provider : providers) rule->add_provider_ids(provider);
  rule->set_adjust_ppm(adjust_ppm);
  rule->set_version(PriceRuleVersion(*rule));
  SetIdentity(resource);
  return resource;
}

inline config::v1::Resource AliasResource(const std::string& name,
                                          const std::vector<std::string>& models,
                                          const std::string& workspace = "") {
  config::v1::Resource resource;
  resource.mutable_alias()->set_name(name);
  resource.mutable_alias()->set_workspace_id(workspace);
  for (const std::string& model : models) resource.mutable_alias()->add_model_ids(model);
  SetIdentity(resource);
  return resource;
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_SUPPORT_RESOURCES_H_
