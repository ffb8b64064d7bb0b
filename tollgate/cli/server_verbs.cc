#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/status_macros.h"
#include "tollgate/cli/verbs.h"
#include "tollgate/demo_provider/run.h"
#include "tollgate/standalone/config.h"
#include "tollgate/standalone/run.h"
#include "tollgate/version.h"

namespace tollgate::cli {
namespace {

// Flags go before the file; what is not given is left to it.
struct StandaloneFlags {
  std::string config_file;
  std::optional<std::string> data_dir;
  std::optional<std::string> http;
  std::optional<std::string> directory;
  std::optional<std::string> admin;
  std::optional<std::string> ops;
  std::optional<std::string> billing;
  std::optional<std::string> catalog;
  std::optional<int> threads;
  bool demo = false;
};

absl::Status Override(const std::optional<std::string>& flag, HostPort& address) {
  if (!flag.has_value()) return absl::OkStatus();
  TG_ASSIGN_OR_RETURN(address, ParseHostPort(*flag));
  return absl::OkStatus();
}

absl::Status Standalone(const StandaloneFlags& flags, Context& context) {
  StandaloneConfig config;
  if (!flags.config_file.empty()) {
    TG_ASSIGN_OR_RETURN(config, LoadStandaloneConfig(flags.config_file));
  }
  if (flags.data_dir.has_value()) config.data_dir = *flags.data_dir;
  TG_RETURN_IF_ERROR(Override(flags.http, config.http));
  TG_RETURN_IF_ERROR(Override(flags.directory, config.directory));
  TG_RETURN_IF_ERROR(Override(flags.admin, config.admin));
  TG_RETURN_IF_ERROR(Override(flags.ops, config.ops));
  TG_RETURN_IF_ERROR(Override(flags.billing, config.billing));
  TG_RETURN_IF_ERROR(Override(flags.catalog, config.catalog));
  if (flags.threads.has_value()) config.threads = *flags.threads;
  if (flags.demo) config.demo = true;
  if (!context.flags.ready_file.empty()) config.ready_file = context.flags.ready_file;
  return RunStandalone(config, context.out);
}

void AddStandaloneVerb(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<StandaloneFlags>();
  CLI::App& verb = *app.add_subcommand("standalone", "Run the whole suite in one process");
  verb.add_option("--config", flags->config_file, "YAML file; flags go before it");
  verb.add_option("--data", flags->data_dir, "folder that keeps everything (default: data)");
  verb.add_flag("--demo", flags->demo,
                "with a demo provider, a workspace, a key and pretend money");
  verb.add_option("--http", flags->http, "API address (default: 127.0.0.1:8080; port 0: any)");
  verb.add_option("--directory", flags->directory, "model directory (default: 127.0.0.1:8081)");
  verb.add_option("--admin", flags->admin, "admin gRPC (default: 127.0.0.1:8082)");
  verb.add_option("--ops", flags->ops, "livez, readyz, metrics (default: 127.0.0.1:8083)");
  verb.add_option("--billing-listen", flags->billing, "billing gRPC (default: 127.0.0.1:8084)");
  verb.add_option("--catalog-listen", flags->catalog, "catalog gRPC (default: 127.0.0.1:8085)");
  verb.add_option("--threads", flags->threads, "event loops of the data plane (0: one per core)")
      ->check(CLI::Range(0, 1024));
  verb.callback([flags, &context] {
    context.action = [flags, &context](Session&) { return Standalone(*flags, context); };
  });
}

void AddDemoProviderVerb(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<DemoProviderFlags>();
  CLI::App& verb = *app.add_subcommand("demo-provider", "Run a pretend provider that keeps books");
  verb.add_option("--listen", flags->listen, "host:port (default: 127.0.0.1:0, any free port)");
  verb.add_option("--api-key", flags->api_key, "the key that callers must send")
      ->envname("TOLLGATE_DEMO_API_KEY");
  verb.add_option("--token-interval-ms", flags->token_interval_ms, "before each streamed token")
      ->check(CLI::Range(0, 10'000));
  verb.add_option("--threads", flags->threads, "event loops")->check(CLI::Range(1, 1'024));
  verb.add_option("--parent-pid", flags->parent_pid, "end together with this parent process");
  verb.callback([flags, &context] {
    context.action = [flags, &context](Session&) {
      flags->ready_file = context.flags.ready_file;
      return RunDemoProvider(*flags, context.out);
    };
  });
}

}  // namespace

void AddServerVerbs(CLI::App& app, Context& context) {
  AddStandaloneVerb(app, context);
  AddDemoProviderVerb(app, context);
  CLI::App& version = *app.add_subcommand("version", "Say which version this is");
  version.callback([&context] {
    context.action = [&context](Session&) {
      context.out << "tollgate " << kVersion << "\n";
      return absl::OkStatus();
    };
  });
}

}  // namespace tollgate::cli
