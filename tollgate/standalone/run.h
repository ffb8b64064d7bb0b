// `tollgate standalone`: the whole suite as one process.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_RUN_H_
#define TOLLGATE_TOLLGATE_STANDALONE_RUN_H_

#include <ostream>

#include "absl/status/status.h"
#include "tollgate/standalone/config.h"

namespace tollgate {

// Starts the suite, says on `out` where it serves, and serves until SIGTERM or SIGINT; then drains.
absl::Status RunStandalone(const StandaloneConfig& config, std::ostream& out);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_RUN_H_
