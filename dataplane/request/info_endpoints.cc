#include "dataplane/request/info_endpoints.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/money.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/http/target.h"
#include "dataplane/request/await_callback.h"
#include "dataplane/request/generation_json.h"
#include "dataplane/request/listed_models.h"
#include "dataplane/request/spend_report.h"
#include "dataplane/surface/surface.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kGenerationPrefix = "gen_";

ErrorCode CodeOf(AuthError error) {
  switch (error) {
    case AuthError::kMissing:
      return ErrorCode::kMissingKey;
    case AuthError::kRevoked:
      return ErrorCode::kRevokedKey;
    case AuthError::kExpired:
      return ErrorCode::kExpiredKey;
    case AuthError::kMalformed:
    case AuthError::kUnknown:
      break;
  }
  return ErrorCode::kInvalidKey;
}

}  // namespace

InfoEndpoints::Caller InfoEndpoints::Identify(ClientConnection& client, const Surface& surface,
                                              bool key_required) {
  Caller caller;
  caller.snapshot = context_.snapshots.Get();
  std::string scratch;
  const std::string_view key = surface.ReadKey(client.head(), scratch);
  if (caller.snapshot == nullptr) {
    caller.error = ErrorCode::kNotReady;
  } else if (key.data() == nullptr) {
    if (key_required) caller.error = ErrorCode::kMissingKey;
  } else {
    auto result = Authenticate(key, *caller.snapshot, context_.peppers, context_.clock.Wall());
    if (const AuthError* error = std::get_if<AuthError>(&result)) {
      caller.error = CodeOf(*error);
    } else {
      caller.principal = std::get<Principal>(result);
    }
  }
  return caller;
}

Task<void> InfoEndpoints::Answer(ClientConnection& client, std::string body,
                                 std::string_view header_lines) {
  client.SendOwned(200, "application/json", header_lines, std::move(body));
  if (!client.FlushNow()) co_await client.FlushRest();
}

Task<void> InfoEndpoints::RefuseWith(ClientConnection& client, const Surface& surface,
                                     const GatewayError& error) {
  context_.metrics.CountError(error.code);
  std::string body;
  surface.AppendError(error, {}, body);
  std::string header_lines;
  AppendRetryAfter(error, header_lines);
  AppendErrorLines(error, header_lines);
  client.SendOwned(error.http_status(), "application/json", header_lines, std::move(body));
  if (!client.FlushNow()) co_await client.FlushRest();
}

Task<void> InfoEndpoints::Refuse(ClientConnection& client, const Surface& surface, ErrorCode code,
                                 std::string_view message) {
  GatewayError error;
  error.code = code;
  error.message = message;
  co_await RefuseWith(client, surface, error);
}

Task<void> InfoEndpoints::RefuseMethod(ClientConnection& client, const Surface& surface,
                                       std::string allowed) {
  GatewayError error;
  error.code = ErrorCode::kMethodNotAllowed;
  error.message = absl::StrCat("This path takes ", allowed, ".");
  error.allow = std::move(allowed);
  co_await RefuseWith(client, surface, error);
}

Task<void> InfoEndpoints::Models(ClientConnection& client, RouteMatch match,
                                 std::string_view path) {
  const Surface& surface = *match.surface;
  const Caller caller = Identify(client, surface, false);
  if (caller.error.has_value()) co_return co_await Refuse(client, surface, *caller.error);
  std::string body;
  const std::optional<GatewayError> error = WriteModels(caller, client.head(), match, path, body);
  if (error.has_value()) co_return co_await RefuseWith(client, surface, *error);
  co_await Answer(client, std::move(body), {});
}

std::optional<GatewayError> InfoEndpoints::WriteModels(const Caller& caller,
                                                       const RequestHead& head,
                                                       const RouteMatch& match,
                                                       std::string_view path,
                                                       std::string& body) const {
  const Surface& surface = *match.surface;
  CallHead call;
  if (auto error = surface.ReadHead(head, path, match.wildcard, call)) return error;
  const ModelListQuery query{
      .path_and_query = head.path_and_query, .call = &call, .now = context_.clock.Wall()};
  if (match.operation == SurfaceOperation::kListModels) {
    return surface.AppendModelList(ListModels(*caller.snapshot, caller.who(), query.now), query,
                                   body);
  }
  const std::vector<ListedModel> endpoints =
      ListEndpoints(*caller.snapshot, caller.who(), match.wildcard, query.now);
  if (endpoints.empty()) {
    GatewayError missing;
    missing.code = ErrorCode::kModelNotFound;
    missing.model = match.wildcard;
    return missing;
  }
  if (match.operation == SurfaceOperation::kListEndpoints) {
    surface.AppendEndpoints(endpoints, query, body);
  } else {
    surface.AppendModel(endpoints.front(), query, body);
  }
  return std::nullopt;
}

