#include "controlplane/service/scope_services.h"

#include "controlplane/service/kind_rpcs.h"
#include "tollgate/admin/v1/member_service.grpc.pb.h"
#include "tollgate/admin/v1/price_rule_service.grpc.pb.h"
#include "tollgate/admin/v1/project_service.grpc.pb.h"
#include "tollgate/admin/v1/quota_entity_service.grpc.pb.h"
#include "tollgate/admin/v1/webhook_service.grpc.pb.h"

namespace tollgate::controlplane {
namespace {

class ProjectServiceImpl final : public admin::v1::ProjectService::CallbackService {
 public:
  explicit ProjectServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kProject, "ProjectService") {}

  Reactor* GetProject(Context* context, const admin::v1::GetProjectRequest* request,
                      admin::v1::Project* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListProjects(Context* context, const admin::v1::ListProjectsRequest* request,
                        admin::v1::ListProjectsResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateProject(Context* context, const admin::v1::CreateProjectRequest* request,
                         admin::v1::Project* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateProject(Context* context, const admin::v1::UpdateProjectRequest* request,
                         admin::v1::Project* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteProject(Context* context, const admin::v1::DeleteProjectRequest* request,
                         admin::v1::DeleteProjectResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class MemberServiceImpl final : public admin::v1::MemberService::CallbackService {
 public:
  explicit MemberServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kMember, "MemberService") {}

  Reactor* GetMember(Context* context, const admin::v1::GetMemberRequest* request,
                     admin::v1::Member* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListMembers(Context* context, const admin::v1::ListMembersRequest* request,
                       admin::v1::ListMembersResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateMember(Context* context, const admin::v1::CreateMemberRequest* request,
                        admin::v1::Member* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateMember(Context* context, const admin::v1::UpdateMemberRequest* request,
                        admin::v1::Member* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteMember(Context* context, const admin::v1::DeleteMemberRequest* request,
                        admin::v1::DeleteMemberResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class QuotaEntityServiceImpl final : public admin::v1::QuotaEntityService::CallbackService {
 public:
  explicit QuotaEntityServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kQuotaEntity, "QuotaEntityService") {}

  Reactor* GetQuotaEntity(Context* context, const admin::v1::GetQuotaEntityRequest* request,
                          admin::v1::QuotaEntity* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListQuotaEntities(Context* context, const admin::v1::ListQuotaEntitiesRequest* request,
                             admin::v1::ListQuotaEntitiesResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateQuotaEntity(Context* context, const admin::v1::CreateQuotaEntityRequest* request,
                             admin::v1::QuotaEntity* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateQuotaEntity(Context* context, const admin::v1::UpdateQuotaEntityRequest* request,
                             admin::v1::QuotaEntity* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteQuotaEntity(Context* context, const admin::v1::DeleteQuotaEntityRequest* request,
                             admin::v1::DeleteQuotaEntityResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class PriceRuleServiceImpl final : public admin::v1::PriceRuleService::CallbackService {
 public:
  explicit PriceRuleServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kPriceRule, "PriceRuleService") {}

  Reactor* GetPriceRule(Context* context, const admin::v1::GetPriceRuleRequest* request,
                        admin::v1::PriceRule* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListPriceRules(Context* context, const admin::v1::ListPriceRulesRequest* request,
                          admin::v1::ListPriceRulesResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreatePriceRule(Context* context, const admin::v1::CreatePriceRuleRequest* request,
                           admin::v1::PriceRule* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdatePriceRule(Context* context, const admin::v1::UpdatePriceRuleRequest* request,
                           admin::v1::PriceRule* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeletePriceRule(Context* context, const admin::v1::DeletePriceRuleRequest* request,
                           admin::v1::DeletePriceRuleResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

class WebhookServiceImpl final : public admin::v1::WebhookService::CallbackService {
 public:
  explicit WebhookServiceImpl(const AdminServicesParts& parts)
      : rpcs_(parts, KindId::kWebhook, "WebhookService") {}

  Reactor* GetWebhook(Context* context, const admin::v1::GetWebhookRequest* request,
                      admin::v1::Webhook* response) override {
    return rpcs_.Get(context, request, response);
  }
  Reactor* ListWebhooks(Context* context, const admin::v1::ListWebhooksRequest* request,
                        admin::v1::ListWebhooksResponse* response) override {
    return rpcs_.List(context, request, response);
  }
  Reactor* CreateWebhook(Context* context, const admin::v1::CreateWebhookRequest* request,
                         admin::v1::Webhook* response) override {
    return rpcs_.Create(context, request, response);
  }
  Reactor* UpdateWebhook(Context* context, const admin::v1::UpdateWebhookRequest* request,
                         admin::v1::Webhook* response) override {
    return rpcs_.Update(context, request, response);
  }
  Reactor* DeleteWebhook(Context* context, const admin::v1::DeleteWebhookRequest* request,
                         admin::v1::DeleteWebhookResponse* response) override {
    return rpcs_.Delete(context, request, response);
  }

 private:
  const KindRpcs rpcs_;
};

}  // namespace

void AddScopeServices(const AdminServicesParts& parts,
                      std::vector<std::unique_ptr<grpc::Service>>& services) {
  services.push_back(std::make_unique<ProjectServiceImpl>(parts));
  services.push_back(std::make_unique<MemberServiceImpl>(parts));
  services.push_back(std::make_unique<QuotaEntityServiceImpl>(parts));
  services.push_back(std::make_unique<PriceRuleServiceImpl>(parts));
  services.push_back(std::make_unique<WebhookServiceImpl>(parts));
}

}  // namespace tollgate::controlplane
