// What `tollgate standalone --demo` puts into a suite, through the APIs that everybody uses: an
// organization, the workspace "demo" with ten dollars, the demo provider with its models and
// prices, and a key with a hard daily budget.
//
// Made once: what an administrator changes afterwards stays, but for the provider's address, which
// is new at every start.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_DEMO_WORLD_H_
#define TOLLGATE_TOLLGATE_STANDALONE_DEMO_WORLD_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "tollgate/cli/rpc_client.h"
#include "tollgate/standalone/data_folder.h"

namespace tollgate {

inline constexpr char kDemoWorkspace[] = "demo";

// The suite's services.
struct DemoServices {
  const cli::RpcClient& admin;
  const cli::RpcClient& billing;
  const cli::RpcClient& catalog;
};

struct DemoWorld {
  Secret api_key;      // Kept in the folder.
  std::string budget;  // The id of the key's budget.
};

// Makes what is missing.  `provider_url` is where the demo provider serves, without "/v1".
absl::StatusOr<DemoWorld> EnsureDemoWorld(const DemoServices& services,
                                          const std::string& provider_url, DataFolder& folder);

// Waits until what was made has reached the nodes, so that a request would succeed: billing knows
// the budget, and the API at `http_url` lists the demo models.  DeadlineExceeded after ten seconds.
absl::Status WaitUntilServed(const DemoServices& services, const DemoWorld& world,
                             const std::string& http_url);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_DEMO_WORLD_H_
