// The row of quota entities (resource/kind.h).
#ifndef TOLLGATE_CONTROLPLANE_QUOTA_ENTITY_QUOTA_ENTITY_KIND_H_
#define TOLLGATE_CONTROLPLANE_QUOTA_ENTITY_QUOTA_ENTITY_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kQuotaEntityKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_QUOTA_ENTITY_QUOTA_ENTITY_KIND_H_
