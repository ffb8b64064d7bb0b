#include "base/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>

#include "base/file_system.h"
#include "base/grpc_client.h"
#include "base/grpc_log.h"
#include "base/log.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificates.h"

namespace tollgate {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

// What grpc.health.v1.HealthCheckResponse says, as the bytes of its one field.
constexpr std::string_view kServing("\x08\x01", 2);
constexpr std::string_view kNotServing("\x08\x02", 2);

struct HealthAnswer {
  grpc::Status status;
  std::string bytes;
};

HealthAnswer CheckHealth(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  grpc::ByteBuffer request(nullptr, 0);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  HealthAnswer answer{done.get_future().get(), ""};
  std::vector<grpc::Slice> slices;
  if (answer.status.ok() && response.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      answer.bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return answer;
}

std::unique_ptr<GrpcServer> StartServer(TlsFiles tls = {}) {
  absl::StatusOr<std::unique_ptr<GrpcServer>> server =
      GrpcServer::Start({.listen = {.address = "127.0.0.1:0", .tls = std::move(tls)}}, {});
  EXPECT_OK(server);
  return *std::move(server);
}

TEST(GrpcServerTest, BindsAFreePortAndTellsItsHealth) {
  const auto server = StartServer();
  EXPECT_GT(server->port(), 0);
  EXPECT_EQ(server->address(), "127.0.0.1:" + std::to_string(server->port()));
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<grpc::Channel> channel,
                       Connect(server->address(), {}));
  EXPECT_EQ(CheckHealth(channel).bytes, kServing);
  server->SetServing(false);
  EXPECT_EQ(CheckHealth(channel).bytes, kNotServing);
  EXPECT_EQ(CheckHealth(server->InProcessChannel()).bytes, kNotServing);
}

TEST(GrpcServerTest, ShutdownRefusesAndMayBeRepeated) {
  const auto server = StartServer();
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<grpc::Channel> channel,
                       Connect(server->address(), {}));
  EXPECT_TRUE(CheckHealth(channel).status.ok());
  server->Shutdown(absl::Seconds(5));
  server->Shutdown(absl::Seconds(5));
  EXPECT_EQ(CheckHealth(channel).status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(GrpcServerTest, RefusesUnsafeOrUnusableAddresses) {
  const auto start = [](const std::string& address) {
    return GrpcServer::Start({.listen = {.address = address}}, {}).status();
  };
  EXPECT_THAT(start("0.0.0.0:0"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("or listen on 127.0.0.1")));
  EXPECT_THAT(start("nowhere"), StatusIs(StatusCode::kInvalidArgument));
  const auto server = StartServer();
  EXPECT_THAT(start(server->address()), StatusIs(StatusCode::kUnavailable));
}

TEST(GrpcClientTest, RefusesPlaintextToElsewhere) {
  EXPECT_THAT(Connect("", {}), StatusIs(StatusCode::kInvalidArgument));
  for (const char* target : {"10.0.0.1:5000", "dns:///billing:5000", "billing:5000"}) {
    EXPECT_THAT(Connect(target, {}),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("without TLS")))
        << target;
  }
  for (const char* target : {"127.0.0.1:5000", "dns:///localhost:5000", "unix:/run/x.sock"}) {
    EXPECT_OK(Connect(target, {})) << target;
  }
}

TEST(GrpcLogTest, WhatGrpcSaysIsALineOfOurLog) {
  TempDir dir;
  const std::string path = dir.File("log");
  SendGrpcLogToOurs();
  ASSERT_OK(ConfigureLog({.path = path}));
  gpr_log("dir/some_file.cc", 7, GPR_LOG_SEVERITY_ERROR, "broken \"%s\"", "thing");
  ASSERT_OK(ConfigureLog({}));
  EXPECT_THAT(RealFileSystem().ReadFile(path),
              IsOkAndHolds(HasSubstr("\"level\":\"error\",\"event\":\"grpc\",\"message\":"
                                     "\"broken \\\"thing\\\"\",\"at\":\"some_file.cc:7\"")));
}

class GrpcTlsTest : public testing::Test {
 protected:
  TlsFiles Write(const std::string& name, const TestCertificateAuthority& issuer,
                 const TestCertificateAuthority& trusted) {
    const auto identity = issuer.Issue(name);
    TlsFiles files{dir_.File(name + ".crt"), dir_.File(name + ".key"), dir_.File(name + ".ca")};
    const auto write = [](const std::string& path, const std::string& pem) {
      EXPECT_OK(RealFileSystem().WriteFileAtomically(path, pem, kModePrivate));
    };
    write(files.certificate_path, identity.certificate_pem);
    write(files.private_key_path, identity.private_key_pem);
    write(files.ca_path, trusted.certificate_pem());
    return files;
  }

  TempDir dir_;
  TestCertificateAuthority ours_;
  TestCertificateAuthority theirs_;
};

TEST_F(GrpcTlsTest, MutualTlsTakesOnlyWhomTheAuthoritySigned) {
  const auto server = StartServer(Write("server", ours_, ours_));
  const auto health = [&](const TlsFiles& files) {
    absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(server->address(), files);
    EXPECT_OK(channel);
    return CheckHealth(*channel).status.error_code();
  };
  const TlsFiles node = Write("node", ours_, ours_);
  EXPECT_EQ(health(node), grpc::StatusCode::OK);
  // A client of another authority, one without a certificate, and one that trusts another.
  EXPECT_EQ(health(Write("stranger", theirs_, ours_)), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(health({.ca_path = node.ca_path}), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(health(Write("doubter", ours_, theirs_)), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(health({}), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GrpcTlsTest, FilesThatDoNotBelongTogetherAreRefusedAtStart) {
  const TlsFiles good = Write("server", ours_, ours_);
  const TlsFiles other = Write("other", ours_, ours_);
  const auto start = [](const TlsFiles& files) {
    return GrpcServer::Start({.listen = {.address = "0.0.0.0:0", .tls = files}}, {}).status();
  };
  EXPECT_OK(start(good));
  TlsFiles bad = good;
  bad.private_key_path = other.private_key_path;
  EXPECT_THAT(start(bad), StatusIs(StatusCode::kInvalidArgument, HasSubstr("is not that of")));
  bad = good;
  bad.private_key_path.clear();
  EXPECT_THAT(start(bad), StatusIs(StatusCode::kInvalidArgument));
  bad = good;
  bad.certificate_path = good.private_key_path;
  EXPECT_THAT(start(bad), StatusIs(StatusCode::kInvalidArgument, HasSubstr("no certificate")));
  bad = good;
  bad.ca_path = dir_.File("none");
  EXPECT_THAT(start(bad), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(start({.ca_path = good.ca_path}), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate
