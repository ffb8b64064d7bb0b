// The configuration in force as JSON for operators: names and policies, no digest and no secret.
#ifndef TOLLGATE_DATAPLANE_OBSERVE_CONFIG_DUMP_H_
#define TOLLGATE_DATAPLANE_OBSERVE_CONFIG_DUMP_H_

#include <string>

#include "dataplane/snapshot/snapshot.h"

namespace tollgate::dataplane {

// `snapshot` may be null: {"revision":null}.
std::string DumpConfig(const Snapshot* snapshot);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_OBSERVE_CONFIG_DUMP_H_
