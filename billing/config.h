// What tollgate-billing is told: its YAML file and its flags.
#ifndef TOLLGATE_BILLING_CONFIG_H_
#define TOLLGATE_BILLING_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/tls_files.h"
#include "billing/service/authorize.h"

namespace tollgate::billing {

struct Config {
  // Where nodes, the CLI and the console connect (gRPC).  Off loopback `tls` is required.
  std::string listen = "127.0.0.1:7420";
  TlsFiles tls;

  // The folder of the store; created when missing.  Required.
  std::string data_dir;

  // Where the control plane's configuration stream is.  Empty: budgets stay as last known.
  std::string control_plane_address;
  TlsFiles control_plane_tls;

  // Who may move and read money by RPC.  Empty: anybody, on a loopback listener only.
  std::vector<AdminToken> admin_tokens;

  // /livez, /readyz and /metrics.  Empty: no such listener (standalone has its own).
  std::string ops_listen = "127.0.0.1:7421";
  bool ops_allow_remote = false;

  // See LeaseBookOptions.
  absl::Duration lease_ttl = absl::Seconds(60);
  absl::Duration lease_recall_wait = absl::Milliseconds(40);
  absl::Duration account_idle = absl::Hours(1);

  // Opens the secrets of webhooks; the control plane's file.  Empty: alerts stay in the outbox.
  std::string seal_key_file;
  // See WebhookClientOptions.
  bool webhooks_allow_private = false;
  std::string webhooks_ca_file;

  // How long calls may go on after SIGTERM.
  absl::Duration shutdown_grace = absl::Seconds(5);

  LogOptions log = {.service = "billing"};
};

// Reads the file; the errors of ConfigNode, and those of the token files it names.
absl::StatusOr<Config> LoadConfig(const std::string& path);

// The same from text; `name` stands for the file in messages.
absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view name);

struct CommandLine {
  std::string config_path;
  std::string ready_file;  // Empty for none.
  int exit_status = -1;    // ≥ 0: end with it at once (--help was printed, or a flag was wrong).
};

CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_CONFIG_H_
