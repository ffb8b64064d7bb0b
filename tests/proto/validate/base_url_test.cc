#include "proto/validate/base_url.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate {
namespace {

TEST(BaseUrlTest, AcceptsWhatProvidersHave) {
  for (const char* url :
       {"https://api.openai.com/v1", "http://127.0.0.1:8080", "https://[::1]:8443/a/b",
        "https://eu.example.com", "https://example.com/openai/deployments/gpt-4o%20mini/"}) {
    EXPECT_EQ(BaseUrlObjection(url), "") << url;
  }
}

TEST(BaseUrlTest, RefusesWhatWouldSendACredentialElsewhere) {
  for (const char* url :
       {"", "api.openai.com", "ftp://example.com", "file:///etc/passwd", "https://",
        "https://user:pass@example.com/", "https://example.com/v1?x=1", "https://example.com/#a",
        "https://example.com?x", "https://exa mple.com/", "https://example.com/a b",
        "https://example.com:port/", "https://example.com:99999/", "https://example.com/a/../b",
        "https://example.com/..", "HTTPS://example.com", "https://example.com/\r\nX: y",
        "https://example.com\\@evil.com/"}) {
    EXPECT_NE(BaseUrlObjection(url), "") << url;
  }
  EXPECT_NE(BaseUrlObjection("https://example.com/" + std::string(kBaseUrlCharsMax, 'a')), "");
}

}  // namespace
}  // namespace tollgate
