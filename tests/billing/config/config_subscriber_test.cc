// A real server against a control plane that a test plays.
#include "billing/config/config_subscriber.h"

#include <grpcpp/grpcpp.h>

#include <deque>

#include "base/grpc_client.h"
#include "base/grpc_server.h"
#include "billing/server.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tollgate/config/v1/config.grpc.pb.h"
#include "tollgate/ledger/v1/ledger.grpc.pb.h"

namespace tollgate::billing {
namespace {

using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

// Answers the first Hello by a snapshot with one budget, and keeps what it was told.
class FakeControlPlane final : public config::v1::ConfigService::CallbackService {
 public:
  grpc::ServerBidiReactor<SubscribeRequest, SubscribeResponse>* Subscribe(
      grpc::CallbackServerContext*) override {
    return new Reactor(*this);
  }
  // Waits for the next message of the subscriber.
  SubscribeRequest Next() {
    absl::MutexLock lock(&mutex_);
    const auto any = [this] {
      mutex_.AssertHeld();
      return !received_.empty();
    };
    mutex_.Await(absl::Condition(&any));
    SubscribeRequest request = received_.front();
    received_.pop_front();
    return request;
  }

 private:
  class Reactor final : public grpc::ServerBidiReactor<SubscribeRequest, SubscribeResponse> {
   public:
    explicit Reactor(FakeControlPlane& owner) : owner_(owner) { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::OK);
      const bool fresh = request_.has_hello() && request_.hello().revision().number() == 0;
      {
        absl::MutexLock lock(&owner_.mutex_);
        owner_.received_.push_back(request_);
      }
      if (fresh) {
        response_.set_nonce(1);
        auto* chunk = response_.mutable_snapshot();
        chunk->mutable_revision()->set_epoch(1);
        chunk->mutable_revision()->set_number(3);
        chunk->set_count(1);
        chunk->set_digest(9);
        config::v1::Resource resource;
        resource.set_key("budget/bud_1");
        resource.set_hash(9);
        resource.mutable_budget()->set_id("bud_1");
        resource.mutable_budget()->set_limit_nano_usd(77);
        resource.mutable_budget()->set_period(config::v1::PERIOD_NONE);
        resource.mutable_budget()->set_hard(true);
        chunk->add_resources(resource.SerializeAsString());
        StartWrite(&response_);
      }
      StartRead(&request_);
    }
    void OnDone() override { delete this; }

   private:
    FakeControlPlane& owner_;
    SubscribeRequest request_;
    SubscribeResponse response_;
  };

  absl::Mutex mutex_;
  std::deque<SubscribeRequest> received_ ABSL_GUARDED_BY(mutex_);
};

std::int64_t CapOf(Server& server, const std::string& account) {
  auto channel = Connect(server.grpc_address(), {});
  auto stub = ledger::v1::LedgerService::NewStub(*channel);
  grpc::ClientContext context;
  ledger::v1::GetAccountRequest request;
  request.set_account(account);
  ledger::v1::Account response;
  const grpc::Status status = stub->GetAccount(&context, request, &response);
  return status.ok() ? response.cap_nano_usd() : -static_cast<int>(status.error_code());
}

TEST(ConfigSubscriberTest, AdoptsASnapshotAndStartsFromItWithoutTheControlPlane) {
  TempDir dir;
  Config config;
  config.listen = "127.0.0.1:0";
  config.ops_listen = "";
  config.data_dir = dir.path();
  {
    FakeControlPlane control_plane;
    ASSERT_OK_AND_ASSIGN(auto grpc_server, GrpcServer::Start({}, {&control_plane}));
    config.control_plane_address = grpc_server->address();
    ASSERT_OK_AND_ASSIGN(auto server, Server::Build(config));
    ASSERT_OK(server->Start());
    const SubscribeRequest hello = control_plane.Next();
    EXPECT_EQ(hello.hello().audience(), config::v1::AUDIENCE_BILLING);
    const SubscribeRequest ack = control_plane.Next();
    EXPECT_EQ(ack.ack().nonce(), 1u);
    EXPECT_EQ(ack.ack().revision().number(), 3u);
    EXPECT_EQ(CapOf(*server, "budget/bud_1/all"), 77);
    server->Stop();
  }
  ASSERT_OK_AND_ASSIGN(auto server, Server::Build(config));
  ASSERT_OK(server->Start());
  EXPECT_EQ(CapOf(*server, "budget/bud_1/all"), 77);
  EXPECT_EQ(CapOf(*server, "budget/bud_2/all"), -static_cast<int>(grpc::StatusCode::NOT_FOUND));
}

}  // namespace
}  // namespace tollgate::billing
