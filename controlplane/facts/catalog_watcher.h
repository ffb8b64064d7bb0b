// Keeps the catalog's facts of the providers in use current.
#ifndef TOLLGATE_CONTROLPLANE_FACTS_CATALOG_WATCHER_H_
#define TOLLGATE_CONTROLPLANE_FACTS_CATALOG_WATCHER_H_

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "base/random.h"
#include "tollgate/catalog/v1/catalog.pb.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate {
class Metrics;
}  // namespace tollgate

namespace tollgate::controlplane {

// Watches CatalogService, again with jittered backoff when the stream ends, and anew when the
// providers change.  While the catalog is away the last facts stay in force.  Thread-safe.
class CatalogWatcher {
 public:
  struct Parts {
    std::shared_ptr<grpc::Channel> channel;
    // Called with the whole facts, on a thread of gRPC or of the watcher, never two at a time.
    std::function<absl::Status(const catalog::v1::Facts&)> adopt;
    Random& random;    // Outlives this.
    Metrics& metrics;  // Outlives this.
  };

  explicit CatalogWatcher(Parts parts);
  ~CatalogWatcher();  // Stops.

  // Watches these from now on; none of them needs no catalog.  Returns at once.
  void SetProviders(const std::set<std::string>& provider_ids);

  // Ends the watch; `adopt` is not called any more when this returns.  Idempotent.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_FACTS_CATALOG_WATCHER_H_
