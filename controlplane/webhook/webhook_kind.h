// The row of webhooks (resource/kind.h).
#ifndef TOLLGATE_CONTROLPLANE_WEBHOOK_WEBHOOK_KIND_H_
#define TOLLGATE_CONTROLPLANE_WEBHOOK_WEBHOOK_KIND_H_

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

extern const Kind kWebhookKind;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_WEBHOOK_WEBHOOK_KIND_H_
