#include "catalog/config.h"

#include "base/file_system.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::catalog {
namespace {

using testing::HasSubstr;

constexpr const char* kOne = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";

TEST(ConfigTest, ReadsEveryKey) {
  ASSERT_OK_AND_ASSIGN(const Config config, ParseConfig(std::string(R"(
listen: 127.0.0.1:1
directory_listen: 127.0.0.1:2
directory_allow_remote: true
public_url: https://prices.example.com
data_dir: /var/lib/x
seed: false
ops_listen: 127.0.0.1:3
ops_allow_remote: true
log: {level: warning, file: /tmp/log}
admin_tokens:
  - {name: ci, sha256: )") + kOne + "}\n",
                                                        "c.yaml"));
  EXPECT_EQ(config.listen, "127.0.0.1:1");
  EXPECT_EQ(config.directory_listen, "127.0.0.1:2");
  EXPECT_TRUE(config.directory_allow_remote);
  EXPECT_EQ(config.public_url, "https://prices.example.com");
  EXPECT_FALSE(config.seed);
  EXPECT_EQ(config.log.level, LogLevel::kWarning);
  ASSERT_EQ(config.admin_tokens.size(), 1u);
  EXPECT_EQ(HexEncode(DigestView(config.admin_tokens[0])), kOne);
}

TEST(ConfigTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(ParseConfig("data_dir: x\nlisten_on: y\n", "c.yaml"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("c.yaml:2")));
  EXPECT_THAT(ParseConfig("listen: y\n", "c.yaml"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("data_dir")));
  EXPECT_THAT(ParseConfig("data_dir: x\npublic_url: ftp://x\n", "c.yaml"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("public_url")));
  EXPECT_THAT(ParseConfig("data_dir: x\nadmin_tokens: [{name: a, sha256: short}]\n", "c.yaml"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("sha256")));
}

TEST(ConfigTest, TakesTheAdminsOfATokenFile) {
  TempDir folder;
  const auto write = [&](const std::string& text) {
    EXPECT_OK(RealFileSystem().WriteFileAtomically(folder.File("tokens"), text, kModePrivate));
    return ParseConfig("data_dir: x\ntoken_file: " + folder.File("tokens") + "\n", "c.yaml");
  };
  const absl::StatusOr<Config> config =
      write(std::string("# comment\n\na admin ") + kOne + "\nb viewer " + kOne + "\n");
  ASSERT_OK(config);
  EXPECT_EQ(config->admin_tokens.size(), 1u);
  EXPECT_THAT(write("a admin nothex\n"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(write(std::string("b viewer ") + kOne + "\n"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate::catalog
