// Puts facts into the catalog in as many requests as their size asks for.
#ifndef TOLLGATE_TOLLGATE_CLI_FACTS_UPLOAD_H_
#define TOLLGATE_TOLLGATE_CLI_FACTS_UPLOAD_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "tollgate/catalog/v1/catalog.pb.h"
#include "tollgate/cli/rpc_client.h"

namespace tollgate::cli {

// Each request stays below half of what a gRPC message may have.
inline constexpr std::size_t kFactsBytesPerRequest = 2 * 1024 * 1024;

// The sums of what the requests answered.  Models and providers go first, since offerings name
// them; each request is all or nothing.  On an error those before it stay: sending all again is
// harmless.  A dry run asks for everything at once when it fits, else piece by piece, and then
// offerings of models that are new are reported as faults.
absl::StatusOr<catalog::v1::ImportResponse> UploadFacts(const catalog::v1::Facts& facts,
                                                        bool dry_run, const RpcClient& catalog);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_FACTS_UPLOAD_H_
