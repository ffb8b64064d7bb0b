#include "proto/validate/resource.h"

#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/util/time_util.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "proto/validate/base_url.h"
#include "proto/validate/digest.h"
#include "proto/validate/field_checks.h"
#include "proto/validate/field_error.h"
#include "proto/validate/price_version.h"

namespace tollgate {
namespace {

using config::v1::Resource;
using Strings = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kCatalogIdCharsMax = 256;  // "<provider>:<model>@<region>".
constexpr std::size_t kSealedSecretBytesMax = 4096 + kSealOverheadBytes;

absl::Status CheckCatalogId(std::string_view field, std::string_view id) {
  bool printable = !id.empty() && id.size() <= kCatalogIdCharsMax;
  for (char c : id) printable = printable && c > ' ' && c < 0x7f;
  if (printable) return absl::OkStatus();
  return InvalidField(field, "must be 1 to 256 printable characters without blanks");
}

absl::Status CheckDuration(std::string_view field, bool present,
                           const google::protobuf::Duration& duration, bool zero_allowed) {
  if (!present) return absl::OkStatus();
  const bool valid = duration.nanos() >= 0 && duration.nanos() <= 999'999'999 &&
                     duration.seconds() >= 0 && duration.seconds() < kProviderTimeoutSecondsMax;
  const bool zero = duration.seconds() == 0 && duration.nanos() == 0;
  if (valid && (zero_allowed || !zero)) return absl::OkStatus();
  return InvalidField(field, zero_allowed ? "must be zero to one hour"
                                          : "must be more than zero and less than one hour");
}

// Which kinds billing reads (config.proto, AUDIENCE_BILLING).
bool ConcernsBilling(const Resource& resource) {
  return resource.has_workspace() || resource.has_api_key() || resource.has_budget() ||
         resource.has_member() || resource.has_webhook() || resource.has_offering();
}

absl::Status CheckAudience(const Resource& resource, config::v1::Audience audience) {
  const bool billing = audience == config::v1::AUDIENCE_BILLING;
  if (billing && !ConcernsBilling(resource)) return InvalidField("body", "is not for billing");
  if (!billing && resource.has_webhook()) return InvalidField("body", "is for billing only");
  if (!resource.has_api_key()) return absl::OkStatus();
  const std::size_t digest_bytes = billing ? 0 : kDigestBytes;
  if (resource.api_key().digest().size() == digest_bytes) return absl::OkStatus();
  return InvalidField("digest", absl::StrCat("must have ", digest_bytes, " bytes"));
}

absl::Status ValidateAnyBody(const Resource& resource) {
  switch (resource.body_case()) {
    case Resource::kWorkspace:
      return ValidateBody(resource.workspace());
    case Resource::kApiKey:
      return ValidateBody(resource.api_key());
    case Resource::kBudget:
      return ValidateBody(resource.budget());
    case Resource::kProvider:
      return ValidateBody(resource.provider());
    case Resource::kCredential:
      return ValidateBody(resource.credential());
    case Resource::kModel:
      return ValidateBody(resource.model());
    case Resource::kOffering:
      return ValidateBody(resource.offering());
    case Resource::kAlias:
      return ValidateBody(resource.alias());
    case Resource::kRoute:
      return ValidateBody(resource.route());
    case Resource::kMember:
      return ValidateBody(resource.member());
    case Resource::kPriceRule:
      return ValidateBody(resource.price_rule());
    case Resource::kWebhook:
      return ValidateBody(resource.webhook());
    case Resource::BODY_NOT_SET:
      break;
  }
  return InvalidField("body", "must be of a kind that is known");
}

}  // namespace

bool IsValidModelName(std::string_view name) {
  constexpr std::string_view kPunctuation = "._:/@-";
  if (name.empty() || name.size() > kModelNameCharsMax) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && (i == 0 || kPunctuation.find(c) == std::string_view::npos)) return false;
  }
  return true;
}

