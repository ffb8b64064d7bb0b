// Credentials: a secret that is sealed when it comes in and never goes out.
#ifndef TOLLGATE_CONTROLPLANE_CREDENTIAL_CREDENTIAL_KIND_H_
#define TOLLGATE_CONTROLPLANE_CREDENTIAL_CREDENTIAL_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kCredentialKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_CREDENTIAL_CREDENTIAL_KIND_H_
