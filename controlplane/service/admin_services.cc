#include "controlplane/service/admin_services.h"

#include <string>

#include "controlplane/service/kind_rpcs.h"
#include "controlplane/service/quota_service.h"
#include "controlplane/service/scope_services.h"
#include "tollgate/admin/v1/alias_service.grpc.pb.h"
#include "tollgate/admin/v1/audit_service.grpc.pb.h"
#include "tollgate/admin/v1/budget_service.grpc.pb.h"
#include "tollgate/admin/v1/credential_service.grpc.pb.h"
#include "tollgate/admin/v1/key_service.grpc.pb.h"
#include "tollgate/admin/v1/organization_service.grpc.pb.h"
#include "tollgate/admin/v1/provider_service.grpc.pb.h"
#include "tollgate/admin/v1/route_service.grpc.pb.h"
#include "tollgate/admin/v1/workspace_service.grpc.pb.h"

namespace tollgate::controlplane {
namespace {

class OrganizationServiceImpl final : public admin::v1::OrganizationService::CallbackService {
 public:
  explicit OrganizationServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kOrganization, "OrganizationService") {}

  Reactor* GetOrganization(Context* context, const admin::v1::GetOrganizationRequest* request,
                           admin::v1::Organization* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListOrganizations(Context* context, const admin::v1::ListOrganizationsRequest* request,
                             admin::v1::ListOrganizationsResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateOrganization(Context* context, const admin::v1::CreateOrganizationRequest* request,
                              admin::v1::Organization* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateOrganization(Context* context, const admin::v1::UpdateOrganizationRequest* request,
                              admin::v1::Organization* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteOrganization(Context* context, const admin::v1::DeleteOrganizationRequest* request,
                              admin::v1::DeleteOrganizationResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class WorkspaceServiceImpl final : public admin::v1::WorkspaceService::CallbackService {
 public:
  explicit WorkspaceServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kWorkspace, "WorkspaceService") {}

  Reactor* GetWorkspace(Context* context, const admin::v1::GetWorkspaceRequest* request,
                        admin::v1::Workspace* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListWorkspaces(Context* context, const admin::v1::ListWorkspacesRequest* request,
                          admin::v1::ListWorkspacesResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateWorkspace(Context* context, const admin::v1::CreateWorkspaceRequest* request,
                           admin::v1::Workspace* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateWorkspace(Context* context, const admin::v1::UpdateWorkspaceRequest* request,
                           admin::v1::Workspace* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteWorkspace(Context* context, const admin::v1::DeleteWorkspaceRequest* request,
                           admin::v1::DeleteWorkspaceResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class KeyServiceImpl final : public admin::v1::KeyService::CallbackService {
 public:
  explicit KeyServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kKey, "KeyService") {}

  Reactor* GetKey(Context* context, const admin::v1::GetKeyRequest* request,
                  admin::v1::Key* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListKeys(Context* context, const admin::v1::ListKeysRequest* request,
                    admin::v1::ListKeysResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateKey(Context* context, const admin::v1::CreateKeyRequest* request,
                     admin::v1::CreateKeyResponse* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateKey(Context* context, const admin::v1::UpdateKeyRequest* request,
                     admin::v1::Key* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteKey(Context* context, const admin::v1::DeleteKeyRequest* request,
                     admin::v1::DeleteKeyResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }
  Reactor* RevokeKey(Context* context, const admin::v1::RevokeKeyRequest* request,
                     admin::v1::Key* response) override {
    return rpcs_.gate().Serve(context, Role::kAdmin, *request,
                              [&](const Principal& principal, const std::string& method) {
                                return rpcs_.gate().api().RevokeKey(principal, method, *request,
                                                                    *response);
                              });
  }

 private:
  const KindRpcs rpcs_;
};

class BudgetServiceImpl final : public admin::v1::BudgetService::CallbackService {
 public:
  explicit BudgetServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kBudget, "BudgetService") {}

  Reactor* GetBudget(Context* context, const admin::v1::GetBudgetRequest* request,
                     admin::v1::Budget* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListBudgets(Context* context, const admin::v1::ListBudgetsRequest* request,
                       admin::v1::ListBudgetsResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateBudget(Context* context, const admin::v1::CreateBudgetRequest* request,
                        admin::v1::Budget* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateBudget(Context* context, const admin::v1::UpdateBudgetRequest* request,
                        admin::v1::Budget* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteBudget(Context* context, const admin::v1::DeleteBudgetRequest* request,
                        admin::v1::DeleteBudgetResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class ProviderServiceImpl final : public admin::v1::ProviderService::CallbackService {
 public:
  explicit ProviderServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kProvider, "ProviderService") {}

  Reactor* GetProvider(Context* context, const admin::v1::GetProviderRequest* request,
                       admin::v1::Provider* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListProviders(Context* context, const admin::v1::ListProvidersRequest* request,
                         admin::v1::ListProvidersResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateProvider(Context* context, const admin::v1::CreateProviderRequest* request,
                          admin::v1::Provider* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateProvider(Context* context, const admin::v1::UpdateProviderRequest* request,
                          admin::v1::Provider* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteProvider(Context* context, const admin::v1::DeleteProviderRequest* request,
                          admin::v1::DeleteProviderResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class CredentialServiceImpl final : public admin::v1::CredentialService::CallbackService {
 public:
  explicit CredentialServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kCredential, "CredentialService") {}

  Reactor* GetCredential(Context* context, const admin::v1::GetCredentialRequest* request,
                         admin::v1::Credential* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListCredentials(Context* context, const admin::v1::ListCredentialsRequest* request,
                           admin::v1::ListCredentialsResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateCredential(Context* context, const admin::v1::CreateCredentialRequest* request,
                            admin::v1::Credential* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateCredential(Context* context, const admin::v1::UpdateCredentialRequest* request,
                            admin::v1::Credential* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteCredential(Context* context, const admin::v1::DeleteCredentialRequest* request,
                            admin::v1::DeleteCredentialResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class AliasServiceImpl final : public admin::v1::AliasService::CallbackService {
 public:
  explicit AliasServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kAlias, "AliasService") {}

  Reactor* GetAlias(Context* context, const admin::v1::GetAliasRequest* request,
                    admin::v1::Alias* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListAliases(Context* context, const admin::v1::ListAliasesRequest* request,
                       admin::v1::ListAliasesResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateAlias(Context* context, const admin::v1::CreateAliasRequest* request,
                       admin::v1::Alias* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateAlias(Context* context, const admin::v1::UpdateAliasRequest* request,
                       admin::v1::Alias* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteAlias(Context* context, const admin::v1::DeleteAliasRequest* request,
                       admin::v1::DeleteAliasResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class RouteServiceImpl final : public admin::v1::RouteService::CallbackService {
 public:
  explicit RouteServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kRoute, "RouteService") {}

  Reactor* GetRoute(Context* context, const admin::v1::GetRouteRequest* request,
                    admin::v1::Route* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListRoutes(Context* context, const admin::v1::ListRoutesRequest* request,
                      admin::v1::ListRoutesResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateRoute(Context* context, const admin::v1::CreateRouteRequest* request,
                       admin::v1::Route* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateRoute(Context* context, const admin::v1::UpdateRouteRequest* request,
                       admin::v1::Route* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteRoute(Context* context, const admin::v1::DeleteRouteRequest* request,
                       admin::v1::DeleteRouteResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class AuditServiceImpl final : public admin::v1::AuditService::CallbackService {
 public:
  explicit AuditServiceImpl(const AdminServicesParts& parts) : gate_(parts, "AuditService") {}

  Reactor* ListAuditEntries(Context* context, const admin::v1::ListAuditEntriesRequest* request,
                            admin::v1::ListAuditEntriesResponse* response) override {
    return gate_.Serve(context, Role::kViewer, *request, [&](const Principal&, const auto&) {
      return gate_.api().ListAuditEntries(*request, *response);
    });
  }

 private:
  const Gate gate_;
};

}  // namespace

AdminServices::AdminServices(const AdminServicesParts& parts) {
  services_.push_back(std::make_unique<OrganizationServiceImpl>(parts));
  services_.push_back(std::make_unique<WorkspaceServiceImpl>(parts));
  services_.push_back(std::make_unique<KeyServiceImpl>(parts));
  services_.push_back(std::make_unique<BudgetServiceImpl>(parts));
  services_.push_back(std::make_unique<ProviderServiceImpl>(parts));
  services_.push_back(std::make_unique<CredentialServiceImpl>(parts));
  services_.push_back(std::make_unique<AliasServiceImpl>(parts));
  services_.push_back(std::make_unique<RouteServiceImpl>(parts));
  services_.push_back(std::make_unique<AuditServiceImpl>(parts));
  AddScopeServices(parts, services_);
  AddQuotaService(parts, services_);
}

AdminServices::~AdminServices() = default;

std::vector<grpc::Service*> AdminServices::services() const {
  std::vector<grpc::Service*> services;
  for (const auto& service : services_) services.push_back(service.get());
  return services;
}

}  // namespace tollgate::controlplane
