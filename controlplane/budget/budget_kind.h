// Budgets: a cap for one scope.
#ifndef TOLLGATE_CONTROLPLANE_BUDGET_BUDGET_KIND_H_
#define TOLLGATE_CONTROLPLANE_BUDGET_BUDGET_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kBudgetKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_BUDGET_BUDGET_KIND_H_
