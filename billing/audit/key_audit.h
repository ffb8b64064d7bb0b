// What API keys have used (J3): summed up again from their records.
#ifndef TOLLGATE_BILLING_AUDIT_KEY_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_KEY_AUDIT_H_

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/store_scan.h"
#include "billing/ingest/key_totals.h"
#include "billing/ledger/entry.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

// There may be any number of keys, so they are summed up in parts: one for each pass over the
// records.
class KeyAudit {
 public:
  KeyAudit(const StoreScan& scan, AuditReport& report) : scan_(scan), report_(report) {}

  // REQUIRED: part < parts.
  void Begin(std::size_t part, std::size_t parts);

  // Takes a usage entry and its record.
  void Add(const Entry& entry, const usage::v1::UsageRecord& record);

  // Compares the part with what is stored.
  absl::Status ReadRows();

 private:
  using Key = std::pair<std::string, std::string>;  // Workspace and key.

  bool Takes(const std::string& key_id) const;
  void Compare(const KeyTotalsRow& expected, const KeyTotalsRow& found);

  const StoreScan& scan_;
  AuditReport& report_;
  std::size_t part_ = 0;
  std::size_t parts_ = 1;
  std::map<Key, KeyTotalsRow> sums_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_KEY_AUDIT_H_
