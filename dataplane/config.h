// What tollgate-dataplane is told: its YAML file and its flags.  docs/configuration.md lists the
// keys for people.
#ifndef TOLLGATE_DATAPLANE_CONFIG_H_
#define TOLLGATE_DATAPLANE_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/tls_files.h"

namespace tollgate::dataplane {

// A service of ours, by gRPC.
struct ServiceAddress {
  std::string address;  // host:port; empty = there is none.
  TlsFiles tls;
  // With what the node reads wallets and generations (billing, role viewer) and asks for quotas
  // (control plane, role node), when it is not known by its certificate; empty = with nothing.
  std::string token_file;
};

struct Config {
  // `http`: where clients connect.  `tls` without `ca`; the files are loaded again when they
  // change.
  std::string http_listen = "127.0.0.1:7400";
  std::string http_certificate;
  std::string http_private_key;

  // `workers`: threads that serve, each with its own listener; 0 = one per processor.
  int workers = 0;

  // `ops`: /livez, /readyz, /metrics, /config_dump.  Empty: no such listener.
  std::string ops_listen = "127.0.0.1:7401";
  bool ops_allow_remote = false;

  // `data_dir`, required: the last good snapshot, the leases and the spool.
  std::string data_dir;

  // `control_plane`, `billing`: {address, tls, token_file}.
  ServiceAddress control_plane;
  ServiceAddress billing;

  // `pepper_file`, `seal_key_file`, required: the control plane's too.
  std::string pepper_file;
  std::string seal_key_file;

  // `durability`: "process" (survives any crash of the process) or "disk" (survives power loss).
  bool durable_on_disk = false;
  // `spool`: {segment_bytes, bytes_max, interrupted: charge_hold | charge_nothing}.
  std::uint64_t spool_segment_bytes = 64 << 20;
  std::uint64_t spool_bytes_max = std::uint64_t{4} << 30;
  bool interrupted_charges_hold = true;
  absl::Duration ship_interval = absl::Milliseconds(200);  // `spool.ship_interval`.

  // `lease`: {wait_max, refill_horizon, idle_release, slots}.
  absl::Duration lease_wait_max = absl::Milliseconds(500);
  absl::Duration lease_refill_horizon = absl::Seconds(10);
  absl::Duration lease_idle_release = absl::Seconds(30);
  std::uint32_t lease_slots = 131072;

  // `limits`: {request_bytes_max, answer_bytes_max}.
  std::uint64_t request_bytes_max = 32 << 20;
  std::uint64_t answer_bytes_max = 32 << 20;

  // `timeouts`, of clients: {head, body_idle, body_total, write_idle, keep_alive, tls_handshake}.
  // Those of providers come with their configuration.
  absl::Duration head_timeout = absl::Seconds(15);
  absl::Duration body_idle_timeout = absl::Seconds(30);
  absl::Duration body_total_timeout = absl::Minutes(5);
  absl::Duration write_idle_timeout = absl::Seconds(60);
  absl::Duration keep_alive_timeout = absl::Seconds(75);
  absl::Duration tls_handshake_timeout = absl::Seconds(10);

  // `upstream`: {idle_timeout, ca_file, fetch_urls}.  The first is below what servers commonly
  // allow (60 s and more); the last: whether images and files that a request names by URL are
  // fetched here where the provider takes none.
  absl::Duration upstream_idle_timeout = absl::Seconds(55);
  std::string upstream_ca_file;
  bool upstream_fetch_urls = true;

  // `client_left`: {policy: drain | cancel, time_max, bytes_max}.
  bool drain_when_client_left = true;
  absl::Duration drain_time_max = absl::Seconds(30);
  std::uint64_t drain_bytes_max = 16 << 20;

  // `drain_timeout`: how long requests may go on after SIGTERM.
  absl::Duration drain_timeout = absl::Seconds(30);

  // `access_log`: {path, enabled}; empty path = standard output.
  bool access_log_enabled = true;
  std::string access_log_path;

  // `log`: {level, path}.
  LogOptions log = {.service = "dataplane"};
};

// Reads the file; the errors of ConfigNode.
absl::StatusOr<Config> LoadConfig(const std::string& path);

// The same from text; `name` stands for the file in messages.
absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view name);

struct CommandLine {
  std::string config_path;
  std::string ready_file;  // Empty for none.
  int exit_status = -1;    // ≥ 0: end with it at once (--help was printed, or a flag was wrong).
};

CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_CONFIG_H_
