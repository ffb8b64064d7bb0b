// Keys: a secret that is shown once and kept as a digest; revoked for good.
#ifndef TOLLGATE_CONTROLPLANE_KEY_KEY_KIND_H_
#define TOLLGATE_CONTROLPLANE_KEY_KEY_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kKeyKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_KEY_KEY_KIND_H_
