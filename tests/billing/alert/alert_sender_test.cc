// From the outbox to the webhooks: signed, in order, repeated until taken, given up in the end.
#include "billing/alert/alert_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/http_server.h"
#include "base/random.h"
#include "billing/alert/webhook_client.h"
#include "billing/store/memory_ledger_store.h"
#include "tests/billing/ingest/kept_text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WebhookSignatureTest, IsThatOfTheReference) {
  // printf '1795000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
  EXPECT_EQ(WebhookSignature("0123456789abcdef", 1'795'000'000, R"({"a":1})"),
            "t=1795000000,v1=cc265a2e718683fd617b6fdc65ca0fc0337f32c303412aae789c1fa3d7509f37");
}

class AlertSenderTest : public testing::Test {
 protected:
  AlertSenderTest() {
    writer_.Start([](std::vector<LeaseMessage>) {}, [] {});
    Configure({{"hook_1", Hook("https://one")}, {"hook_2", Hook("https://two")}});
    Do([](Books& books, Now) { CHECK(books.AdmitReporter({"n", 1, "s"}).ok()); });
  }
  ~AlertSenderTest() override { writer_.Stop(); }

  Webhook Hook(const std::string& url, bool disabled = false) {
    const std::string id = url == "https://one" ? "hook_1" : "hook_2";
    return {url, sealer_.Seal("0123456789abcdef", "webhook/" + id), disabled};
  }
  void Do(std::function<void(Books&, Now)> change) {
    std::promise<absl::Status> done;
    writer_.Submit({.apply = std::move(change),
                    .done = [&done](const absl::Status& synced) { done.set_value(synced); }});
    ASSERT_OK(done.get_future().get());
  }
  void Configure(WebhooksById webhooks) {
    BudgetTerms terms{.limit = Money::FromNanoUsd(100), .hard = false, .scope = "key/key_1"};
    terms.alert_percents = {50, 75, 100};
    terms.alert_webhook_ids = {"hook_1", "hook_2"};
    Do([=](Books& books, Now now) { books.Configure({}, {{"b", terms}}, now, webhooks); });
  }
  // Makes the budget's spending grow, and with it alerts.
  void Spend(std::int64_t amount) {
    UsageRecordItem record;
    record.bytes = Keep(std::to_string(++sequence_));
    record.digest = Sha256(record.bytes);
    record.generation_id = "gen_1";
    record.workspace_id = "ws_1";
    record.model_id = "m";
    record.provider_id = "p";
    record.holds = {{"budget/b/all", false, 0, Money::FromNanoUsd(amount)}};
    Do([&](Books& books, Now now) {
      ASSERT_OK(books.Apply({{"n", 1, 0}, sequence_, {record}, 1}, now).status());
    });
  }
  // What the webhooks took, or refused, in one step: "https://one budget/b/all/50".
  std::vector<std::string> Step() {
    posted_.clear();
    sender_.Step();
    Do([](Books&, Now) {});  // What it asked for is done.
    return posted_;
  }
  std::size_t Waiting() {
    std::size_t size = 0;
    Do([&](Books& books, Now) { size = books.outbox().size(); });
    return size;
  }

  FakeClock clock_;
  Metrics metrics_;
  SeededRandom random_{3};
  Sealer sealer_ = *Sealer::Create(Secret(std::string(kSealKeyBytes, 'k')), random_);
  MemoryLedgerStore store_;
  LedgerWriter writer_{store_, clock_, metrics_,
                       std::make_unique<Books>(LeaseBookOptions{}, StoredState{})};
  std::uint64_t sequence_ = 0;
  std::vector<std::string> posted_;
  AlertSender::Headers headers_;
  std::string body_;
  std::string failing_;
  AlertSender sender_{writer_, &sealer_, clock_, metrics_,
                      [this](const std::string& url, const AlertSender::Headers& headers,
                             const std::string& body) -> absl::Status {
                        posted_.push_back(url + " " + headers[1].second);
                        headers_ = headers;
                        body_ = body;
                        if (url == failing_) return absl::UnavailableError("down");
                        return absl::OkStatus();
                      }};
};

TEST_F(AlertSenderTest, BringsEachMessageSignedAndOnce) {
  Spend(60);
  EXPECT_THAT(Step(), ElementsAre("https://one budget/b/all/50", "https://two budget/b/all/50"));
  EXPECT_EQ(headers_[0].first, "x-ai-gateway-signature");
  EXPECT_EQ(headers_[0].second,
            WebhookSignature("0123456789abcdef", absl::ToUnixSeconds(clock_.Wall()), body_));
  EXPECT_EQ(headers_[1].first, "x-ai-gateway-idempotency-key");
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_THAT(Step(), IsEmpty());
}

