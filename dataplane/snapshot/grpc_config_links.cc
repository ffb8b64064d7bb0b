#include <memory>
#include <utility>

#include "dataplane/link/grpc_link.h"
#include "dataplane/snapshot/subscriber.h"
#include "tollgate/config/v1/config.grpc.pb.h"

namespace tollgate::dataplane {

Subscriber::Factory GrpcConfigLinks(std::shared_ptr<grpc::Channel> channel, Executor& executor) {
  std::shared_ptr<config::v1::ConfigService::Stub> stub =
      config::v1::ConfigService::NewStub(std::move(channel));
  return GrpcLinks<config::v1::SubscribeRequest, config::v1::SubscribeResponse>(
      executor, [stub](grpc::ClientContext* context, auto* reactor) {
        stub->async()->Subscribe(context, reactor);
      });
}

}  // namespace tollgate::dataplane
