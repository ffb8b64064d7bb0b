#include "billing/audit/key_audit.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {

void KeyAudit::Begin(std::size_t part, std::size_t parts) {
  part_ = part;
  parts_ = parts;
  sums_.clear();
}

bool KeyAudit::Takes(const std::string& key_id) const {
  return parts_ == 1 || std::hash<std::string>()(key_id) % parts_ == part_;
}

void KeyAudit::Add(const Entry& entry, const usage::v1::UsageRecord& record) {
  if (record.key_id().empty() || !Takes(record.key_id())) return;
  const absl::Time request_time = absl::FromUnixSeconds(record.request_time().seconds());
  KeyUse use;
  use.charged = Money::FromNanoUsd(record.charge_nano_usd());
  if (record.byok()) use.byok = Money::FromNanoUsd(record.market_cost_nano_usd());
  KeyTotalsRow& row = sums_[{record.workspace_id(), record.key_id()}];
  row.workspace_id = record.workspace_id();
  row.key_id = record.key_id();
  AddUse(PeriodDaysOf(CountingTime(request_time, entry.time)), use, row);
}

absl::Status KeyAudit::ReadRows() {
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kKeyTotals, "keys",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const KeyTotalsRow row, DecodeKeyTotals(key, value));
        if (!Takes(row.key_id)) return absl::OkStatus();
        const auto sum = sums_.extract({row.workspace_id, row.key_id});
        Compare(
            sum.empty() ? KeyTotalsRow{row.workspace_id, row.key_id, {}, {}, {}, {}} : sum.mapped(),
            row);
        return absl::OkStatus();
      }));
  for (const auto& [key, row] : sums_) {
    Compare(row, KeyTotalsRow{row.workspace_id, row.key_id, {}, {}, {}, {}});
  }
  return absl::OkStatus();
}

void KeyAudit::Compare(const KeyTotalsRow& expected, const KeyTotalsRow& found) {
  const auto place = [&](const char* when) {
    return [&expected, when] {
      return absl::StrCat("key ", expected.key_id, " of workspace ", expected.workspace_id,
                          ", used ", when);
    };
  };
  const auto compare = [&](const KeyUse& right, const KeyUse& stored, const char* when) {
    report_.ExpectEqual(AuditCheck::kJ3, right.charged, stored.charged, place(when));
    report_.ExpectEqual(AuditCheck::kJ3, right.byok, stored.byok, place(when));
  };
  const auto compare_period = [&](const PeriodUse& right, const PeriodUse& stored,
                                  const char* when) {
    report_.Expect(AuditCheck::kJ3, right.first_day == stored.first_day, place(when),
                   absl::StrCat("since day ", right.first_day, " of 1970"),
                   absl::StrCat("since day ", stored.first_day));
    compare(right.use, stored.use, when);
  };
  compare(expected.all, found.all, "in all");
  compare_period(expected.day, found.day, "on its last day");
  compare_period(expected.week, found.week, "in its last week");
  compare_period(expected.month, found.month, "in its last month");
}

}  // namespace tollgate::billing