TEST_F(AlertSenderTest, AWebhookThatFailsRestsAndKeepsItsOrder) {
  failing_ = "https://one";
  Spend(80);
  EXPECT_THAT(Step(), ElementsAre("https://one budget/b/all/50", "https://two budget/b/all/50",
                                  "https://two budget/b/all/75"));
  EXPECT_THAT(Step(), IsEmpty());
  clock_.Advance(absl::Minutes(5));
  EXPECT_THAT(Step(), ElementsAre("https://one budget/b/all/50"));
  failing_.clear();
  clock_.Advance(absl::Minutes(5));
  EXPECT_THAT(Step(), ElementsAre("https://one budget/b/all/50", "https://one budget/b/all/75"));
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(AlertSenderTest, ADisabledWebhookWaitsAtMostThreeDays) {
  Configure({{"hook_1", Hook("https://one", /*disabled=*/true)}, {"hook_2", Hook("https://two")}});
  Spend(60);
  EXPECT_THAT(Step(), ElementsAre("https://two budget/b/all/50"));
  EXPECT_EQ(Waiting(), 1u);
  clock_.Advance(absl::Hours(71));
  EXPECT_THAT(Step(), IsEmpty());
  Configure({{"hook_1", Hook("https://one")}, {"hook_2", Hook("https://two")}});
  EXPECT_THAT(Step(), ElementsAre("https://one budget/b/all/50"));
  Configure({{"hook_1", Hook("https://one", /*disabled=*/true)}, {"hook_2", Hook("https://two")}});
  Spend(20);
  Step();
  clock_.Advance(absl::Hours(72));
  EXPECT_THAT(Step(), IsEmpty());
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(AlertSenderTest, WhatHasNoWebhookAnyMoreIsGivenUp) {
  Spend(60);
  Configure({});
  EXPECT_THAT(Step(), IsEmpty());
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(AlertSenderTest, ASecretThatDoesNotOpenOrIsEmptySendsNothing) {
  Configure({{"hook_1", {"https://one", sealer_.Seal("", "webhook/hook_1"), false}},
             {"hook_2", {"https://two", "garbage", false}}});
  Spend(60);
  EXPECT_THAT(Step(), IsEmpty());
  EXPECT_EQ(Waiting(), 2u);
}

// A real receiver on a real socket.
class WebhookClientTest : public testing::Test {
 protected:
  void Serve(int status, HttpHeaders headers = {}) {
    server_ = *HttpServer::Start(
        {}, [this, status, headers](const HttpRequest& request, HttpResponder& responder) {
          request_ = request;
          ++requests_;
          responder.Send({.status = status, .headers = headers, .body = "thanks"});
        });
  }
  absl::Status Post(bool allow_private, const std::string& url) {
    auto client =
        WebhookClient::Create({.timeout = absl::Seconds(5), .allow_private = allow_private});
    CHECK(client.ok()) << client.status();
    return (*client)->Post(url, {{"x-ai-gateway-signature", "t=1,v1=00"}}, R"({"a":1})");
  }

  HttpRequest request_;
  int requests_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(WebhookClientTest, PostsJsonWithItsHeaders) {
  Serve(204);
  ASSERT_OK(Post(true, server_->url() + "/alerts"));
  EXPECT_EQ(request_.method, "POST");
  EXPECT_EQ(request_.path, "/alerts");
  EXPECT_EQ(request_.body, R"({"a":1})");
  EXPECT_EQ(request_.Header("content-type"), "application/json");
  EXPECT_EQ(request_.Header("x-ai-gateway-signature"), "t=1,v1=00");
}

TEST_F(WebhookClientTest, OnlyTwoHundredsCountAndNoRedirectionIsFollowed) {
  Serve(302, {{"Location", "http://127.0.0.1:1/"}});
  EXPECT_EQ(Post(true, server_->url() + "/").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(requests_, 1);
  server_.reset();
  Serve(500);
  EXPECT_EQ(Post(true, server_->url() + "/").code(), absl::StatusCode::kUnavailable);
}

TEST_F(WebhookClientTest, LeadsNowhereButToThePublicInternet) {
  Serve(200);
  const std::string port = std::to_string(server_->port());
  EXPECT_EQ(Post(false, server_->url() + "/").code(), absl::StatusCode::kInvalidArgument);
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "169.254.169.254"}) {
    EXPECT_EQ(Post(false, "https://" + host + ":" + port + "/").code(),
              absl::StatusCode::kPermissionDenied)
        << host;
  }
  EXPECT_EQ(requests_, 0);
}

}  // namespace
}  // namespace tollgate::billing
