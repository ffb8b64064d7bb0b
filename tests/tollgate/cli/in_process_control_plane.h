// A control plane for a test, on a folder and a port of its own.
#ifndef TOLLGATE_TESTS_TOLLGATE_CLI_IN_PROCESS_CONTROL_PLANE_H_
#define TOLLGATE_TESTS_TOLLGATE_CLI_IN_PROCESS_CONTROL_PLANE_H_

#include <memory>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/digest.h"
#include "base/grpc_client.h"
#include "controlplane/server.h"
#include "tests/support/temp_dir.h"
#include "tollgate/cli/resource_client.h"
#include "tollgate/cli/rpc_client.h"

namespace tollgate::cli {

class InProcessControlPlane {
 public:
  static constexpr char kToken[] = "a-token-for-tests-only";

  InProcessControlPlane() {
    CHECK(GeneratePepperFile(folder_.File("pepper")).ok());
    CHECK(GenerateSealKeyFile(folder_.File("seal")).ok());
    controlplane::Config config;
    config.listen = "127.0.0.1:0";
    config.ops_listen.clear();
    config.data_dir = folder_.File("data");
    config.pepper_file = folder_.File("pepper");
    config.seal_key_file = folder_.File("seal");
    config.tokens = {
        {.name = "test", .role = controlplane::Role::kAdmin, .sha256 = Sha256(kToken)}};
    auto server = controlplane::Server::Build(std::move(config));
    CHECK(server.ok()) << server.status().ToString();
    server_ = *std::move(server);
    CHECK(server_->Start().ok());
    auto channel = Connect(address(), TlsFiles());
    CHECK(channel.ok());
    rpc_.emplace(*std::move(channel), Secret(kToken));
    client_.emplace(*rpc_);
  }

  std::string address() const { return server_->addresses().grpc; }
  const RpcClient& rpc() const { return *rpc_; }
  const ResourceClient& client() const { return *client_; }

 private:
  TempDir folder_;
  std::unique_ptr<controlplane::Server> server_;
  std::optional<RpcClient> rpc_;
  std::optional<ResourceClient> client_;
};

}  // namespace tollgate::cli

#endif  // TOLLGATE_TESTS_TOLLGATE_CLI_IN_PROCESS_CONTROL_PLANE_H_
