// The admin services of what budgets and prices are about: projects, members, quota entities, price
// rules and webhooks.
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_SCOPE_SERVICES_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_SCOPE_SERVICES_H_

#include <memory>
#include <vector>

#include "controlplane/service/admin_services.h"

namespace tollgate::controlplane {

// Adds them to the services of one server.
void AddScopeServices(const AdminServicesParts& parts,
                      std::vector<std::unique_ptr<grpc::Service>>& services);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_SCOPE_SERVICES_H_
