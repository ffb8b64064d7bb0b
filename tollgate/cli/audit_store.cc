#include "tollgate/cli/audit_store.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "billing/audit/store_audit.h"
#include "tollgate/cli/output_format.h"
#include "tollgate/cli/table.h"

namespace tollgate::cli {
namespace {

using billing::AuditCheck;
using billing::AuditDifference;
using billing::AuditReport;

// Short work says nothing of its progress.
constexpr absl::Duration kBetweenProgress = absl::Seconds(1);

Value DifferenceValue(const AuditDifference& difference) {
  Value value = Value::Map();
  value.Add("check", Value::Text(AuditCheckId(difference.check)));
  value.Add("where", Value::Text(difference.where));
  value.Add("expected", Value::Text(difference.expected));
  value.Add("found", Value::Text(difference.found));
  return value;
}

Value ReportValue(const AuditReport& report) {
  Value value = Value::Map();
  value.Add("clean", Value::Bool(report.clean()));
  Value checks = Value::List();
  for (std::size_t i = 0; i < billing::kAuditChecks; ++i) {
    const AuditCheck check = static_cast<AuditCheck>(i);
    const AuditReport::Tally& tally = report.tally(check);
    Value row = Value::Map();
    row.Add("check", Value::Text(AuditCheckId(check)));
    row.Add("title", Value::Text(AuditCheckTitle(check)));
    row.Add("examined", Value::Number(absl::StrCat(tally.examined)));
    row.Add("differences", Value::Number(absl::StrCat(tally.differences)));
    if (tally.first.has_value()) row.Add("first", DifferenceValue(*tally.first));
    checks.items.push_back(std::move(row));
  }
  value.Add("checks", std::move(checks));
  if (!report.clean()) value.Add("first_difference", DifferenceValue(*report.first()));
  Value notes = Value::List();
  for (const std::string& note : report.notes()) notes.items.push_back(Value::Text(note));
  value.Add("notes", std::move(notes));
  return value;
}

void PrintTable(const AuditReport& report, std::ostream& out) {
  Table table({"CHECK", "EXAMINED", "DIFFERENCES", "WHAT MUST BE TRUE"});
  for (std::size_t i = 0; i < billing::kAuditChecks; ++i) {
    const AuditCheck check = static_cast<AuditCheck>(i);
    const AuditReport::Tally& tally = report.tally(check);
    table.AddRow({std::string(AuditCheckId(check)), absl::StrCat(tally.examined),
                  absl::StrCat(tally.differences), std::string(AuditCheckTitle(check))});
  }
  out << table.ToText();
  for (std::size_t i = 0; i < billing::kAuditChecks; ++i) {
    const auto& first = report.tally(static_cast<AuditCheck>(i)).first;
    if (!first.has_value()) continue;
    out << AuditCheckId(first->check) << ": " << first->where << ": expected " << first->expected
        << ", found " << first->found << "\n";
  }
  for (const std::string& note : report.notes()) out << "note: " << note << "\n";
}

}  // namespace

absl::Status AuditStoreVerb(const std::string& folder, const std::string& format,
                            std::ostream& out, std::ostream& progress) {
  absl::Time next = absl::Now() + kBetweenProgress;
  billing::AuditOptions options;
  options.progress = [&](std::string_view part, std::uint64_t done, std::uint64_t about) {
    if (absl::Now() < next) return;
    next = absl::Now() + kBetweenProgress;
    progress << part << ": " << done << " of about " << about << " rows\n" << std::flush;
  };
  TG_ASSIGN_OR_RETURN(const AuditReport report, billing::AuditStore(folder, options));
  if (format == kTable) {
    PrintTable(report, out);
  } else {
    PrintValue(out, format, ReportValue(report));
  }
  if (report.clean()) return absl::OkStatus();
  const AuditDifference& first = *report.first();
  return absl::DataLossError(absl::StrCat("the books are not in order: ",
                                          AbslView(AuditCheckId(first.check)), ", ", first.where,
                                          ": expected ", first.expected, ", found ", first.found));
}

}  // namespace tollgate::cli
