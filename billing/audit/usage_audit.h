// One usage record against its entry in the journal and against its price.
#ifndef TOLLGATE_BILLING_AUDIT_USAGE_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_USAGE_AUDIT_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/pricing.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/kind_postings.h"
#include "billing/ledger/entry.h"
#include "tollgate/config/v1/config.pb.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

// Each version of each price rule that the store has.
class PriceRules {
 public:
  // A version that is known stays as it first was.
  void Add(const config::v1::PriceRule& rule);

  // Nullptr when it is not known.
  const config::v1::PriceRule* Find(const std::string& version) const;

  // Whether the record's version of its rule, which is not known, is the name of what the record
  // says: a version's name is the hash of its contents.  Tried are the providers of all versions of
  // the rule that are known, all providers, and the record's own.
  bool IsNamedBy(const usage::v1::UsageRecord& record) const;

 private:
  using Providers = std::vector<std::string>;

  std::map<std::string, config::v1::PriceRule> versions_;
  std::map<std::string, std::set<Providers>> groups_;  // By the rule's id.
};

// Not thread-safe.
class UsageAudit {
 public:
  // Reads a serialized pricing.v1.PriceVersion; NotFound.
  using ReadPrice = std::function<absl::StatusOr<std::string>(const std::string& id)>;

  // `rules` must outlive this.
  UsageAudit(AuditReport& report, ReadPrice read_price, const PriceRules& rules)
      : report_(report), read_price_(std::move(read_price)), rules_(rules) {}

  // J8: the entry says what the record says, in workspace, key, generation and every posting.
  // REQUIRED: entry.usage is there.
  void CompareEntry(const Entry& entry, const usage::v1::UsageRecord& record);

  // PRICES: cost, charge and what each account was drawn on, computed again from the quantities,
  // the price version by name and what that version of the price rule adds.
  void Recompute(const Entry& entry, const usage::v1::UsageRecord& record);

 private:
  void CheckInterrupted(const Entry& entry, const usage::v1::UsageRecord& record);
  void CheckPriced(const Entry& entry, const usage::v1::UsageRecord& record);
  void CheckRule(const Entry& entry, const usage::v1::UsageRecord& record);
  void CheckDraws(const Entry& entry, const usage::v1::UsageRecord& record, Money drawn);
  absl::StatusOr<__int128> PicoUsdOf(const usage::v1::UsageRecord& record);
  absl::StatusOr<const PriceVersion*> FindPrice(const std::string& id);

  AuditReport& report_;
  const ReadPrice read_price_;
  const PriceRules& rules_;
  // Those that were needed last.
  std::map<std::string, absl::StatusOr<PriceVersion>> prices_;
};

// What a record draws on one of its holds' accounts.
Money DrawnOn(const usage::v1::UsageRecord& record, const usage::v1::Hold& hold);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_USAGE_AUDIT_H_
