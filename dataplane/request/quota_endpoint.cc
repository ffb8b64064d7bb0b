// /v1/quotas: the other half of SpendEndpoints.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/scope_ids.h"
#include "base/string_views.h"
#include "dataplane/http/target.h"
#include "dataplane/request/await_callback.h"
#include "dataplane/request/quota_change.h"
#include "dataplane/request/spend_endpoints.h"
#include "dataplane/request/spend_json.h"
#include "tollgate/admin/v1/quota_service.pb.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kKeyPrefix = "api_key_id_";
constexpr std::string_view kEntityWanted =
    "`quotaEntityId` must be `api_key_id_` and a key's id, or the name of a quota entity.";
// Far more than a quota takes.
constexpr std::uint64_t kQuotaBodyBytesMax = 16 * 1024;

// In Vercel's form.
std::string VercelError(std::string_view message) {
  return absl::StrCat("{\"error\":\"", AbslView(message), "\"}");
}

ErrorCode CodeOf(ClientConnection::BodyStatus status) {
  switch (status) {
    case ClientConnection::BodyStatus::kTooLarge:
      return ErrorCode::kBodyTooLarge;
    case ClientConnection::BodyStatus::kMalformed:
      return ErrorCode::kMalformedRequest;
    default:
      return ErrorCode::kBodyTimeout;
  }
}

// The key whose quota the caller may see; nullopt for others, which might as well not be there.
std::optional<KeyRef> VisibleKey(const Snapshot& snapshot, const Principal& caller,
                                 std::string_view id) {
  const std::optional<KeyRef> key = snapshot.keys().FindById(id);
  const bool seen = key.has_value() &&
                    snapshot.WorkspaceAt(key->workspace()).id == caller.workspace_id() &&
                    (id == caller.key_id() || caller.manages_quotas());
  return seen ? key : std::nullopt;
}

// Fills what all requests of QuotaService begin with.
template <typename Request, typename Subject>
Request RequestFor(const Principal& caller, const Subject& subject) {
  Request request;
  request.set_acting_key_id(std::string(caller.key_id()));
  request.set_key_id(subject.key_id);
  request.set_quota_entity(subject.entity);
  return request;
}

}  // namespace

SpendEndpoints::QuotaSubject::QuotaSubject(std::string entity_text) : text(std::move(entity_text)) {
  if (text.starts_with(kKeyPrefix)) {
    key_id = text.substr(kKeyPrefix.size());
  } else {
    entity = text;
  }
}

Task<void> SpendEndpoints::Quota(ClientConnection& client, const Surface& surface) {
  // The head is gone once something is waited for.
  const Method method = client.head().method;
  std::string entity = QueryParameter(client.head().path_and_query, "quotaEntityId").value_or("");
  std::shared_ptr<const Snapshot> snapshot;
  const std::optional<Principal> caller = co_await Identify(client, surface, snapshot);
  if (!caller.has_value()) co_return;
  if (method != Method::kGet) {
    co_return co_await ChangeQuota(client, surface, *caller, method, std::move(entity));
  }
  if (!IsValidScopeName(entity)) {
    co_return co_await Refuse(client, surface, ErrorCode::kInvalidParameter, kEntityWanted);
  }
  const QuotaSubject subject(std::move(entity));
  co_await ReadQuota(client, surface, *snapshot, *caller, subject);
}

std::optional<SpendEndpoints::Standing> SpendEndpoints::QuotaInForce(
    const Snapshot& snapshot, const Principal& caller, const QuotaSubject& subject) const {
  std::vector<Standing> standings;
  std::string scope_id;
  if (!subject.key_id.empty()) {
    scope_id = subject.key_id;
    if (VisibleKey(snapshot, caller, scope_id).has_value()) {
      Collect(snapshot, ScopeKind::kKey, scope_id, caller, standings);
    }
  } else if (caller.manages_quotas()) {
    scope_id = QuotaEntityId(caller.workspace_id(), subject.entity);
    Collect(snapshot, ScopeKind::kQuotaEntity, scope_id, caller, standings);
  }
  // A soft budget refuses nothing; a template on the subject caps what is within it.
  std::erase_if(standings, [](const Standing& standing) {
    return !standing.budget->hard || standing.budget->each.has_value();
  });
  if (standings.empty()) return std::nullopt;
  // As the control plane chooses: the one that was made here, else the first.
  const auto own = std::find_if(
      standings.begin(), standings.end(),
      [id = QuotaBudgetId(scope_id)](const Standing& s) { return s.budget->id == id; });
  if (own != standings.end()) return std::move(*own);
  return std::move(*std::min_element(
      standings.begin(), standings.end(),
      [](const Standing& a, const Standing& b) { return a.budget->id < b.budget->id; }));
}

