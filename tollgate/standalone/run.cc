#include "tollgate/standalone/run.h"

namespace tollgate {

absl::Status RunStandalone(const StandaloneConfig&, std::ostream&) { return absl::OkStatus(); }

}  // namespace tollgate
