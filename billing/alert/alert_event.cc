#include "billing/alert/alert_event.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/json_text.h"
#include "base/string_views.h"

namespace tollgate::billing {
namespace {

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

void AppendText(std::string_view name, std::string_view value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":");
  AppendJsonString(out, value);
}

}  // namespace

std::string AlertEventId(const BudgetAlert& alert) {
  return absl::StrCat(alert.account, "/", alert.percent);
}

std::string AlertBody(const BudgetAlert& alert, const BudgetTerms& terms, absl::Time now) {
  std::string out = "{\"type\":\"budget.alert\",\"data\":{\"eventId\":";
  AppendJsonString(out, AlertEventId(alert));
  AppendText("budgetId", alert.ref.id, out);
  AppendText("scope", terms.scope, out);
  AppendText("period", alert.ref.period, out);
  if (!alert.ref.instance.empty()) AppendText("instance", alert.ref.instance, out);
  absl::StrAppend(&out, ",\"percent\":", alert.percent);
  AppendText("limitUsd", alert.cap.ToUsdString(), out);
  AppendText("spentUsd", alert.settled.ToUsdString(), out);
  absl::StrAppend(&out, ",\"hard\":", terms.hard ? "true" : "false");
  AppendText("createdAt", Rfc3339(now), out);
  const absl::Time end = BudgetPeriodEnd(terms.period, now);
  const bool current = BudgetPeriodOf(terms.period, now) == alert.ref.period;
  if (current && end != absl::InfiniteFuture()) AppendText("resetsAt", Rfc3339(end), out);
  out += "}}";
  return out;
}

}  // namespace tollgate::billing
