#include "billing/config.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/strip.h"
#include "base/config_file.h"
#include "base/key_file.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::billing {
namespace {

// Short enough to guess would be as bad as none.
constexpr std::size_t kTokenBytesMin = 16;

TlsFiles ReadTls(const ConfigNode& node) {
  return {.certificate_path = node.Get<std::string>("certificate", ""),
          .private_key_path = node.Get<std::string>("private_key", ""),
          .ca_path = node.Get<std::string>("ca", "")};
}

absl::StatusOr<AdminToken> ReadToken(const std::string& name, const std::string& role,
                                     const std::string& path) {
  TG_ASSIGN_OR_RETURN(const Secret file, ReadKeyFile(path));
  const std::string_view token = StdView(absl::StripAsciiWhitespace(AbslView(file.Reveal())));
  if (token.size() < kTokenBytesMin) {
    return absl::InvalidArgumentError(path + ": a token needs at least 16 characters");
  }
  return AdminToken{name, role == "admin" ? AdminRole::kAdmin : AdminRole::kViewer, Sha256(token)};
}

absl::StatusOr<Config> ReadConfig(const ConfigNode& root) {
  Config config;
  config.listen = root.Get<std::string>("listen", config.listen);
  config.tls = ReadTls(root.Child("tls"));
  config.data_dir = root.Require<std::string>("data_dir");
  const ConfigNode control_plane = root.Child("control_plane");
  config.control_plane_address = control_plane.Get<std::string>("address", "");
  config.control_plane_tls = ReadTls(control_plane.Child("tls"));
  struct TokenSource {
    std::string name, role, path;
  };
  std::vector<TokenSource> tokens;
  for (const ConfigNode& token : root.Children("admin_tokens")) {
    tokens.push_back({token.Require<std::string>("name"),
                      token.GetChoice("role", "viewer", {"admin", "viewer"}),
                      token.Require<std::string>("token_file")});
  }
  const ConfigNode ops = root.Child("ops");
  config.ops_listen = ops.Get<std::string>("listen", config.ops_listen);
  config.ops_allow_remote = ops.Get<bool>("allow_remote", config.ops_allow_remote);
  const ConfigNode lease = root.Child("lease");
  config.lease_ttl = lease.Get<absl::Duration>("ttl", config.lease_ttl);
  config.lease_recall_wait = lease.Get<absl::Duration>("recall_wait", config.lease_recall_wait);
  config.seal_key_file = root.Get<std::string>("seal_key_file", "");
  const ConfigNode webhooks = root.Child("webhooks");
  config.webhooks_allow_private = webhooks.Get<bool>("allow_private", false);
  config.webhooks_ca_file = webhooks.Get<std::string>("ca_file", "");
  config.account_idle = lease.Get<absl::Duration>("account_idle", config.account_idle);
  config.shutdown_grace = root.Get<absl::Duration>("shutdown_grace", config.shutdown_grace);
  const ConfigNode log = root.Child("log");
  const std::string level = log.GetChoice("level", LogLevelName(config.log.level),
                                          {"debug", "info", "warning", "error", "off"});
  config.log.path = log.Get<std::string>("path", "");
  if (config.lease_ttl < absl::Seconds(1) || config.lease_ttl > absl::Hours(1)) {
    lease.Fail("ttl", "must be 1s to 1h");
  }
  if (config.lease_recall_wait > absl::Seconds(1)) {
    lease.Fail("recall_wait", "must be at most 1s: requests wait behind it");
  }
  if (config.account_idle < absl::Seconds(1) || config.account_idle > absl::Hours(24)) {
    lease.Fail("account_idle", "must be 1s to 24h");
  }
  TG_RETURN_IF_ERROR(root.Finish());
  config.log.level = ParseLogLevel(level).value_or(config.log.level);
  for (const TokenSource& source : tokens) {
    TG_ASSIGN_OR_RETURN(AdminToken token, ReadToken(source.name, source.role, source.path));
    config.admin_tokens.push_back(std::move(token));
  }
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
  CLI::App app{"tollgate-billing: leases, ledger and generation records"};
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

}  // namespace tollgate::billing
