#include "tollgate/cli/rpc_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/error_map.h"
#include "base/string_views.h"

namespace tollgate::cli {

using google::protobuf::Message;

RpcClient::RpcClient(std::shared_ptr<grpc::Channel> channel, Secret token)
    : channel_(std::move(channel)), token_(std::move(token)) {}

absl::Status RpcClient::Call(const std::string& method, const Message& request, Message& response,
                             absl::Duration timeout) const {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(RealClock().Wall() + timeout));
  if (!token_.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", AbslView(token_.Reveal())));
  }
  grpc::TemplatedGenericStub<Message, Message> stub(channel_);
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/" + method, grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  return FromGrpc(done.get_future().get());
}

}  // namespace tollgate::cli
