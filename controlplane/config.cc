#include "controlplane/config.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/config_file.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/key_file.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::controlplane {
namespace {

absl::StatusOr<Token> MakeToken(const std::string& name, const std::string& role,
                                const std::string& sha256) {
  Token token;
  if (!IsValidResourceId(name)) {
    return absl::InvalidArgumentError("a token's name must be lower-case letters, digits and .-_");
  }
  token.name = name;
  TG_ASSIGN_OR_RETURN(token.role, ParseRole(role));
  const absl::StatusOr<std::string> digest = HexDecode(sha256);
  if (!digest.ok() || digest->size() != token.sha256.size()) {
    return absl::InvalidArgumentError("a token's sha256 must be 64 hexadecimal digits");
  }
  std::copy(digest->begin(), digest->end(), token.sha256.begin());
  return token;
}

TlsFiles ReadTls(const ConfigNode& node) {
  return {.certificate_path = node.Get<std::string>("certificate", ""),
          .private_key_path = node.Get<std::string>("private_key", ""),
          .ca_path = node.Get<std::string>("ca", "")};
}

std::vector<Token> ReadTokens(const ConfigNode& root) {
  std::vector<Token> tokens;
  for (const ConfigNode& node : root.Children("tokens")) {
    absl::StatusOr<Token> token =
        MakeToken(node.Require<std::string>("name"), node.Require<std::string>("role"),
                  node.Require<std::string>("sha256"));
    if (token.ok()) {
      tokens.push_back(*std::move(token));
    } else {
      node.Fail("", StdView(token.status().message()));
    }
  }
  return tokens;
}

LogOptions ReadLog(const ConfigNode& node) {
  LogOptions log;
  const std::string level =
      node.GetChoice("level", "info", {"debug", "info", "warning", "error", "off"});
  log.level = ParseLogLevel(level).value_or(LogLevel::kInfo);
  log.path = node.Get<std::string>("file", "");
  log.service = "controlplane";
  return log;
}

absl::StatusOr<Config> ReadConfig(const ConfigNode& root) {
  Config config;
  config.listen = root.Get<std::string>("listen", config.listen);
  config.tls = ReadTls(root.Child("tls"));
  config.data_dir = root.Require<std::string>("data_dir");
  config.pepper_file = root.Require<std::string>("pepper_file");
  config.seal_key_file = root.Require<std::string>("seal_key_file");
  config.catalog_address = root.Get<std::string>("catalog_address", "");
  config.tokens = ReadTokens(root);
  config.token_file = root.Get<std::string>("token_file", "");
  config.ops_listen = root.Get<std::string>("ops_listen", config.ops_listen);
  config.ops_allow_remote = root.Get<bool>("ops_allow_remote", false);
  config.log = ReadLog(root.Child("log"));
  config.restore = root.Get<bool>("restore", false);
  TG_RETURN_IF_ERROR(root.Finish());
  if (!config.token_file.empty()) {
    TG_ASSIGN_OR_RETURN(const Secret text, ReadKeyFile(config.token_file));
    TG_ASSIGN_OR_RETURN(std::vector<Token> tokens, ParseTokens(text.Reveal(), config.token_file));
    std::move(tokens.begin(), tokens.end(), std::back_inserter(config.tokens));
  }
  std::set<std::string> names;
  for (const Token& token : config.tokens) {
    if (!names.insert(token.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two tokens have the name ", token.name));
    }
  }
  if (config.tokens.size() > kTokensMax) {
    return absl::InvalidArgumentError("there can be at most 1000 tokens");
  }
  return config;
}

}  // namespace

absl::StatusOr<std::vector<Token>> ParseTokens(std::string_view text, std::string_view name) {
  std::vector<Token> tokens;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string token_name;
    std::string role;
    std::string sha256;
    std::string rest;
    if (!(words >> token_name) || token_name.front() == '#') continue;
    words >> role >> sha256;
    absl::StatusOr<Token> token = MakeToken(token_name, role, sha256);
    if (!token.ok() || words >> rest) {
      return absl::InvalidArgumentError(
          absl::StrCat(AbslView(name), ":", number,
                       ": must be a name, admin, viewer or node, and a SHA-256 in hex"));
    }
    tokens.push_back(*std::move(token));
  }
  return tokens;
}

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  TG_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::Load(path));
  return ReadConfig(root);
}

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view name) {
  TG_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::Parse(text, name));
  return ReadConfig(root);
}

}  // namespace tollgate::controlplane
