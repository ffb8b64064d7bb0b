#include "dataplane/request/spend_endpoints.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/json_text.h"
#include "base/scope_ids.h"
#include "base/string_views.h"
#include "dataplane/http/target.h"
#include "dataplane/request/await_callback.h"
#include "dataplane/surface/surface.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kKeyPrefix = "api_key_id_";

// The values of config.v1.Period.
BudgetPeriod PeriodOf(int period) {
  constexpr std::array kPeriods = {BudgetPeriod::kNone, BudgetPeriod::kNone, BudgetPeriod::kDaily,
                                   BudgetPeriod::kWeekly, BudgetPeriod::kMonthly};
  return kPeriods[static_cast<std::size_t>(std::clamp(period, 0, 4))];
}

std::string_view PeriodName(int period) {
  constexpr std::array<std::string_view, 5> kNames = {"none", "none", "daily", "weekly", "monthly"};
  return kNames[static_cast<std::size_t>(std::clamp(period, 0, 4))];
}

std::string_view ScopeName(ScopeKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {
      "", "organization", "workspace", "project", "member", "key", "quota_entity"};
  return kNames[static_cast<std::size_t>(kind)];
}

void AppendText(std::string_view name, std::string_view value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":");
  AppendJsonString(out, value);
}

// As a JSON number: an exact decimal.
void AppendNumber(std::string_view name, Money value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":", value.ToUsdString());
}

void AppendTime(std::string_view name, absl::Time time, std::string& out) {
  if (time == absl::InfiniteFuture()) {
    absl::StrAppend(&out, ",\"", AbslView(name), "\":null");
  } else {
    AppendText(name, absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()), out);
  }
}

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

}  // namespace

Money SpendEndpoints::Standing::remaining() const {
  return std::max(limit.TrySubtract(spent).value_or(Money::Zero()), Money::Zero());
}

Task<void> SpendEndpoints::Answer(ClientConnection& client, int status, std::string body) {
  client.SendOwned(status, "application/json", {}, std::move(body));
  if (!client.FlushNow()) co_await client.FlushRest();
}

Task<void> SpendEndpoints::Refuse(ClientConnection& client, ErrorCode code,
                                  std::string_view message) {
  GatewayError error;
  error.code = code;
  error.message = message;
  context_.metrics.CountError(code);
  std::string body;
  OpenAiChatSurface().AppendError(error, {}, body);
  co_await Answer(client, error.http_status(), std::move(body));
}

Task<std::optional<Principal>> SpendEndpoints::Identify(ClientConnection& client,
                                                        std::shared_ptr<const Snapshot>& snapshot) {
  snapshot = context_.snapshots.Get();
  ErrorCode code = ErrorCode::kNotReady;
  if (snapshot != nullptr) {
    std::string scratch;
    const std::string_view key = OpenAiChatSurface().ReadKey(client.head(), scratch);
    auto result = Authenticate(key, *snapshot, context_.peppers, context_.clock.Wall());
    if (auto* principal = std::get_if<Principal>(&result)) co_return *principal;
    code = CodeOf(std::get<AuthError>(result));
  }
  co_await Refuse(client, code);
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
    const BudgetPeriod period = PeriodOf(budget->period);
    standing.account = absl::StrCat("budget/", budget->id, "/", BudgetPeriodOf(period, now),
                                    standing.instance.empty() ? "" : "/", standing.instance);
    standing.resets_at = BudgetPeriodEnd(period, now);
    standing.limit = budget->limit;
    standings.push_back(std::move(standing));
  }
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

Task<void> SpendEndpoints::Key(ClientConnection& client) {
  std::shared_ptr<const Snapshot> snapshot;
  const std::optional<Principal> caller = co_await Identify(client, snapshot);
  if (!caller.has_value()) co_return;
  std::vector<Standing> standings;
  Collect(*snapshot, ScopeKind::kKey, caller->key_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kMember, caller->member_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kProject, caller->project_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kWorkspace, caller->workspace_id(), *caller, standings);
  Collect(*snapshot, ScopeKind::kOrganization, caller->organization_id(), *caller, standings);
  if (!co_await Ask(standings)) co_return co_await Refuse(client, ErrorCode::kBillingUnavailable);
  std::string body = "{\"data\":{\"label\":";
  AppendJsonString(body, caller->key_id());
  AppendOwn(standings, body);
  const RateLimits limits = caller->key_limits();
  absl::StrAppend(&body, ",\"is_free_tier\":false,\"is_management_key\":",
                  caller->manages_quotas() ? "true" : "false", ",\"rate_limit\":");
  if (limits.requests_per_minute > 0) {
    absl::StrAppend(&body, "{\"requests\":", limits.requests_per_minute, ",\"interval\":\"1m\"}");
  } else {
    body += "null";
  }
  AppendText("workspace_id", caller->workspace_id(), body);
  AppendBudgets(standings, body);
  body += "}}";
  co_await Answer(client, 200, std::move(body));
}