bool IsValidModelPattern(std::string_view pattern) {
  if (pattern == "*") return true;
  if (pattern.ends_with('*')) pattern.remove_suffix(1);
  return IsValidModelName(pattern);
}

bool IsValidDisplayName(std::string_view name) {
  if (name.size() > kDisplayNameCharsMax) return false;
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return false;
  }
  return true;
}

absl::Status ValidateBody(const config::v1::Workspace& workspace) {
  TG_RETURN_IF_ERROR(CheckId("id", workspace.id()));
  TG_RETURN_IF_ERROR(CheckId("organization_id", workspace.organization_id()));
  return CheckRateLimits(workspace.limits());
}

absl::Status ValidateBody(const config::v1::Key& key) {
  TG_RETURN_IF_ERROR(CheckId("id", key.id()));
  TG_RETURN_IF_ERROR(CheckId("workspace_id", key.workspace_id()));
  if (!key.digest().empty() && key.pepper_id() == 0) {
    return InvalidField("pepper_id", "must be stated");
  }
  if (key.has_expire_time() && !IsValidTime(key.expire_time())) {
    return InvalidField("expire_time", "must be a valid time");
  }
  if (key.allowed_models_size() > kAllowedModelsMax) {
    return InvalidField("allowed_models", "must name at most 256 models");
  }
  for (const std::string& pattern : key.allowed_models()) {
    if (!IsValidModelPattern(pattern)) {
      return InvalidField("allowed_models",
                          "must be names of models or aliases, with at most a '*' at the end");
    }
  }
  TG_RETURN_IF_ERROR(CheckOptionalId("project_id", key.project_id()));
  TG_RETURN_IF_ERROR(CheckOptionalId("member_id", key.member_id()));
  return CheckRateLimits(key.limits());
}

absl::Status ValidateLimits(const config::v1::ProviderLimits& limits) {
  TG_RETURN_IF_ERROR(CheckDuration("limits.connect_timeout", limits.has_connect_timeout(),
                                   limits.connect_timeout(), false));
  TG_RETURN_IF_ERROR(CheckDuration("limits.first_byte_timeout", limits.has_first_byte_timeout(),
                                   limits.first_byte_timeout(), false));
  TG_RETURN_IF_ERROR(CheckDuration("limits.idle_timeout", limits.has_idle_timeout(),
                                   limits.idle_timeout(), false));
  TG_RETURN_IF_ERROR(CheckDuration("limits.total_timeout", limits.has_total_timeout(),
                                   limits.total_timeout(), false));
  return CheckDuration("limits.cooldown", limits.has_cooldown(), limits.cooldown(), true);
}

absl::Status ValidateBody(const config::v1::Provider& provider) {
  TG_RETURN_IF_ERROR(CheckId("id", provider.id()));
  if (!IsValidDisplayName(provider.display_name())) {
    return InvalidField("display_name", "must be at most 128 printable characters");
  }
  if (provider.format() == catalog::v1::FORMAT_UNSPECIFIED ||
      !catalog::v1::Format_IsValid(provider.format())) {
    return InvalidField("format", "must be stated");
  }
  const std::string_view objection = BaseUrlObjection(provider.base_url());
  if (!objection.empty()) return InvalidField("base_url", objection);
  return ValidateLimits(provider.limits());
}

absl::Status ValidateBody(const config::v1::Credential& credential) {
  TG_RETURN_IF_ERROR(CheckId("id", credential.id()));
  TG_RETURN_IF_ERROR(CheckId("provider_id", credential.provider_id()));
  TG_RETURN_IF_ERROR(CheckOptionalId("workspace_id", credential.workspace_id()));
  const std::size_t bytes = credential.sealed_secret().size();
  if (bytes <= kSealOverheadBytes || bytes > kSealedSecretBytesMax) {
    return InvalidField("sealed_secret", "must be a sealed secret of 1 to 4096 characters");
  }
  if (credential.priority() < 0 || credential.priority() > kPriorityMax) {
    return InvalidField("priority", "must be 0 to 1000");
  }
  return absl::OkStatus();
}

