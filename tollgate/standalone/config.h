// What `tollgate standalone` is told: its YAML file and its flags.  docs/configuration.md lists the
// keys for people.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_CONFIG_H_
#define TOLLGATE_TOLLGATE_STANDALONE_CONFIG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/host_port.h"
#include "base/log.h"

namespace tollgate {

struct StandaloneConfig {
  std::string data_dir = "data";  // `data_dir`: where everything is kept; made when missing.

  // `listen`: {http, directory, admin, ops, billing, catalog}.  Port 0 takes any free one.  The
  // gRPC ones are for loopback.
  HostPort http = {"127.0.0.1", 8080};       // The API, /v1.
  HostPort directory = {"127.0.0.1", 8081};  // The public model directory.
  HostPort admin = {"127.0.0.1", 8082};      // gRPC of the control plane.
  HostPort ops = {"127.0.0.1", 8083};        // /livez, /readyz, /metrics of the suite.
  HostPort billing = {"127.0.0.1", 8084};    // gRPC of billing.
  HostPort catalog = {"127.0.0.1", 8085};    // gRPC of the catalog.
  bool allow_remote = false;  // `allow_remote`: directory and ops may listen off loopback.
  // `tls`: {certificate, private_key}, of the API; both empty for plain HTTP.
  std::string http_certificate;
  std::string http_private_key;

  int threads = 0;  // `threads`: event loops of the data plane; 0 = one per core.
  std::string durability = "process";  // `durability`: of usage records, "process" or "disk".

  LogOptions log;  // `log`: {level, file}.

  bool demo = false;       // `demo`: with a demo provider, a workspace, a key and some money.
  std::string ready_file;  // `ready_file`: besides ready.json in the data folder; empty for none.
};

// Reads the file.  The errors of ConfigNode.
absl::StatusOr<StandaloneConfig> LoadStandaloneConfig(const std::string& path);

// The same from text; `name` stands for the file in messages.
absl::StatusOr<StandaloneConfig> ParseStandaloneConfig(std::string_view text,
                                                       std::string_view name);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_CONFIG_H_
