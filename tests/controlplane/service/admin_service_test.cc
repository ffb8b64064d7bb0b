// The admin services and the configuration stream over a channel within the process.
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/health_check_service_interface.h>

#include <memory>
#include <string>
#include <utility>

#include "base/digest.h"
#include "base/error_map.h"
#include "base/grpc_server.h"
#include "base/metrics.h"
#include "base/status_reason.h"
#include "controlplane/service/admin_api.h"
#include "controlplane/service/admin_services.h"
#include "controlplane/service/config_stream_service.h"
#include "controlplane/service/quota_api.h"
#include "gtest/gtest.h"
#include "tests/controlplane/publish/node_model.h"
#include "tests/controlplane/writer_fixture.h"
#include "tests/support/status_matchers.h"
#include "tollgate/admin/v1/audit_service.grpc.pb.h"
#include "tollgate/admin/v1/key_service.grpc.pb.h"
#include "tollgate/admin/v1/organization_service.grpc.pb.h"
#include "tollgate/admin/v1/quota_service.grpc.pb.h"
#include "tollgate/config/v1/config.grpc.pb.h"

namespace tollgate::controlplane {
namespace {

using config::v1::AUDIENCE_DATAPLANE;
using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

// Far above what anything here takes, so that a hang is a failure.
constexpr std::chrono::seconds kDeadline{20};

Token MakeToken(const std::string& name, Role role) { return {name, role, Sha256(name)}; }

class AdminServiceTest : public testing::Test {
 protected:
  AdminServiceTest()
      : authenticator_({MakeToken("root", Role::kAdmin), MakeToken("eve", Role::kViewer),
                        MakeToken("node", Role::kNode)}),
        api_(world_.writer(), world_.store),
        quotas_(world_.writer(), world_.clock),
        admin_({.api = api_,
                .quotas = quotas_,
                .authenticator = authenticator_,
                .metrics = metrics_}),
        config_(world_.writer().publisher(), world_.clock, metrics_, {}) {
    world_.CreateBasics();
    std::vector<grpc::Service*> services = admin_.services();
    services.push_back(config_.service());
    absl::StatusOr<std::unique_ptr<GrpcServer>> server = GrpcServer::Start({}, services);
    CHECK(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = server_->InProcessChannel();
    keys_ = admin::v1::KeyService::NewStub(channel_);
    organizations_ = admin::v1::OrganizationService::NewStub(channel_);
  }

  ~AdminServiceTest() override {
    config_.Close();
    server_->Shutdown(absl::Seconds(5));
  }

  // A context with the token; "" for none.
  static std::unique_ptr<grpc::ClientContext> As(const std::string& token) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + kDeadline);
    if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
    return context;
  }

  WriterWorld world_;
  Metrics metrics_;
  Authenticator authenticator_;
  AdminApi api_;
  QuotaApi quotas_;
  AdminServices admin_;
  ConfigStreamService config_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<admin::v1::KeyService::Stub> keys_;
  std::unique_ptr<admin::v1::OrganizationService::Stub> organizations_;
};

TEST_F(AdminServiceTest, RolesDecide) {
  admin::v1::GetKeyRequest get;
  get.set_id("key_1");
  admin::v1::RevokeKeyRequest revoke;
  revoke.set_id("key_1");
  admin::v1::Key key;
  for (const char* token : {"", "nobody"}) {
    const absl::Status status = FromGrpc(keys_->GetKey(As(token).get(), get, &key));
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnauthenticated)) << token;
    EXPECT_EQ(ReasonOf(status), "UNAUTHENTICATED");
  }
  EXPECT_OK(FromGrpc(keys_->GetKey(As("eve").get(), get, &key)));
  const absl::Status denied = FromGrpc(keys_->RevokeKey(As("eve").get(), revoke, &key));
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(ReasonOf(denied), "PERMISSION_DENIED");
  EXPECT_OK(FromGrpc(keys_->RevokeKey(As("root").get(), revoke, &key)));
  EXPECT_TRUE(key.revoked());
  EXPECT_NE(metrics_.SerializeText().find(
                "tollgate_admin_requests_total{code=\"PERMISSION_DENIED\",method=\"RevokeKey\","
                "service=\"KeyService\"} 1"),
            std::string::npos);
}

