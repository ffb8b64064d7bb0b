// The stages before anything is sent: Authenticate, Scan, Plan, Reserve.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/ids.h"
#include "base/string_views.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/wait_timer.h"

namespace tollgate::dataplane {
namespace {

// How often money is drawn by others between a look and a hold, before it counts as gone.
constexpr int kReserveTries = 4;

ErrorCode CodeOf(AuthError error) {
  switch (error) {
    case AuthError::kMissing:
      return ErrorCode::kMissingKey;
    case AuthError::kMalformed:
    case AuthError::kUnknown:
      return ErrorCode::kInvalidKey;
    case AuthError::kRevoked:
      return ErrorCode::kRevokedKey;
    case AuthError::kExpired:
      return ErrorCode::kExpiredKey;
  }
  return ErrorCode::kInvalidKey;
}

ErrorCode CodeOf(HoldResult::Kind kind) {
  switch (kind) {
    case HoldResult::kInsufficientBalance:
      return ErrorCode::kInsufficientBalance;
    case HoldResult::kBudgetExceeded:
      return ErrorCode::kBudgetExceeded;
    case HoldResult::kUnknownRun:
      return ErrorCode::kRunCapRequired;
    case HoldResult::kUnavailable:
      return ErrorCode::kBillingUnavailable;
    default:
      return ErrorCode::kTemporarilyReserved;
  }
}

ErrorCode CodeOf(PlanRule rule) {
  switch (rule) {
    case PlanRule::kUnknownModel:
      return ErrorCode::kModelNotFound;
    case PlanRule::kModelNotAllowed:
      return ErrorCode::kModelNotAllowed;
    case PlanRule::kNoOffering:
    case PlanRule::kUnpriced:
      return ErrorCode::kModelUnavailable;
    case PlanRule::kProviderFilter:
    case PlanRule::kNoCredential:
      return ErrorCode::kNoProvider;
    case PlanRule::kAllResting:
      return ErrorCode::kProvidersCooling;
  }
  return ErrorCode::kInternal;
}

// An output limit below this is not worth sending.
std::int64_t WorthwhileTokens(const ScannedRequest& scan) {
  return scan.output_limit >= 0 ? std::min(scan.output_limit, kOutputTokensWorthwhile)
                                : kOutputTokensWorthwhile;
}

}  // namespace

void RequestRun::Begin(ClientConnection& client, const Surface& surface) {
  client_ = &client;
  surface_ = &surface;
  generation_id_.assign("gen_");
  AppendUlid(context_.clock, context_.random, generation_id_);
  snapshot_ = context_.snapshots.Get();
  principal_.reset();
  wall_start_ = context_.clock.Wall();
  error_ = GatewayError();
  models_.clear();
  plan_.Clear();
  body_ = {};
  output_clamp_ = -1;
  limited_by_.reset();
  in_chunks_ = false;
  asked_ahead_ = false;
  accounts_known_ = false;
  attempt_index_ = 0;
  attempts_made_ = 0;
  cause_ = Cause::kNone;
  client_left_ = false;
  drained_bytes_ = 0;
  charge_total_ = Money::Zero();
  usage_total_ = TokenUsage();
  outcome_ = RequestOutcome::kRefused;
  provider_id_ = model_id_ = {};
  counts_ = nullptr;
  last_fault_.reset();
  last_retry_after_.reset();
  provider_rates_ = ProviderRates();
  last_status_ = 0;
  upstream_wait_ns_ = 0;
  first_byte_us_ = 0;
  native_finish_.clear();
  scan_.Reset();
  call_.Reset();
  translated_ = translation_begun_ = false;
  attempt_notes_.clear();
  context_.metrics.requests_in_flight.Add(1);
}

bool RequestRun::Fail(ErrorCode code, std::string message) {
  error_.code = code;
  error_.param.clear();
  error_.budget_id.clear();
  error_.budget_scope.clear();
  error_.message = std::move(message);
  return false;
}

bool RequestRun::TakeHead(std::string_view path, std::string_view wildcard) {
  std::optional<GatewayError> error = surface_->ReadHead(client_->head(), path, wildcard, call_);
  if (!error.has_value()) return true;
  error_ = *std::move(error);
  return false;
}

bool RequestRun::Authenticate() {
  if (snapshot_ == nullptr) return Fail(ErrorCode::kNotReady);
  const std::string_view key = surface_->ReadKey(client_->head(), key_scratch_);
  if (key.data() == nullptr) return Fail(ErrorCode::kMissingKey);
  auto result = tollgate::dataplane::Authenticate(key, snapshot(), context_.peppers, wall_start_,
                                                  &context_.recent_keys);
  key_scratch_.clear();
  if (const AuthError* error = std::get_if<AuthError>(&result)) return Fail(CodeOf(*error));
  principal_ = std::get<Principal>(result);
  if (std::optional<GatewayError> error = ReadCallerCaps(client_->head().fields, caps_)) {
    error_ = *std::move(error);
    return false;
  }
  return true;
}

bool RequestRun::TakeBody() {
  switch (client_->body_status()) {
    case ClientConnection::BodyStatus::kComplete:
      body_ = client_->body();
      return true;
    case ClientConnection::BodyStatus::kTooLarge:
      return Fail(ErrorCode::kBodyTooLarge,
                  absl::StrCat("The request body is larger than ", context_.options.body_bytes_max,
                               " bytes; send less, or pass files by URL."));
    case ClientConnection::BodyStatus::kTooSlow:
      return Fail(ErrorCode::kBodyTimeout);
    case ClientConnection::BodyStatus::kMalformed:
      return Fail(ErrorCode::kMalformedRequest, "The request body's chunked coding is malformed.");
    case ClientConnection::BodyStatus::kGone:
      client_left_ = true;
      return Fail(ErrorCode::kBodyTimeout);
  }
  return false;
}

bool RequestRun::Scan() {
  if (std::optional<GatewayError> error = surface_->Scan(body_, call_, scan_)) {
    error_ = *std::move(error);
    return false;
  }
  if (std::optional<GatewayError> error = TakeReporting(caps_, scan_)) {
    error_ = *std::move(error);
    return false;
  }
  models_.push_back(scan_.model);
  for (const std::string_view model : scan_.fallback_models) models_.push_back(model);
  return true;
}

bool RequestRun::PlanAttempts() {
  PlanRequirements requirements;
  requirements.formats = SpokenFormats();
  requirements.provider_order = scan_.wishes.order;
  requirements.provider_only = scan_.wishes.only;
  requirements.provider_ignore = scan_.wishes.ignore;
  if (!FindKept(requirements)) return false;
  auto result = Plan(snapshot(), *principal_, models_, requirements, context_.cooldowns,
                     wall_start_, client_->request_start());
  if (PlanError* error = std::get_if<PlanError>(&result)) {
    Fail(CodeOf(error->rule), std::move(error->message));
    error_.param = "model";
    error_.model = models_.front();
    error_.retry_after = error->retry_after;
    if (error->rule == PlanRule::kNoCredential || error->rule == PlanRule::kNoOffering) {
      ExplainKept();
    }
    return false;
  }
  plan_ = std::get<AttemptPlan>(result);
  if (!scan_.wishes.allow_fallbacks && plan_.size() > 1) {
    AttemptPlan first;
    first.Add(plan_[0]);
    plan_ = first;
  }
  input_bound_ = InputTokensBound(scan_, body_.size());
  if (!scan_.kept_input.empty()) CountKeptInput();
  return true;
}

// Input that the provider keeps is bounded by what the model can read at all.
void RequestRun::CountKeptInput() {
  for (const PlannedAttempt& attempt : plan_) {
    const std::int64_t context = attempt.offering->context_tokens_max;
    if (context == 0 && scan_.unbounded.empty()) scan_.unbounded = scan_.kept_input;
    input_bound_ = std::max(input_bound_, context);
  }
}

NamedScopes RequestRun::Named() const {
  return {.quota_entity = caps_.quota_entity.empty() ? scan_.quota_entity
                                                     : std::string_view(caps_.quota_entity),
          .run = caps_.run,
          .run_cap = caps_.run_max_cost};
}

bool RequestRun::ResolveAccounts() {
  const bool byok = plan_[attempt_index_].credential->byok();
  const MonotonicTime now = context_.clock.Monotonic();
  // An account that was idle may have been forgotten since; it is opened anew.
  bool known =
      accounts_known_ && accounts_byok_ == byok && now - accounts_at_ < kAccountPointerLife / 2;
  for (std::size_t i = 0; known && i < accounts_.size(); ++i) {
    known = !LeasePool::Closed(accounts_[i]);
  }
  if (known) return true;
  const std::optional<AccountSet> accounts =
      context_.accounts.Resolve(snapshot(), *principal_, Named(), wall_start_, now, byok);
  if (!accounts.has_value()) return Fail(ErrorCode::kBillingUnavailable);
  accounts_ = *accounts;
  accounts_known_ = true;
  accounts_at_ = now;
  accounts_byok_ = byok;
  return true;
}

// Lowers the output limit to what the caller allows the request to cost.
bool RequestRun::KeepToMaxCost() {
  if (!caps_.max_cost.has_value()) return true;
  const Money most = *caps_.max_cost;
  if (PlanBound(plan_, scan_, input_bound_, output_clamp_) <= most) return true;
  const std::int64_t tokens = AffordableOutput(plan_, scan_, input_bound_, most);
  if (tokens < WorthwhileTokens(scan_)) {
    return Fail(ErrorCode::kMaxCostExceeded,
                absl::StrCat("Within x-tollgate-max-cost, ", most.ToUsdString(),
                             " USD, this request cannot be served: its input alone may cost up to ",
                             PlanBound(plan_, scan_, input_bound_, 0).ToUsdString(),
                             " USD. Allow more, or send less."));
  }
  output_clamp_ = tokens;
  limited_by_ = ErrorCode::kMaxCostExceeded;
  return true;
}

bool RequestRun::Reserve() {
  if (!ResolveAccounts() || !KeepToMaxCost()) return false;
  if (!scan_.unbounded.empty() && context_.leases.Capped(accounts_)) {
    Fail(ErrorCode::kUnboundedCost);
    error_.param = scan_.unbounded;
    return false;
  }
  error_.code = ErrorCode::kTemporarilyReserved;
  in_chunks_ = MayHoldInChunks();
  return HoldNow();
}

Task<bool> RequestRun::ReserveWaiting() {
  if (error_.code != ErrorCode::kTemporarilyReserved) co_return false;  // Waiting changes nothing.
  const MonotonicTime deadline = context_.clock.Monotonic() + context_.options.lease_wait_max;
  for (;;) {
    const absl::Duration left = deadline - context_.clock.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    // Shared with the callback, which may still be on its way when the wait is over.
    auto timer = std::make_shared<WaitTimer>(context_.io.get_executor());
    timer->expires_after(absl::ToChronoNanoseconds(left));
    const LeasePool::WaiterId waiter = context_.leases.Wait(
        accounts_, FirstHold(),
        [timer, &io = context_.io] { asio::post(io, [timer] { timer->cancel(); }); });
    co_await timer->async_wait(kUseTask);
    context_.leases.Forget(waiter);
    if (!ResolveAccounts()) co_return false;
    if (HoldNow()) co_return true;
    const HoldResult::Kind why = context_.leases.Explain(accounts_, FirstHold()).kind;
    if (why == HoldResult::kInsufficientBalance || why == HoldResult::kBudgetExceeded ||
        why == HoldResult::kUnknownRun) {
      break;
    }
  }
  in_chunks_ = false;
  co_return ReserveAffordable() || RefuseShort(FirstHold());
}

// Holds what there is, when that is worth sending, and limits the output to it.
bool RequestRun::ReserveAffordable() {
  const HoldResult::Kind why = context_.leases.Explain(accounts_, FirstHold()).kind;
  for (int i = 0; i < kReserveTries; ++i) {
    const Money affordable = context_.leases.MostAffordable(accounts_);
    std::int64_t tokens = AffordableOutput(plan_, scan_, input_bound_, affordable);
    if (tokens < WorthwhileTokens(scan_)) return false;
    if (output_clamp_ >= 0) tokens = std::min(tokens, output_clamp_);
    const Money amount = PlanBound(plan_, scan_, input_bound_, tokens);
    if (context_.leases.TryHold(accounts_, amount, &hold_).kind == HoldResult::kHeld) {
      output_clamp_ = tokens;
      limited_by_ = CodeOf(why);
      return true;
    }
  }
  return false;
}

// Says why `amount` cannot be held.
bool RequestRun::RefuseShort(Money amount) {
  ExplainShort(context_.leases.Explain(accounts_, amount),
               absl::StrCat(" This request may cost up to ", amount.ToUsdString(),
                            " USD; a lower output limit costs less."));
  return false;
}

// Turns the reason of a hold that is short into error_; `needed` is added to what it says.
void RequestRun::ExplainShort(const HoldResult& why, const std::string& needed) {
  switch (why.kind) {
    case HoldResult::kInsufficientBalance:
      Fail(ErrorCode::kInsufficientBalance,
           absl::StrCat(AbslView(RowOf(ErrorCode::kInsufficientBalance).message), needed));
      break;
    case HoldResult::kUnknownRun:
      Fail(ErrorCode::kRunCapRequired);
      error_.param = "x-tollgate-run-max-cost";
      break;
    case HoldResult::kBudgetExceeded: {
      if (why.account != nullptr && why.account->is_run()) {
        Fail(ErrorCode::kRunCostExceeded,
             absl::StrCat(AbslView(RowOf(ErrorCode::kRunCostExceeded).message), needed));
        error_.param = "x-tollgate-run";
        break;
      }
      const std::string budget =
          why.account != nullptr ? absl::StrCat("The budget ", why.account->budget_id, " (",
                                                why.account->scope, ")")
                                 : "A budget";
      const bool resets = why.resets_at != absl::InfiniteFuture();
      Fail(ErrorCode::kBudgetExceeded,
           absl::StrCat(budget, " is used up",
                        resets ? absl::StrCat("; it starts anew at ",
                                              absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", why.resets_at,
                                                               absl::UTCTimeZone()))
                               : std::string(),
                        ".", needed));
      if (resets) error_.retry_after = why.resets_at - wall_start_;
      if (why.account != nullptr) {
        error_.budget_id = error_.param = why.account->budget_id;
        error_.budget_scope = why.account->scope;
      }
      error_.resets_at = why.resets_at;
      break;
    }
    case HoldResult::kUnavailable:
      Fail(ErrorCode::kBillingUnavailable);
      error_.retry_after = why.retry_after;
      break;
    default:
      Fail(ErrorCode::kTemporarilyReserved);
      error_.retry_after = why.retry_after;
  }
}

}  // namespace tollgate::dataplane
