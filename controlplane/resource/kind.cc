#include "controlplane/resource/kind.h"

#include <iterator>

#include "base/check.h"
#include "controlplane/alias/alias_kind.h"
#include "controlplane/budget/budget_kind.h"
#include "controlplane/credential/credential_kind.h"
#include "controlplane/key/key_kind.h"
#include "controlplane/member/member_kind.h"
#include "controlplane/organization/organization_kind.h"
#include "controlplane/price_rule/price_rule_kind.h"
#include "controlplane/project/project_kind.h"
#include "controlplane/provider/provider_kind.h"
#include "controlplane/quota_entity/quota_entity_kind.h"
#include "controlplane/resource/reflect.h"
#include "controlplane/route/route_kind.h"
#include "controlplane/webhook/webhook_kind.h"
#include "controlplane/workspace/workspace_kind.h"

namespace tollgate::controlplane {

std::span<const Kind* const> AllKinds() {
  static constexpr const Kind* kAll[] = {
      &kOrganizationKind, &kWorkspaceKind, &kKeyKind,     &kBudgetKind,  &kProviderKind,
      &kCredentialKind,   &kAliasKind,     &kRouteKind,   &kProjectKind, &kMemberKind,
      &kQuotaEntityKind,  &kPriceRuleKind, &kWebhookKind,
  };
  static_assert(std::size(kAll) == kKinds);
  return kAll;
}

const Kind& KindOf(KindId id) { return *AllKinds()[static_cast<std::size_t>(id) - 1]; }

const Kind* FindKind(std::string_view name) {
  for (const Kind* kind : AllKinds()) {
    if (kind->name == name) return kind;
  }
  return nullptr;
}

const Kind& KindOf(const Record& record) {
  CHECK_NE(record.resource_case(), Record::RESOURCE_NOT_SET);
  return KindOf(static_cast<KindId>(record.resource_case()));
}

const Message& ResourceOf(const Kind& kind, const Record& record) {
  const auto* field = Record::descriptor()->FindFieldByNumber(static_cast<int>(kind.id));
  return record.GetReflection()->GetMessage(record, field);
}

Message& MutableResourceOf(const Kind& kind, Record& record) {
  const auto* field = Record::descriptor()->FindFieldByNumber(static_cast<int>(kind.id));
  return *record.GetReflection()->MutableMessage(&record, field);
}

std::string IdOf(const Message& resource) { return StringField(resource, "id"); }

std::string EtagOf(const Message& resource) { return StringField(resource, "etag"); }

std::vector<Reference> ReferencesOf(const Kind& kind, const Message& resource) {
  std::vector<Reference> references;
  if (kind.references != nullptr) kind.references(resource, references);
  return references;
}

}  // namespace tollgate::controlplane
