#include "controlplane/config.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::controlplane {
namespace {

using testing::HasSubstr;

const std::string kSha(64, 'a');
const std::string kMinimal = "data_dir: d\npepper_file: p\nseal_key_file: s\n";

TEST(ConfigTest, HasDefaults) {
  ASSERT_OK_AND_ASSIGN(const Config config, ParseConfig(kMinimal, "c.yaml"));
  EXPECT_EQ(config.listen, "127.0.0.1:7402");
  EXPECT_TRUE(config.tls.empty());
  EXPECT_TRUE(config.tokens.empty());
  EXPECT_EQ(config.catalog_address, "");
  EXPECT_FALSE(config.restore);
}

TEST(ConfigTest, ReadsTokens) {
  ASSERT_OK_AND_ASSIGN(
      const Config config,
      ParseConfig(kMinimal + "tokens:\n- {name: ops, role: admin, sha256: " + kSha +
                      "}\n- {name: eve, role: viewer, sha256: " + kSha +
                      "}\n- {name: n1, role: node, sha256: " + kSha + "}\n",
                  "c.yaml"));
  ASSERT_EQ(config.tokens.size(), 3);
  EXPECT_EQ(config.tokens[0].role, Role::kAdmin);
  EXPECT_EQ(config.tokens[1].role, Role::kViewer);
  EXPECT_EQ(config.tokens[2].role, Role::kNode);
  EXPECT_EQ(config.tokens[0].sha256[0], 0xaa);
}

TEST(ConfigTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(ParseConfig("", "c.yaml").status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseConfig(kMinimal + "lisen: x\n", "c.yaml").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("c.yaml:4")));
  EXPECT_FALSE(
      ParseConfig(kMinimal + "tokens:\n- {name: a, role: king, sha256: " + kSha + "}\n", "c").ok());
  EXPECT_FALSE(ParseConfig(kMinimal + "tokens:\n- {name: a, role: admin, sha256: 12}\n", "c").ok());
  const std::string twice = "- {name: a, role: admin, sha256: " + kSha + "}\n";
  EXPECT_FALSE(ParseConfig(kMinimal + "tokens:\n" + twice + twice, "c").ok());
}

TEST(ConfigTest, ReadsATokenFileAndQuotesNothingOfIt) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Token> tokens,
                       ParseTokens("# who\n\nops admin " + kSha + "\n", "tokens"));
  ASSERT_EQ(tokens.size(), 1);
  EXPECT_EQ(tokens[0].name, "ops");
  const absl::Status status = ParseTokens("ops admin\nsecret", "tokens").status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tokens:1")));
  EXPECT_FALSE(ParseTokens("ops admin " + kSha + " more", "tokens").ok());
}

}  // namespace
}  // namespace tollgate::controlplane
