// Routes: rules for the order of offerings.
#ifndef TOLLGATE_CONTROLPLANE_ROUTE_ROUTE_KIND_H_
#define TOLLGATE_CONTROLPLANE_ROUTE_ROUTE_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kRouteKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_ROUTE_ROUTE_KIND_H_