std::vector<SpendEndpoints::Standing> SpendEndpoints::TemplatesOf(
    const Snapshot& snapshot, const Principal& caller, const QuotaSubject& subject) const {
  std::vector<Standing> standings;
  std::vector<std::pair<ScopeKind, std::string_view>> scopes = {
      {ScopeKind::kWorkspace, caller.workspace_id()},
      {ScopeKind::kOrganization, caller.organization_id()}};
  ScopeKind kind = ScopeKind::kKey;
  std::string id = subject.key_id;
  if (!id.empty()) {
    const std::optional<KeyRef> key = VisibleKey(snapshot, caller, id);
    if (!key.has_value()) return standings;
    scopes.emplace_back(ScopeKind::kMember, key->member_id());
    scopes.emplace_back(ScopeKind::kProject, key->project_id());
  } else {
    // Those within a member, a project or a key cap its requests with some keys and not with
    // others: they are nobody's quota.
    if (!caller.manages_quotas()) return standings;
    kind = ScopeKind::kQuotaEntity;
    id = QuotaEntityId(caller.workspace_id(), subject.entity);
  }
  if (HasOwnBudget(snapshot, kind, id)) return standings;
  for (const auto& [scope_kind, scope_id] : scopes) {
    if (scope_id.empty()) continue;
    for (const auto& budget : snapshot.BudgetsOf(scope_kind, scope_id)) {
      if (!budget->hard || budget->each != kind) continue;
      Standing standing;
      standing.budget = budget;
      standing.instance = id;
      standing.Locate(context_.clock.Wall());
      standings.push_back(std::move(standing));
    }
  }
  return standings;
}

Task<std::optional<SpendEndpoints::Standing>> SpendEndpoints::TightestOf(
    std::vector<Standing> standings) {
  if (!co_await Ask(standings)) co_return std::nullopt;
  co_return std::move(*std::min_element(
      standings.begin(), standings.end(), [](const Standing& a, const Standing& b) {
        return std::pair(a.remaining(), a.budget->id) < std::pair(b.remaining(), b.budget->id);
      }));
}

SpendEndpoints::Standing SpendEndpoints::StandingOf(const admin::v1::Quota& quota) const {
  Budget budget;
  budget.id = quota.budget_id();
  budget.scope_kind = quota.key_id().empty() ? ScopeKind::kQuotaEntity : ScopeKind::kKey;
  budget.scope_id = quota.key_id();
  budget.limit = Money::FromNanoUsd(quota.limit_nano_usd());
  budget.period = quota.period();
  Standing standing;
  standing.budget = std::make_shared<const Budget>(std::move(budget));
  standing.Locate(context_.clock.Wall());
  return standing;
}

Task<absl::StatusOr<admin::v1::Quota>> SpendEndpoints::AskQuota(
    const std::function<void(QuotaAdmin::Done)>& start) {
  if (context_.quotas == nullptr || quota_calls_ >= kLedgerCallsMax) {
    co_return absl::UnavailableError("the control plane cannot be asked");
  }
  ++quota_calls_;
  const auto call = [&start](QuotaAdmin::Done done) { start(std::move(done)); };
  auto quota = co_await AwaitCallback<absl::StatusOr<admin::v1::Quota>>(context_.io, call);
  --quota_calls_;
  co_return quota;
}

// From the snapshot; what is not in force only the control plane knows.
Task<void> SpendEndpoints::ReadQuota(ClientConnection& client, const Surface& surface,
                                     const Snapshot& snapshot, const Principal& caller,
                                     const QuotaSubject& subject) {
  std::optional<Standing> standing = QuotaInForce(snapshot, caller, subject);
  bool active = true;
  if (!standing.has_value()) {
    const auto request = RequestFor<admin::v1::GetQuotaRequest>(caller, subject);
    const std::function<void(QuotaAdmin::Done)> start = [&](QuotaAdmin::Done done) {
      context_.quotas->GetQuota(request, std::move(done));
    };
    const auto quota = co_await AskQuota(start);
    if (quota.ok() && !quota->archived()) {
      standing = StandingOf(*quota);
      active = quota->active();
    }
  }
  std::vector<Standing> asked;
  if (standing.has_value()) {
    asked.push_back(*std::move(standing));
  } else {
    asked = TemplatesOf(snapshot, caller, subject);
  }
  if (asked.empty()) {
    std::string missing = VercelError("Quota not found");
    co_return co_await Answer(client, 404, std::move(missing));
  }
  standing = co_await TightestOf(std::move(asked));
  if (!standing.has_value()) {
    co_return co_await Refuse(client, surface, ErrorCode::kBillingUnavailable);
  }
  co_await AnswerQuota(client, subject, *std::move(standing), active, false);
}

