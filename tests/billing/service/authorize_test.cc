#include "billing/service/authorize.h"

#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

const std::vector<AdminToken> kTokens = {{"ops", AdminRole::kAdmin, Sha256("admin-token")},
                                         {"eyes", AdminRole::kViewer, Sha256("viewer-token")}};

TEST(AuthorizerTest, Table) {
  const auto kOk = absl::StatusCode::kOk;
  const auto kWho = absl::StatusCode::kUnauthenticated;
  const auto kDenied = absl::StatusCode::kPermissionDenied;
  const struct {
    const char* what;
    bool tokens, loopback;
    std::vector<std::string> authorization;
    std::string certificate;
    absl::StatusCode read, write;
  } kRows[] = {
      {"no tokens on loopback", false, true, {}, "", kOk, kOk},
      {"no tokens beyond", false, false, {}, "", kDenied, kDenied},
      {"no tokens beyond, a service of ours", false, false, {}, "node", kOk, kDenied},
      {"a service of ours", true, false, {}, "node", kOk, kWho},
      {"nothing shown", true, true, {}, "", kWho, kWho},
      {"an admin", true, false, {"Bearer admin-token"}, "", kOk, kOk},
      {"a viewer", true, false, {"Bearer viewer-token"}, "", kOk, kDenied},
      {"a wrong token", true, true, {"Bearer admin-tokem"}, "", kWho, kWho},
      {"an empty token", true, true, {"Bearer "}, "", kWho, kWho},
      {"another scheme", true, true, {"Basic admin-token"}, "", kWho, kWho},
      {"two headers", true, true, {"Bearer admin-token", "Bearer admin-token"}, "", kWho, kWho},
  };
  for (const auto& row : kRows) {
    const Authorizer authorizer({.tokens = row.tokens ? kTokens : std::vector<AdminToken>{},
                                 .listens_on_loopback = row.loopback});
    EXPECT_EQ(authorizer.CheckParts(row.authorization, row.certificate, AdminRole::kViewer).code(),
              row.read)
        << row.what;
    EXPECT_EQ(authorizer.CheckParts(row.authorization, row.certificate, AdminRole::kAdmin).code(),
              row.write)
        << row.what;
  }
}

TEST(AuthorizerTest, SaysWhoCalls) {
  const Authorizer authorizer({.tokens = kTokens});
  EXPECT_EQ(authorizer.NameParts({"Bearer admin-token"}, ""), "ops");
  EXPECT_EQ(authorizer.NameParts({"Bearer viewer-token"}, "node"), "eyes");
  EXPECT_EQ(authorizer.NameParts({"Bearer another"}, "node"), "node");
  EXPECT_EQ(authorizer.NameParts({}, ""), "local");
}

}  // namespace
}  // namespace tollgate::billing
