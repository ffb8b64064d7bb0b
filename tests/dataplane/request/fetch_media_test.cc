// Images and files by URL, of providers that take bytes only.
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/request/anthropic_events.h"
#include "tests/dataplane/request/requests.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;

const asio::ip::address kLoopback = asio::ip::make_address("127.0.0.1");
// Every host is the test's own.
const DialGuard kToTheTest{
    .admits = [](const asio::ip::address& address) { return address == kLoopback; },
    .resolve = [](const std::string&) { return std::vector<asio::ip::address>{kLoopback}; }};

std::string ImageBody(std::string_view url) {
  return absl::StrCat(
      R"({"model":"acme/small","max_tokens":50,"messages":[{"role":"user","content":[)",
      R"({"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":")", AbslView(url),
      R"("}}]}]})");
}

// A server of pictures; plain http is what Anthropic's API does not fetch.
class FetchMediaTest : public testing::Test {
 protected:
  std::string Url(std::string_view path) const {
    return absl::StrCat("http://pictures.example:", pictures_.port(), AbslView(path));
  }

  ScriptedUpstream pictures_;
  ScriptedUpstream upstream_;
};

TEST_F(FetchMediaTest, AnImageIsSentAsBytes) {
  pictures_.Expect({.pieces = {HttpAnswer(200, "image/png", "\x89PNG")}, .close = true});
  upstream_.Expect({.pieces = {HttpAnswer(200, "application/json", kAnthropicAnswer)}});
  TestGateway gateway(upstream_.base_url(), "", {.fetch_guard = &kToTheTest});
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(gateway.Post(ImageBody(Url("/cat.png"))));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(
      BodyOf(upstream_.requests().at(0)),
      HasSubstr(R"("source":{"type":"base64","media_type":"image/png","data":"iVBORw=="})"));
  EXPECT_THAT(pictures_.requests().at(0), HasSubstr("GET /cat.png HTTP/1.1"));
}

TEST_F(FetchMediaTest, WhatTheProviderFetchesIsLeftToIt) {
  upstream_.Expect({.pieces = {HttpAnswer(200, "application/json", kAnthropicAnswer)}});
  TestGateway gateway(upstream_.base_url(), "", {.fetch_guard = &kToTheTest});
  SpeakAnthropic(gateway);
  const ClientAnswer answer =
      gateway.Call(gateway.Post(ImageBody("https://pictures.example/cat.png")));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(BodyOf(upstream_.requests().at(0)),
              HasSubstr(R"("source":{"type":"url","url":"https://pictures.example/cat.png"})"));
  EXPECT_TRUE(pictures_.requests().empty());
}

TEST_F(FetchMediaTest, WhatCannotBeFetchedIsTheCallersFaultAndCostsNothing) {
  TestGateway gateway(upstream_.base_url(), "", {.fetch_guard = &kToTheTest});
  SpeakAnthropic(gateway);
  pictures_.Expect({.pieces = {HttpAnswer(404, "text/plain", "no")}, .close = true});
  ClientAnswer answer = gateway.Call(gateway.Post(ImageBody(Url("/gone.png"))));
  ExpectError(answer, 400, "invalid_value");
  EXPECT_THAT(answer.body, HasSubstr("could not be fetched: its server answered with status 404"));
  pictures_.Expect({.pieces = {HttpAnswer(200, "text/html", "<html>")}, .close = true});
  answer = gateway.Call(gateway.Post(ImageBody(Url("/page"))));
  ExpectError(answer, 400, "invalid_value");
  EXPECT_THAT(answer.body, HasSubstr("it is no image"));
  EXPECT_TRUE(upstream_.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

TEST_F(FetchMediaTest, AGatewayThatFetchesNothingSaysSo) {
  TestGateway gateway(upstream_.base_url(), "");
  SpeakAnthropic(gateway);
  const ClientAnswer answer = gateway.Call(gateway.Post(ImageBody(Url("/cat.png"))));
  ExpectError(answer, 400, "unsupported_parameter");
  EXPECT_THAT(answer.body, HasSubstr("send its bytes"));
  EXPECT_TRUE(pictures_.requests().empty());
  EXPECT_EQ(gateway.WalletLeft(), kWallet);
}

// What one provider cannot be given, the next may take as a link.
TEST_F(FetchMediaTest, AnotherProviderMayTakeTheLink) {
  upstream_.Expect({.pieces = {HttpAnswer(200, "application/json", Completion("hello", 10, 5))}});
  TestGateway gateway(upstream_.base_url(), upstream_.base_url());
  SpeakAnthropic(gateway, "p1");
  const ClientAnswer answer = gateway.Call(gateway.Post(ImageBody(Url("/cat.png"))));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-tollgate-provider"), "p2");
}

}  // namespace
}  // namespace tollgate::dataplane
