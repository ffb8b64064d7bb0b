// Whether a charge that a node reports can be one.
//
// Recomputing it from usage and price version is the auditor's work; what is posted must at least
// be an amount that neither credits a customer nor can overflow a balance.
#ifndef TOLLGATE_BILLING_RATE_CHARGE_CHECK_H_
#define TOLLGATE_BILLING_RATE_CHARGE_CHECK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "base/money.h"

namespace tollgate::billing {

// A million dollars for one attempt: far above any real one, and ten thousand of them still fit
// into a balance.
inline constexpr Money kChargeMax = Money::FromNanoUsd(1'000'000 * kNanoUsdPerUsd);

// InvalidArgument unless 0 ≤ charge ≤ kChargeMax, and cost likewise.
absl::Status CheckCharge(Money charge, Money cost);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_RATE_CHARGE_CHECK_H_
