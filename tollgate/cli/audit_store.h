// `tollgate audit --store DIR`: the offline audit of a billing store.
#ifndef TOLLGATE_TOLLGATE_CLI_AUDIT_STORE_H_
#define TOLLGATE_TOLLGATE_CLI_AUDIT_STORE_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace tollgate::cli {

// Prints what was checked as a table, JSON or YAML, and the progress of long work to `progress`.
// DataLoss, naming the first difference, when there is one.
absl::Status AuditStoreVerb(const std::string& folder, const std::string& format,
                            std::ostream& out, std::ostream& progress);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_AUDIT_STORE_H_
