#include "dataplane/request/info_endpoints.h"

#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/string_views.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/http/target.h"
#include "dataplane/request/await_callback.h"
#include "dataplane/request/generation_json.h"
#include "dataplane/request/model_json.h"
#include "dataplane/request/request_run.h"
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

InfoEndpoints::Caller InfoEndpoints::Identify(ClientConnection& client, bool key_required) {
  Caller caller;
  caller.snapshot = context_.snapshots.Get();
  const std::string_view authorization = client.head().authorization;
  if (caller.snapshot == nullptr) {
    caller.error = ErrorCode::kNotReady;
  } else if (authorization.empty()) {
    if (key_required) caller.error = ErrorCode::kMissingKey;
  } else {
    auto result = Authenticate(BearerToken(authorization), *caller.snapshot, context_.peppers,
                               context_.clock.Wall());
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

Task<void> InfoEndpoints::Refuse(ClientConnection& client, ErrorCode code,
                                 std::string_view message) {
  GatewayError error;
  error.code = code;
  error.message = message;
  context_.metrics.CountError(code);
  std::string body;
  OpenAiChatSurface().AppendError(error, {}, body);
  client.SendOwned(error.http_status(), "application/json", {}, std::move(body));
  if (!client.FlushNow()) co_await client.FlushRest();
}

Task<void> InfoEndpoints::Models(ClientConnection& client) {
  const Caller caller = Identify(client, false);
  if (caller.error.has_value()) co_return co_await Refuse(client, *caller.error);
  std::string body;
  AppendModelList(*caller.snapshot, caller.principal.has_value() ? &*caller.principal : nullptr,
                  context_.clock.Wall(), body);
  co_await Answer(client, std::move(body), {});
}

Task<void> InfoEndpoints::Model(ClientConnection& client, std::string id) {
  const Caller caller = Identify(client, false);
  if (caller.error.has_value()) co_return co_await Refuse(client, *caller.error);
  std::string body;
  if (!AppendModelByName(*caller.snapshot,
                         caller.principal.has_value() ? &*caller.principal : nullptr, id,
                         context_.clock.Wall(), body)) {
    co_return co_await Refuse(client, ErrorCode::kModelNotFound);
  }
  co_await Answer(client, std::move(body), {});
}

Task<void> InfoEndpoints::Credits(ClientConnection& client) {
  const Caller caller = Identify(client, true);
  if (caller.error.has_value()) co_return co_await Refuse(client, *caller.error);
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
      wallets_[workspace] = {Money::FromNanoUsd(wallet->balance_nano_usd()).ToUsdString(),
                             Money::FromNanoUsd(wallet->spent_nano_usd()).ToUsdString()};
    }
  }
  const auto known = wallets_.find(workspace);
  if (known == wallets_.end()) {
    co_return co_await Refuse(client, ErrorCode::kBillingUnavailable);
  }
  std::string body = absl::StrCat("{\"balance\":\"", known->second.balance, "\",\"total_used\":\"",
                                  known->second.total_used, "\"}");
  co_await Answer(client, std::move(body), fresh ? "" : "x-tollgate-stale: true\r\n");
}

Task<void> InfoEndpoints::Generation(ClientConnection& client) {
  const Caller caller = Identify(client, true);
  if (caller.error.has_value()) co_return co_await Refuse(client, *caller.error);
  const std::string id = QueryParameter(client.head().path_and_query, "id").value_or("");
  if (!id.starts_with(kGenerationPrefix) ||
      !IsValidUlid(std::string_view(id).substr(kGenerationPrefix.size()))) {
    co_return co_await Refuse(client, ErrorCode::kInvalidParameter,
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
          client, ErrorCode::kBillingUnavailable,
          "Billing cannot be asked for this generation right now; try again.");
    }
  }
  if (attempts.empty()) co_return co_await Refuse(client, ErrorCode::kGenerationNotFound);
  std::string body;
  AppendGeneration(attempts, body);
  co_await Answer(client, std::move(body), {});
}

}  // namespace tollgate::dataplane
