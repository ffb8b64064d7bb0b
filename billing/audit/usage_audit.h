// One usage record against its entry in the journal and against its price.
#ifndef TOLLGATE_BILLING_AUDIT_USAGE_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_USAGE_AUDIT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/pricing.h"
#include "billing/audit/audit_report.h"
#include "billing/ingest/usage_record.h"
#include "billing/ledger/entry.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

// Not thread-safe.
class UsageAudit {
 public:
  // Reads a serialized pricing.v1.PriceVersion; NotFound.
  using ReadPrice = std::function<absl::StatusOr<std::string>(const std::string& id)>;

  UsageAudit(AuditReport& report, ReadPrice read_price)
      : report_(report), read_price_(std::move(read_price)) {}

  // J8: the entry says what the record says, in workspace, generation and every posting.
  void CompareEntry(const Entry& entry, const usage::v1::UsageRecord& record);

  // PRICES: cost and charge, computed again from the quantities and the price version by name.
  void Recompute(const Entry& entry, const usage::v1::UsageRecord& record);

 private:
  absl::StatusOr<Money> CostOf(const usage::v1::UsageRecord& record);
  absl::StatusOr<const PriceVersion*> FindPrice(const std::string& id);

  AuditReport& report_;
  const ReadPrice read_price_;
  std::map<std::string, absl::StatusOr<PriceVersion>> prices_;  // Those that were needed.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_USAGE_AUDIT_H_