absl::Status ValidateBody(const config::v1::Alias& alias) {
  if (!IsValidModelName(alias.name())) {
    return InvalidField("name", "must be 1 to 128 letters, digits and any of ._:/@-");
  }
  TG_RETURN_IF_ERROR(CheckOptionalId("workspace_id", alias.workspace_id()));
  if (alias.model_ids().empty()) return InvalidField("model_ids", "must not be empty");
  if (alias.model_ids_size() > kAliasModelsMax) {
    return InvalidField("model_ids", "must name at most 16 models");
  }
  std::set<std::string_view> seen;
  for (const std::string& id : alias.model_ids()) {
    if (!IsValidModelName(id)) return InvalidField("model_ids", "must be ids of models");
    if (!seen.insert(id).second) {
      return InvalidField("model_ids", absl::StrCat("names ", id, " twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateBody(const config::v1::Route& route) {
  TG_RETURN_IF_ERROR(CheckId("id", route.id()));
  TG_RETURN_IF_ERROR(CheckOptionalId("workspace_id", route.workspace_id()));
  if (!route.model_pattern().empty() && !IsValidModelPattern(route.model_pattern())) {
    return InvalidField("model_pattern", "must be a model id, with at most a '*' at the end");
  }
  TG_RETURN_IF_ERROR(CheckProviders("order", route.order()));
  TG_RETURN_IF_ERROR(CheckProviders("only", route.only()));
  TG_RETURN_IF_ERROR(CheckProviders("ignore", route.ignore()));
  if (!config::v1::Route::Sort_IsValid(route.sort())) {
    return InvalidField("sort", "must be an order that is known");
  }
  if (route.attempts_max() > kAttemptsMax) {
    return InvalidField("attempts_max", "must be at most 20");
  }
  return absl::OkStatus();
}

absl::Status ValidateBody(const catalog::v1::Model& model) {
  TG_RETURN_IF_ERROR(CheckCatalogId("id", model.id()));
  if (model.context_tokens_max() < 0 || model.output_tokens_max() < 0) {
    return InvalidField("context_tokens_max", "and output_tokens_max must not be negative");
  }
  return absl::OkStatus();
}

absl::Status ValidateBody(const catalog::v1::Offering& offering) {
  TG_RETURN_IF_ERROR(CheckCatalogId("id", offering.id()));
  TG_RETURN_IF_ERROR(CheckCatalogId("model_id", offering.model_id()));
  TG_RETURN_IF_ERROR(CheckId("provider_id", offering.provider_id()));
  TG_RETURN_IF_ERROR(CheckCatalogId("provider_model_id", offering.provider_model_id()));
  if (offering.context_tokens_max() < 0 || offering.output_tokens_max() < 0) {
    return InvalidField("context_tokens_max", "and output_tokens_max must not be negative");
  }
  if (offering.price_versions().empty()) return InvalidField("price_versions", "must not be empty");
  if (offering.price_versions_size() > kPriceVersionsMax) {
    return InvalidField("price_versions", "must be at most 64");
  }
  absl::Time before = absl::InfinitePast();
  for (const pricing::v1::PriceVersion& version : offering.price_versions()) {
    absl::StatusOr<PriceVersion> read = ReadPriceVersion(version);
    if (!read.ok()) return InvalidField("price_versions", StdView(read.status().message()));
    if (read->effective_time < before) return InvalidField("price_versions", "must be in order");
    before = read->effective_time;
  }
  return absl::OkStatus();
}

absl::Status ValidateResource(const Resource& resource, config::v1::Audience audience) {
  absl::Status status = ValidateAnyBody(resource);
  if (status.ok() && resource.key() != ResourceKey(resource)) {
    status = InvalidField("key", "must be the kind and the id");
  }
  if (status.ok()) status = CheckAudience(resource, audience);
  if (status.ok()) return status;
  return WithField(ErrorWithReason(status.code(), kInvalidFieldReason,
                                   absl::StrCat(resource.key(), ": ", status.message())),
                   FieldOf(status));
}

}  // namespace tollgate
