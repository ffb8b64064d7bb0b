#include "dataplane/snapshot/catalog_builder.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/pricing.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "dataplane/route/cooldown_key.h"
#include "proto/validate/price_version.h"

namespace tollgate::dataplane {
namespace {

// The defaults of config.proto.
constexpr absl::Duration kConnectTimeout = absl::Seconds(5);
constexpr absl::Duration kFirstByteTimeout = absl::Seconds(120);
constexpr absl::Duration kIdleTimeout = absl::Seconds(60);
constexpr absl::Duration kTotalTimeout = absl::Seconds(900);
constexpr absl::Duration kCooldown = absl::Seconds(5);
constexpr std::uint32_t kRouteAttempts = 5;

absl::Duration ReadDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::vector<std::string> Strings(const google::protobuf::RepeatedPtrField<std::string>& from) {
  return {from.begin(), from.end()};
}

std::int64_t PriceOf(const PriceVersion& version, Direction direction, std::string_view region) {
  const Quantity text{.unit = Unit::kToken, .direction = direction};
  const PriceComponent* component =
      FindComponent(version, text, ServiceTier::kStandard, region, 0, 0);
  return component == nullptr ? 0 : component->price_pico_usd_per_unit;
}

Quirks ReadQuirks(const catalog::v1::Quirks& from) {
  Quirks quirks;
  quirks.output_limit_field = from.output_limit_field();
  quirks.no_stream_usage = from.no_stream_usage();
  quirks.no_developer_role = from.no_developer_role();
  quirks.no_json_schema = from.no_json_schema();
  quirks.no_image_url = from.no_image_url();
  quirks.cache_control = from.cache_control();
  quirks.reasoning_request = from.reasoning_request();
  quirks.reasoning_history = from.reasoning_history();
  quirks.unsupported_parameters = Strings(from.unsupported_parameters());
  return quirks;
}

// The header line with which a format's providers want their credential.
Secret HeaderLine(WireFormat format, const Secret& secret) {
  if (secret.empty()) return Secret();
  std::string_view name = "authorization: Bearer ";
  if (format == WireFormat::kAnthropic) name = "x-api-key: ";
  if (format == WireFormat::kGemini) name = "x-goog-api-key: ";
  std::string line;
  line.reserve(name.size() + secret.size() + 2);  // Never moved, so that no copy stays behind.
  line.append(name);
  line.append(secret.Reveal());
  line.append("\r\n");
  return Secret::Take(std::move(line));
}

}  // namespace

absl::StatusOr<std::vector<std::shared_ptr<const Price>>> CompilePrices(
    const catalog::v1::Offering& offering) {
  std::vector<std::shared_ptr<const Price>> prices;
  for (const pricing::v1::PriceVersion& from : offering.price_versions()) {
    TG_ASSIGN_OR_RETURN(PriceVersion version, ReadPriceVersion(from));
    absl::StatusOr<CompiledPrice> compiled =
        CompiledPrice::Create(version, ServiceTier::kStandard, offering.region());
    if (!compiled.ok()) {
      if (ReasonOf(compiled.status()) == "UNPRICED") continue;
      return compiled.status();
    }
    auto price = std::make_shared<Price>(*std::move(compiled));
    price->effective_time = version.effective_time;
    // Prices are at most 1e18 each: their sum fits.
    price->rank_pico_usd = PriceOf(version, Direction::kInput, offering.region()) +
                           PriceOf(version, Direction::kOutput, offering.region());
    prices.push_back(std::move(price));
  }
  std::stable_sort(prices.begin(), prices.end(), [](const auto& a, const auto& b) {
    return a->effective_time < b->effective_time;
  });
  return prices;
}

absl::StatusOr<Secret> OpenCredential(const config::v1::Credential& credential,
                                      const Sealer& sealer) {
  TG_ASSIGN_OR_RETURN(Secret secret, sealer.Open(credential.sealed_secret(),
                                                 absl::StrCat("credential/", credential.id())));
  for (char c : secret.Reveal()) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f) {
      return absl::InvalidArgumentError("the secret has a character that no header may have");
    }
  }
  return secret;
}

