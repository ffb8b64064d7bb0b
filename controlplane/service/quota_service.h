// tollgate.admin.v1.QuotaService: what data-plane nodes ask on behalf of keys.
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_QUOTA_SERVICE_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_QUOTA_SERVICE_H_

#include <memory>
#include <vector>

#include "controlplane/service/admin_services.h"

namespace tollgate::controlplane {

// Adds it to the services of one server.
void AddQuotaService(const AdminServicesParts& parts,
                     std::vector<std::unique_ptr<grpc::Service>>& services);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_QUOTA_SERVICE_H_
