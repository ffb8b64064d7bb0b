#include "dataplane/http/response_head.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

bool Parse(const std::string& bytes, ResponseHead& head) {
  HeadEnd end;
  return end.Find(bytes) == HeadProgress::kComplete && ParseResponseHead(bytes, head);
}

TEST(ResponseHeadTest, ReadsFramingAndWhatRelayingNeeds) {
  ResponseHead head;
  ASSERT_TRUE(
      Parse("HTTP/1.1 429 Too Many\r\nContent-Type: a/b\r\nRetry-After: 3\r\n"
            "retry-after-ms: 2500\r\nContent-Length: 12\r\n\r\n",
            head));
  EXPECT_EQ(head.status, 429);
  EXPECT_EQ(head.framing, BodyFraming::kLength);
  EXPECT_EQ(head.content_length, 12u);
  EXPECT_EQ(head.content_type, "a/b");
  EXPECT_EQ(head.retry_after, "3");
  EXPECT_EQ(head.retry_after_ms, "2500");
  EXPECT_TRUE(head.keep_alive);
  ASSERT_TRUE(
      Parse("HTTP/1.1 200\r\ntransfer-encoding: chunked\r\nconnection: Close\r\n\r\n", head));
  EXPECT_EQ(head.framing, BodyFraming::kChunked);
  EXPECT_FALSE(head.keep_alive);
  ASSERT_TRUE(Parse("HTTP/1.1 200 OK\r\nx: y\r\n\r\n", head));
  EXPECT_EQ(head.framing, BodyFraming::kUntilClose);
  EXPECT_FALSE(head.keep_alive);
  ASSERT_TRUE(Parse("HTTP/1.1 204 No Content\r\nx: y\r\n\r\n", head));
  EXPECT_EQ(head.framing, BodyFraming::kNone);
  ASSERT_TRUE(Parse("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", head));
  EXPECT_TRUE(head.informational());
}

TEST(ResponseHeadTest, RefusesWhatCannotBeTrusted) {
  for (const std::string bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "HTTP/2 200 OK\r\nx: y\r\n\r\n",
        "HTTP/1.1 20 OK\r\nx: y\r\n\r\n", "HTTP/1.1 2000\r\nx: y\r\n\r\n",
        "HTTP/1.1 600 X\r\nx: y\r\n\r\n", "HTTP/1.1 200 OK\r\nx: a\rb: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\n x: y\r\n\r\n", "HTTP/1.1 200 OK\nx: y\r\n\r\n",
        "HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n", "ICY 200 OK\r\nx: y\r\n\r\n"}) {
    ResponseHead head;
    EXPECT_FALSE(Parse(bytes, head)) << bytes;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
