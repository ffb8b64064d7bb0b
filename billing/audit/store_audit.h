// The audit of a whole billing store, offline: reads every row, recomputes every balance from the
// journal and every charge from usage and price version, and compares (docs/audit.md).
//
//   TG_ASSIGN_OR_RETURN(const AuditReport report, AuditStore("data/billing/ledger"));
//   if (!report.clean()) …report.first()…
#ifndef TOLLGATE_BILLING_AUDIT_STORE_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_STORE_AUDIT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/store_scan.h"

namespace tollgate::billing {

struct AuditOptions {
  AuditProgress progress = nullptr;
  // How many accounts of budgets are summed up in one pass over the usage records: what bounds
  // memory when there are more.  At some hundred bytes each.
  std::uint64_t accounts_a_pass = 1'000'000;
};

// Reads the store in `folder`: that of RocksDB itself, or a data_dir that has it.  Changes nothing.
// NotFound, FailedPrecondition (in use, or of another format), or DataLoss where rows cannot be
// read at all; what can be read and is wrong is in the report.
absl::StatusOr<AuditReport> AuditStore(const std::string& folder, const AuditOptions& options = {});

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_STORE_AUDIT_H_