void CatalogBuilder::Add(const config::v1::Provider& from) {
  auto provider = std::make_unique<Provider>();
  provider->id = from.id();
  provider->display_name = from.display_name();
  provider->format = static_cast<WireFormat>(from.format());
  provider->origin = ParseOrigin(from.base_url()).value_or(Origin());  // Checked on arrival.
  provider->quirks = ReadQuirks(from.quirks());
  const config::v1::ProviderLimits& limits = from.limits();
  provider->connect_timeout =
      limits.has_connect_timeout() ? ReadDuration(limits.connect_timeout()) : kConnectTimeout;
  provider->first_byte_timeout = limits.has_first_byte_timeout()
                                     ? ReadDuration(limits.first_byte_timeout())
                                     : kFirstByteTimeout;
  provider->idle_timeout =
      limits.has_idle_timeout() ? ReadDuration(limits.idle_timeout()) : kIdleTimeout;
  provider->total_timeout =
      limits.has_total_timeout() ? ReadDuration(limits.total_timeout()) : kTotalTimeout;
  provider->cooldown = limits.has_cooldown() ? ReadDuration(limits.cooldown()) : kCooldown;
  provider->cooldown_disabled = limits.cooldown_disabled();
  catalog_.sorted_providers_.push_back(provider.get());
  catalog_.providers_.emplace(from.id(), std::move(provider));
}

void CatalogBuilder::Add(const catalog::v1::Model& from) {
  auto model = std::make_unique<Model>();
  model->id = from.id();
  model->display_name = from.display_name();
  model->vendor = from.vendor();
  model->type = from.type();
  model->input_modalities = Strings(from.input_modalities());
  model->output_modalities = Strings(from.output_modalities());
  model->capabilities = Strings(from.capabilities());
  model->release_date = from.release_date();
  model->context_tokens_max = from.context_tokens_max();
  model->output_tokens_max = from.output_tokens_max();
  catalog_.sorted_models_.push_back(model.get());
  catalog_.models_.emplace(from.id(), std::move(model));
}

void CatalogBuilder::Add(const catalog::v1::Offering& from,
                         const std::vector<std::shared_ptr<const Price>>* prices) {
  auto model = catalog_.models_.find(from.model_id());
  auto provider = catalog_.providers_.find(from.provider_id());
  if (model == catalog_.models_.end() || provider == catalog_.providers_.end()) return;
  auto offering = std::make_unique<Offering>();
  offering->id = from.id();
  offering->provider_model_id = from.provider_model_id();
  offering->region = from.region();
  offering->model = model->second.get();
  offering->provider = provider->second.get();
  offering->context_tokens_max = from.context_tokens_max() != 0
                                     ? from.context_tokens_max()
                                     : offering->model->context_tokens_max;
  offering->output_tokens_max =
      from.output_tokens_max() != 0 ? from.output_tokens_max() : offering->model->output_tokens_max;
  if (prices != nullptr) offering->prices = *prices;
  model->second->offerings.push_back(offering.get());
  catalog_.offerings_.emplace(from.id(), std::move(offering));
}

void CatalogBuilder::Add(const config::v1::Credential& from, const Sealer& sealer) {
  auto provider = catalog_.providers_.find(from.provider_id());
  absl::StatusOr<Secret> secret = OpenCredential(from, sealer);
  if (provider == catalog_.providers_.end() || !secret.ok()) return;  // Checked on arrival.
  auto credential = std::make_unique<Credential>();
  credential->id = from.id();
  credential->workspace_id = from.workspace_id();
  credential->priority = from.priority();
  credential->cooldown_key = CooldownKey(from.id());
  credential->provider = provider->second.get();
  credential->header_line =
      std::make_shared<const Secret>(HeaderLine(provider->second->format, *secret));
  catalog_.credentials_by_owner_[absl::StrCat(from.provider_id(), "\n", from.workspace_id())]
      .push_back(credential.get());
  catalog_.credentials_.emplace(from.id(), std::move(credential));
}

void CatalogBuilder::Add(const config::v1::Alias& from) {
  auto alias = std::make_unique<Alias>();
  alias->name = from.name();
  alias->workspace_id = from.workspace_id();
  alias->model_ids = Strings(from.model_ids());
  catalog_.aliases_.emplace(absl::StrCat(from.workspace_id(), "\n", from.name()), std::move(alias));
}

