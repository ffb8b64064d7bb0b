// TLS on both sides: one gateway is the provider of another.
#include <sys/stat.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "dataplane/http/tls_server.h"
#include "gmock/gmock.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/scripted_upstream.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificates.h"

namespace tollgate::dataplane {
namespace {

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    Write("ca.pem", authority_.certificate_pem());
    Write("other.pem", TestCertificateAuthority().certificate_pem());
    Issue();
    auto server = TlsServer::Load(dir_.File("certificate.pem"), dir_.File("key.pem"));
    CHECK(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  void Write(const std::string& name, const std::string& text) {
    CHECK(RealFileSystem().WriteFileAtomically(dir_.File(name), text, kModePrivate).ok());
  }
  void Issue() {
    const auto identity = authority_.Issue("gateway");
    Write("key.pem", identity.private_key_pem);
    Write("certificate.pem", identity.certificate_pem);
  }

  // A gateway whose provider is the TLS gateway at `host`, trusting the roots in `ca`.
  GatewayOptions Outer(const std::string& ca, const std::string& key) {
    GatewayOptions options;
    options.upstream_ca_file = dir_.File(ca);
    options.credential = key;
    options.exact_credential = true;
    return options;
  }

  TempDir dir_;
  TestCertificateAuthority authority_;
  std::unique_ptr<TlsServer> server_;
};

TEST_F(TlsTest, RequestsAndStreamsPassThroughTlsOnKeptConnections) {
  ScriptedUpstream upstream;
  GatewayOptions inner_options;
  inner_options.tls = server_.get();
  TestGateway inner(upstream.base_url(), "", inner_options);
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    TestGateway outer(absl::StrCat("https://", host, ":", inner.port(), "/v1"), "",
                      Outer("ca.pem", inner.key()));
    for (int i = 0; i < 3; ++i) {
      upstream.Expect({.pieces = {HttpAnswer(200, "application/json",
                                             Completion(std::string(100'000, 'x'), 10, 5))}});
      const ClientAnswer answer = outer.Call(outer.Post(kBody));
      ASSERT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(answer.Header("x-tollgate-cost"), "0.000000015");
    }
    upstream.Expect(
        {.pieces = {StreamHead(), Chunk(DeltaEvent("he")), Chunk(DeltaEvent("y", "stop")),
                    Chunk(UsageEvent(10, 5)), Chunk(kDoneEvent), std::string(kLastChunk)}});
    const ClientAnswer answer = outer.Call(outer.Post(kStreamBody));
    EXPECT_EQ(answer.body, DeltaEvent("he") + DeltaEvent("y", "stop") + std::string(kDoneEvent));
    EXPECT_TRUE(answer.complete);
  }
}

TEST_F(TlsTest, CertificatesOfOthersAreRefused) {
  ScriptedUpstream upstream;
  GatewayOptions inner_options;
  inner_options.tls = server_.get();
  TestGateway inner(upstream.base_url(), "", inner_options);
  TestGateway untrusting(absl::StrCat("https://127.0.0.1:", inner.port(), "/v1"), "",
                         Outer("other.pem", inner.key()));
  const ClientAnswer answer = untrusting.Call(untrusting.Post(kBody));
  ExpectError(answer, 502, "all_providers_failed");
  EXPECT_THAT(answer.body, testing::HasSubstr("(tls)"));

  // The right authority, but a certificate for another name.
  inner_options.host = "127.0.0.2";
  TestGateway elsewhere(upstream.base_url(), "", inner_options);
  TestGateway careful(absl::StrCat("https://127.0.0.2:", elsewhere.port(), "/v1"), "",
                      Outer("ca.pem", elsewhere.key()));
  EXPECT_THAT(careful.Call(careful.Post(kBody)).body, testing::HasSubstr("(tls)"));
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(TlsTest, ChangedFilesAreLoadedAndBadOnesAreNot) {
  EXPECT_OK(server_->ReloadIfChanged());
  EXPECT_EQ(server_->generation(), 1u);
  const auto before = server_->current();
  Issue();
  EXPECT_OK(server_->ReloadIfChanged());
  EXPECT_EQ(server_->generation(), 2u);
  EXPECT_NE(server_->current(), before);
  Write("key.pem", "nonsense");
  EXPECT_THAT(server_->ReloadIfChanged(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(server_->generation(), 2u);
  EXPECT_OK(server_->ReloadIfChanged());  // Said once.
  EXPECT_THAT(TlsServer::Load(dir_.File("none.pem"), dir_.File("key.pem")),
              StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("none.pem")));
}

}  // namespace
}  // namespace tollgate::dataplane
