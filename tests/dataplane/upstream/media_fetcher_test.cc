// What is fetched by URL, from where, and how much.
#include "dataplane/upstream/media_fetcher.h"

#include <boost/asio/executor_work_guard.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "dataplane/http/coarse_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;

const asio::ip::address kLoopback = asio::ip::make_address("127.0.0.1");

class MediaFetcherTest : public testing::Test {
 protected:
  // Hosts have the addresses that the test says, and only these may be connected to.
  absl::StatusOr<FetchedMedia> Fetch(const std::string& url, std::uint64_t bytes_max = 1000,
                                     absl::Duration time = absl::Seconds(5)) {
    auto roots = TrustedRoots::Load("");
    EXPECT_TRUE(roots.ok());
    asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
    TimerWheel wheel(MonotonicMs(RealClock()));
    Dialer dialer(io, wheel, **roots,
                  {.admits = admits_, .resolve = [this](const std::string& host) {
                     asked_.push_back(host);
                     return addresses_;
                   }});
    MediaFetcher fetcher(dialer, wheel, RealClock());
    std::optional<absl::StatusOr<FetchedMedia>> result;
    std::unique_ptr<UpstreamConnection> connection;
    Spawn(io, Run(fetcher, url, bytes_max, RealClock().Monotonic() + time, connection, result));
    while (!result.has_value()) {
      io.run_for(std::chrono::milliseconds(kTimerTickMs));
      io.restart();
      wheel.Advance(MonotonicMs(RealClock()));
    }
    return *std::move(result);
  }

  static Task<void> Run(MediaFetcher& fetcher, std::string url, std::uint64_t bytes_max,
                        MonotonicTime deadline, std::unique_ptr<UpstreamConnection>& connection,
                        std::optional<absl::StatusOr<FetchedMedia>>& result) {
    result = co_await fetcher.Fetch(url, bytes_max, deadline, connection);
  }

  std::string Url(std::string_view host, std::string_view path) const {
    return absl::StrCat("http://", std::string(host), ":", upstream_.port(), std::string(path));
  }

  ScriptedUpstream upstream_;
  std::function<bool(const asio::ip::address&)> admits_ = [](const asio::ip::address& address) {
    return address == kLoopback;
  };
  std::vector<asio::ip::address> addresses_ = {kLoopback};
  std::vector<std::string> asked_;
};

TEST_F(MediaFetcherTest, FetchesWhatIsThere) {
  upstream_.Expect({.pieces = {HttpAnswer(200, "Image/PNG; q=1", "bytes")}});
  const auto media = Fetch(Url("pictures.example", "/a%20b.png?x=1&y=2#part"));
  ASSERT_TRUE(media.ok()) << media.status();
  EXPECT_EQ(media->bytes, "bytes");
  EXPECT_EQ(media->media_type, "image/png");
  EXPECT_EQ(asked_, std::vector<std::string>{"pictures.example"});
  ASSERT_EQ(upstream_.requests().size(), 1u);
  const std::string request = upstream_.requests()[0];
  EXPECT_TRUE(request.starts_with("GET /a%20b.png?x=1&y=2 HTTP/1.1\r\nhost: pictures.example:"))
      << request;
}

TEST_F(MediaFetcherTest, EveryAddressOfAHostMustBeAdmitted) {
  addresses_ = {kLoopback, asio::ip::make_address("10.0.0.1")};
  EXPECT_THAT(Fetch(Url("mixed.example", "/a")).status().message(), HasSubstr("cannot be reached"));
  EXPECT_EQ(upstream_.connections(), 0);
  addresses_ = {};
  EXPECT_THAT(Fetch(Url("nowhere.example", "/a")).status().message(),
              HasSubstr("cannot be reached"));
}

TEST_F(MediaFetcherTest, TheGuardOfTheGatewayAdmitsNoneOfItsOwnNetwork) {
  admits_ = IsGlobalUnicast;
  for (const std::string& url : {Url("127.0.0.1", "/a"), Url("[::1]", "/a"),
                                 Url("[::ffff:127.0.0.1]", "/a"), Url("by-name.example", "/a")}) {
    EXPECT_THAT(Fetch(url).status().message(), HasSubstr("cannot be reached")) << url;
  }
  EXPECT_EQ(upstream_.connections(), 0);
}

TEST_F(MediaFetcherTest, RedirectsAreNotFollowed) {
  for (const int status : {301, 302, 303, 307, 308}) {
    upstream_.Expect(
        {.pieces = {HttpAnswer(status, "text/plain", "", "location: http://10.0.0.1/\r\n")},
         .close = true});
    EXPECT_THAT(Fetch(Url("a.example", "/a")).status().message(), HasSubstr("leads elsewhere"));
  }
  EXPECT_EQ(upstream_.requests().size(), 5u);
}

TEST_F(MediaFetcherTest, SizeIsLimitedHoweverItIsFramed) {
  upstream_.Expect(
      {.pieces = {HttpAnswer(200, "image/png", std::string(1001, 'x'))}, .close = true});
  EXPECT_THAT(Fetch(Url("a.example", "/a")).status().message(), HasSubstr("too large"));
  upstream_.Expect({.pieces = {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                               Chunk(std::string(900, 'x')), Chunk(std::string(900, 'x'))},
                    .close = true});
  EXPECT_THAT(Fetch(Url("a.example", "/a")).status().message(), HasSubstr("too large"));
  upstream_.Expect({.pieces = {"HTTP/1.1 200 OK\r\n\r\n", std::string(2000, 'x')}, .close = true});
  EXPECT_THAT(Fetch(Url("a.example", "/a")).status().message(), HasSubstr("too large"));
}

TEST_F(MediaFetcherTest, TimeIsLimited) {
  upstream_.Expect(
      {.pieces = {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1", "2"}, .pause_ms = 2000});
  EXPECT_THAT(Fetch(Url("a.example", "/a"), 1000, absl::Milliseconds(200)).status().message(),
              HasSubstr("too long"));
}

TEST_F(MediaFetcherTest, AnAnswerMustBeWholeAndGood) {
  upstream_.Expect({.pieces = {HttpAnswer(404, "text/plain", "no")}, .close = true});
  EXPECT_THAT(Fetch(Url("a.example", "/a")).status().message(), HasSubstr("status 404"));
  for (const std::string& bad :
       {std::string("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1"),
        HttpAnswer(200, "image/png", "zip", "content-encoding: gzip\r\n"),
        std::string("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
        std::string("hello\r\n\r\n"), std::string()}) {
    upstream_.Expect({.pieces = {bad}, .close = true});
    EXPECT_THAT(Fetch(Url("a.example", "/a")).status().message(), HasSubstr("can be read")) << bad;
  }
}

TEST_F(MediaFetcherTest, WhatIsNoPlainUrlIsNotAskedFor) {
  for (const std::string& url :
       {std::string("ftp://a.example/a"), std::string("file:///etc/passwd"), std::string("a"),
        std::string("http://user@a.example/"), std::string("http:///a"), Url("a.example", "/a b"),
        Url("a.example", "/a\r\nx: y"), Url("a.example", "\\@b.example/"),
        std::string("http://a.example:99999/"), Url("a.example", "/\x80"),
        Url("a.example", "/" + std::string(kFetchUrlBytesMax, 'a'))}) {
    EXPECT_THAT(Fetch(url).status().message(), HasSubstr("no http or https URL")) << url;
  }
  EXPECT_TRUE(asked_.empty());
}

}  // namespace
}  // namespace tollgate::dataplane
