#include "controlplane/service/quota_service.h"

#include "controlplane/service/kind_rpcs.h"
#include "controlplane/service/quota_api.h"
#include "tollgate/admin/v1/quota_service.grpc.pb.h"

namespace tollgate::controlplane {
namespace {

// Takes the value of a result, or gives its error.
template <typename Value, typename Response>
absl::Status Fill(absl::StatusOr<Value> value, Response* response) {
  TG_RETURN_IF_ERROR(value.status());
  *response = *std::move(value);
  return absl::OkStatus();
}

class QuotaServiceImpl final : public admin::v1::QuotaService::CallbackService {
 public:
  explicit QuotaServiceImpl(const AdminServicesParts& parts)
      : gate_(parts, "QuotaService"), quotas_(parts.quotas) {}

  Reactor* GetQuota(Context* context, const admin::v1::GetQuotaRequest* request,
                    admin::v1::Quota* response) override {
    return gate_.Serve(context, Role::kNode, *request, [&](const Principal&, const auto&) {
      return Fill(quotas_.Get(*request), response);
    });
  }
  Reactor* CreateQuota(Context* context, const admin::v1::CreateQuotaRequest* request,
                       admin::v1::Quota* response) override {
    return gate_.Serve(context, Role::kNode, *request,
                       [&](const Principal& principal, const std::string& method) {
                         return Fill(quotas_.Create(principal, method, *request), response);
                       });
  }
  Reactor* UpdateQuota(Context* context, const admin::v1::UpdateQuotaRequest* request,
                       admin::v1::Quota* response) override {
    return gate_.Serve(context, Role::kNode, *request,
                       [&](const Principal& principal, const std::string& method) {
                         return Fill(quotas_.Update(principal, method, *request), response);
                       });
  }

 private:
  const Gate gate_;
  QuotaApi& quotas_;
};

}  // namespace

void AddQuotaService(const AdminServicesParts& parts,
                     std::vector<std::unique_ptr<grpc::Service>>& services) {
  services.push_back(std::make_unique<QuotaServiceImpl>(parts));
}

}  // namespace tollgate::controlplane
