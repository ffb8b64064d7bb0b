#include "billing/ledger/outcome.h"

namespace tollgate::billing {

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCreated:
      return "created";
    case Outcome::kIdempotencyKeyInvalid:
      return "idempotency_key_invalid";
    case Outcome::kPostingsCountInvalid:
      return "postings_count_invalid";
    case Outcome::kAccountInvalid:
      return "account_invalid";
    case Outcome::kTextTooLong:
      return "text_too_long";
    case Outcome::kPostingsUnbalanced:
      return "postings_unbalanced";
    case Outcome::kAmountZero:
      return "amount_zero";
    case Outcome::kExists:
      return "exists";
    case Outcome::kExistsWithDifferentContents:
      return "exists_with_different_contents";
    case Outcome::kBalanceOverflow:
      return "balance_overflow";
    case Outcome::kInsufficientBalance:
      return "insufficient_balance";
    case Outcome::kRefundExceedsCharge:
      return "refund_exceeds_charge";
  }
  return "unknown";
}

}  // namespace tollgate::billing
