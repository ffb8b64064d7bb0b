// Get, list, create, update and delete of any kind of resource, over the admin API.
#ifndef TOLLGATE_TOLLGATE_CLI_RESOURCE_CLIENT_H_
#define TOLLGATE_TOLLGATE_CLI_RESOURCE_CLIENT_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/secret.h"
#include "tollgate/cli/resource_kind.h"
#include "tollgate/cli/rpc_client.h"

namespace tollgate::cli {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

// What a create answered.
struct CreatedResource {
  MessagePtr resource;
  Secret secret;  // Of a key; empty for other kinds.
};

// Every resource is of the type of its kind.  The errors are the server's (see the protos).
// Thread-safe.
class ResourceClient {
 public:
  // `rpc` must outlive this.
  explicit ResourceClient(const RpcClient& rpc) : rpc_(rpc) {}

  absl::StatusOr<MessagePtr> Get(const ResourceKind& kind, const std::string& id) const;

  // All of them, by id.
  absl::StatusOr<std::vector<MessagePtr>> List(const ResourceKind& kind) const;

  // `request_id` may be empty.
  absl::StatusOr<CreatedResource> Create(const ResourceKind& kind,
                                         const google::protobuf::Message& resource,
                                         const std::string& request_id = "") const;

  // Sets the fields `paths` to what `resource` has; its etag, if any, is compared.
  absl::StatusOr<MessagePtr> Update(const ResourceKind& kind,
                                    const google::protobuf::Message& resource,
                                    const std::vector<std::string>& paths) const;

  absl::Status Delete(const ResourceKind& kind, const std::string& id) const;

 private:
  const RpcClient& rpc_;
};

// A new, empty message of the type.
MessagePtr NewMessage(const google::protobuf::Descriptor& type);

// The string field `name` of a message.  REQUIRED: it has one.
std::string GetString(const google::protobuf::Message& message, const std::string& name);
void SetString(google::protobuf::Message& message, const std::string& name, std::string value);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_RESOURCE_CLIENT_H_
