#include "base/status_reason.h"

#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

// Payload keys are URLs by Abseil's convention; these never leave the process as such.
constexpr char kReasonPayload[] = "tollgate/reason";
constexpr char kRetryAfterPayload[] = "tollgate/retry_after_ms";
constexpr char kFieldPayload[] = "tollgate/field";

}  // namespace

absl::Status ErrorWithReason(absl::StatusCode code, std::string_view reason,
                             std::string_view message) {
  CHECK(code != absl::StatusCode::kOk) << "a reason on an OK status: " << reason;
  CHECK(IsValidReason(reason)) << reason;
  absl::Status status(code, AbslView(message));
  status.SetPayload(kReasonPayload, absl::Cord(AbslView(reason)));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kReasonPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

bool IsValidReason(std::string_view reason) {
  constexpr std::size_t kReasonCharsMax = 63;
  if (reason.empty() || reason.size() > kReasonCharsMax) return false;
  if (reason[0] < 'A' || reason[0] > 'Z') return false;
  for (char c : reason) {
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration retry_after) {
  if (status.ok()) return status;
  const std::int64_t milliseconds =
      absl::ToInt64Milliseconds(absl::Ceil(retry_after, absl::Milliseconds(1)));
  status.SetPayload(kRetryAfterPayload, absl::Cord(absl::StrCat(milliseconds)));
  return status;
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kRetryAfterPayload);
  if (!payload.has_value()) return std::nullopt;
  std::int64_t milliseconds = 0;
  if (!absl::SimpleAtoi(std::string(*payload), &milliseconds)) return std::nullopt;
  return absl::Milliseconds(milliseconds);
}

absl::Status WithField(absl::Status status, std::string_view field) {
  if (status.ok()) return status;
  status.SetPayload(kFieldPayload, absl::Cord(AbslView(field)));
  return status;
}

std::string FieldOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kFieldPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace tollgate
