#include "dataplane/request/grpc_quota_admin.h"

#include <utility>

#include "dataplane/request/unary_calls.h"
#include "tollgate/admin/v1/quota_service.grpc.pb.h"

namespace tollgate::dataplane {

class GrpcQuotaAdmin::Calls : public UnaryCalls<admin::v1::QuotaService> {
  using UnaryCalls::UnaryCalls;
};

GrpcQuotaAdmin::GrpcQuotaAdmin(std::shared_ptr<grpc::Channel> channel, Secret token)
    : calls_(std::make_unique<Calls>(std::move(channel), std::move(token))) {}

GrpcQuotaAdmin::~GrpcQuotaAdmin() = default;

void GrpcQuotaAdmin::Stop() { calls_->Stop(); }

void GrpcQuotaAdmin::GetQuota(const admin::v1::GetQuotaRequest& request, Done done) {
  calls_->Call<admin::v1::Quota>(request, std::move(done), [](auto& async, auto&&... arguments) {
    async.GetQuota(std::forward<decltype(arguments)>(arguments)...);
  });
}

void GrpcQuotaAdmin::CreateQuota(const admin::v1::CreateQuotaRequest& request, Done done) {
  calls_->Call<admin::v1::Quota>(request, std::move(done), [](auto& async, auto&&... arguments) {
    async.CreateQuota(std::forward<decltype(arguments)>(arguments)...);
  });
}

void GrpcQuotaAdmin::UpdateQuota(const admin::v1::UpdateQuotaRequest& request, Done done) {
  calls_->Call<admin::v1::Quota>(request, std::move(done), [](auto& async, auto&&... arguments) {
    async.UpdateQuota(std::forward<decltype(arguments)>(arguments)...);
  });
}

}  // namespace tollgate::dataplane
