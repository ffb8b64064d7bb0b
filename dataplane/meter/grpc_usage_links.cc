#include <memory>
#include <utility>

#include "dataplane/link/grpc_link.h"
#include "dataplane/meter/shipper.h"
#include "tollgate/usage/v1/usage.grpc.pb.h"

namespace tollgate::dataplane {

Shipper::Factory GrpcUsageLinks(std::shared_ptr<grpc::Channel> channel, Executor& executor) {
  std::shared_ptr<usage::v1::UsageService::Stub> stub =
      usage::v1::UsageService::NewStub(std::move(channel));
  return GrpcLinks<usage::v1::ReportUsageRequest, usage::v1::ReportUsageResponse>(
      executor, [stub](grpc::ClientContext* context, auto* reactor) {
        stub->async()->ReportUsage(context, reactor);
      });
}

}  // namespace tollgate::dataplane
