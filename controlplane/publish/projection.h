// From the resources of administrators and the facts of the catalog to what nodes see.
//
// Workspaces, keys, members, budgets, price rules, webhooks, aliases and routes are published one
// by one, webhooks to billing only.  Providers, credentials, models and offerings depend on each
// other and are published as far as they are complete, so that no node ever has to refuse an
// update:
//   a provider   when an administrator stated it or it has a credential, and format and base URL
//                are known; the administrator's fields go before the catalog's, one by one;
//   a credential when its provider is published;
//   an offering  when its provider has a published credential, and its model is known;
//   a model      when one of its offerings is published.
// The rest waits until the catalog or an administrator completes it.
#ifndef TOLLGATE_CONTROLPLANE_PUBLISH_PROJECTION_H_
#define TOLLGATE_CONTROLPLANE_PUBLISH_PROJECTION_H_

#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/publish/facts.h"
#include "controlplane/publish/resource_set.h"
#include "controlplane/resource/world.h"

namespace tollgate::controlplane {

// The published form of a record of a kind that is published by itself, with key and hash; nullptr
// for the other kinds.  INVALID_FIELD when proto/validate refuses it.
absl::StatusOr<ResourcePtr> ProjectRecord(const Record& record);

// The changes as the data plane sees them.
ResourceChanges ForDataplane(const ResourceChanges& changes);

// Billing's form of a resource; nullptr when billing does not read the kind.
ResourcePtr ForBilling(const ResourcePtr& resource);
// The changes as billing sees them.
ResourceChanges ForBilling(const ResourceChanges& changes);

// A change of the world that is not made yet: the record, or nullptr for one that goes.
struct PlannedRecord {
  KindId kind;
  std::string id;
  RecordPtr record;
};

// The providers that have at least one credential: those of which the catalog's facts are wanted.
std::set<std::string> ProvidersInUse(const World& world,
                                     const std::optional<PlannedRecord>& planned);

// What the data plane's set must become for the part that depends on the catalog, as a difference
// to `published`.  `planned` is seen as if it were made.
ResourceChanges PlanCatalogPart(const World& world, const std::optional<PlannedRecord>& planned,
                                const Facts& facts, const ResourceSet& published);

// All that the data plane sees.  A record that cannot be projected is DataLoss: it was validated
// when it was written.
absl::StatusOr<ResourceChanges> ProjectAll(const World& world, const Facts& facts);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PUBLISH_PROJECTION_H_