// What is capped for the key alone: the tightest hard budget, and the spending by period.
void SpendEndpoints::AppendOwn(const std::vector<Standing>& standings, std::string& body) {
  const Standing* tightest = nullptr;
  std::array<const Standing*, 5> by_period{};
  for (const Standing& standing : standings) {
    const Budget& budget = *standing.budget;
    if (budget.scope_kind != ScopeKind::kKey && budget.each != ScopeKind::kKey) continue;
    by_period[static_cast<std::size_t>(std::clamp(budget.period, 0, 4))] = &standing;
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
    AppendNumber("usage", tightest->spent, body);
  } else {
    body +=
        ",\"limit\":null,\"limit_remaining\":null,\"limit_reset\":null,"
        "\"include_byok_in_limit\":false,\"usage\":null";
  }
  const std::pair<std::string_view, std::size_t> periods[] = {
      {"usage_daily", 2}, {"usage_weekly", 3}, {"usage_monthly", 4}};
  for (const auto& [name, period] : periods) {
    if (by_period[period] == nullptr) {
      absl::StrAppend(&body, ",\"", AbslView(name), "\":null");
    } else {
      AppendNumber(name, by_period[period]->spent, body);
    }
  }
}

void SpendEndpoints::AppendBudgets(const std::vector<Standing>& standings, std::string& body) {
  body += ",\"budgets\":[";
  for (std::size_t i = 0; i < standings.size(); ++i) {
    const Standing& standing = standings[i];
    const Budget& budget = *standing.budget;
    body += i == 0 ? "{\"id\":" : ",{\"id\":";
    AppendJsonString(body, budget.id);
    AppendText("scope", ScopeName(budget.each.value_or(budget.scope_kind)), body);
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

Task<void> SpendEndpoints::Quota(ClientConnection& client) {
  // The head is gone once something is waited for.
  const std::string entity =
      QueryParameter(client.head().path_and_query, "quotaEntityId").value_or("");
  std::shared_ptr<const Snapshot> snapshot;
  const std::optional<Principal> caller = co_await Identify(client, snapshot);
  if (!caller.has_value()) co_return;
  if (!IsValidScopeName(entity)) {
    co_return co_await Refuse(client, ErrorCode::kInvalidParameter,
                              "`quotaEntityId` must be `api_key_id_` and a key's id, or the name "
                              "of a quota entity.");
  }
  std::vector<Standing> standings;
  if (entity.starts_with(kKeyPrefix)) {
    const std::string_view key_id = std::string_view(entity).substr(kKeyPrefix.size());
    const std::optional<KeyRef> key = snapshot->keys().FindById(key_id);
    const bool seen = key.has_value() &&
                      snapshot->WorkspaceAt(key->workspace()).id == caller->workspace_id() &&
                      (key_id == caller->key_id() || caller->manages_quotas());
    if (seen) Collect(*snapshot, ScopeKind::kKey, key_id, *caller, standings);
  } else if (caller->manages_quotas()) {
    Collect(*snapshot, ScopeKind::kQuotaEntity, QuotaEntityId(caller->workspace_id(), entity),
            *caller, standings);
  }
  std::erase_if(standings, [](const Standing& standing) { return !standing.budget->hard; });
  if (standings.empty()) {
    std::string missing = "{\"error\":\"Quota not found\"}";
    co_return co_await Answer(client, 404, std::move(missing));
  }
  standings.resize(1);
  if (!co_await Ask(standings)) co_return co_await Refuse(client, ErrorCode::kBillingUnavailable);
  const Standing& quota = standings[0];
  std::string body = "{\"quotaEntityId\":";
  AppendJsonString(body, entity);
  if (quota.budget->scope_kind == ScopeKind::kKey) {
    AppendText("apiKeyName", quota.budget->scope_id, body);
  }
  AppendNumber("limitAmount", quota.limit, body);
  AppendNumber("currentSpend", quota.spent, body);
  AppendText("refreshPeriod", PeriodName(quota.budget->period), body);
  body += ",\"active\":true}";
  co_await Answer(client, 200, std::move(body));
}

}  // namespace tollgate::dataplane
