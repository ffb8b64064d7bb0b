#include "proto/validate/whole.h"

#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

using config::v1::Resource;

// The keys of all resources.
using KeySet = std::unordered_set<std::string_view>;

absl::Status Refer(const KeySet& keys, const Resource& from, std::string_view kind,
                   std::string_view id) {
  const std::string target = absl::StrCat(AbslView(kind), "/", AbslView(id));
  if (keys.contains(target)) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "DANGLING_REFERENCE",
                         absl::StrCat(from.key(), ": ", target, " does not exist"));
}

absl::Status ReferIfSet(const KeySet& keys, const Resource& from, std::string_view kind,
                        std::string_view id) {
  return id.empty() ? absl::OkStatus() : Refer(keys, from, kind, id);
}

absl::Status CheckBudget(const KeySet& keys, const Resource& resource) {
  const config::v1::Budget& budget = resource.budget();
  switch (budget.scope_kind()) {
    case config::v1::SCOPE_KIND_WORKSPACE:
      return Refer(keys, resource, "workspace", budget.scope_id());
    case config::v1::SCOPE_KIND_KEY:
      return Refer(keys, resource, "key", budget.scope_id());
    case config::v1::SCOPE_KIND_MEMBER:
      return Refer(keys, resource, "member", budget.scope_id());
    default:
      return absl::OkStatus();  // The other scopes are not published.
  }
}

absl::Status CheckReferences(const KeySet& keys, const Resource& resource) {
  switch (resource.body_case()) {
    case Resource::kApiKey:
      TG_RETURN_IF_ERROR(Refer(keys, resource, "workspace", resource.api_key().workspace_id()));
      return ReferIfSet(keys, resource, "member", resource.api_key().member_id());
    case Resource::kMember:
      return Refer(keys, resource, "workspace", resource.member().workspace_id());
    case Resource::kPriceRule:
      return ReferIfSet(keys, resource, "workspace", resource.price_rule().workspace_id());
    case Resource::kBudget:
      return CheckBudget(keys, resource);
    case Resource::kCredential:
      TG_RETURN_IF_ERROR(Refer(keys, resource, "provider", resource.credential().provider_id()));
      return ReferIfSet(keys, resource, "workspace", resource.credential().workspace_id());
    case Resource::kOffering:
      TG_RETURN_IF_ERROR(Refer(keys, resource, "provider", resource.offering().provider_id()));
      return Refer(keys, resource, "model", resource.offering().model_id());
    case Resource::kAlias:
      return ReferIfSet(keys, resource, "workspace", resource.alias().workspace_id());
    case Resource::kRoute:
      return ReferIfSet(keys, resource, "workspace", resource.route().workspace_id());
    default:
      return absl::OkStatus();
  }
}

absl::Status Duplicate(const Resource& resource, std::string_view what) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "DUPLICATE_RESOURCE",
                         absl::StrCat(resource.key(), ": ", AbslView(what)));
}

}  // namespace

absl::Status ValidateWhole(std::span<const Resource* const> resources) {
  KeySet keys;
  keys.reserve(resources.size());
  std::unordered_set<std::string_view> digests;
  for (const Resource* resource : resources) {
    if (!keys.insert(resource->key()).second) return Duplicate(*resource, "comes twice");
    const std::string& digest = resource->api_key().digest();
    if (!digest.empty() && !digests.insert(digest).second) {
      return Duplicate(*resource, "has the digest of another key");
    }
  }
  for (const Resource* resource : resources) {
    TG_RETURN_IF_ERROR(CheckReferences(keys, *resource));
  }
  return absl::OkStatus();
}

}  // namespace tollgate
