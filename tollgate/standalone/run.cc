#include "tollgate/standalone/run.h"

#include <unistd.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/grpc_client.h"
#include "base/log.h"
#include "base/ready_file.h"
#include "base/shutdown.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "base/tls_files.h"
#include "tollgate/cli/rpc_client.h"
#include "tollgate/standalone/child_process.h"
#include "tollgate/standalone/data_folder.h"
#include "tollgate/standalone/demo_world.h"
#include "tollgate/standalone/suite.h"

namespace tollgate {
namespace {

// The demo: its provider and what was put into the suite for it.
struct Demo {
  std::unique_ptr<ChildProcess> provider;
  std::string provider_url;
  DemoWorld world;
};

absl::StatusOr<cli::RpcClient> ClientOf(const std::string& address, const DataFolder& folder) {
  TG_ASSIGN_OR_RETURN(auto channel, Connect(address, TlsFiles()));
  return cli::RpcClient(std::move(channel), folder.admin_token().Clone());
}

absl::Status SetUpDemo(const Suite& suite, DataFolder& folder, Demo& demo) {
  TG_ASSIGN_OR_RETURN(const cli::RpcClient admin, ClientOf(suite.addresses().admin_grpc, folder));
  TG_ASSIGN_OR_RETURN(const cli::RpcClient billing,
                      ClientOf(suite.addresses().billing_grpc, folder));
  TG_ASSIGN_OR_RETURN(const cli::RpcClient catalog,
                      ClientOf(suite.addresses().catalog_grpc, folder));
  TG_ASSIGN_OR_RETURN(demo.provider_url, demo.provider->FirstLine());
  const DemoServices services{.admin = admin, .billing = billing, .catalog = catalog};
  TG_ASSIGN_OR_RETURN(demo.world, EnsureDemoWorld(services, demo.provider_url, folder));
  return WaitUntilServed(services, demo.world, suite.addresses().http_url);
}

std::map<std::string, std::string> ReadyValues(const Suite& suite, const DataFolder& folder,
                                               const Demo* demo) {
  const SuiteAddresses& addresses = suite.addresses();
  std::map<std::string, std::string> values = {
      {"http_url", addresses.http_url},
      {"directory_url", addresses.directory_url},
      {"admin_grpc", addresses.admin_grpc},
      {"billing_grpc", addresses.billing_grpc},
      {"catalog_grpc", addresses.catalog_grpc},
      {"ops_url", addresses.ops_url},
      {"metrics_url", addresses.ops_url + "/metrics"},
      {"admin_token_file", folder.admin_token_file()},
  };
  if (demo != nullptr) {
    values["api_key"] = demo->world.api_key.Reveal();
    values["admin_token"] = folder.admin_token().Reveal();
    values["demo_provider_url"] = demo->provider_url;
    values["workspace"] = kDemoWorkspace;
  }
  return values;
}

// For the person at the terminal.
void Announce(const Suite& suite, const DataFolder& folder, const Demo* demo, std::ostream& out) {
  const SuiteAddresses& addresses = suite.addresses();
  out << "Tollgate serves.\n"
      << "  API              " << addresses.http_url << "/v1\n"
      << "  model directory  " << addresses.directory_url << "\n"
      << "  admin gRPC       " << addresses.admin_grpc << " (token in " << folder.admin_token_file()
      << ")\n"
      << "  metrics          " << addresses.ops_url << "/metrics\n";
  if (demo != nullptr) out << "  demo key         " << demo->world.api_key.Reveal() << "\n";
  out << "Ctrl-C stops it." << std::endl;
}

// Starts everything and waits for the signal.
absl::Status Serve(const StandaloneConfig& config, DataFolder& folder, ShutdownSignal& shutdown,
                   std::ostream& out) {
  std::optional<Demo> demo;
  if (config.demo) {
    demo.emplace();
    TG_ASSIGN_OR_RETURN(demo->provider, ChildProcess::Start({"demo-provider", "--parent-pid",
                                                             absl::StrCat(::getpid())}));
  }
  TG_ASSIGN_OR_RETURN(const std::unique_ptr<Suite> suite, Suite::Start(config, folder));
  if (demo.has_value()) TG_RETURN_IF_ERROR(SetUpDemo(*suite, folder, *demo));
  const Demo* const demo_or_null = demo.has_value() ? &*demo : nullptr;
  const auto ready = ReadyValues(*suite, folder, demo_or_null);
  TG_RETURN_IF_ERROR(WriteReadyFile(RealFileSystem(), folder.ready_file(), ready));
  if (!config.ready_file.empty()) {
    TG_RETURN_IF_ERROR(WriteReadyFile(RealFileSystem(), config.ready_file, ready));
  }
  Announce(*suite, folder, demo_or_null, out);
  shutdown.Wait();
  out << "Stopping ..." << std::endl;
  suite->Stop();
  return absl::OkStatus();
}

absl::Status RemoveFile(FileSystem& file_system, const std::string& path) {
  return file_system.Exists(path) ? file_system.Remove(path) : absl::OkStatus();
}

}  // namespace

absl::Status RunStandalone(const StandaloneConfig& config, std::ostream& out) {
  ShutdownSignal shutdown;
  DisableCoreDumps();
  FileSystem& file_system = RealFileSystem();
  TG_ASSIGN_OR_RETURN(DataFolder folder, DataFolder::Open(file_system, config.data_dir));
  // A suite that was killed left them; nobody serves there.
  TG_RETURN_IF_ERROR(RemoveFile(file_system, folder.ready_file()));
  if (!config.ready_file.empty()) TG_RETURN_IF_ERROR(RemoveFile(file_system, config.ready_file));
  LogOptions log = config.log;
  // The terminal is for the person; the log is for whoever looks for something.
  if (log.path.empty()) log.path = folder.Path("tollgate.log");
  TG_RETURN_IF_ERROR(ConfigureLog(log));
  const absl::Status status = Serve(config, folder, shutdown, out);
  const absl::Status removed = RemoveFile(file_system, folder.ready_file());
  if (!removed.ok()) LogEvent(LogLevel::kWarning, "ready_file_stays", {{"error", removed}});
  return status;
}

}  // namespace tollgate
