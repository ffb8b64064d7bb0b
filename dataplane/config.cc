#include "dataplane/config.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "base/config_file.h"
#include "base/host_port.h"
#include "base/status_macros.h"
#include "dataplane/limits.h"

namespace tollgate::dataplane {
namespace {

ServiceAddress ReadService(const ConfigNode& node) {
  const ConfigNode tls = node.Child("tls");
  return {.address = node.Get<std::string>("address", ""),
          .tls = {.certificate_path = tls.Get<std::string>("certificate", ""),
                  .private_key_path = tls.Get<std::string>("private_key", ""),
                  .ca_path = tls.Get<std::string>("ca", "")},
          .token_file = node.Get<std::string>("token_file", "")};
}

void ReadDuration(const ConfigNode& node, std::string_view key, absl::Duration& value,
                  absl::Duration min, absl::Duration max) {
  value = node.Get<absl::Duration>(key, value);
  if (value < min || value > max) {
    node.Fail(key, "must be " + absl::FormatDuration(min) + " to " + absl::FormatDuration(max));
  }
}

void ReadBytes(const ConfigNode& node, std::string_view key, std::uint64_t& value,
               std::uint64_t min) {
  value = node.Get<ByteSize>(key, ByteSize{value}).bytes;
  if (value < min) node.Fail(key, "must be at least " + std::to_string(min) + " bytes");
}

void ReadListeners(const ConfigNode& root, Config& config) {
  const ConfigNode http = root.Child("http");
  config.http_listen = http.Get<std::string>("listen", config.http_listen);
  if (!ParseHostPort(config.http_listen).ok()) http.Fail("listen", "must be host:port");
  const ConfigNode tls = http.Child("tls");
  config.http_certificate = tls.Get<std::string>("certificate", "");
  config.http_private_key = tls.Get<std::string>("private_key", "");
  if (config.http_certificate.empty() != config.http_private_key.empty()) {
    http.Fail("tls", "needs both certificate and private_key");
  }
  config.workers = static_cast<int>(root.GetInt("workers", config.workers, {0, kWorkersMax}));
  const ConfigNode ops = root.Child("ops");
  config.ops_listen = ops.Get<std::string>("listen", config.ops_listen);
  config.ops_allow_remote = ops.Get<bool>("allow_remote", config.ops_allow_remote);
}

void ReadMoney(const ConfigNode& root, Config& config) {
  config.durable_on_disk = root.GetChoice("durability", "process", {"process", "disk"}) == "disk";
  const ConfigNode spool = root.Child("spool");
  ReadBytes(spool, "segment_bytes", config.spool_segment_bytes, 1 << 20);
  ReadBytes(spool, "bytes_max", config.spool_bytes_max, 4 << 20);
  config.interrupted_charges_hold =
      spool.GetChoice("interrupted", "charge_hold", {"charge_hold", "charge_nothing"}) ==
      "charge_hold";
  ReadDuration(spool, "ship_interval", config.ship_interval, absl::Milliseconds(1),
               absl::Seconds(10));
  const ConfigNode lease = root.Child("lease");
  ReadDuration(lease, "wait_max", config.lease_wait_max, absl::ZeroDuration(), absl::Seconds(5));
  ReadDuration(lease, "refill_horizon", config.lease_refill_horizon, absl::Milliseconds(100),
               absl::Minutes(10));
  ReadDuration(lease, "idle_release", config.lease_idle_release, absl::Milliseconds(100),
               absl::Hours(1));
  config.lease_slots =
      static_cast<std::uint32_t>(lease.GetInt("slots", config.lease_slots, {16, 4'000'000}));
}

void ReadLimits(const ConfigNode& root, Config& config) {
  const ConfigNode limits = root.Child("limits");
  ReadBytes(limits, "request_bytes_max", config.request_bytes_max, 1024);
  ReadBytes(limits, "answer_bytes_max", config.answer_bytes_max, 1024);
  const ConfigNode timeouts = root.Child("timeouts");
  const absl::Duration least = absl::Milliseconds(100);
  const absl::Duration most = absl::Hours(1);
  ReadDuration(timeouts, "head", config.head_timeout, least, most);
  ReadDuration(timeouts, "body_idle", config.body_idle_timeout, least, most);
  ReadDuration(timeouts, "body_total", config.body_total_timeout, least, most);
  ReadDuration(timeouts, "write_idle", config.write_idle_timeout, least, most);
  ReadDuration(timeouts, "keep_alive", config.keep_alive_timeout, least, most);
  ReadDuration(timeouts, "tls_handshake", config.tls_handshake_timeout, least, most);
  const ConfigNode upstream = root.Child("upstream");
  ReadDuration(upstream, "idle_timeout", config.upstream_idle_timeout, absl::ZeroDuration(), most);
  config.upstream_ca_file = upstream.Get<std::string>("ca_file", "");
  config.upstream_fetch_urls = upstream.Get<bool>("fetch_urls", true);
  const ConfigNode client_left = root.Child("client_left");
  config.drain_when_client_left =
      client_left.GetChoice("policy", "drain", {"drain", "cancel"}) == "drain";
  ReadDuration(client_left, "time_max", config.drain_time_max, absl::ZeroDuration(), most);
  ReadBytes(client_left, "bytes_max", config.drain_bytes_max, 0);
  ReadDuration(root, "drain_timeout", config.drain_timeout, absl::ZeroDuration(), most);
}

absl::StatusOr<Config> ReadConfig(const ConfigNode& root) {
  Config config;
  ReadListeners(root, config);
  config.data_dir = root.Require<std::string>("data_dir");
  config.control_plane = ReadService(root.Child("control_plane"));
  config.billing = ReadService(root.Child("billing"));
  config.pepper_file = root.Require<std::string>("pepper_file");
  config.seal_key_file = root.Require<std::string>("seal_key_file");
  ReadMoney(root, config);
  ReadLimits(root, config);
  const ConfigNode access_log = root.Child("access_log");
  config.access_log_enabled = access_log.Get<bool>("enabled", true);
  config.access_log_path = access_log.Get<std::string>("path", "");
  const ConfigNode log = root.Child("log");
  const std::string level = log.GetChoice("level", LogLevelName(config.log.level),
                                          {"debug", "info", "warning", "error", "off"});
  config.log.path = log.Get<std::string>("path", "");
  TG_RETURN_IF_ERROR(root.Finish());
  config.log.level = ParseLogLevel(level).value_or(config.log.level);
  return config;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  TG_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::Load(path));
  return ReadConfig(root);
}

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view name) {
  TG_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::Parse(text, name));
  return ReadConfig(root);
}

CommandLine ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  CLI::App app{"tollgate-dataplane: the proxy between applications and providers"};
  app.add_option("--config", line.config_path, "YAML file; see docs/configuration.md")->required();
  app.add_option("--ready-file", line.ready_file,
                 "Written once the program serves: a JSON object with its addresses");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // Also --help, which prints and ends with 0.
    line.exit_status = app.exit(error);
  }
  return line;
}

}  // namespace tollgate::dataplane
