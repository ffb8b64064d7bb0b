#include "catalog/wire/facts_proto.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"

namespace tollgate::catalog {
namespace {

namespace pb = pricing::v1;

// Seconds of 0001-01-01 and 9999-12-31, the range of google.protobuf.Timestamp.
constexpr std::int64_t kSecondsMin = -62'135'596'800;
constexpr std::int64_t kSecondsMax = 253'402'300'799;

// Our enums are the messages' without the unspecified value.  nullopt when out of range.
template <typename Enum>
std::optional<Enum> FromEnum(int value, int count) {
  if (value < 1 || value > count) return std::nullopt;
  return static_cast<Enum>(value - 1);
}

template <typename ProtoEnum, typename Enum>
ProtoEnum ToEnum(Enum value) {
  return static_cast<ProtoEnum>(static_cast<int>(value) + 1);
}

static_assert(pb::UNIT_SEARCH == static_cast<int>(Unit::kSearch) + 1);
static_assert(pb::MODALITY_REASONING == static_cast<int>(Modality::kReasoning) + 1);
static_assert(pb::CACHE_CLASS_WRITE_1H == static_cast<int>(CacheClass::kWrite1h) + 1);
static_assert(pb::SERVICE_TIER_PRIORITY == static_cast<int>(ServiceTier::kPriority) + 1);
static_assert(v1::FORMAT_GEMINI == static_cast<int>(Format::kGemini));

absl::StatusOr<PriceComponent> ComponentFromProto(const pb::PriceComponent& message) {
  const auto unit = FromEnum<Unit>(message.unit(), pb::UNIT_SEARCH);
  const auto direction = FromEnum<Direction>(message.direction(), pb::DIRECTION_OUTPUT);
  const auto modality = FromEnum<Modality>(message.modality(), pb::MODALITY_REASONING);
  const auto cache = FromEnum<CacheClass>(message.cache(), pb::CACHE_CLASS_WRITE_1H);
  const auto tier = FromEnum<ServiceTier>(message.tier(), pb::SERVICE_TIER_PRIORITY);
  if (!unit || !direction || !modality || !cache || !tier) {
    return absl::InvalidArgumentError(
        "a price component must state unit, direction, modality, cache and tier");
  }
  PriceComponent component;
  component.unit = *unit;
  component.direction = *direction;
  component.modality = *modality;
  component.cache = *cache;
  component.tier = *tier;
  component.context_threshold_tokens = message.context_threshold_tokens();
  component.variant = message.variant();
  component.region = message.region();
  component.utc_start_minute = message.utc_start_minute();
  component.utc_end_minute = message.utc_end_minute();
  component.price_pico_usd_per_unit = message.price_pico_usd_per_unit();
  return component;
}

void ComponentToProto(const PriceComponent& component, pb::PriceComponent& message) {
  message.set_unit(ToEnum<pb::Unit>(component.unit));
  message.set_direction(ToEnum<pb::Direction>(component.direction));
  message.set_modality(ToEnum<pb::Modality>(component.modality));
  message.set_cache(ToEnum<pb::CacheClass>(component.cache));
  message.set_tier(ToEnum<pb::ServiceTier>(component.tier));
  message.set_context_threshold_tokens(component.context_threshold_tokens);
  message.set_variant(component.variant);
  message.set_region(component.region);
  message.set_utc_start_minute(component.utc_start_minute);
  message.set_utc_end_minute(component.utc_end_minute);
  message.set_price_pico_usd_per_unit(component.price_pico_usd_per_unit);
}

}  // namespace

pb::PriceVersion ToProto(const SourcedPriceVersion& sourced) {
  pb::PriceVersion message;
  message.set_id(sourced.version.id);
  if (sourced.version.effective_time != absl::InfinitePast()) {
    message.mutable_effective_time()->set_seconds(
        absl::ToUnixSeconds(sourced.version.effective_time));
  }
  for (const PriceComponent& component : sourced.version.components) {
    ComponentToProto(component, *message.add_components());
  }
  message.set_source(sourced.source);
  message.set_source_date(sourced.source_date);
  return message;
}

absl::StatusOr<SourcedPriceVersion> FromProto(const pb::PriceVersion& message) {
  SourcedPriceVersion sourced;
  sourced.version.id = message.id();
  sourced.version.effective_time = absl::InfinitePast();
  if (message.has_effective_time()) {
    const std::int64_t seconds = message.effective_time().seconds();
    if (seconds < kSecondsMin || seconds > kSecondsMax) {
      return absl::InvalidArgumentError("the effective time of a price is out of range");
    }
    sourced.version.effective_time = absl::FromUnixSeconds(seconds);
  }
  for (const pb::PriceComponent& component : message.components()) {
    TG_ASSIGN_OR_RETURN(PriceComponent parsed, ComponentFromProto(component));
    sourced.version.components.push_back(std::move(parsed));
  }
  sourced.source = message.source();
  sourced.source_date = message.source_date();
  return sourced;
}

v1::Model ToProto(const Model& model) {
  v1::Model message;
  message.set_id(model.id);
  message.set_display_name(model.display_name);
  message.set_vendor(model.vendor);
  message.set_type(model.type);
  for (const std::string& word : model.input_modalities) message.add_input_modalities(word);
  for (const std::string& word : model.output_modalities) message.add_output_modalities(word);
  for (const std::string& word : model.capabilities) message.add_capabilities(word);
  message.set_context_tokens_max(model.context_tokens_max);
  message.set_output_tokens_max(model.output_tokens_max);
  message.set_knowledge_date(model.knowledge_date);
  message.set_release_date(model.release_date);
  message.set_deprecation_date(model.deprecation_date);
  return message;
}

Model FromProto(const v1::Model& message) {
  Model model;
  model.id = message.id();
  model.display_name = message.display_name();
  model.vendor = message.vendor();
  model.type = message.type();
  model.input_modalities.assign(message.input_modalities().begin(),
                                message.input_modalities().end());
  model.output_modalities.assign(message.output_modalities().begin(),
                                 message.output_modalities().end());
  model.capabilities.assign(message.capabilities().begin(), message.capabilities().end());
  model.context_tokens_max = message.context_tokens_max();
  model.output_tokens_max = message.output_tokens_max();
  model.knowledge_date = message.knowledge_date();
  model.release_date = message.release_date();
  model.deprecation_date = message.deprecation_date();
  return model;
}

v1::Quirks ToProto(const Quirks& quirks) {
  v1::Quirks message;
  message.set_output_limit_field(quirks.output_limit_field);
  message.set_no_stream_usage(quirks.no_stream_usage);
  message.set_no_developer_role(quirks.no_developer_role);
  message.set_no_json_schema(quirks.no_json_schema);
  message.set_no_image_url(quirks.no_image_url);
  message.set_cache_control(quirks.cache_control);
  message.set_reasoning_request(quirks.reasoning_request);
  message.set_reasoning_history(quirks.reasoning_history);
  for (const std::string& name : quirks.unsupported_parameters) {
    message.add_unsupported_parameters(name);
  }
  return message;
}

Quirks FromProto(const v1::Quirks& message) {
  return Quirks{.output_limit_field = message.output_limit_field(),
                .no_stream_usage = message.no_stream_usage(),
                .no_developer_role = message.no_developer_role(),
                .no_json_schema = message.no_json_schema(),
                .no_image_url = message.no_image_url(),
                .cache_control = message.cache_control(),
                .reasoning_request = message.reasoning_request(),
                .reasoning_history = message.reasoning_history(),
                .unsupported_parameters = {message.unsupported_parameters().begin(),
                                           message.unsupported_parameters().end()}};
}

v1::Provider ToProto(const Provider& provider) {
  v1::Provider message;
  message.set_id(provider.id);
  message.set_display_name(provider.display_name);
  message.set_format(static_cast<v1::Format>(provider.format));
  message.set_base_url(provider.base_url);
  message.set_doc_url(provider.doc_url);
  if (provider.quirks != Quirks()) *message.mutable_quirks() = ToProto(provider.quirks);
  return message;
}

absl::StatusOr<Provider> FromProto(const v1::Provider& message) {
  if (message.format() <= 0 || message.format() > v1::FORMAT_GEMINI) {
    return absl::InvalidArgumentError(
        absl::StrCat("provider '", message.id().substr(0, 100), "': the format must be stated"));
  }
  return Provider{.id = message.id(),
                  .display_name = message.display_name(),
                  .format = static_cast<Format>(message.format()),
                  .base_url = message.base_url(),
                  .doc_url = message.doc_url(),
                  .quirks = FromProto(message.quirks())};
}

v1::Offering ToProto(const Offering& offering) {
  v1::Offering message;
  message.set_id(offering.id);
  message.set_model_id(offering.model_id);
  message.set_provider_id(offering.provider_id);
  message.set_provider_model_id(offering.provider_model_id);
  message.set_context_tokens_max(offering.context_tokens_max);
  message.set_output_tokens_max(offering.output_tokens_max);
  message.set_region(offering.region);
  message.set_status(offering.status);
  for (const SourcedPriceVersion& sourced : offering.price_versions) {
    *message.add_price_versions() = ToProto(sourced);
  }
  return message;
}

absl::StatusOr<Offering> FromProto(const v1::Offering& message) {
  Offering offering;
  offering.id = message.id();
  offering.model_id = message.model_id();
  offering.provider_id = message.provider_id();
  offering.provider_model_id = message.provider_model_id();
  offering.context_tokens_max = message.context_tokens_max();
  offering.output_tokens_max = message.output_tokens_max();
  offering.region = message.region();
  offering.status = message.status();
  for (const pb::PriceVersion& version : message.price_versions()) {
    absl::StatusOr<SourcedPriceVersion> sourced = FromProto(version);
    if (!sourced.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("offering '", message.id().substr(0, 300),
                                                     "': ", sourced.status().message()));
    }
    offering.price_versions.push_back(*std::move(sourced));
  }
  return offering;
}

v1::Facts ToProto(const Facts& facts) {
  v1::Facts message;
  for (const Model& model : facts.models) *message.add_models() = ToProto(model);
  for (const Provider& provider : facts.providers) *message.add_providers() = ToProto(provider);
  for (const Offering& offering : facts.offerings) *message.add_offerings() = ToProto(offering);
  return message;
}

absl::StatusOr<Facts> FromProto(const v1::Facts& message) {
  Facts facts;
  for (const v1::Model& model : message.models()) facts.models.push_back(FromProto(model));
  for (const v1::Provider& provider : message.providers()) {
    TG_ASSIGN_OR_RETURN(Provider parsed, FromProto(provider));
    facts.providers.push_back(std::move(parsed));
  }
  for (const v1::Offering& offering : message.offerings()) {
    TG_ASSIGN_OR_RETURN(Offering parsed, FromProto(offering));
    facts.offerings.push_back(std::move(parsed));
  }
  return facts;
}

}  // namespace tollgate::catalog
