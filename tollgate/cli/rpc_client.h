// Unary calls by method name, with a bearer token and a deadline.
//
// The CLI calls some forty methods; naming them as the proto does keeps it a table instead of a
// class per service.
#ifndef TOLLGATE_TOLLGATE_CLI_RPC_CLIENT_H_
#define TOLLGATE_TOLLGATE_CLI_RPC_CLIENT_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/secret.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate::cli {

inline constexpr absl::Duration kRpcTimeout = absl::Seconds(10);

// Thread-safe.
class RpcClient {
 public:
  // `token` may be empty: then none is sent.
  RpcClient(std::shared_ptr<grpc::Channel> channel, Secret token);

  // Calls "tollgate.admin.v1.KeyService/GetKey" and waits.  The server's status with its reason;
  // DeadlineExceeded or Unavailable when it does not answer.
  absl::Status Call(const std::string& method, const google::protobuf::Message& request,
                    google::protobuf::Message& response,
                    absl::Duration timeout = kRpcTimeout) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
  Secret token_;
};

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_RPC_CLIENT_H_
