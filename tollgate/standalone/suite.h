// The four services in one process, wired as they would be between machines: over gRPC on loopback.
//
//   TG_ASSIGN_OR_RETURN(auto suite, Suite::Start(config, folder));
//   … suite->addresses().http_url …
//   suite->Stop();
#ifndef TOLLGATE_TOLLGATE_STANDALONE_SUITE_H_
#define TOLLGATE_TOLLGATE_STANDALONE_SUITE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "tollgate/standalone/config.h"
#include "tollgate/standalone/data_folder.h"

namespace tollgate {

namespace billing {
class Server;
}  // namespace billing
namespace catalog {
class Server;
}  // namespace catalog
namespace controlplane {
class Server;
}  // namespace controlplane
namespace dataplane {
class Server;
}  // namespace dataplane

struct SuiteAddresses {
  std::string http_url;  // "http://127.0.0.1:8080".
  std::string directory_url;
  std::string ops_url;
  std::string admin_grpc;  // "127.0.0.1:8082".
  std::string billing_grpc;
  std::string catalog_grpc;
};

// Start, Stop and destruction on one thread; the rest is thread-safe.
class Suite {
 public:
  // Builds the services, side by side if their ports are stated, starts them, each before those
  // that need it, and waits until the data plane serves.  The first error of any; DeadlineExceeded
  // after ten seconds.  `folder` must outlive the suite.
  static absl::StatusOr<std::unique_ptr<Suite>> Start(const StandaloneConfig& config,
                                                      const DataFolder& folder);
  ~Suite();  // Stops.

  const SuiteAddresses& addresses() const { return addresses_; }

  // Drains the data plane, hands its records to billing, and stops the others after it.
  // Idempotent.
  void Stop();

 private:
  Suite(const StandaloneConfig& config, const DataFolder& folder);

  // Whether every address that a service needs of another is known before that one listens.
  bool PortsAreStated() const;
  std::string CatalogAddress() const;
  std::string ControlPlaneAddress() const;
  std::string BillingAddress() const;

  absl::Status BuildCatalog();
  absl::Status BuildControlPlane();
  absl::Status BuildBilling();
  absl::Status BuildDataPlane();
  absl::Status StartCatalog();
  absl::Status StartControlPlane();
  absl::Status StartBilling();
  absl::Status StartDataPlane();
  absl::Status WaitReady() const;

  const StandaloneConfig config_;
  const DataFolder& folder_;
  SuiteAddresses addresses_;
  Metrics metrics_;  // Of all four; outlives them.
  std::unique_ptr<catalog::Server> catalog_;
  std::unique_ptr<controlplane::Server> controlplane_;
  std::unique_ptr<billing::Server> billing_;
  std::unique_ptr<dataplane::Server> dataplane_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_SUITE_H_
