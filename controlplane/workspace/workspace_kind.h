// Workspaces: they belong to an organization.
#ifndef TOLLGATE_CONTROLPLANE_WORKSPACE_WORKSPACE_KIND_H_
#define TOLLGATE_CONTROLPLANE_WORKSPACE_WORKSPACE_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kWorkspaceKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_WORKSPACE_WORKSPACE_KIND_H_
