// The catalog's configuration file.  docs/configuration.md lists the keys for people.
#ifndef TOLLGATE_CATALOG_CONFIG_H_
#define TOLLGATE_CATALOG_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/tls_files.h"

namespace tollgate::catalog {

struct Config {
  std::string listen = "127.0.0.1:7410";  // `listen`: gRPC, for the control plane and the CLI.
  TlsFiles tls;                           // `tls`: {certificate, private_key, ca}, of gRPC.
  // `directory_listen`: the public price directory over HTTP; empty = none.  It holds nothing that
  // is not public; put TLS in front of it.
  std::string directory_listen = "127.0.0.1:7411";
  bool directory_allow_remote = false;  // `directory_allow_remote`: it may listen off loopback.
  std::string public_url;               // `public_url`: where readers find it; empty = by Host.
  std::string data_dir;  // `data_dir`: the folder of the store.  Required in the file; an embedding
                         // program may leave it empty: then nothing outlives the process.
  // `seed`: whether the compiled-in seed catalog is brought in (once for each new one).
  bool seed = true;
  // `admin_tokens`: [{name, sha256}]: who may import, by the SHA-256 of the token in hex, and those
  // of `token_file` with the role admin.  None: any caller on this machine.
  std::vector<Sha256Digest> admin_tokens;
  std::string token_file;  // `token_file`: lines "name role sha256-hex", private like a key.
  std::string ops_listen = "127.0.0.1:0";   // `ops_listen`: livez, readyz, metrics; empty = none.
  bool ops_allow_remote = false;            // `ops_allow_remote`: it may listen off loopback.
  LogOptions log = {.service = "catalog"};  // `log`: {level, file}.
};

// Reads the file and token_file.  InvalidArgument with file and line; NotFound.
absl::StatusOr<Config> LoadConfig(const std::string& path);

// The same from text; `name` begins the messages.
absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view name);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_CONFIG_H_
