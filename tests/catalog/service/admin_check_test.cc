#include "catalog/service/admin_check.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

using absl::StatusCode;

TEST(AdminCheckTest, WithoutTokensOnlyThisMachine) {
  const AdminCheck check({});
  for (const char* peer : {"ipv4:127.0.0.1:5000", "ipv4:127.9.9.9:1", "ipv6:[::1]:5000",
                           "ipv6:%5B::1%5D:5000", "unix:/tmp/x"}) {
    EXPECT_OK(check.Check("", peer)) << peer;
  }
  for (const char* peer : {"ipv4:10.0.0.1:5000", "ipv6:[2001:db8::1]:5000", "",
                           "ipv4:", "ipv6:%5B2001:db8::1%5D:5", "ipv4:128.0.0.1:127"}) {
    EXPECT_THAT(check.Check("", peer), StatusIs(StatusCode::kPermissionDenied)) << peer;
  }
}

TEST(AdminCheckTest, WithTokensOnlyTheirBearers) {
  const AdminCheck check({Sha256("one"), Sha256("two")});
  EXPECT_OK(check.Check("Bearer one", "ipv4:10.0.0.1:5000"));
  EXPECT_OK(check.Check("Bearer two", "ipv4:10.0.0.1:5000"));
  for (const char* authorization :
       {"", "one", "Bearer ", "Bearer three", "bearer one", "Basic one"}) {
    EXPECT_THAT(check.Check(authorization, "ipv4:127.0.0.1:5000"),
                StatusIs(StatusCode::kUnauthenticated))
        << authorization;
  }
}

}  // namespace
}  // namespace tollgate::catalog
