// Aliases: other names for models; the name is the id.
#ifndef TOLLGATE_CONTROLPLANE_ALIAS_ALIAS_KIND_H_
#define TOLLGATE_CONTROLPLANE_ALIAS_ALIAS_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kAliasKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_ALIAS_ALIAS_KIND_H_
