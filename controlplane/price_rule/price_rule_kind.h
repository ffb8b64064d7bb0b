// The row of price rules (resource/kind.h).
#ifndef TOLLGATE_CONTROLPLANE_PRICE_RULE_PRICE_RULE_KIND_H_
#define TOLLGATE_CONTROLPLANE_PRICE_RULE_PRICE_RULE_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kPriceRuleKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PRICE_RULE_PRICE_RULE_KIND_H_
