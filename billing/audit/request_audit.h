// What operators and customers asked for by request id (J6), and what follows from it: promotional
// credits and refunds (J3, J5).
#ifndef TOLLGATE_BILLING_AUDIT_REQUEST_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_REQUEST_AUDIT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/chunk_reader.h"
#include "billing/audit/store_scan.h"
#include "billing/ledger/entry.h"
#include "billing/ledger/ledger.h"

namespace tollgate::billing {

class RequestAudit {
 public:
  RequestAudit(const StoreScan& scan, AuditReport& report)
      : scan_(scan), report_(report), journal_(scan.database(), Family::kJournal) {}

  // Takes the journal's next entry.
  absl::Status Take(const Entry& entry);

  // Once the journal is read; `balances` are its fold.
  absl::Status ReadRows(const std::map<std::string, Money>& balances);

 private:
  absl::Status CheckKey(const Entry& entry);
  absl::Status CheckContents(const Entry& entry, const AppliedKey& row);
  absl::Status ReadKeys();
  absl::Status ReadCredits(const std::map<std::string, Money>& balances);
  absl::Status ReadRefunds();
  absl::StatusOr<Money> ChargeOf(const std::string& workspace_id, const std::string& generation_id);

  const StoreScan& scan_;
  AuditReport& report_;
  ChunkReader journal_;
  std::uint64_t remembered_ = 0;  // Entries whose keys must be known.
  struct Refunded {
    std::string workspace_id;
    Money amount;
  };
  std::map<std::string, Refunded> refunded_;  // By generation.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_REQUEST_AUDIT_H_
