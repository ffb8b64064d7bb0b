#include "tollgate/standalone/config.h"

#include "base/config_file.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

// Above any machine's cores.
constexpr std::int64_t kThreadsMax = 1'024;

void ReadListen(const ConfigNode& node, StandaloneConfig& config) {
  config.http = node.Get<HostPort>("http", config.http);
  config.directory = node.Get<HostPort>("directory", config.directory);
  config.admin = node.Get<HostPort>("admin", config.admin);
  config.ops = node.Get<HostPort>("ops", config.ops);
  config.billing = node.Get<HostPort>("billing", config.billing);
  config.catalog = node.Get<HostPort>("catalog", config.catalog);
}

void ReadLog(const ConfigNode& node, LogOptions& log) {
  const std::string level =
      node.GetChoice("level", "info", {"debug", "info", "warning", "error", "off"});
  log.level = ParseLogLevel(level).value_or(LogLevel::kInfo);
  log.path = node.Get<std::string>("file", "");
}

absl::StatusOr<StandaloneConfig> ReadConfig(const ConfigNode& root) {
  StandaloneConfig config;
  config.data_dir = root.Get<std::string>("data_dir", config.data_dir);
  ReadListen(root.Child("listen"), config);
  config.allow_remote = root.Get<bool>("allow_remote", config.allow_remote);
  const ConfigNode tls = root.Child("tls");
  config.http_certificate = tls.Get<std::string>("certificate", "");
  config.http_private_key = tls.Get<std::string>("private_key", "");
  if (config.http_certificate.empty() != config.http_private_key.empty()) {
    root.Fail("tls", "needs both certificate and private_key");
  }
  config.threads =
      static_cast<int>(root.GetInt("threads", config.threads, {.min = 0, .max = kThreadsMax}));
  config.durability = root.GetChoice("durability", config.durability, {"process", "disk"});
  ReadLog(root.Child("log"), config.log);
  config.demo = root.Get<bool>("demo", config.demo);
  config.ready_file = root.Get<std::string>("ready_file", config.ready_file);
  TG_RETURN_IF_ERROR(root.Finish());
  return config;
}

}  // namespace

absl::StatusOr<StandaloneConfig> LoadStandaloneConfig(const std::string& path) {
  TG_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::Load(path));
  return ReadConfig(root);
}

absl::StatusOr<StandaloneConfig> ParseStandaloneConfig(std::string_view text,
                                                       std::string_view name) {
  TG_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::Parse(text, name));
  return ReadConfig(root);
}

}  // namespace tollgate
