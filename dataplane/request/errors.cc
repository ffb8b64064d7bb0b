#include "dataplane/request/errors.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kInvalidRequest = "invalid_request_error";
constexpr std::string_view kAuthentication = "authentication_error";
constexpr std::string_view kPermission = "permission_error";
constexpr std::string_view kQuota = "insufficient_quota";
constexpr std::string_view kRateLimit = "rate_limit_error";
constexpr std::string_view kApi = "api_error";

constexpr std::array kTable = {
    ErrorRow{ErrorCode::kMalformedRequest, "malformed_request", 400, kInvalidRequest, false,
             "The request is not well-formed HTTP/1.1."},
    ErrorRow{ErrorCode::kHeadTooLarge, "headers_too_large", 431, kInvalidRequest, false,
             "The request has more than 100 header fields or 64 KiB of them; send fewer."},
    ErrorRow{ErrorCode::kRequestTimeout, "request_timeout", 408, kInvalidRequest, true,
             "The request did not arrive in time; send it again."},
    ErrorRow{ErrorCode::kNotFound, "route_not_found", 404, kInvalidRequest, false,
             "There is no such path; the base URL ends in /v1."},
    ErrorRow{ErrorCode::kMethodNotAllowed, "method_not_allowed", 405, kInvalidRequest, false,
             "This path does not take this method."},
    ErrorRow{ErrorCode::kNotReady, "gateway_not_ready", 503, kApi, true,
             "The gateway has no configuration yet; try again in a moment."},
    ErrorRow{ErrorCode::kMissingKey, "missing_api_key", 401, kAuthentication, false,
             "No API key was sent; send `Authorization: Bearer <key>`."},
    ErrorRow{
        ErrorCode::kInvalidKey, "invalid_api_key", 401, kAuthentication, false,
        "The API key is not known here; check that it is complete and belongs to this gateway."},
    ErrorRow{ErrorCode::kRevokedKey, "revoked_api_key", 401, kAuthentication, false,
             "The API key was revoked; ask your administrator for a new one."},
    ErrorRow{ErrorCode::kExpiredKey, "expired_api_key", 401, kAuthentication, false,
             "The API key has expired; ask your administrator for a new one."},
    ErrorRow{ErrorCode::kBodyTooLarge, "request_too_large", 413, kInvalidRequest, false,
             "The request body is too large; send less, or pass files by URL."},
    ErrorRow{ErrorCode::kBodyTimeout, "request_timeout", 408, kInvalidRequest, true,
             "The request body did not arrive in time; send it again."},
    ErrorRow{ErrorCode::kInvalidJson, "invalid_json", 400, kInvalidRequest, false,
             "The request body is not valid JSON."},
    ErrorRow{ErrorCode::kMissingParameter, "missing_required_parameter", 400, kInvalidRequest,
             false, "A required parameter is missing."},
    ErrorRow{ErrorCode::kInvalidParameter, "invalid_value", 400, kInvalidRequest, false,
             "A parameter has a value that cannot be used."},
    ErrorRow{ErrorCode::kUnsupportedParameter, "unsupported_parameter", 400, kInvalidRequest, false,
             "A parameter is not supported by this gateway; leave it out."},
    ErrorRow{ErrorCode::kModelNotFound, "model_not_found", 404, kInvalidRequest, false,
             "There is no such model or alias; GET /v1/models lists what there is."},
    ErrorRow{ErrorCode::kModelNotAllowed, "model_not_allowed", 403, kPermission, false,
             "This API key may not call this model; ask your administrator."},
    ErrorRow{ErrorCode::kModelUnavailable, "model_unavailable", 404, kInvalidRequest, false,
             "No provider sells this model for this kind of request at a known price."},
    ErrorRow{
        ErrorCode::kNoProvider, "no_provider", 404, kInvalidRequest, false,
        "No provider is left for this model; relax the request's provider options, or ask your "
        "administrator for a credential."},
    ErrorRow{ErrorCode::kProvidersCooling, "providers_rate_limited", 429, kRateLimit, true,
             "All providers of this model are rate limited; try again after the stated time."},
    ErrorRow{ErrorCode::kInsufficientBalance, "insufficient_balance", 402, kQuota, false,
             "The workspace's balance does not cover this request; top it up."},
    ErrorRow{ErrorCode::kBudgetExceeded, "budget_exceeded", 402, kQuota, false,
             "A budget is used up; wait for it to start anew, or ask your administrator to raise "
             "it."},
    ErrorRow{ErrorCode::kTemporarilyReserved, "temporarily_reserved", 429, kRateLimit, true,
             "The money that is left is reserved by requests that are running; try again shortly."},
    ErrorRow{ErrorCode::kMaxCostExceeded, "max_cost_exceeded", 402, kQuota, false,
             "The request cannot be served for what x-tollgate-max-cost allows; allow more, or ask "
             "for less output."},
    ErrorRow{ErrorCode::kRunCostExceeded, "run_cost_exceeded", 402, kQuota, false,
             "The run has cost what x-tollgate-run-max-cost allows."},
    ErrorRow{ErrorCode::kRunCapRequired, "run_max_cost_required", 400, kInvalidRequest, false,
             "Nobody has said what this run may cost; send x-tollgate-run-max-cost with it."},
    ErrorRow{ErrorCode::kUnboundedCost, "unbounded_cost", 400, kInvalidRequest, false,
             "Nothing bounds what this request may cost, so it cannot be held to a balance or a "
             "budget; leave the named parameter out."},
    ErrorRow{ErrorCode::kOutputLimitReached, "output_limit_reached", 200, kInvalidRequest, false,
             "The provider went on beyond the output limit that it was sent; its answer was ended "
             "there."},
    ErrorRow{ErrorCode::kRateLimited, "rate_limit_exceeded", 429, kRateLimit, true,
             "Too many requests or tokens a minute; try again after the stated time."},
    ErrorRow{ErrorCode::kConcurrencyLimited, "concurrency_limit_exceeded", 429, kRateLimit, true,
             "Too many requests at the same time; try again when one of them is over."},
    ErrorRow{ErrorCode::kBillingUnavailable, "billing_unavailable", 503, kApi, true,
             "The balance cannot be checked right now; try again shortly."},
    ErrorRow{ErrorCode::kSpoolFull, "metering_unavailable", 503, kApi, true,
             "Usage cannot be recorded right now; try again shortly."},
    ErrorRow{ErrorCode::kProviderRejected, "provider_rejected", 400, kInvalidRequest, false,
             "The provider refused the request."},
    ErrorRow{ErrorCode::kAllProvidersFailed, "all_providers_failed", 502, kApi, true,
             "Every provider that was tried failed; try again."},
    ErrorRow{ErrorCode::kProviderTimeout, "provider_timeout", 504, kApi, true,
             "The provider did not answer in time; try again."},
    ErrorRow{ErrorCode::kStreamInterrupted, "stream_interrupted", 502, kApi, true,
             "The provider's stream ended before its end; what came is not complete."},
    ErrorRow{ErrorCode::kStopped, "gateway_stopping", 503, kApi, true,
             "The gateway is being restarted; send the request again."},
    ErrorRow{ErrorCode::kGenerationNotFound, "generation_not_found", 404, kInvalidRequest, false,
             "There is no such generation in this key's workspace."},
    ErrorRow{ErrorCode::kResponseNotFound, "response_not_found", 404, kInvalidRequest, false,
             "No provider keeps an answer of this id for this key's workspace; send the items "
             "themselves."},
    ErrorRow{ErrorCode::kQuotasNotManaged, "quotas_not_managed", 403, kPermission, false,
             "This API key may not change quotas; use one that manages quotas."},
    ErrorRow{ErrorCode::kConfigurationUnavailable, "configuration_unavailable", 503, kApi, true,
             "The configuration cannot be changed right now; try again shortly."},
    ErrorRow{ErrorCode::kInternal, "internal_error", 500, kApi, true,
             "Something went wrong in the gateway; the operator can find it by the generation id."},
};

}  // namespace