TEST_F(AdminServiceTest, ANodeAsksForQuotasAndNothingElse) {
  admin::v1::GetKeyRequest get;
  get.set_id("key_1");
  admin::v1::Key key;
  EXPECT_THAT(FromGrpc(keys_->GetKey(As("node").get(), get, &key)),
              StatusIs(absl::StatusCode::kPermissionDenied));
  admin::v1::RevokeKeyRequest revoke;
  revoke.set_id("key_1");
  EXPECT_THAT(FromGrpc(keys_->RevokeKey(As("node").get(), revoke, &key)),
              StatusIs(absl::StatusCode::kPermissionDenied));
  const auto quotas = admin::v1::QuotaService::NewStub(channel_);
  admin::v1::GetQuotaRequest ask;
  ask.set_acting_key_id("key_1");
  ask.set_key_id("key_1");
  admin::v1::Quota quota;
  for (const char* token : {"node", "root"}) {
    EXPECT_THAT(FromGrpc(quotas->GetQuota(As(token).get(), ask, &quota)),
                StatusIs(absl::StatusCode::kNotFound))
        << token;
  }
  EXPECT_THAT(FromGrpc(quotas->GetQuota(As("eve").get(), ask, &quota)),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(FromGrpc(quotas->GetQuota(As("").get(), ask, &quota)),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(AdminServiceTest, CreatesReadsUpdatesAndDeletes) {
  admin::v1::CreateKeyRequest create;
  create.mutable_key()->set_workspace_id("ws_1");
  create.set_request_id("r1");
  admin::v1::CreateKeyResponse created;
  ASSERT_OK(FromGrpc(keys_->CreateKey(As("root").get(), create, &created)));
  EXPECT_TRUE(LooksLikeApiKey(created.secret()));
  admin::v1::CreateKeyResponse again;
  ASSERT_OK(FromGrpc(keys_->CreateKey(As("root").get(), create, &again)));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(created, again));
  create.mutable_key()->set_display_name("other");
  const absl::Status reused = FromGrpc(keys_->CreateKey(As("root").get(), create, &again));
  EXPECT_THAT(reused, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(ReasonOf(reused), "REQUEST_ID_REUSED");

  admin::v1::UpdateKeyRequest update;
  *update.mutable_key() = created.key();
  update.mutable_key()->set_display_name("mine");
  admin::v1::Key key;
  ASSERT_OK(FromGrpc(keys_->UpdateKey(As("root").get(), update, &key)));
  EXPECT_EQ(key.display_name(), "mine");
  EXPECT_NE(key.etag(), created.key().etag());
  update.mutable_key()->set_display_name("late");
  EXPECT_EQ(ReasonOf(FromGrpc(keys_->UpdateKey(As("root").get(), update, &key))), "ETAG_MISMATCH");

  admin::v1::DeleteKeyRequest removal;
  removal.set_id(created.key().id());
  admin::v1::DeleteKeyResponse nothing;
  ASSERT_OK(FromGrpc(keys_->DeleteKey(As("root").get(), removal, &nothing)));
  EXPECT_EQ(ReasonOf(FromGrpc(keys_->DeleteKey(As("root").get(), removal, &nothing))), "NOT_FOUND");
}

TEST_F(AdminServiceTest, AnErrorNamesTheField) {
  admin::v1::CreateKeyRequest create;
  create.mutable_key()->set_workspace_id("ws_1");
  create.mutable_key()->add_allowed_models("a*b");
  admin::v1::CreateKeyResponse created;
  const absl::Status status = FromGrpc(keys_->CreateKey(As("root").get(), create, &created));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  EXPECT_EQ(FieldOf(status), "allowed_models");
}

TEST_F(AdminServiceTest, RefusesFieldsThatItDoesNotKnow) {
  admin::v1::CreateKeyRequest create;
  create.mutable_key()->set_workspace_id("ws_1");
  create.mutable_key()
      ->GetReflection()
      ->MutableUnknownFields(create.mutable_key())
      ->AddVarint(999, 1);
  admin::v1::CreateKeyResponse created;
  EXPECT_EQ(ReasonOf(FromGrpc(keys_->CreateKey(As("root").get(), create, &created))),
            "UNKNOWN_FIELD");
}

TEST_F(AdminServiceTest, PagesCoverEverythingOnce) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_OK(world_.Create(KindId::kKey, WriterWorld::MakeKey("page_" + std::to_string(i))));
  }
  admin::v1::ListKeysRequest request;
  request.set_page_size(3);
  request.set_workspace_id("ws_1");
  std::vector<std::string> ids;
  int pages = 0;
  do {
    admin::v1::ListKeysResponse page;
    ASSERT_OK(FromGrpc(keys_->ListKeys(As("eve").get(), request, &page)));
    for (const admin::v1::Key& key : page.keys()) ids.push_back(key.id());
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(ids, (std::vector<std::string>{"key_1", "page_0", "page_1", "page_2", "page_3",
                                           "page_4", "page_5", "page_6"}));

  request.clear_page_token();
  request.set_workspace_id("ws_2");
  admin::v1::ListKeysResponse page;
  ASSERT_OK(FromGrpc(keys_->ListKeys(As("eve").get(), request, &page)));
  EXPECT_EQ(page.keys_size(), 0);
  request.set_page_token("nonsense");
  EXPECT_EQ(FieldOf(FromGrpc(keys_->ListKeys(As("eve").get(), request, &page))), "page_token");
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(FieldOf(FromGrpc(keys_->ListKeys(As("eve").get(), request, &page))), "page_size");
}

TEST_F(AdminServiceTest, TheAuditIsListedNewestFirst) {
  admin::v1::CreateOrganizationRequest create;
  create.mutable_organization()->set_id("org_2");
  create.set_request_id("r7");
  admin::v1::Organization organization;
  ASSERT_OK(FromGrpc(organizations_->CreateOrganization(As("root").get(), create, &organization)));
  const auto audit = admin::v1::AuditService::NewStub(channel_);
  admin::v1::ListAuditEntriesRequest request;
  request.set_page_size(1);
  admin::v1::ListAuditEntriesResponse page;
  ASSERT_OK(FromGrpc(audit->ListAuditEntries(As("eve").get(), request, &page)));
  ASSERT_EQ(page.entries_size(), 1);
  EXPECT_EQ(page.entries(0).actor(), "root");
  EXPECT_EQ(page.entries(0).method(), "tollgate.admin.v1.OrganizationService/CreateOrganization");
  EXPECT_EQ(page.entries(0).resource_id(), "org_2");
  request.set_page_token(page.next_page_token());
  ASSERT_OK(FromGrpc(audit->ListAuditEntries(As("eve").get(), request, &page)));
  EXPECT_EQ(page.entries(0).resource_id(), "key_1");
  admin::v1::ListAuditEntriesRequest filtered;
  filtered.set_resource_kind("organization");
  ASSERT_OK(FromGrpc(audit->ListAuditEntries(As("eve").get(), filtered, &page)));
  EXPECT_EQ(page.entries_size(), 2);
  EXPECT_EQ(page.next_page_token(), "");
}

// A node on a real stream.
class StreamNode {
 public:
  StreamNode(const std::shared_ptr<grpc::Channel>& channel, config::v1::Audience audience)
      : stub_(config::v1::ConfigService::NewStub(channel)), model_(audience) {
    context_.set_deadline(std::chrono::system_clock::now() + kDeadline);
    stream_ = stub_->Subscribe(&context_);
    SubscribeRequest hello;
    *hello.mutable_hello() = model_.MakeHello();
    stream_->Write(hello);
  }
  ~StreamNode() {
    context_.TryCancel();
    (void)Finish();
  }

  // Reads one message and answers it.
  bool ReadOne() {
    SubscribeResponse message;
    if (!stream_->Read(&message)) return false;
    std::optional<SubscribeRequest> answer;
    EXPECT_TRUE(model_.Take(message, answer)) << model_.refusal();
    if (answer.has_value()) stream_->Write(*answer);
    return true;
  }

  // Reads to the end; the first call returns how the stream ended.
  absl::Status Finish() {
    if (std::exchange(finished_, true)) return absl::OkStatus();
    SubscribeResponse ignored;
    while (stream_->Read(&ignored)) {
    }
    return FromGrpc(stream_->Finish());
  }

  NodeModel& model() { return model_; }

 private:
  std::unique_ptr<config::v1::ConfigService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<SubscribeRequest, SubscribeResponse>> stream_;
  NodeModel model_;
  bool finished_ = false;
};

TEST_F(AdminServiceTest, ARevocationIsPushedToNodes) {
  StreamNode node(channel_, AUDIENCE_DATAPLANE);
  ASSERT_TRUE(node.ReadOne());
  EXPECT_FALSE(node.model().rows().at("key/key_1").api_key().revoked());
  admin::v1::RevokeKeyRequest revoke;
  revoke.set_id("key_1");
  admin::v1::Key key;
  ASSERT_OK(FromGrpc(keys_->RevokeKey(As("root").get(), revoke, &key)));
  ASSERT_TRUE(node.ReadOne());
  EXPECT_TRUE(node.model().rows().at("key/key_1").api_key().revoked());
  EXPECT_EQ(node.model().deltas(), 1);
}

TEST_F(AdminServiceTest, BillingGetsNoDigests) {
  StreamNode node(channel_, config::v1::AUDIENCE_BILLING);
  ASSERT_TRUE(node.ReadOne());
  ASSERT_TRUE(node.model().rows().contains("key/key_1"));
  EXPECT_EQ(node.model().rows().at("key/key_1").api_key().digest(), "");
  for (const auto& [key, resource] : node.model().rows()) {
    EXPECT_FALSE(resource.has_credential() || resource.has_provider()) << key;
  }
}

TEST_F(AdminServiceTest, AStreamBeginsWithHello) {
  const auto stub = config::v1::ConfigService::NewStub(channel_);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  const auto stream = stub->Subscribe(&context);
  SubscribeRequest ack;
  ack.mutable_ack();
  stream->Write(ack);
  SubscribeResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_THAT(FromGrpc(stream->Finish()), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(AdminServiceTest, ClosingEndsStreamsHonestly) {
  StreamNode node(channel_, AUDIENCE_DATAPLANE);
  ASSERT_TRUE(node.ReadOne());
  config_.Close();
  StreamNode late(channel_, AUDIENCE_DATAPLANE);
  EXPECT_THAT(late.Finish(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(CertificateAllowsTest, TheNameBeginsWithTheAudience) {
  using config::v1::AUDIENCE_BILLING;
  EXPECT_TRUE(CertificateAllows("dataplane", AUDIENCE_DATAPLANE));
  EXPECT_TRUE(CertificateAllows("dataplane-eu-1", AUDIENCE_DATAPLANE));
  EXPECT_TRUE(CertificateAllows("dataplane.example.com", AUDIENCE_DATAPLANE));
  EXPECT_TRUE(CertificateAllows("billing", AUDIENCE_BILLING));
  EXPECT_FALSE(CertificateAllows("billing", AUDIENCE_DATAPLANE));
  EXPECT_FALSE(CertificateAllows("dataplanes", AUDIENCE_DATAPLANE));
  EXPECT_FALSE(CertificateAllows("", AUDIENCE_DATAPLANE));
}

}  // namespace
}  // namespace tollgate::controlplane
