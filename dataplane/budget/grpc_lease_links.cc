#include <memory>
#include <utility>

#include "dataplane/budget/lease_keeper.h"
#include "dataplane/link/grpc_link.h"
#include "tollgate/lease/v1/lease.grpc.pb.h"

namespace tollgate::dataplane {

LeaseKeeper::Factory GrpcLeaseLinks(std::shared_ptr<grpc::Channel> channel, Executor& executor) {
  std::shared_ptr<lease::v1::LeaseService::Stub> stub =
      lease::v1::LeaseService::NewStub(std::move(channel));
  return GrpcLinks<lease::v1::LeaseRequest, lease::v1::LeaseResponse>(
      executor, [stub](grpc::ClientContext* context, auto* reactor) {
        stub->async()->Leases(context, reactor);
      });
}

}  // namespace tollgate::dataplane
