// The configuration as billing sees it: resources by key, with their revision and digest, and the
// rules by which an update is taken over whole or not at all (proto/tollgate/config/v1).
#ifndef TOLLGATE_BILLING_CONFIG_CONFIG_CACHE_H_
#define TOLLGATE_BILLING_CONFIG_CONFIG_CACHE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/books/commit.h"
#include "billing/config/binding_revisions.h"
#include "billing/lease/lease.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::billing {

// An update that was found good and waits to be made durable.
struct ConfigUpdate {
  ConfigChange change;      // For the store.
  BudgetTermsById budgets;  // What the whole says of budgets that are in force.
  WebhooksById webhooks;    // And of webhooks.
  BindingChange binding;    // From whom it takes something.
};

// Not thread-safe.  An update is prepared, made durable by the caller, and then adopted.
class ConfigCache {
 public:
  // What the store kept; DataLoss when it cannot be read.
  static absl::StatusOr<ConfigCache> Restore(const StoredState& state);
  ConfigCache() = default;

  // Collects a chunk of a snapshot; sets `*complete` on the last.  InvalidArgument when chunks do
  // not belong together or come in another order.
  absl::Status AddChunk(const config::v1::SubscribeResponse::SnapshotChunk& chunk, bool* complete);

  // Validates the collected snapshot, or a delta against what is in force: revision greater than
  // ours, digest right, every budget usable.  InvalidArgument, naming the resource;
  // FailedPrecondition for a delta from another revision.
  absl::StatusOr<ConfigUpdate> PrepareSnapshot();
  absl::StatusOr<ConfigUpdate> PrepareDelta(const config::v1::SubscribeResponse::Delta& delta);

  // Puts the update prepared last in force.
  void Adopt();

  // Forgets half a snapshot, when a stream ends.
  void DropChunks() { chunks_ = {}; }

  ConfigRevision revision() const { return current_.revision; }
  std::uint64_t digest() const { return current_.digest; }
  BudgetTermsById Budgets() const { return BudgetsOf(current_); }
  WebhooksById Webhooks() const { return WebhooksOf(current_); }

 private:
  // What of a resource is needed while it is in force; its bytes are in the store.
  struct Kept {
    std::uint64_t hash = 0;
    std::string workspace_id;     // Of a workspace, a member or a key; empty for others.
    std::string organization_id;  // Of a workspace.
    std::string budget_id;        // Empty for what is not a budget in force.
    BudgetTerms terms;
    std::string reach;  // Of a hard budget: all but how much it allows, which billing enforces.
    std::string webhook_id;  // Empty for what is not a webhook.
    Webhook webhook;
  };
  struct State {
    ConfigRevision revision;
    std::uint64_t digest = 0;  // The sum of the resources' hashes.
    std::map<std::string, Kept> resources;
  };
  struct Chunks {
    ConfigRevision revision;
    std::uint32_t count = 0;
    std::uint32_t next_index = 0;
    std::uint64_t digest = 0;
    std::vector<config::v1::Resource> resources;
  };

  static absl::Status Upsert(const config::v1::Resource& resource, State* state);
  // Notes from whom it takes something that `before` became `after`; either may be null.
  static void NoteBinding(const State& state, const Kept* before, const Kept* after,
                          BindingChange* binding);
  static void BindScope(const State& state, const std::string& scope, BindingChange* binding);
  static void KeepPrices(const config::v1::Resource& resource, ConfigChange* change);
  static BudgetTermsById BudgetsOf(const State& state);
  static WebhooksById WebhooksOf(const State& state);
  static std::string EncodeRevision(const State& state);

  State current_;
  State prepared_;
  Chunks chunks_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_CONFIG_CONFIG_CACHE_H_
