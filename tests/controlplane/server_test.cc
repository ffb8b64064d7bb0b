// The whole control plane on real ports, with a catalog that is a fake.
#include "controlplane/server.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/server_callback.h>

#include <mutex>
#include <string>
#include <utility>

#include "base/error_map.h"
#include "base/grpc_client.h"
#include "base/grpc_server.h"
#include "gtest/gtest.h"
#include "tests/controlplane/publish/node_model.h"
#include "tests/controlplane/writer_fixture.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tollgate/admin/v1/credential_service.grpc.pb.h"
#include "tollgate/catalog/v1/catalog.grpc.pb.h"
#include "tollgate/config/v1/config.grpc.pb.h"

namespace tollgate::controlplane {
namespace {

using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

constexpr std::chrono::seconds kDeadline{20};

// Answers each Watch with the facts of the providers that were asked for, and keeps it open.
class FakeCatalog final : public catalog::v1::CatalogService::CallbackService {
 public:
  FakeCatalog() {
    absl::StatusOr<std::unique_ptr<GrpcServer>> server = GrpcServer::Start({}, {this});
    CHECK(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~FakeCatalog() override { server_->Shutdown(absl::ZeroDuration()); }

  std::string address() const { return server_->address(); }

  grpc::ServerWriteReactor<catalog::v1::WatchResponse>* Watch(
      grpc::CallbackServerContext*, const catalog::v1::WatchRequest* request) override {
    auto* watch = new OpenWatch();
    for (const std::string& id : request->provider_ids()) {
      AddFacts(*watch->response.mutable_facts(), id);
    }
    watch->StartWrite(&watch->response);
    return watch;
  }

 private:
  struct OpenWatch final : grpc::ServerWriteReactor<catalog::v1::WatchResponse> {
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }
    catalog::v1::WatchResponse response;
  };

  std::unique_ptr<GrpcServer> server_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    CHECK(GeneratePepperFile(folder_.File("pepper")).ok());
    CHECK(GenerateSealKeyFile(folder_.File("seal")).ok());
  }

  std::unique_ptr<Server> StartServer(const std::string& catalog_address) {
    Config config;
    config.listen = "127.0.0.1:0";
    config.data_dir = folder_.File("data");
    config.pepper_file = folder_.File("pepper");
    config.seal_key_file = folder_.File("seal");
    config.catalog_address = catalog_address;
    config.tokens = {{"root", Role::kAdmin, Sha256("root")}};
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Build(std::move(config));
    CHECK(server.ok()) << server.status();
    const absl::Status started = (*server)->Start();
    CHECK(started.ok()) << started;
    return *std::move(server);
  }

  static std::shared_ptr<grpc::Channel> ChannelTo(const Server& server) {
    return *Connect(server.addresses().grpc, {});
  }

  static absl::Status CreateCredential(const Server& server, const std::string& id) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kDeadline);
    context.AddMetadata("authorization", "Bearer root");
    admin::v1::CreateCredentialRequest request;
    *request.mutable_credential() = WriterWorld::MakeCredential(id, "openai");
    admin::v1::Credential created;
    const auto stub = admin::v1::CredentialService::NewStub(ChannelTo(server));
    return FromGrpc(stub->CreateCredential(&context, request, &created));
  }

  // What a new node has once `key` is published.
  static NodeModel WaitFor(const Server& server, const std::string& key) {
    NodeModel node(config::v1::AUDIENCE_DATAPLANE);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kDeadline);
    const auto stub = config::v1::ConfigService::NewStub(ChannelTo(server));
    const auto stream = stub->Subscribe(&context);
    SubscribeRequest hello;
    *hello.mutable_hello() = node.MakeHello();
    stream->Write(hello);
    SubscribeResponse message;
    while (!node.rows().contains(key) && stream->Read(&message)) {
      std::optional<SubscribeRequest> answer;
      EXPECT_TRUE(node.Take(message, answer)) << node.refusal();
      if (answer.has_value()) stream->Write(*answer);
    }
    context.TryCancel();
    (void)stream->Finish();
    return node;
  }

  TempDir folder_;
};

TEST_F(ServerTest, ACredentialIsAllThatAKnownProviderNeeds) {
  auto catalog = std::make_unique<FakeCatalog>();
  std::unique_ptr<Server> server = StartServer(catalog->address());
  ASSERT_OK(CreateCredential(*server, "cred_1"));
  NodeModel node = WaitFor(*server, "offering/openai:vendor/openai");
  EXPECT_TRUE(node.rows().contains("provider/openai"));
  EXPECT_TRUE(node.rows().contains("model/vendor/openai"));
  EXPECT_TRUE(node.rows().contains("credential/cred_1"));

  // Without the catalog, and after a restart, everything is still there.
  const std::uint64_t digest = node.digest();
  server.reset();
  catalog.reset();
  server = StartServer("127.0.0.1:1");
  node = WaitFor(*server, "offering/openai:vendor/openai");
  EXPECT_EQ(node.digest(), digest);
}

TEST_F(ServerTest, TheStoreHasOneServer) {
  std::unique_ptr<Server> server = StartServer("");
  Config config;
  config.data_dir = folder_.File("data");
  config.pepper_file = folder_.File("pepper");
  config.seal_key_file = folder_.File("seal");
  EXPECT_THAT(Server::Build(std::move(config)).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

// The bytes of one answer of server reflection to "list the services".
std::string ListServices(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  EXPECT_TRUE(wait());
  const grpc::Slice list_services("\x3a\x01*");  // Field 7, a string: "*".
  call->WriteLast(grpc::ByteBuffer(&list_services, 1), grpc::WriteOptions(), nullptr);
  EXPECT_TRUE(wait());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  EXPECT_TRUE(wait());
  grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(wait());
  grpc::Slice bytes;
  EXPECT_TRUE(answer.TrySingleSlice(&bytes).ok() || answer.DumpToSingleSlice(&bytes).ok());
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

TEST_F(ServerTest, ReflectionListsEveryService) {
  const std::unique_ptr<Server> server = StartServer("");
  const std::string services = ListServices(ChannelTo(*server));
  for (const char* name : {"Organization", "Workspace", "Key", "Budget", "Provider", "Credential",
                           "Alias", "Route", "Audit"}) {
    EXPECT_NE(services.find("tollgate.admin.v1." + std::string(name) + "Service"),
              std::string::npos)
        << name;
  }
  EXPECT_NE(services.find("tollgate.config.v1.ConfigService"), std::string::npos);
  EXPECT_NE(services.find("grpc.health.v1.Health"), std::string::npos);
}

}  // namespace
}  // namespace tollgate::controlplane
