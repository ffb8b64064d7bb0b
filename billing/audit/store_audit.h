// The audit of a whole billing store, offline: reads every row, recomputes every balance from the
// journal and every charge from usage and price version, and compares (docs/audit.md).
//
//   TG_ASSIGN_OR_RETURN(const AuditReport report, AuditStore("data/billing/ledger", {}));
//   if (!report.clean()) …report.first()…
#ifndef TOLLGATE_BILLING_AUDIT_STORE_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_STORE_AUDIT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "billing/audit/audit_report.h"

namespace tollgate::billing {

// Told now and then: which part, and how many rows of about how many.
using AuditProgress =
    std::function<void(std::string_view part, std::uint64_t done, std::uint64_t about)>;

// Reads the store in `folder`: that of RocksDB itself, or a data_dir that has it.  Changes nothing.
// NotFound, FailedPrecondition (in use, or of another format), or DataLoss where rows cannot be
// read at all; what can be read and is wrong is in the report.
absl::StatusOr<AuditReport> AuditStore(const std::string& folder, const AuditProgress& progress);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_STORE_AUDIT_H_
