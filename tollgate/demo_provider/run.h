// `tollgate demo-provider`: the demo provider as a process.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_RUN_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_RUN_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "tollgate/demo_provider/openai_provider.h"

namespace tollgate {

struct DemoProviderFlags {
  std::string listen = "127.0.0.1:0";
  std::string api_key = std::string(kDemoProviderApiKey);
  std::string ready_file;  // Gets {"demo_provider_url": …}; empty for none.
  int token_interval_ms = 0;
  int threads = 2;
  // When not 0, the process that started this one: the provider ends with it.
  int parent_pid = 0;
};

// Serves until SIGTERM or SIGINT.  Its first line on `out` is its URL.
absl::Status RunDemoProvider(const DemoProviderFlags& flags, std::ostream& out);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_RUN_H_
