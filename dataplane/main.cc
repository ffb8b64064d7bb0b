// tollgate-dataplane: see docs/life-of-a-request.md.
#include <cstdio>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/shutdown.h"
#include "dataplane/config.h"
#include "dataplane/server.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "tollgate-dataplane: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const tollgate::dataplane::CommandLine line = tollgate::dataplane::ParseCommandLine(argc, argv);
  if (line.exit_status >= 0) return line.exit_status;
  tollgate::ShutdownSignal signal;
  tollgate::DisableCoreDumps();
  absl::StatusOr<tollgate::dataplane::Config> config =
      tollgate::dataplane::LoadConfig(line.config_path);
  if (!config.ok()) return Fail(config.status());
  if (const absl::Status logging = tollgate::ConfigureLog(config->log); !logging.ok()) {
    return Fail(logging);
  }
  auto server = tollgate::dataplane::Server::Build(*std::move(config));
  if (!server.ok()) return Fail(server.status());
  const absl::Status status = (*server)->RunUntilSignal(signal, line.ready_file);
  return status.ok() ? 0 : Fail(status);
}
