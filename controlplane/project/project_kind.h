// The row of projects (resource/kind.h).
#ifndef TOLLGATE_CONTROLPLANE_PROJECT_PROJECT_KIND_H_
#define TOLLGATE_CONTROLPLANE_PROJECT_PROJECT_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kProjectKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PROJECT_PROJECT_KIND_H_
