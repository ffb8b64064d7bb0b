// How much of an account one node is given: the sizing rule of leases, a pure function.
//
// A lease should last the node for a while, so it asks for its rate of spend; but what one node
// holds another cannot spend.  So a grant beyond the bare need is limited to half of a node's even
// share of what is available, which shrinks as the cap nears, until only the need itself is given:
// the last dollar is spread, not stranded.
#ifndef TOLLGATE_BILLING_LEASE_GRANT_SIZE_H_
#define TOLLGATE_BILLING_LEASE_GRANT_SIZE_H_

#include <cstdint>

#include "base/money.h"

namespace tollgate::billing {

// Why less was granted than needed.
enum class Shortage {
  kNone,
  kExhausted,       // Nothing that others hold would cover the need.
  kReserved,        // What others hold would cover it and may come back.
  kUnknownAccount,  // No such account, or not at this time.
};

struct GrantQuestion {
  Money available;           // Cap less settled less all outstanding; negative after a lowered cap.
  Money outstanding_others;  // What other leases of the account hold; ≥ 0.
  Money need;                // The least that is useful now; ≥ 0.
  Money want;                // What the node would like; ≥ need.
  std::int64_t holders = 1;  // Nodes among which the rest is shared, the asking one included; ≥ 1.
};

struct GrantDecision {
  Money granted;  // Within 0..max(0, available).
  Shortage shortage = Shortage::kNone;
};

GrantDecision DecideGrant(const GrantQuestion& question);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEASE_GRANT_SIZE_H_
