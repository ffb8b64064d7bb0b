#include "base/host_port.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

TEST(HostPortTest, ParsesAndPrints) {
  for (const char* text : {"127.0.0.1:8080", "localhost:0", "[::1]:65535", "a-b.example:1"}) {
    ASSERT_OK_AND_ASSIGN(const HostPort address, ParseHostPort(text));
    EXPECT_EQ(address.ToString(), text);
  }
  EXPECT_THAT(ParseHostPort("[::1]:9"), IsOkAndHolds(HostPort{"::1", 9}));
}

TEST(HostPortTest, Refuses) {
  for (const char* text :
       {"", ":", "host", ":80", "host:", "host:65536", "host:-1", "host:+1", "host:8o", "::1:80",
        "[]:80", "ho st:80", "host/x:80", "user@host:80", "host:000080", "http://host:80"}) {
    EXPECT_THAT(ParseHostPort(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_FALSE(ParseHostPort(std::string(254, 'a') + ":1").ok());
}

TEST(HostPortTest, KnowsLoopback) {
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1", "localhost"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "10.0.0.1", "::", "::ffff:127.0.0.1", "127.1", "example.com",
                           "localhost.example.com", ""}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

}  // namespace
}  // namespace tollgate
