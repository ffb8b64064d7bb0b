// What a caller is told of an outcome of the ledger.
#ifndef TOLLGATE_BILLING_BOOKS_OUTCOME_STATUS_H_
#define TOLLGATE_BILLING_BOOKS_OUTCOME_STATUS_H_

#include "absl/status/status.h"
#include "billing/ledger/outcome.h"

namespace tollgate::billing {

// OK for kCreated and kExists; else an error with a stable reason where a caller can act on it.
absl::Status OutcomeStatus(Outcome outcome);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_BOOKS_OUTCOME_STATUS_H_
