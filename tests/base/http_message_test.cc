#include "base/http_message.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(RequestTargetTest, SplitsAndDecodes) {
  HttpRequest request;
  ASSERT_TRUE(ParseRequestTarget("/models/a%2Fb?q=x+y%26z&empty=&flag&q=second&&", request));
  EXPECT_EQ(request.path, "/models/a/b");
  EXPECT_THAT(request.query, ElementsAre(Pair("empty", ""), Pair("flag", ""), Pair("q", "x y&z")));
}

TEST(RequestTargetTest, APlusInThePathIsAPlus) {
  HttpRequest request;
  ASSERT_TRUE(ParseRequestTarget("/a+b", request));
  EXPECT_EQ(request.path, "/a+b");
  EXPECT_TRUE(request.query.empty());
}

TEST(RequestTargetTest, Refuses) {
  for (const char* target :
       {"", "*", "http://host/", "a", "/%", "/%4", "/%zz", "/%00", "/%0d", "/?a=%", "/?%zz=1"}) {
    HttpRequest request;
    EXPECT_FALSE(ParseRequestTarget(target, request)) << target;
  }
}

TEST(HeaderTest, IsFoundWithoutRegardToCase) {
  HttpRequest request;
  request.headers = {{"If-None-Match", "a"}, {"if-none-match", "b"}};
  EXPECT_EQ(request.Header("IF-NONE-MATCH"), "a");
  EXPECT_EQ(request.Header("If-Match"), std::nullopt);
}

TEST(RenderTest, WritesAHead) {
  HttpResponse response;
  response.headers = {{"ETag", "\"1\""}};
  EXPECT_EQ(RenderHead(response, BodyFraming::kLength, 5, true, absl::UnixEpoch()),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nETag: \"1\"\r\n"
            "Content-Length: 5\r\nConnection: keep-alive\r\n\r\n");
  response.status = 304;
  EXPECT_EQ(RenderHead(response, BodyFraming::kLength, 5, false, absl::UnixEpoch()),
            "HTTP/1.1 304 Not Modified\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "ETag: \"1\"\r\nConnection: close\r\n\r\n");
}

TEST(RenderTest, ChunksAreHexadecimal) {
  EXPECT_EQ(RenderChunk(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(HeadersTest, InjectionAndOurOwnNamesAreUnsafe) {
  const auto is_safe = [](std::string name, std::string value) {
    HttpResponse response;
    response.headers = {{std::move(name), std::move(value)}};
    return HeadersAreSafe(response);
  };
  EXPECT_TRUE(is_safe("X-A", "b c\td"));
  EXPECT_FALSE(is_safe("X-A", "b\r\nSet-Cookie: x"));
  EXPECT_FALSE(is_safe("X-A", std::string("b\0", 2)));
  EXPECT_FALSE(is_safe("X A", "b"));
  EXPECT_FALSE(is_safe("", "b"));
  EXPECT_FALSE(is_safe("content-LENGTH", "5"));
  EXPECT_FALSE(is_safe("Transfer-Encoding", "chunked"));
  HttpResponse response;
  response.content_type = "text/html\r\nX: y";
  EXPECT_FALSE(HeadersAreSafe(response));
}

}  // namespace
}  // namespace tollgate
