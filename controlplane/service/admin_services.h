// The gRPC services of tollgate.admin.v1: each rpc is a line that names its operation of AdminApi.
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_ADMIN_SERVICES_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_ADMIN_SERVICES_H_

#include <memory>
#include <vector>

#include "controlplane/service/admin_api.h"
#include "controlplane/service/authenticator.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tollgate {
class Metrics;
}  // namespace tollgate

namespace tollgate::controlplane {

class QuotaApi;

// Everything must outlive the services.
struct AdminServicesParts {
  AdminApi& api;
  QuotaApi& quotas;
  const Authenticator& authenticator;
  Metrics& metrics;
};

// Thread-safe.  A mutation answers from a gRPC thread that waits for the disk: administrators are
// few, and the order of commits is then that of the answers.
class AdminServices {
 public:
  explicit AdminServices(const AdminServicesParts& parts);
  ~AdminServices();

  // Owned by this.
  std::vector<grpc::Service*> services() const;

 private:
  std::vector<std::unique_ptr<grpc::Service>> services_;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_ADMIN_SERVICES_H_
