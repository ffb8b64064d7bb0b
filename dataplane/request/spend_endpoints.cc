#include "dataplane/request/spend_endpoints.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/request/await_callback.h"
#include "dataplane/request/spend_json.h"
#include "dataplane/surface/surface.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::dataplane {
namespace {

ErrorCode CodeOf(AuthError error) {
  switch (error) {
    case AuthError::kMissing:
      return ErrorCode::kMissingKey;
    case AuthError::kRevoked:
      return ErrorCode::kRevokedKey;
    case AuthError::kExpired:
      return ErrorCode::kExpiredKey;
    default:
      return ErrorCode::kInvalidKey;
  }
}

// OpenRouter's `rate_limit`, and all of them.
void AppendLimits(const RateLimits& limits, std::string& body) {
  // -1 for no limit, as OpenRouter has it.
  absl::StrAppend(&body, ",\"rate_limit\":{\"requests\":",
                  limits.requests_per_minute > 0 ? limits.requests_per_minute : -1,
                  ",\"interval\":\"1m\",\"note\":\"See limits for all of them.\"}");
  const std::pair<const char*, std::int64_t> all[] = {
      {"requests_per_minute", limits.requests_per_minute},
      {"tokens_per_minute", limits.tokens_per_minute},
      {"concurrent_requests", limits.concurrent_requests}};
  body += ",\"limits\":";
  char before = '{';
  for (const auto& [name, limit] : all) {
    absl::StrAppend(&body, std::string(1, before), "\"", name,
                    "\":", limit > 0 ? absl::StrCat(limit) : "null");
    before = ',';
  }
  body += "}";
}

void AppendTextOrNull(std::string_view name, std::string_view value, std::string& body) {
  if (value.empty()) {
    absl::StrAppend(&body, ",\"", AbslView(name), "\":null");
  } else {
    AppendText(name, value, body);
  }
}

}  // namespace

Money SpendEndpoints::Standing::remaining() const {
  return std::max(limit.TrySubtract(spent).value_or(Money::Zero()), Money::Zero());
}

Task<void> SpendEndpoints::Answer(ClientConnection& client, int status, std::string body,
                                  std::string_view header_lines) {
  client.SendOwned(status, "application/json", header_lines, std::move(body));
  if (!client.FlushNow()) co_await client.FlushRest();
}

Task<void> SpendEndpoints::Refuse(ClientConnection& client, const Surface& surface, ErrorCode code,
                                  std::string_view message) {
  GatewayError error;
  error.code = code;
  error.message = message;
  context_.metrics.CountError(code);
  std::string header_lines;
  AppendErrorLines(error, header_lines);
  std::string body;
  surface.AppendError(error, {}, body);
  co_await Answer(client, error.http_status(), std::move(body), header_lines);
}

Task<std::optional<Principal>> SpendEndpoints::Identify(ClientConnection& client,
                                                        const Surface& surface,
                                                        std::shared_ptr<const Snapshot>& snapshot) {
  snapshot = context_.snapshots.Get();
  ErrorCode code = ErrorCode::kNotReady;
  if (snapshot != nullptr) {
    std::string scratch;
    const std::string_view key = surface.ReadKey(client.head(), scratch);
    auto result = Authenticate(key, *snapshot, context_.peppers, context_.clock.Wall());
    if (auto* principal = std::get_if<Principal>(&result)) co_return *principal;
    code = CodeOf(std::get<AuthError>(result));
  }
  co_await Refuse(client, surface, code);
  co_return std::nullopt;
}

// The budgets of one scope, with what templates among them make for the caller.
void SpendEndpoints::Collect(const Snapshot& snapshot, ScopeKind kind, std::string_view id,
                             const Principal& principal, std::vector<Standing>& standings) const {
  if (id.empty()) return;
  const absl::Time now = context_.clock.Wall();
  for (const auto& budget : snapshot.BudgetsOf(kind, id)) {
    Standing standing;
    standing.budget = budget;
    if (budget->each.has_value()) {
      switch (*budget->each) {
        case ScopeKind::kKey:
          standing.instance = principal.key_id();
          break;
        case ScopeKind::kMember:
          standing.instance = principal.member_id();
          break;
        case ScopeKind::kProject:
          standing.instance = principal.project_id();
          break;
        default:
          break;  // A quota entity is named by a request.
      }
      if (standing.instance.empty() || HasOwnBudget(snapshot, *budget->each, standing.instance)) {
        continue;
      }
    }
    standing.Locate(now);
    standings.push_back(std::move(standing));
  }
}

