// Organizations: owners of workspaces.
#ifndef TOLLGATE_CONTROLPLANE_ORGANIZATION_ORGANIZATION_KIND_H_
#define TOLLGATE_CONTROLPLANE_ORGANIZATION_ORGANIZATION_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kOrganizationKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_ORGANIZATION_ORGANIZATION_KIND_H_
