// Asks the control plane's QuotaService by gRPC.
#ifndef TOLLGATE_DATAPLANE_REQUEST_GRPC_QUOTA_ADMIN_H_
#define TOLLGATE_DATAPLANE_REQUEST_GRPC_QUOTA_ADMIN_H_

#include <memory>

#include "base/secret.h"
#include "dataplane/request/quota_admin.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate::dataplane {

// Thread-safe.
class GrpcQuotaAdmin final : public QuotaAdmin {
 public:
  // `token`, of the role node, is sent as a bearer token; empty = none, where the certificate says
  // who asks.
  GrpcQuotaAdmin(std::shared_ptr<grpc::Channel> channel, Secret token);
  // Cancels what is open and waits until each `done` has returned.
  ~GrpcQuotaAdmin() override;

  void GetQuota(const admin::v1::GetQuotaRequest& request, Done done) override;
  void CreateQuota(const admin::v1::CreateQuotaRequest& request, Done done) override;
  void UpdateQuota(const admin::v1::UpdateQuotaRequest& request, Done done) override;

  // Cancels what is open, and refuses what comes.
  void Stop();

 private:
  class Calls;
  std::unique_ptr<Calls> calls_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_GRPC_QUOTA_ADMIN_H_
