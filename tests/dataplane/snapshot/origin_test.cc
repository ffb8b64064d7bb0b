#include "dataplane/snapshot/origin.h"

#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

TEST(OriginTest, TakesBaseUrlsApart) {
  EXPECT_THAT(ParseOrigin("https://api.example.com/v1/"),
              IsOkAndHolds(Origin{true, "api.example.com", 443, "/v1"}));
  EXPECT_THAT(ParseOrigin("http://127.0.0.1:8080"),
              IsOkAndHolds(Origin{false, "127.0.0.1", 8080, ""}));
  EXPECT_THAT(ParseOrigin("https://API.Example.com:8443/a/b"),
              IsOkAndHolds(Origin{true, "api.example.com", 8443, "/a/b"}));
}

TEST(OriginTest, HostHeaderLeavesTheSchemesPortOut) {
  EXPECT_EQ(ParseOrigin("https://a.example")->HostHeader(), "a.example");
  EXPECT_EQ(ParseOrigin("https://a.example:80")->HostHeader(), "a.example:80");
  EXPECT_EQ(ParseOrigin("http://a.example:8080")->HostHeader(), "a.example:8080");
}

TEST(OriginTest, RefusesEverythingElse) {
  for (const char* url :
       {"", "ftp://a", "https://", "https://user@a", "https://a?x=1", "https://a#b", "https://a\\b",
        "https://a/%2e", "https://a/../b", "https://a/./b", "https://a:0", "https://a:65536",
        "https://a:x", "https://a b", "https://a:", "//a"}) {
    EXPECT_FALSE(ParseOrigin(url).ok()) << url;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