void SpendEndpoints::Standing::Locate(absl::Time now) {
  const BudgetPeriod period = PeriodOf(budget->period);
  account = absl::StrCat("budget/", budget->id, "/", BudgetPeriodOf(period, now),
                         instance.empty() ? "" : "/", instance);
  resets_at = BudgetPeriodEnd(period, now);
  limit = budget->limit;
}

Task<bool> SpendEndpoints::Ask(std::vector<Standing>& standings) {
  if (context_.ledger == nullptr || ledger_calls_ >= kLedgerCallsMax) co_return false;
  ++ledger_calls_;
  bool all = true;
  for (Standing& standing : standings) {
    const auto start = [&](std::function<void(absl::StatusOr<ledger::v1::Account>)> done) {
      context_.ledger->GetAccount(standing.account, std::move(done));
    };
    const auto account =
        co_await AwaitCallback<absl::StatusOr<ledger::v1::Account>>(context_.io, start);
    if (absl::IsNotFound(account.status())) continue;  // Nothing was spent on it yet.
    if (!account.ok()) {
      all = false;
      break;
    }
    if (account->cap_nano_usd() >= 0) standing.limit = Money::FromNanoUsd(account->cap_nano_usd());
    standing.spent = Money::FromNanoUsd(account->settled_nano_usd());
    standing.reserved = Money::FromNanoUsd(account->outstanding_nano_usd());
  }
  --ledger_calls_;
  co_return all;
}

Task<std::optional<ledger::v1::KeyUsage>> SpendEndpoints::AskUsage(const Principal& caller) {
  if (context_.ledger == nullptr || ledger_calls_ >= kLedgerCallsMax) co_return std::nullopt;
  ++ledger_calls_;
  const auto start = [&](std::function<void(absl::StatusOr<ledger::v1::KeyUsage>)> done) {
    context_.ledger->GetKeyUsage(std::string(caller.workspace_id()), std::string(caller.key_id()),
                                 std::move(done));
  };
  auto usage = co_await AwaitCallback<absl::StatusOr<ledger::v1::KeyUsage>>(context_.io, start);
  --ledger_calls_;
  if (!usage.ok()) co_return std::nullopt;
  co_return *std::move(usage);
}

Task<void> SpendEndpoints::Key(ClientConnection& client, const Surface& surface) {
  std::shared_ptr<const Snapshot> snapshot;
  const std::optional<Principal> caller = co_await Identify(client, surface, snapshot);
  if (!caller.has_value()) co_return;
  std::vector<Standing> standings;
  Collect(*snapshot, ScopeKind::kKey, caller->key_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kMember, caller->member_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kProject, caller->project_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kWorkspace, caller->workspace_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kOrganization, caller->organization_id(), *caller, standings);
  const bool all = co_await Ask(standings);
  const std::optional<ledger::v1::KeyUsage> usage = co_await AskUsage(*caller);
  if (!all || !usage.has_value()) {
    co_return co_await Refuse(client, surface, ErrorCode::kBillingUnavailable);
  }
  std::string body = "{\"data\":{\"label\":";
  AppendJsonString(body, caller->key_id());
  AppendOwn(standings, body);
  AppendUsage(*usage, body);
  AppendLimits(caller->key_limits(), body);
  absl::StrAppend(&body, ",\"is_free_tier\":false,\"is_management_key\":",
                  caller->manages_quotas() ? "true" : "false", ",\"is_provisioning_key\":false");
  AppendTime("expires_at", caller->key().expire_time(), body);
  AppendTextOrNull("creator_user_id", caller->member_id(), body);
  AppendText("workspace_id", caller->workspace_id(), body);
  AppendText("organization_id", caller->organization_id(), body);
  // OpenRouter's own: there is one region, and no model is free by a count of requests.
  body +=
      ",\"allowed_data_regions\":[\"global\"],"
      "\"free_model_daily_requests\":{\"limit\":0,\"remaining\":0,\"used\":0}";
  AppendBudgets(standings, body);
  body += "}}";
  co_await Answer(client, 200, std::move(body));
}

