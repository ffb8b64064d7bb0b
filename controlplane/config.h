// The control plane's configuration file.  docs/configuration.md lists the keys for people.
#ifndef TOLLGATE_CONTROLPLANE_CONFIG_H_
#define TOLLGATE_CONTROLPLANE_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "base/tls_files.h"
#include "controlplane/service/authenticator.h"

namespace tollgate::controlplane {

struct Config {
  std::string listen = "127.0.0.1:7402";  // `listen`: gRPC, for administrators and nodes.
  // `tls`: {certificate, private_key, ca}.  With ca, peers need a certificate, and nodes one whose
  // name begins with what they are; the same identity is shown to the catalog.
  TlsFiles tls;
  std::string data_dir;         // `data_dir`, required: the folder of the store.
  std::string pepper_file;      // `pepper_file`, required (base/api_key.h); the data plane's too.
  std::string seal_key_file;    // `seal_key_file`, required (base/seal.h); the data plane's too.
  std::string catalog_address;  // `catalog_address`: host:port; empty = no catalog, old facts stay.
  std::vector<Token> tokens;    // `tokens`: [{name, role, sha256}], and those of `token_file`.
  std::string token_file;       // `token_file`: lines "name role sha256-hex", private like a key.
  std::string ops_listen = "127.0.0.1:0";  // `ops_listen`: livez, readyz, metrics; empty: none.
  bool ops_allow_remote = false;           // `ops_allow_remote`: it may listen off loopback.
  LogOptions log;                          // `log`: {level, file}.
  bool restore = false;  // `restore`: the store came back from a backup (ConfigWriterOptions).
};

// Reads the file, and the tokens of token_file.  InvalidArgument with file and line; NotFound.
absl::StatusOr<Config> LoadConfig(const std::string& path);

// The same from text; `name` begins the messages.
absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view name);

// Lines "name role sha256-hex"; blank lines and those beginning with # are skipped.  Messages name
// the line and quote nothing.
absl::StatusOr<std::vector<Token>> ParseTokens(std::string_view text, std::string_view name);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_CONFIG_H_
