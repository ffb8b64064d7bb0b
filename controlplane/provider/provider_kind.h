// Providers: what differs from the catalog.
#ifndef TOLLGATE_CONTROLPLANE_PROVIDER_PROVIDER_KIND_H_
#define TOLLGATE_CONTROLPLANE_PROVIDER_PROVIDER_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kProviderKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PROVIDER_PROVIDER_KIND_H_
