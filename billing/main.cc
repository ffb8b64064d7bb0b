// tollgate-billing: see billing/README.md.
#include <iostream>
#include <utility>

#include "base/log.h"
#include "base/shutdown.h"
#include "billing/config.h"
#include "billing/server.h"

namespace {

int Fail(const absl::Status& status) {
  std::cerr << "tollgate-billing: " << status.message() << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const tollgate::billing::CommandLine line = tollgate::billing::ParseCommandLine(argc, argv);
  if (line.exit_status >= 0) return line.exit_status;
  tollgate::ShutdownSignal signal;
  tollgate::DisableCoreDumps();
  absl::StatusOr<tollgate::billing::Config> config =
      tollgate::billing::LoadConfig(line.config_path);
  if (!config.ok()) return Fail(config.status());
  if (const absl::Status logging = tollgate::ConfigureLog(config->log); !logging.ok()) {
    return Fail(logging);
  }
  auto server = tollgate::billing::Server::Build(*std::move(config));
  if (!server.ok()) return Fail(server.status());
  const absl::Status status = (*server)->RunUntilSignal(signal, line.ready_file);
  return status.ok() ? 0 : Fail(status);
}
