// POST /v1/estimate: what a request could cost, and whether it would be served now.  It goes
// through the same stages as the request itself, holds what that would hold, and gives it back: so
// it says what would happen, not what a second implementation thinks would.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {
namespace {

void AppendText(std::string_view name, std::string_view value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":");
  AppendJsonString(out, value);
}

void AppendUsd(std::string_view name, Money value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":\"", value.ToUsdString(), "\"");
}

std::string_view ScopeOf(const Account& account) {
  if (account.is_wallet()) return "wallet";
  return account.is_run() ? "run" : "budget";
}

// `{"scope":"budget","id":"bud_1","account":"budget/bud_1/2026-11","available":"1.5",…}`.
void AppendBinding(const Account& account, Money available, std::string& out) {
  absl::StrAppend(&out, "{\"scope\":\"", AbslView(ScopeOf(account)), "\"");
  if (!account.budget_id.empty()) AppendText("id", account.budget_id, out);
  AppendText("account", account.name, out);
  AppendUsd("available", std::max(available, Money::Zero()), out);
  if (account.period_end != absl::InfiniteFuture()) {
    AppendText("resets_at",
               absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", account.period_end, absl::UTCTimeZone()),
               out);
  }
  out += "}";
}

}  // namespace

void RequestRun::AppendPlan(std::string& out) const {
  out += ",\"attempts\":[";
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const PlannedAttempt& attempt = plan_[i];
    std::int64_t output = OutputTokensBound(scan_, *attempt.offering).tokens;
    if (output_clamp_ >= 0) output = std::min(output, output_clamp_);
    absl::StrAppend(&out, i == 0 ? "" : ",", "{\"attempt\":", i + 1);
    AppendText("provider", attempt.provider->id, out);
    AppendText("model", attempt.model->id, out);
    AppendText("price_version", attempt.price->compiled.version_id(), out);
    absl::StrAppend(&out, ",\"byok\":", attempt.credential->byok() ? "true" : "false",
                    ",\"output_tokens_max\":", output * scan_.choices);
    AppendUsd("max_cost", AttemptBound(attempt, input_bound_, output, scan_.choices), out);
    out += "}";
  }
  out += "]";
}

Task<void> RequestRun::Estimate() {
  bool held = Reserve();
  if (!held) held = co_await ReserveWaiting();
  Money hold;
  if (held) {
    for (std::size_t i = 0; i < hold_.size(); ++i) hold = std::max(hold, hold_[i].amount);
    context_.leases.Release(std::move(hold_));
  }
  const auto [binding, available] = context_.leases.Tightest(accounts_);
  std::string body = "{\"object\":\"estimate\"";
  AppendText("model", plan_[0].model->id, body);
  AppendText("requested_model", scan_.model, body);
  AppendUsd("max_cost", PlanBound(plan_, scan_, input_bound_, output_clamp_), body);
  AppendUsd("hold", hold, body);
  absl::StrAppend(&body, ",\"input_tokens_max\":", input_bound_,
                  ",\"affordable\":", held ? "true" : "false", ",\"output_limit\":");
  if (output_clamp_ >= 0) {
    absl::StrAppend(&body, output_clamp_);
  } else {
    body += "null";
  }
  body += ",\"limited_by\":";
  if (limited_by_.has_value()) {
    AppendJsonString(body, RowOf(*limited_by_).name);
  } else {
    body += "null";
  }
  body += ",\"binding\":";
  if (binding != nullptr) {
    AppendBinding(*binding, available, body);
  } else {
    body += "null";
  }
  if (!held) {
    absl::StrAppend(&body, ",\"refusal\":{\"status\":", error_.http_status());
    AppendText("code", RowOf(error_.code).name, body);
    AppendText("message", error_.text(), body);
    if (error_.retry_after.has_value()) {
      absl::StrAppend(&body,
                      ",\"retry_after_ms\":", absl::ToInt64Milliseconds(*error_.retry_after));
    }
    body += "}";
  }
  AppendPlan(body);
  body += "}";
  outcome_ = RequestOutcome::kEstimated;
  BeginHeaderLines();
  AppendRateHeaders(header_lines_);
  client_->SendOwned(200, "application/json", header_lines_, std::move(body));
  if (!client_->FlushNow()) co_await client_->FlushRest();
}

}  // namespace tollgate::dataplane
