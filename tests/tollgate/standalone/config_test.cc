#include "tollgate/standalone/config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using testing::HasSubstr;

TEST(StandaloneConfig, HasDefaults) {
  ASSERT_OK_AND_ASSIGN(const StandaloneConfig config, ParseStandaloneConfig("", "test"));
  EXPECT_EQ(config.data_dir, "data");
  EXPECT_EQ(config.http.ToString(), "127.0.0.1:8080");
  EXPECT_FALSE(config.demo);
}

TEST(StandaloneConfig, ReadsEveryKey) {
  ASSERT_OK_AND_ASSIGN(const StandaloneConfig config, ParseStandaloneConfig(R"(
data_dir: /var/lib/tollgate
listen:
  http: 0.0.0.0:80
  directory: 127.0.0.1:1
  admin: 127.0.0.1:2
  ops: 127.0.0.1:3
  billing: 127.0.0.1:4
  catalog: "[::1]:5"
allow_remote: true
tls: {certificate: c.pem, private_key: k.pem}
threads: 4
durability: disk
log: {level: warning, file: /var/log/tollgate.log}
demo: true
ready_file: /run/tollgate.json
)",
                                                                            "test"));
  EXPECT_EQ(config.data_dir, "/var/lib/tollgate");
  EXPECT_EQ(config.http.ToString(), "0.0.0.0:80");
  EXPECT_EQ(config.directory.port, 1);
  EXPECT_EQ(config.admin.port, 2);
  EXPECT_EQ(config.ops.port, 3);
  EXPECT_EQ(config.billing.port, 4);
  EXPECT_EQ(config.catalog.ToString(), "[::1]:5");
  EXPECT_TRUE(config.allow_remote);
  EXPECT_EQ(config.http_certificate, "c.pem");
  EXPECT_EQ(config.http_private_key, "k.pem");
  EXPECT_EQ(config.threads, 4);
  EXPECT_EQ(config.durability, "disk");
  EXPECT_EQ(config.log.level, LogLevel::kWarning);
  EXPECT_EQ(config.log.path, "/var/log/tollgate.log");
  EXPECT_TRUE(config.demo);
  EXPECT_EQ(config.ready_file, "/run/tollgate.json");
}

TEST(StandaloneConfig, RefusesUnknownAndIllTypedKeysWithTheirLine) {
  const struct {
    const char* yaml;
    const char* objection;
  } kCases[] = {
      {"data_dri: x\n", "test:1: unknown key 'data_dri'"},
      {"listen:\n  htpp: 127.0.0.1:1\n", "test:2: unknown key 'htpp' in 'listen'"},
      {"listen:\n  http: 8080\n", "test:2: 'listen.http' must be"},
      {"tls: {certificate: c.pem}\n", "test:1: 'tls' needs both"},
      {"threads: many\n", "test:1: 'threads' must be"},
      {"threads: -1\n", "test:1: 'threads' must be"},
      {"durability: hope\n", "test:1: 'durability' must be one of process, disk"},
      {"demo: 7\n", "test:1: 'demo' must be"},
      {"a: [\n", "test:"},
  };
  for (const auto& test_case : kCases) {
    EXPECT_THAT(ParseStandaloneConfig(test_case.yaml, "test"),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test_case.objection)))
        << test_case.yaml;
  }
}

}  // namespace
}  // namespace tollgate
