// Capped accounts and the leases on them (J5, J7), and what wallets say was paid in and spent (J3).
#ifndef TOLLGATE_BILLING_AUDIT_ACCOUNT_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_ACCOUNT_AUDIT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/journal_fold.h"
#include "billing/audit/store_scan.h"
#include "billing/lease/lease.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

// What records draw on accounts other than wallets, which the journal does not have.  There may be
// any number of such accounts, so they are summed up in parts: one for each pass over the records.
class DrawnSums {
 public:
  struct Sum {
    Money leased;
    Money counted;  // On soft budgets, which have no leases.
  };

  // REQUIRED: part < parts.
  void Begin(std::size_t part, std::size_t parts);
  bool Takes(const std::string& account) const;
  void Add(const usage::v1::UsageRecord& record);
  Sum Of(const std::string& account) const;

 private:
  std::size_t part_ = 0;
  std::size_t parts_ = 1;
  std::map<std::string, Sum> sums_;
};

// The hard limits of budgets as they are now, raises included, by id.
using LimitsById = std::map<std::string, Money>;

class AccountAudit {
 public:
  // All must outlive this.
  AccountAudit(const StoreScan& scan, AuditReport& report, const LimitsById& limits)
      : scan_(scan), report_(report), limits_(limits) {}

  // First: what the store has of leases.
  absl::Status LoadLeases();
  const std::map<LeaseKey, LeaseRow>& leases() const { return leases_; }

  // Once the journal is read.  `incarnations` are the latest of each node.
  void CheckLeases(const JournalFold& fold,
                   const std::map<std::string, std::uint64_t>& incarnations);

  // Accounts whose names `drawn` takes; wallets with the first part.
  absl::Status ReadAccounts(const JournalFold& fold, const DrawnSums& drawn, bool first);

 private:
  void CheckLease(const LeaseRow& row, const JournalFold& fold,
                  const std::map<std::string, std::uint64_t>& incarnations);
  void CheckResolved(const LeaseRow& row, const JournalFold& fold);
  void CheckWallet(const AccountRow& row, const std::string& workspace, const JournalFold& fold);
  void CheckDrawn(const AccountRow& row, const AccountRef& ref, const DrawnSums& drawn);

  const StoreScan& scan_;
  AuditReport& report_;
  const LimitsById& limits_;
  std::map<LeaseKey, LeaseRow> leases_;
  std::map<std::string, Money> outstanding_;  // By account with leases: the sum over them.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_ACCOUNT_AUDIT_H_
