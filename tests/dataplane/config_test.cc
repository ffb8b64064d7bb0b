#include "dataplane/config.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;

constexpr std::string_view kLeast = "data_dir: d\npepper_file: p\nseal_key_file: s\n";

absl::StatusOr<Config> Parse(const std::string& more) {
  return ParseConfig(std::string(kLeast) + more, "test.yaml");
}

TEST(DataplaneConfigTest, DefaultsAndEveryKey) {
  ASSERT_OK_AND_ASSIGN(const Config least, Parse(""));
  EXPECT_EQ(least.http_listen, "127.0.0.1:7400");
  EXPECT_TRUE(least.drain_when_client_left);
  ASSERT_OK_AND_ASSIGN(const Config config, Parse(R"(
http: {listen: "0.0.0.0:80", tls: {certificate: c, private_key: k}}
workers: 3
ops: {listen: "127.0.0.1:0", allow_remote: true}
control_plane: {address: "a:1", token_file: t, tls: {certificate: c, private_key: k, ca: r}}
billing: {address: "b:2", token_file: u}
durability: disk
spool: {segment_bytes: 2MiB, bytes_max: 1GiB, interrupted: charge_nothing, ship_interval: 50ms}
lease: {wait_max: 20ms, refill_horizon: 5s, idle_release: 10s, slots: 64}
limits: {request_bytes_max: 1MiB, answer_bytes_max: 2MiB}
timeouts: {head: 1s, body_idle: 2s, body_total: 3s, write_idle: 4s, keep_alive: 5s,
  tls_handshake: 6s}
upstream: {idle_timeout: 7s, ca_file: f}
client_left: {policy: cancel, time_max: 8s, bytes_max: 9KiB}
drain_timeout: 10s
access_log: {enabled: false, path: l}
log: {level: warning, path: m}
)"));
  EXPECT_EQ(config.http_certificate, "c");
  EXPECT_EQ(config.workers, 3);
  EXPECT_TRUE(config.ops_allow_remote);
  EXPECT_EQ(config.control_plane.tls.ca_path, "r");
  EXPECT_EQ(config.control_plane.token_file, "t");
  EXPECT_EQ(config.billing.address, "b:2");
  EXPECT_EQ(config.billing.token_file, "u");
  EXPECT_TRUE(config.durable_on_disk);
  EXPECT_FALSE(config.interrupted_charges_hold);
  EXPECT_EQ(config.lease_wait_max, absl::Milliseconds(20));
  EXPECT_EQ(config.request_bytes_max, 1u << 20);
  EXPECT_EQ(config.keep_alive_timeout, absl::Seconds(5));
  EXPECT_FALSE(config.drain_when_client_left);
  EXPECT_EQ(config.drain_bytes_max, 9u * 1024);
  EXPECT_FALSE(config.access_log_enabled);
  EXPECT_EQ(config.log.level, LogLevel::kWarning);
}

TEST(DataplaneConfigTest, Refusals) {
  EXPECT_THAT(ParseConfig("pepper_file: p\nseal_key_file: s\n", "test.yaml"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("data_dir")));
  for (const std::string more :
       {"lisen: x", "http: {lisen: x}", "http: {listen: nowhere}", "workers: -1", "workers: x",
        "http: {tls: {certificate: c}}", "durability: sometimes", "spool: {segment_bytes: 1}",
        "drain_timeout: never", "timeouts: {head: 0}", "client_left: {policy: forget}"}) {
    EXPECT_THAT(Parse(more), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("test.yaml:4")))
        << more;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
