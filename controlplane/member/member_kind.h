// The row of members (resource/kind.h).
#ifndef TOLLGATE_CONTROLPLANE_MEMBER_MEMBER_KIND_H_
#define TOLLGATE_CONTROLPLANE_MEMBER_MEMBER_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kMemberKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_MEMBER_MEMBER_KIND_H_