Task<void> SpendEndpoints::AnswerQuota(ClientConnection& client, const QuotaSubject& subject,
                                       Standing standing, bool active, bool archived) {
  std::string body = "{\"quotaEntityId\":";
  AppendJsonString(body, subject.text);
  if (!subject.key_id.empty()) AppendText("apiKeyName", subject.key_id, body);
  AppendNumber("limitAmount", standing.limit, body);
  AppendNumber("currentSpend", standing.spent, body);
  AppendText("refreshPeriod", PeriodName(standing.budget->period), body);
  absl::StrAppend(&body, ",\"active\":", active ? "true" : "false");
  if (archived) body += ",\"archived\":true";
  if (!standing.instance.empty()) AppendText("template", standing.budget->id, body);
  body += "}";
  co_await Answer(client, 200, std::move(body));
}

Task<void> SpendEndpoints::ChangeQuota(ClientConnection& client, const Surface& surface,
                                       const Principal& caller, Method method, std::string entity) {
  if (!caller.manages_quotas()) {
    co_return co_await Refuse(client, surface, ErrorCode::kQuotasNotManaged);
  }
  if (!client.BodyReady(kQuotaBodyBytesMax)) co_await client.ReadBody();
  if (client.body_status() != ClientConnection::BodyStatus::kComplete) {
    co_return co_await Refuse(client, surface, CodeOf(client.body_status()));
  }
  QuotaChange change;
  std::optional<std::string> wrong = ReadQuotaChange(client.body(), change);
  if (entity.empty()) entity = change.entity;
  if (!wrong.has_value() && !IsValidScopeName(entity)) wrong = std::string(kEntityWanted);
  if (!wrong.has_value() && method == Method::kPost && !change.limit.has_value()) {
    wrong = "`limitAmount` must be stated.";
  }
  if (wrong.has_value()) {
    co_return co_await Refuse(client, surface, ErrorCode::kInvalidParameter, *wrong);
  }
  const QuotaSubject subject(std::move(entity));
  std::function<void(QuotaAdmin::Done)> start;
  if (method == Method::kPost) {
    auto request = RequestFor<admin::v1::CreateQuotaRequest>(caller, subject);
    request.set_limit_nano_usd(change.limit->nano_usd());
    request.set_period(
        static_cast<config::v1::Period>(change.period.value_or(config::v1::PERIOD_NONE)));
    start = [this, request = std::move(request)](QuotaAdmin::Done done) {
      context_.quotas->CreateQuota(request, std::move(done));
    };
  } else {
    auto request = RequestFor<admin::v1::UpdateQuotaRequest>(caller, subject);
    if (method == Method::kDelete) {
      change = QuotaChange();
      change.archived = true;
    }
    if (change.limit.has_value()) request.set_limit_nano_usd(change.limit->nano_usd());
    if (change.period.has_value()) {
      request.set_period(static_cast<config::v1::Period>(*change.period));
    }
    if (change.active.has_value()) request.set_active(*change.active);
    if (change.archived.has_value()) request.set_archived(*change.archived);
    start = [this, request = std::move(request)](QuotaAdmin::Done done) {
      context_.quotas->UpdateQuota(request, std::move(done));
    };
  }
  const absl::StatusOr<admin::v1::Quota> quota = co_await AskQuota(start);
  co_await AnswerQuotaChange(client, surface, subject, quota);
}

Task<void> SpendEndpoints::AnswerQuotaChange(ClientConnection& client, const Surface& surface,
                                             const QuotaSubject& subject,
                                             const absl::StatusOr<admin::v1::Quota>& quota) {
  std::string error;
  switch (quota.status().code()) {
    case absl::StatusCode::kOk:
      break;
    case absl::StatusCode::kNotFound:
      error = VercelError("Quota not found");
      co_return co_await Answer(client, 404, std::move(error));
    case absl::StatusCode::kAlreadyExists:
      error = VercelError("Quota already exists");
      co_return co_await Answer(client, 409, std::move(error));
    case absl::StatusCode::kInvalidArgument:
      co_return co_await Refuse(client, surface, ErrorCode::kInvalidParameter,
                                StdView(quota.status().message()));
    case absl::StatusCode::kPermissionDenied:
      // The key may not any more, since a moment ago.
      co_return co_await Refuse(client, surface, ErrorCode::kQuotasNotManaged);
    default:
      co_return co_await Refuse(client, surface, ErrorCode::kConfigurationUnavailable);
  }
  std::vector<Standing> asked;
  asked.push_back(StandingOf(*quota));
  // What was changed was changed, also when nobody can say what was spent.
  const bool told = co_await Ask(asked);
  if (!told) asked[0].spent = Money::Zero();
  asked[0].limit = Money::FromNanoUsd(quota->limit_nano_usd());
  co_await AnswerQuota(client, subject, std::move(asked[0]), quota->active(), quota->archived());
}

}  // namespace tollgate::dataplane
