#include "billing/books/outcome_status.h"

#include "absl/strings/str_cat.h"
#include "base/status_reason.h"
#include "base/string_views.h"

namespace tollgate::billing {

absl::Status OutcomeStatus(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCreated:
    case Outcome::kExists:
      return absl::OkStatus();
    case Outcome::kExistsWithDifferentContents:
      return ErrorWithReason(absl::StatusCode::kAlreadyExists, "EXISTS_WITH_DIFFERENT_CONTENTS",
                             "this request_id was used for something else; choose another");
    case Outcome::kInsufficientBalance:
      return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_BALANCE",
                             "the wallet's available money is less than what would be taken");
    case Outcome::kRefundExceedsCharge:
      return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "REFUND_EXCEEDS_CHARGE",
                             "all refunds together would be more than what was charged");
    case Outcome::kBalanceOverflow:
      return absl::OutOfRangeError("a balance would leave the range that can be counted");
    default:
      return absl::InvalidArgumentError(absl::StrCat("refused: ", AbslView(OutcomeName(outcome))));
  }
}

}  // namespace tollgate::billing
