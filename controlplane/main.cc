// tollgate-controlplane: reads its configuration, serves until SIGTERM.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "base/file_system.h"
#include "base/log.h"
#include "base/ready_file.h"
#include "base/shutdown.h"
#include "base/status_macros.h"
#include "controlplane/config.h"
#include "controlplane/server.h"

namespace tollgate::controlplane {
namespace {

struct Flags {
  std::string config_path;
  std::string ready_path;
  bool restore = false;
};

absl::Status Run(const Flags& flags) {
  ShutdownSignal shutdown;
  DisableCoreDumps();
  TG_ASSIGN_OR_RETURN(Config config, LoadConfig(flags.config_path));
  config.restore = config.restore || flags.restore;
  TG_RETURN_IF_ERROR(ConfigureLog(config.log));
  TG_ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Build(std::move(config)));
  TG_RETURN_IF_ERROR(server->Start());
  if (!flags.ready_path.empty()) {
    const Addresses addresses = server->addresses();
    TG_RETURN_IF_ERROR(WriteReadyFile(
        RealFileSystem(), flags.ready_path,
        {{"admin_grpc", addresses.grpc}, {"metrics_url", addresses.ops_url + "/metrics"}}));
  }
  shutdown.Wait();
  server->Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace tollgate::controlplane

int main(int argc, char** argv) {
  tollgate::controlplane::Flags flags;
  CLI::App app("Tollgate's control plane: the admin API and the configuration of all nodes.");
  app.add_option("--config", flags.config_path, "YAML configuration")->required();
  app.add_option("--ready-file", flags.ready_path, "write the addresses here once it serves");
  app.add_flag("--restore", flags.restore, "the data folder came back from a backup");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = tollgate::controlplane::Run(flags);
  if (status.ok()) return 0;
  std::fputs(("tollgate-controlplane: " + std::string(status.message()) + "\n").c_str(), stderr);
  return 1;
}
