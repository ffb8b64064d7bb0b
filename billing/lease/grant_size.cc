#include "billing/lease/grant_size.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate::billing {

GrantDecision DecideGrant(const GrantQuestion& question) {
  CHECK(!question.need.is_negative() && question.want >= question.need);
  CHECK_GE(question.holders, 1);
  const Money available = std::max(question.available, Money::Zero());
  if (available >= question.need) {  // Also a renewal above a lowered cap, which needs nothing.
    const Money share = Money::FromNanoUsd(available.nano_usd() / 2 / question.holders);
    return {std::min(question.want, std::max(question.need, share)), Shortage::kNone};
  }
  // The debt of a lowered cap counts: what comes back pays it first.
  const Money reachable =
      question.available.TryAdd(question.outstanding_others).value_or(Money::Max());
  if (reachable >= question.need) {
    // Given a part, two starving nodes could each hold what the other lacks, for ever.
    return {Money::Zero(), Shortage::kReserved};
  }
  // Nobody else can help, so what is left is best where it is asked for: some of the requests that
  // make up the need may fit.
  return {available, Shortage::kExhausted};
}

}  // namespace tollgate::billing
