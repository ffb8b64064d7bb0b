#include "billing/rate/charge_check.h"

namespace tollgate::billing {

absl::Status CheckCharge(Money charge, Money cost) {
  if (charge.is_negative() || charge > kChargeMax) {
    return absl::InvalidArgumentError("the charge is negative or above a million dollars");
  }
  if (cost.is_negative() || cost > kChargeMax) {
    return absl::InvalidArgumentError("the cost is negative or above a million dollars");
  }
  return absl::OkStatus();
}

}  // namespace tollgate::billing