// What is capped for the key alone: the tightest hard budget.
void SpendEndpoints::AppendOwn(const std::vector<Standing>& standings, std::string& body) {
  const Standing* tightest = nullptr;
  for (const Standing& standing : standings) {
    const Budget& budget = *standing.budget;
    if (budget.scope_kind != ScopeKind::kKey && budget.each != ScopeKind::kKey) continue;
    if (budget.hard && (tightest == nullptr || standing.remaining() < tightest->remaining())) {
      tightest = &standing;
    }
  }
  if (tightest != nullptr) {
    AppendNumber("limit", tightest->limit, body);
    AppendNumber("limit_remaining", tightest->remaining(), body);
    const std::string_view reset = PeriodName(tightest->budget->period);
    if (reset == "none") {
      body += ",\"limit_reset\":null";
    } else {
      AppendText("limit_reset", reset, body);
    }
    absl::StrAppend(
        &body, ",\"include_byok_in_limit\":", tightest->budget->include_byok ? "true" : "false");
  } else {
    body +=
        ",\"limit\":null,\"limit_remaining\":null,\"limit_reset\":null,"
        "\"include_byok_in_limit\":false";
  }
}

// Of a period that is over nothing is used in the present one.
void SpendEndpoints::AppendUsage(const ledger::v1::KeyUsage& usage, std::string& body) const {
  struct Period {
    std::string_view name;
    std::string_view byok_name;
    BudgetPeriod period;
    const ledger::v1::KeyUsage::Period& latest;
  };
  const Period periods[] = {
      {"usage_daily", "byok_usage_daily", BudgetPeriod::kDaily, usage.day()},
      {"usage_weekly", "byok_usage_weekly", BudgetPeriod::kWeekly, usage.week()},
      {"usage_monthly", "byok_usage_monthly", BudgetPeriod::kMonthly, usage.month()}};
  AppendNumber("usage", Money::FromNanoUsd(usage.charged_nano_usd()), body);
  AppendNumber("byok_usage", Money::FromNanoUsd(usage.byok_nano_usd()), body);
  for (const Period& one : periods) {
    const absl::Time start = BudgetPeriodStart(one.period, context_.clock.Wall());
    const bool present = one.latest.has_start_time() &&
                         absl::FromUnixSeconds(one.latest.start_time().seconds()) == start;
    const ledger::v1::KeyUsage::Period none;
    const ledger::v1::KeyUsage::Period& now = present ? one.latest : none;
    AppendNumber(one.name, Money::FromNanoUsd(now.charged_nano_usd()), body);
    AppendNumber(one.byok_name, Money::FromNanoUsd(now.byok_nano_usd()), body);
  }
}

void SpendEndpoints::AppendBudgets(const std::vector<Standing>& standings, std::string& body) {
  body += ",\"budgets\":[";
  for (std::size_t i = 0; i < standings.size(); ++i) {
    const Standing& standing = standings[i];
    const Budget& budget = *standing.budget;
    body += i == 0 ? "{\"id\":" : ",{\"id\":";
    AppendJsonString(body, budget.id);
    AppendText("scope", ScopeKindName(budget.each.value_or(budget.scope_kind)), body);
    AppendText("scope_id", standing.instance.empty() ? budget.scope_id : standing.instance, body);
    AppendText("period", PeriodName(budget.period), body);
    absl::StrAppend(&body, ",\"hard\":", budget.hard ? "true" : "false");
    AppendNumber("limit", standing.limit, body);
    AppendNumber("spent", standing.spent, body);
    AppendNumber("reserved", standing.reserved, body);
    AppendNumber("remaining", standing.remaining(), body);
    AppendTime("resets_at", standing.resets_at, body);
    body += "}";
  }
  body += "]";
}

}  // namespace tollgate::dataplane
