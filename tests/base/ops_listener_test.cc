#include "base/ops_listener.h"

#include "gtest/gtest.h"
#include "tests/base/raw_http_client.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string Fetch(int port, const std::string& path, const std::string& method = "GET") {
  RawHttpClient client(port);
  client.Send(method + " " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  return client.ReadAll();
}

TEST(OpsListenerTest, AnswersAsTheCallbacksSay) {
  bool live = true;
  absl::Status ready = absl::UnavailableError("no snapshot yet");
  OpsListenerOptions options;
  options.live = [&] { return live; };
  options.ready = [&] { return ready; };
  options.metrics = [] { return "tollgate_up 1\n"; };
  options.paths["/config_dump"] = [](const HttpRequest& request) {
    HttpResponse response;
    response.content_type = "application/json";
    response.body = "{\"q\":\"" + request.query.at("q") + "\"}";
    return response;
  };
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<OpsListener> ops, OpsListener::Start(options));
  EXPECT_THAT(Fetch(ops->port(), "/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Fetch(ops->port(), "/readyz"), EndsWith("no snapshot yet\n"));
  EXPECT_THAT(Fetch(ops->port(), "/readyz"), StartsWith("HTTP/1.1 503 "));
  live = false;
  ready = absl::OkStatus();
  EXPECT_THAT(Fetch(ops->port(), "/livez"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Fetch(ops->port(), "/readyz"), StartsWith("HTTP/1.1 200 "));
  const std::string metrics = Fetch(ops->port(), "/metrics");
  EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(metrics, EndsWith("tollgate_up 1\n"));
  EXPECT_THAT(Fetch(ops->port(), "/config_dump?q=1"), EndsWith("{\"q\":\"1\"}"));
  EXPECT_THAT(Fetch(ops->port(), "/other"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Fetch(ops->port(), "/livez", "DELETE"), StartsWith("HTTP/1.1 405 "));
}

TEST(OpsListenerTest, WithoutCallbacksItIsLiveReadyAndHasNoMetrics) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<OpsListener> ops, OpsListener::Start({}));
  EXPECT_THAT(Fetch(ops->port(), "/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Fetch(ops->port(), "/readyz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Fetch(ops->port(), "/metrics"), StartsWith("HTTP/1.1 404 "));
}

TEST(OpsListenerTest, StaysOnLoopbackUnlessTold) {
  EXPECT_THAT(OpsListener::Start({.address = "0.0.0.0:0"}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate
