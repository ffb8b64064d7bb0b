// Every error that a client can see, in one table: docs/errors.md is its text.
#ifndef TOLLGATE_DATAPLANE_REQUEST_ERRORS_H_
#define TOLLGATE_DATAPLANE_REQUEST_ERRORS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tollgate::dataplane {

// In the order of the stages that make them.
enum class ErrorCode : std::uint8_t {
  kMalformedRequest,
  kHeadTooLarge,
  kRequestTimeout,
  kNotFound,
  kMethodNotAllowed,
  kNotReady,
  kMissingKey,
  kInvalidKey,
  kRevokedKey,
  kExpiredKey,
  kBodyTooLarge,
  kBodyTimeout,
  kInvalidJson,
  kMissingParameter,
  kInvalidParameter,
  kUnsupportedParameter,
  kModelNotFound,
  kModelNotAllowed,
  kModelUnavailable,
  kNoProvider,
  kProvidersCooling,
  kInsufficientBalance,
  kBudgetExceeded,
  kTemporarilyReserved,
  kMaxCostExceeded,
  kRunCostExceeded,
  kRunCapRequired,
  kUnboundedCost,
  kOutputLimitReached,
  kRateLimited,
  kConcurrencyLimited,
  kBillingUnavailable,
  kSpoolFull,
  kProviderRejected,
  kAllProvidersFailed,
  kProviderTimeout,
  kStreamInterrupted,
  kStopped,
  kGenerationNotFound,
  kResponseNotFound,
  kQuotasNotManaged,
  kConfigurationUnavailable,
  kInternal,
};

// One row of the table.
struct ErrorRow {
  ErrorCode code;
  std::string_view name;  // Stable: `error.code`.
  int status;
  std::string_view type;     // Stable: `error.type`.
  bool client_may_retry;     // The same request may succeed later.
  std::string_view message;  // What to do; used when the place that fails says nothing better.
};

// The row of a code.
const ErrorRow& RowOf(ErrorCode code);
// All rows, in order.
std::span<const ErrorRow> ErrorTable();

// An error as it goes to the client.
struct GatewayError {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;        // Empty = the row's.
  std::string param;          // Which field; empty = none.
  std::string provider_code;  // The provider's own code, of kProviderRejected.
  std::string model;          // Of a model that is not there: as it was asked for.
  std::string allow;          // Of kMethodNotAllowed: what the path takes (RFC 9110 §15.5.6).
  int status = 0;             // 0 = the row's.
  std::optional<absl::Duration> retry_after;
  // Of a budget that is used up: its id, whose it is ("key/key_7"), and when it starts anew
  // (InfiniteFuture = never).
  std::string budget_id;
  std::string budget_scope;
  absl::Time resets_at = absl::InfiniteFuture();

  int http_status() const { return status != 0 ? status : RowOf(code).status; }
  std::string_view text() const {
    return message.empty() ? RowOf(code).message : std::string_view(message);
  }
};

// Appends `retry-after: 2\r\nretry-after-ms: 1500\r\n`, when there is one.
void AppendRetryAfter(const GatewayError& error, std::string& header_lines);

// Appends `x-tollgate-error`, the code; of a wrong method `allow`; and when a budget is used up
// `x-tollgate-budget`, `x-tollgate-budget-scope` and `x-tollgate-budget-reset`.
void AppendErrorLines(const GatewayError& error, std::string& header_lines);

// A Retry-After of a provider: `retry-after-ms`, or `retry-after` in seconds or as a date.
std::optional<absl::Duration> ParseRetryAfter(std::string_view seconds_or_date,
                                              std::string_view milliseconds, absl::Time now);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_ERRORS_H_