Task<void> InfoEndpoints::Credits(ClientConnection& client, const Surface& surface) {
  const Caller caller = Identify(client, surface, true);
  if (caller.error.has_value()) co_return co_await Refuse(client, surface, *caller.error);
  const std::string workspace(caller.principal->workspace_id());
  bool fresh = false;
  if (context_.ledger != nullptr && ledger_calls_ < kLedgerCallsMax) {
    ++ledger_calls_;
    const auto wallet = co_await AwaitCallback<absl::StatusOr<ledger::v1::Wallet>>(
        context_.io, [&](std::function<void(absl::StatusOr<ledger::v1::Wallet>)> done) {
          context_.ledger->GetWallet(workspace, std::move(done));
        });
    --ledger_calls_;
    if (wallet.ok()) {
      fresh = true;
      if (wallets_.size() >= kWalletsKeptMax) wallets_.clear();
      wallets_[workspace] = {Money::FromNanoUsd(wallet->balance_nano_usd()),
                             Money::FromNanoUsd(wallet->spent_nano_usd())};
    }
  }
  const auto known = wallets_.find(workspace);
  if (known == wallets_.end()) {
    co_return co_await Refuse(client, surface, ErrorCode::kBillingUnavailable);
  }
  std::string body;
  surface.AppendCredits(known->second.balance, known->second.total_used, body);
  co_await Answer(client, std::move(body), fresh ? "" : "x-tollgate-stale: true\r\n");
}

Task<void> InfoEndpoints::Generation(ClientConnection& client, const Surface& surface) {
  const Caller caller = Identify(client, surface, true);
  if (caller.error.has_value()) co_return co_await Refuse(client, surface, *caller.error);
  const std::string id = QueryParameter(client.head().path_and_query, "id").value_or("");
  if (!id.starts_with(kGenerationPrefix) ||
      !IsValidUlid(std::string_view(id).substr(kGenerationPrefix.size()))) {
    co_return co_await Refuse(client, surface, ErrorCode::kInvalidParameter,
                              "`id` must be a generation id, as in ?id=gen_01J….");
  }
  const std::string workspace(caller.principal->workspace_id());
  std::vector<usage::v1::UsageRecord> attempts;
  for (const std::string& serialized : context_.recent.Find(id)) {
    usage::v1::UsageRecord record;
    // Another workspace's generation is as good as none.
    if (!record.ParseFromString(serialized) || record.workspace_id() != workspace) continue;
    attempts.push_back(std::move(record));
  }
  if (attempts.empty() && context_.ledger != nullptr && ledger_calls_ < kLedgerCallsMax) {
    ++ledger_calls_;
    const auto found = co_await AwaitCallback<absl::StatusOr<ledger::v1::Generation>>(
        context_.io, [&](std::function<void(absl::StatusOr<ledger::v1::Generation>)> done) {
          context_.ledger->GetGeneration(workspace, id, std::move(done));
        });
    --ledger_calls_;
    if (found.ok()) attempts.assign(found->attempts().begin(), found->attempts().end());
    if (!found.ok() && !absl::IsNotFound(found.status())) {
      co_return co_await Refuse(
          client, surface, ErrorCode::kBillingUnavailable,
          "Billing cannot be asked for this generation right now; try again.");
    }
  }
  if (attempts.empty()) co_return co_await Refuse(client, surface, ErrorCode::kGenerationNotFound);
  std::string body;
  AppendGeneration(attempts, body);
  co_await Answer(client, std::move(body), {});
}

// Asks billing page by page: a report has no index of its own.
Task<void> InfoEndpoints::Report(ClientConnection& client, const Surface& surface) {
  const Caller caller = Identify(client, surface, true);
  if (caller.error.has_value()) co_return co_await Refuse(client, surface, *caller.error);
  auto query = ReportQuery::Read(client.head().path_and_query);
  if (const GatewayError* error = std::get_if<GatewayError>(&query)) {
    co_return co_await RefuseWith(client, surface, *error);
  }
  if (context_.ledger == nullptr || ledger_calls_ >= kLedgerCallsMax) {
    co_return co_await Refuse(client, surface, ErrorCode::kBillingUnavailable);
  }
  const std::string workspace(caller.principal->workspace_id());
  SpendReport report(std::get<ReportQuery>(std::move(query)));
  std::string page_token;
  for (int pages = 0;; ++pages) {
    if (pages == kReportPagesMax) {
      co_return co_await Refuse(client, surface, ErrorCode::kInvalidParameter,
                                "There are too many requests since `start_date` to add up; ask "
                                "for a later one.");
    }
    ++ledger_calls_;
    const auto start =
        [&](std::function<void(absl::StatusOr<ledger::v1::ListGenerationsResponse>)> done) {
          context_.ledger->ListGenerations(workspace, page_token, std::move(done));
        };
    const auto page = co_await AwaitCallback<absl::StatusOr<ledger::v1::ListGenerationsResponse>>(
        context_.io, start);
    --ledger_calls_;
    if (!page.ok()) co_return co_await Refuse(client, surface, ErrorCode::kBillingUnavailable);
    bool older = false;
    for (const ledger::v1::Generation& generation : page->generations()) {
      older = older || !report.Add(generation);
    }
    page_token = page->next_page_token();
    if (older || page_token.empty()) break;
  }
  std::string body;
  report.Append(body);
  co_await Answer(client, std::move(body), {});
}

}  // namespace tollgate::dataplane