void CatalogBuilder::Add(const config::v1::Route& from) {
  auto route = std::make_unique<Route>();
  route->id = from.id();
  route->workspace_id = from.workspace_id();
  route->model_pattern = from.model_pattern();
  route->order = Strings(from.order());
  route->only = Strings(from.only());
  route->ignore = Strings(from.ignore());
  route->sort =
      from.sort() == config::v1::Route::SORT_NAME ? Route::Sort::kName : Route::Sort::kPrice;
  route->attempts_max = from.attempts_max() == 0 ? kRouteAttempts : from.attempts_max();
  catalog_.routes_by_workspace_[from.workspace_id()].push_back(route.get());
  catalog_.routes_.push_back(std::move(route));
}

void CatalogBuilder::Add(const config::v1::PriceRule& from) {
  auto rule = std::make_unique<PriceRule>();
  rule->id = from.id();
  rule->version = from.version();
  rule->workspace_id = from.workspace_id();
  rule->provider_ids = Strings(from.provider_ids());
  rule->factor.ppm += from.adjust_ppm();
  catalog_.price_rules_[from.workspace_id()].push_back(std::move(rule));
}

void CatalogBuilder::Sort() {
  auto by_id = [](const auto* a, const auto* b) { return a->id < b->id; };
  std::sort(catalog_.sorted_models_.begin(), catalog_.sorted_models_.end(), by_id);
  std::sort(catalog_.sorted_providers_.begin(), catalog_.sorted_providers_.end(), by_id);
  for (auto& [id, model] : catalog_.models_) {
    std::sort(model->offerings.begin(), model->offerings.end(),
              [](const Offering* a, const Offering* b) {
                return std::tie(a->provider->id, a->id) < std::tie(b->provider->id, b->id);
              });
  }
  for (auto& [owner, credentials] : catalog_.credentials_by_owner_) {
    std::sort(credentials.begin(), credentials.end(), [](const Credential* a, const Credential* b) {
      return std::tie(a->priority, a->id) < std::tie(b->priority, b->id);
    });
  }
  for (auto& [owner, rules] : catalog_.price_rules_) {
    std::sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) {
      const bool a_general = a->provider_ids.empty();
      const bool b_general = b->provider_ids.empty();
      return std::tie(a_general, a->id) < std::tie(b_general, b->id);
    });
  }
  for (auto& [owner, routes] : catalog_.routes_by_workspace_) {
    std::sort(routes.begin(), routes.end(), [](const Route* a, const Route* b) {
      // An exact pattern is more than a wildcard of the same length; ids make the order total.
      const bool a_wild = a->model_pattern.ends_with('*');
      const bool b_wild = b->model_pattern.ends_with('*');
      if (a->model_pattern.size() != b->model_pattern.size()) {
        return a->model_pattern.size() > b->model_pattern.size();
      }
      return std::tie(a_wild, a->id) < std::tie(b_wild, b->id);
    });
  }
}

std::shared_ptr<const Catalog> CatalogBuilder::Build(
    const CowMap<config::v1::Resource>& resources,
    const CowMap<std::vector<std::shared_ptr<const Price>>>& prices, const Sealer& sealer) {
  using config::v1::Resource;
  auto catalog = std::make_shared<Catalog>();
  CatalogBuilder builder(*catalog);
  // Offerings and credentials point at models and providers, which therefore come first.
  resources.ForEach([&](std::string_view, const auto& resource) {
    if (resource->has_provider()) builder.Add(resource->provider());
    if (resource->has_model()) builder.Add(resource->model());
  });
  resources.ForEach([&](std::string_view key, const auto& resource) {
    switch (resource->body_case()) {
      case Resource::kOffering:
        return builder.Add(resource->offering(), prices.Find(key));
      case Resource::kCredential:
        return builder.Add(resource->credential(), sealer);
      case Resource::kAlias:
        return builder.Add(resource->alias());
      case Resource::kRoute:
        return builder.Add(resource->route());
      case Resource::kPriceRule:
        return builder.Add(resource->price_rule());
      default:
        return;
    }
  });
  builder.Sort();
  return catalog;
}

}  // namespace tollgate::dataplane
