#include "base/http_server.h"

#include <atomic>
#include <future>
#include <thread>

#include "gtest/gtest.h"
#include "tests/base/raw_http_client.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using absl::StatusCode;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::unique_ptr<HttpServer> Serve(HttpHandler handler, HttpServerOptions options = {}) {
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(options, std::move(handler));
  EXPECT_OK(server);
  return *std::move(server);
}

// Answers with what it saw.
void Echo(const HttpRequest& request, HttpResponder& responder) {
  HttpResponse response;
  response.body = request.method + " " + request.path + " [" + request.body + "]";
  responder.Send(std::move(response));
}

TEST(HttpServerTest, AnswersAndKeepsTheConnection) {
  const auto server = Serve(Echo);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
  RawHttpClient client(server->port());
  client.Send("GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("[]"), StartsWith("HTTP/1.1 200 OK\r\n"));
  client.Send("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(client.ReadUntil("]"), EndsWith("POST /b [abc]"));
  client.Send("GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string last = client.ReadAll();
  EXPECT_THAT(last, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(last, EndsWith("GET /c []"));
}

TEST(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  const auto server = Serve(Echo, {.handler_threads = 4});
  RawHttpClient client(server->port());
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string text = client.ReadAll();
  EXPECT_LT(text.find("GET /1"), text.find("GET /2"));
  EXPECT_LT(text.find("GET /2"), text.find("GET /3"));
  EXPECT_THAT(text, EndsWith("GET /3 []"));
}

TEST(HttpServerTest, HeadHasTheLengthAndNoBody) {
  const auto server = Serve(Echo);
  RawHttpClient client(server->port());
  client.Send("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string text = client.ReadAll();
  EXPECT_THAT(text, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, ReadsChunkedBodiesAndExpectContinue) {
  const auto server = Serve(Echo);
  RawHttpClient client(server->port());
  client.Send(
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("]"), EndsWith("POST /a [abcde]"));
}

TEST(HttpServerTest, StreamsChunks) {
  const auto server = Serve([](const HttpRequest&, HttpResponder& responder) {
    HttpResponse head;
    head.content_type = "text/event-stream";
    EXPECT_TRUE(responder.StartStream(std::move(head)));
    EXPECT_TRUE(responder.Write("data: 1\n\n"));
    EXPECT_TRUE(responder.Write(""));
    EXPECT_TRUE(responder.IsOpen());
    EXPECT_TRUE(responder.Write("data: 2\n\n"));
    responder.Finish();
  });
  RawHttpClient client(server->port());
  for (int i = 0; i < 2; ++i) {  // Twice, on one connection.
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string text = client.ReadUntil("0\r\n\r\n");
    EXPECT_THAT(text, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(text, EndsWith("\r\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"));
  }
}

TEST(HttpServerTest, StreamsToHttp10UntilTheEndOfTheConnection) {
  const auto server = Serve([](const HttpRequest&, HttpResponder& responder) {
    responder.StartStream({});
    responder.Write("all");
    responder.Finish();
  });
  RawHttpClient client(server->port());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  const std::string text = client.ReadAll();
  EXPECT_THAT(text, Not(HasSubstr("chunked")));
  EXPECT_THAT(text, EndsWith("\r\n\r\nall"));
}

TEST(HttpServerTest, DropsAbruptlyInBothWays) {
  for (DropMode mode : {DropMode::kClose, DropMode::kReset}) {
    const auto server = Serve([mode](const HttpRequest&, HttpResponder& responder) {
      responder.StartStream({});
      responder.Write("part");
      responder.Drop(mode);
      EXPECT_FALSE(responder.IsOpen());
      EXPECT_FALSE(responder.Write("more"));
    });
    RawHttpClient client(server->port());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(client.ReadAll(), Not(HasSubstr("0\r\n\r\n")));
    EXPECT_EQ(client.was_reset(), mode == DropMode::kReset);
  }
}

TEST(HttpServerTest, AHandlerWithoutAnswerIsA500AndAnUnfinishedStreamIsCut) {
  const auto server = Serve([](const HttpRequest& request, HttpResponder& responder) {
    if (request.path == "/stream") responder.StartStream({});
  });
  RawHttpClient silent(server->port());
  silent.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(silent.ReadUntil("error\n"), StartsWith("HTTP/1.1 500 "));
  RawHttpClient streaming(server->port());
  streaming.Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(streaming.ReadAll(), EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, AnUnsafeHeaderIsA500) {
  const auto server = Serve([](const HttpRequest&, HttpResponder& responder) {
    HttpResponse response;
    response.headers = {{"X", "a\r\nSet-Cookie: b"}};
    responder.Send(std::move(response));
  });
  RawHttpClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string text = client.ReadAll();
  EXPECT_THAT(text, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(text, Not(HasSubstr("Set-Cookie")));
}

TEST(HttpServerTest, NoticesAClientThatLeft) {
  std::promise<bool> saw_it_leave;
  const auto server = Serve([&](const HttpRequest&, HttpResponder& responder) {
    responder.StartStream({});
    while (responder.IsOpen()) std::this_thread::yield();
    saw_it_leave.set_value(!responder.Write("x"));
  });
  RawHttpClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.ReadUntil("\r\n\r\n");
  client.Close();
  EXPECT_TRUE(saw_it_leave.get_future().get());
}

TEST(HttpServerTest, WritesWaitForASlowClient) {
  std::atomic<int> written{0};
  constexpr int kChunks = 200;
  const std::string chunk(64 * 1024, 'x');
  const auto server = Serve([&](const HttpRequest&, HttpResponder& responder) {
    responder.StartStream({});
    for (int i = 0; i < kChunks && responder.Write(chunk); ++i) ++written;
    responder.Finish();
  });
  RawHttpClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  client.ReadUntil("xx");
  // 12.5 MiB do not fit into the sockets' buffers: the handler cannot be done.
  EXPECT_LT(written, kChunks);
  EXPECT_THAT(client.ReadAll(), EndsWith("0\r\n\r\n"));
  EXPECT_EQ(written, kChunks);
}

TEST(HttpServerTest, RefusesWhatExceedsALimit) {
  const auto server = Serve(Echo, {.head_bytes_max = 1'000, .body_bytes_max = 100});
  const struct {
    std::string request;
    const char* status;
  } kCases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2'000, 'a') + "\r\n\r\n", "431"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n" +
           std::string(200, 'a') + "\r\n0\r\n\r\n",
       "413"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" +
           std::string(1'000'000, 'a'),
       "413"},
  };
  for (const auto& c : kCases) {
    RawHttpClient client(server->port());
    client.Send(c.request);
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith(std::string("HTTP/1.1 ") + c.status));
  }
}

TEST(HttpServerTest, RefusesMalformedAndAmbiguousRequests) {
  const auto server = Serve(Echo);
  for (const char* request :
       {"nonsense\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na"}) {
    RawHttpClient client(server->port());
    client.Send(request);
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 400 ")) << request;
  }
}

TEST(HttpServerTest, ClosesWhatIsIdleOrTooMany) {
  const auto server = Serve(Echo, {.connections_max = 1, .idle_timeout = absl::Milliseconds(300)});
  RawHttpClient first(server->port());
  first.Send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  first.ReadUntil("[]");
  RawHttpClient second(server->port());
  EXPECT_EQ(second.ReadAll(), "");  // Closed at once.
  EXPECT_EQ(first.ReadAll(), "");   // Closed when idle.
  RawHttpClient third(server->port());
  third.Send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(third.ReadUntil("[]"), EndsWith("GET /b []"));
}

TEST(HttpServerTest, StopEndsStreamsAndIdleConnections) {
  std::promise<void> streaming;
  auto server = Serve([&](const HttpRequest&, HttpResponder& responder) {
    responder.StartStream({});
    streaming.set_value();
    while (responder.Write("x")) std::this_thread::yield();
  });
  RawHttpClient idle(server->port());
  RawHttpClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  streaming.get_future().wait();
  server->Stop();
  server->Stop();
  client.ReadAll();
  EXPECT_EQ(idle.ReadAll(), "");
}

TEST(HttpServerTest, RefusesBadAddresses) {
  const auto start = [](HttpServerOptions options) {
    return HttpServer::Start(options, Echo).status();
  };
  EXPECT_THAT(start({.address = "0.0.0.0:0"}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("refusing to listen")));
  EXPECT_OK(start({.address = "0.0.0.0:0", .allow_remote = true}));
  EXPECT_OK(start({.address = "localhost:0"}));
  EXPECT_THAT(start({.address = "nowhere"}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(start({.address = "example.com:0", .allow_remote = true}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(start({.handler_threads = 0}), StatusIs(StatusCode::kInvalidArgument));
  const auto server = Serve(Echo);
  EXPECT_THAT(start({.address = "127.0.0.1:" + std::to_string(server->port())}),
              StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace tollgate
