#include "tollgate/cli/resource_kind.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"
#include "tollgate/admin/v1/alias_service.pb.h"
#include "tollgate/admin/v1/budget_service.pb.h"
#include "tollgate/admin/v1/credential_service.pb.h"
#include "tollgate/admin/v1/key_service.pb.h"
#include "tollgate/admin/v1/member_service.pb.h"
#include "tollgate/admin/v1/organization_service.pb.h"
#include "tollgate/admin/v1/price_rule_service.pb.h"
#include "tollgate/admin/v1/project_service.pb.h"
#include "tollgate/admin/v1/provider_service.pb.h"
#include "tollgate/admin/v1/quota_entity_service.pb.h"
#include "tollgate/admin/v1/route_service.pb.h"
#include "tollgate/admin/v1/webhook_service.pb.h"
#include "tollgate/admin/v1/workspace_service.pb.h"

namespace tollgate::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

constexpr std::string_view kServerFields[] = {"id", "etag", "create_time", "update_time"};

// "QuotaEntity" → "quota_entity".
std::string SnakeCase(const std::string& name) {
  std::string snake;
  for (const char c : name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !snake.empty()) snake += '_';
    snake += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return snake;
}

// What names are compared by: "QuotaEntity", "quota-entity" and "quota_entity" are the same.
std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '_' && c != '-') plain += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return plain;
}

ResourceKind Kind(const google::protobuf::Descriptor* type, std::vector<std::string_view> columns) {
  CHECK(type->file()->service_count() == 1) << type->full_name();
  ResourceKind kind{.type = type,
                    .columns = std::move(columns),
                    .name = SnakeCase(type->name()),
                    .plural = "",
                    .service = type->file()->service(0)};
  kind.plural = SnakeCase(kind.Method("List").name().substr(4));
  return kind;
}

std::vector<ResourceKind> MakeKinds() {
  using namespace admin::v1;  // NOLINT(build/namespaces): a table of its messages.
  return {
      Kind(Organization::descriptor(), {"display_name"}),
      Kind(Workspace::descriptor(), {"organization_id", "display_name"}),
      Kind(Provider::descriptor(), {"format", "base_url", "display_name"}),
      Kind(Credential::descriptor(), {"provider_id", "workspace_id", "priority", "display_name"}),
      Kind(Project::descriptor(), {"workspace_id", "display_name"}),
      Kind(Member::descriptor(), {"workspace_id", "email", "disabled", "display_name"}),
      Kind(Key::descriptor(), {"workspace_id", "project_id", "member_id", "revoked", "expire_time",
                               "allowed_models", "display_name"}),
      Kind(QuotaEntity::descriptor(), {"workspace_id", "name", "display_name"}),
      Kind(Webhook::descriptor(), {"workspace_id", "url", "disabled", "display_name"}),
      Kind(Budget::descriptor(),
           {"scope_kind", "scope_id", "each_kind", "limit_nano_usd", "period", "hard", "disabled"}),
      Kind(PriceRule::descriptor(), {"workspace_id", "provider_ids", "adjust_ppm", "display_name"}),
      Kind(Alias::descriptor(), {"workspace_id", "model_ids", "display_name"}),
      Kind(Route::descriptor(),
           {"workspace_id", "model_pattern", "order", "only", "ignore", "sort"}),
  };
}

}  // namespace

const MethodDescriptor& ResourceKind::Method(std::string_view verb) const {
  for (int i = 0; i < service->method_count(); ++i) {
    if (absl::StartsWith(service->method(i)->name(), AbslView(verb))) return *service->method(i);
  }
  CHECK(false) << service->full_name() << " has no method " << verb;
}

bool ResourceKind::IsSpecField(const FieldDescriptor& field) {
  return std::find(std::begin(kServerFields), std::end(kServerFields), field.name()) ==
         std::end(kServerFields);
}

bool ResourceKind::IsWriteOnly(const FieldDescriptor& field) { return field.name() == "secret"; }

std::span<const ResourceKind> ResourceKinds() {
  static const std::vector<ResourceKind>* const kinds = new std::vector<ResourceKind>(MakeKinds());
  return *kinds;
}

const ResourceKind* FindResourceKind(std::string_view name) {
  const std::string plain = Plain(name);
  for (const ResourceKind& kind : ResourceKinds()) {
    if (Plain(kind.name) == plain || Plain(kind.plural) == plain) return &kind;
  }
  return nullptr;
}

std::string ResourceKindNames() {
  std::string names;
  for (const ResourceKind& kind : ResourceKinds()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", kind.name);
  }
  return names;
}

}  // namespace tollgate::cli
