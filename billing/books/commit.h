// What the books change (Commit) and what they go on from (StoredState): the two values that pass
// between the pure machines and the store.
#ifndef TOLLGATE_BILLING_BOOKS_COMMIT_H_
#define TOLLGATE_BILLING_BOOKS_COMMIT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "billing/alert/alert_event.h"
#include "billing/ingest/key_totals.h"
#include "billing/ingest/lanes.h"
#include "billing/ingest/usage_record.h"
#include "billing/lease/lease.h"
#include "billing/lease/node_roster.h"
#include "billing/ledger/credits.h"
#include "billing/ledger/ledger.h"

namespace tollgate::billing {

// A record whose id was applied with other contents, or that cannot be read.
struct QuarantineRow {
  RecordKey record;
  std::string bytes;
};

// A change of the configuration that billing keeps for a restart without the control plane.
struct ConfigChange {
  bool replaces_all = false;
  std::vector<std::string> removed;            // Applied before the upserts.
  std::map<std::string, std::string> upserts;  // Resource key → serialized resource.
  std::string revision;                        // Opaque to the store.
  // Price version id → serialized pricing.v1.PriceVersion: kept for ever, the first one stays.
  std::map<std::string, std::string> price_versions{};
  // The same of price rules: version → serialized config.v1.PriceRule.
  std::map<std::string, std::string> price_rules{};
};

// Everything that one group of commands changed.  Written all or nothing.
struct Commit {
  std::vector<Entry> entries;
  std::vector<UsageRun> runs;  // Entries as well, with their records: by sequence, between them.
  std::map<std::string, Money> balances;
  std::vector<AppliedKey> keys;
  std::map<LeaseKey, LeaseRow> leases;
  std::vector<LeaseKey> removed_leases;  // Applied before `leases`: one may begin anew.
  std::map<std::string, AccountRow> accounts;
  std::vector<std::string> removed_accounts;  // Applied before `accounts`.
  std::vector<CreditRow> credits;             // Those without `remaining` go.
  std::map<std::string, Money> refunded;      // By generation: all that was given back.
  std::vector<KeyTotalsRow> key_totals;
  std::vector<OutboxRow> outbox;
  std::vector<std::uint64_t> sent;  // Numbers of rows of the outbox that go.
  std::map<std::string, NodeRow> nodes;
  LaneEffects lanes;
  std::vector<QuarantineRow> quarantined;
  std::vector<ConfigChange> config;

  bool empty() const {
    return entries.empty() && runs.empty() && balances.empty() && keys.empty() && leases.empty() &&
           removed_leases.empty() && accounts.empty() && removed_accounts.empty() &&
           credits.empty() && refunded.empty() && key_totals.empty() && outbox.empty() &&
           sent.empty() && nodes.empty() && lanes.lanes.empty() && lanes.digests.empty() &&
           lanes.forgotten_digests.empty() && quarantined.empty() && config.empty();
  }
};

// Everything that decisions depend on, as it was last written; of idempotency keys, refunds, what
// API keys have used and budgets' idle accounts only what is not read when needed (Books,
// BooksReader).
struct StoredState {
  LedgerState ledger;
  std::vector<NodeRow> nodes;
  std::vector<AccountRow> accounts;
  std::vector<LeaseRow> leases;
  std::vector<CreditRow> credits;
  std::map<std::string, Money> refunded;
  std::vector<KeyTotalsRow> key_totals;
  std::vector<OutboxRow> outbox;
  std::vector<LaneRow> lanes;
  std::vector<DigestRow> digests;
  std::map<std::string, std::string> config;
  std::string config_revision;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_BOOKS_COMMIT_H_
