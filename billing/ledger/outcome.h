// What became of a transfer.
#ifndef TOLLGATE_BILLING_LEDGER_OUTCOME_H_
#define TOLLGATE_BILLING_LEDGER_OUTCOME_H_

#include <cstdint>
#include <string_view>

namespace tollgate::billing {

// The numbers are stored: never change them.  In order of precedence: a transfer that is wrong in
// several ways gets the first that applies.  So a malformed one is always malformed, and one that
// exists exists whatever the balance is now.
enum class Outcome : std::uint8_t {
  kCreated,                      // Written.
  kIdempotencyKeyInvalid,        // Empty or too long.
  kPostingsCountInvalid,         // Fewer than two, or more than kPostingsMax.
  kAccountInvalid,               // A posting's account is no account name.
  kTextTooLong,                  // The description or the actor exceeds its limit.
  kPostingsUnbalanced,           // They do not sum to zero.
  kAmountZero,                   // A posting of nothing, of a kind that must move something.
  kExists,                       // The key was applied with these contents: success for a retry.
  kExistsWithDifferentContents,  // The key was applied with others.
  kBalanceOverflow,              // An account would leave the range of int64.
  kInsufficientBalance,          // A wallet or its holds would fall below zero.
  kRefundExceedsCharge,          // More would be given back than was charged.
};

// The enumerator in snake case, for messages.
std::string_view OutcomeName(Outcome outcome);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_OUTCOME_H_
