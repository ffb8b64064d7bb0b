#include "catalog/config.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/config_file.h"
#include "base/key_file.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::catalog {
namespace {

constexpr std::size_t kTokensMax = 1000;  // Each is compared with at every import.

TlsFiles ReadTls(const ConfigNode& node) {
  return {.certificate_path = node.Get<std::string>("certificate", ""),
          .private_key_path = node.Get<std::string>("private_key", ""),
          .ca_path = node.Get<std::string>("ca", "")};
}

LogOptions ReadLog(const ConfigNode& node) {
  LogOptions log = {.service = "catalog"};
  const std::string level =
      node.GetChoice("level", "info", {"debug", "info", "warning", "error", "off"});
  log.level = ParseLogLevel(level).value_or(LogLevel::kInfo);
  log.path = node.Get<std::string>("file", "");
  return log;
}

absl::StatusOr<Sha256Digest> ParseDigest(std::string_view hex) {
  Sha256Digest digest{};
  const absl::StatusOr<std::string> bytes = HexDecode(hex);
  if (!bytes.ok() || bytes->size() != digest.size()) {
    return absl::InvalidArgumentError("not a SHA-256 in hex");
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

// Lines "name role sha256-hex"; messages name the line and quote nothing.
absl::Status ReadTokenFile(const std::string& path, std::vector<Sha256Digest>& tokens) {
  TG_ASSIGN_OR_RETURN(const Secret text, ReadKeyFile(path));
  std::istringstream lines{std::string(text.Reveal())};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string name;
    std::string role;
    std::string sha256;
    std::string rest;
    if (!(words >> name) || name.front() == '#') continue;
    words >> role >> sha256;
    const absl::StatusOr<Sha256Digest> digest = ParseDigest(sha256);
    const bool known = role == "admin" || role == "viewer" || role == "node";
    if (!digest.ok() || !known || words >> rest) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ":", number, ": must be a name, admin, viewer or node, and a SHA-256 in hex"));
    }
    if (role == "admin") tokens.push_back(*digest);
  }
  return absl::OkStatus();
}

absl::StatusOr<Config> ReadConfig(const ConfigNode& root) {
  Config config;
  config.listen = root.Get<std::string>("listen", config.listen);
  config.tls = ReadTls(root.Child("tls"));
  config.directory_listen = root.Get<std::string>("directory_listen", config.directory_listen);
  config.directory_allow_remote = root.Get<bool>("directory_allow_remote", false);
  config.public_url = root.Get<std::string>("public_url", "");
  if (!config.public_url.empty() && !config.public_url.starts_with("https://") &&
      !config.public_url.starts_with("http://")) {
    root.Fail("public_url", "must begin with https:// or http://");
  }
  config.data_dir = root.Require<std::string>("data_dir");
  config.seed = root.Get<bool>("seed", true);
  for (const ConfigNode& token : root.Children("admin_tokens")) {
    token.Require<std::string>("name");
    const absl::StatusOr<Sha256Digest> digest = ParseDigest(token.Require<std::string>("sha256"));
    if (digest.ok()) {
      config.admin_tokens.push_back(*digest);
    } else {
      token.Fail("sha256", "must be the SHA-256 of the token, 64 hexadecimal digits");
    }
  }
  config.token_file = root.Get<std::string>("token_file", "");
  config.ops_listen = root.Get<std::string>("ops_listen", config.ops_listen);
  config.ops_allow_remote = root.Get<bool>("ops_allow_remote", false);
  config.log = ReadLog(root.Child("log"));
  TG_RETURN_IF_ERROR(root.Finish());
  if (!config.token_file.empty()) {
    TG_RETURN_IF_ERROR(ReadTokenFile(config.token_file, config.admin_tokens));
    if (config.admin_tokens.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(config.token_file, ": has no token with the role admin"));
    }
  }
  if (config.admin_tokens.size() > kTokensMax) {
    return absl::InvalidArgumentError("there can be at most 1000 tokens");
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

}  // namespace tollgate::catalog
