#include "controlplane/provider/provider_kind.h"

#include "base/ids.h"
#include "base/status_macros.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/base_url.h"
#include "proto/validate/field_error.h"
#include "proto/validate/resource.h"

namespace tollgate::controlplane {
namespace {

absl::Status Validate(const admin::v1::Provider& provider) {
  TG_RETURN_IF_ERROR(ValidateDisplayName(provider.display_name()));
  if (!catalog::v1::Format_IsValid(provider.format())) {
    return InvalidField("format", "must be a format that is known");
  }
  if (!provider.base_url().empty()) {
    const std::string_view objection = BaseUrlObjection(provider.base_url());
    if (!objection.empty()) return InvalidField("base_url", objection);
  }
  return ValidateLimits(provider.limits());
}

}  // namespace

const Kind kProviderKind = {
    .id = KindId::kProvider,
    .name = "provider",
    .id_prefix = "",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = {},
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = nullptr,
    .take_secret = nullptr,
    .project = nullptr,  // Published together with the catalog's facts: publish/projection.h.
};

}  // namespace tollgate::controlplane
