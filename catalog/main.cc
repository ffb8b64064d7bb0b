// tollgate-catalog: models, providers, offerings and prices, and the public price directory.
#include <cstdio>
#include <map>
#include <string>

#include "CLI/CLI.hpp"
#include "base/file_system.h"
#include "base/log.h"
#include "base/ready_file.h"
#include "base/shutdown.h"
#include "base/status_macros.h"
#include "catalog/config.h"
#include "catalog/server.h"

namespace {

absl::Status Run(const std::string& config_path, const std::string& ready_file,
                 tollgate::ShutdownSignal& signal) {
  TG_ASSIGN_OR_RETURN(tollgate::catalog::Config config, tollgate::catalog::LoadConfig(config_path));
  TG_RETURN_IF_ERROR(tollgate::ConfigureLog(config.log));
  TG_ASSIGN_OR_RETURN(auto server, tollgate::catalog::Server::Build(std::move(config)));
  TG_RETURN_IF_ERROR(server->Start());
  if (!ready_file.empty()) {
    const tollgate::catalog::Addresses addresses = server->addresses();
    TG_RETURN_IF_ERROR(tollgate::WriteReadyFile(tollgate::RealFileSystem(), ready_file,
                                                {{"grpc", addresses.grpc},
                                                 {"directory_url", addresses.directory_url},
                                                 {"ops_url", addresses.ops_url}}));
  }
  signal.Wait();
  server->Stop();
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  tollgate::ShutdownSignal signal;
  tollgate::DisableCoreDumps();
  std::string config_path;
  std::string ready_file;
  CLI::App app("Tollgate's catalog: models, providers, offerings and prices.", "tollgate-catalog");
  app.add_option("--config", config_path, "YAML configuration file")->required();
  app.add_option("--ready-file", ready_file,
                 "Write the addresses here as JSON once the program serves");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Run(config_path, ready_file, signal);
  if (!status.ok()) {
    std::fprintf(stderr, "tollgate-catalog: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  return 0;
}