const ErrorRow& RowOf(ErrorCode code) {
  const ErrorRow& row = kTable[static_cast<std::size_t>(code)];
  DCHECK(row.code == code);
  return row;
}

std::span<const ErrorRow> ErrorTable() { return kTable; }

void AppendRetryAfter(const GatewayError& error, std::string& header_lines) {
  if (!error.retry_after.has_value()) return;
  const std::int64_t ms =
      std::clamp<std::int64_t>(absl::ToInt64Milliseconds(*error.retry_after), 1, 86'400'000);
  absl::StrAppend(&header_lines, "retry-after: ", (ms + 999) / 1000, "\r\nretry-after-ms: ", ms,
                  "\r\n");
}

void AppendErrorLines(const GatewayError& error, std::string& header_lines) {
  absl::StrAppend(&header_lines, "x-tollgate-error: ", AbslView(RowOf(error.code).name), "\r\n");
  if (!error.allow.empty()) {
    absl::StrAppend(&header_lines, "allow: ", error.allow, "\r\n");
  }
  if (error.budget_id.empty()) return;
  absl::StrAppend(&header_lines, "x-tollgate-budget: ", error.budget_id, "\r\n");
  if (!error.budget_scope.empty()) {
    absl::StrAppend(&header_lines, "x-tollgate-budget-scope: ", error.budget_scope, "\r\n");
  }
  if (error.resets_at == absl::InfiniteFuture()) return;
  absl::StrAppend(&header_lines, "x-tollgate-budget-reset: ",
                  absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", error.resets_at, absl::UTCTimeZone()),
                  "\r\n");
}

std::optional<absl::Duration> ParseRetryAfter(std::string_view seconds_or_date,
                                              std::string_view milliseconds, absl::Time now) {
  // Fractions are cut off: they add less than the clock's own error.
  const auto leading_number = [](std::string_view text) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0) return std::nullopt;
    if (rest != text.data() + text.size() && *rest != '.') return std::nullopt;
    return std::min<std::int64_t>(value, 1'000'000'000);
  };
  if (const auto ms = leading_number(milliseconds)) return absl::Milliseconds(*ms);
  if (const auto seconds = leading_number(seconds_or_date)) return absl::Seconds(*seconds);
  absl::Time date;
  if (!seconds_or_date.empty() &&
      absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", AbslView(seconds_or_date), &date, nullptr)) {
    return std::max(date - now, absl::ZeroDuration());
  }
  return std::nullopt;
}

}  // namespace tollgate::dataplane
