#include "tollgate/cli/app.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "base/status_reason.h"
#include "tollgate/cli/verbs.h"

namespace tollgate::cli {
namespace {

constexpr char kDescription[] =
    "Tollgate: one key, one prepaid balance and one invoice across every model provider.\n"
    "\n"
    "  tollgate standalone --demo          run the whole suite with a demo provider\n"
    "  tollgate get workspaces             look at what it holds\n"
    "  tollgate apply -f resources.yaml    change it";

constexpr char kFooter[] =
    "Addresses and token come from the flags, else from the environment, else from the ready file\n"
    "of a running `tollgate standalone` (by default ./data/ready.json).";

void AddSessionFlags(CLI::App& app, SessionFlags& flags) {
  app.add_option("--server", flags.admin, "control plane, host:port")->envname("TOLLGATE_ADMIN");
  app.add_option("--billing", flags.billing, "billing, host:port")->envname("TOLLGATE_BILLING");
  app.add_option("--catalog", flags.catalog, "catalog, host:port")->envname("TOLLGATE_CATALOG");
  app.add_option("--token", flags.token, "bearer token; rather use a file or the environment")
      ->envname("TOLLGATE_TOKEN");
  app.add_option("--token-file", flags.token_file, "file with the bearer token")
      ->envname("TOLLGATE_TOKEN_FILE");
  app.add_option("--ready-file", flags.ready_file,
                 "of a running standalone: gives addresses and token (also TOLLGATE_READY_FILE); "
                 "for `standalone` and `demo-provider`: where to write it");
  app.add_option("--tls-ca", flags.tls.ca_path, "certificate authority of the services");
  app.add_option("--tls-certificate", flags.tls.certificate_path, "our certificate (mutual TLS)");
  app.add_option("--tls-private-key", flags.tls.private_key_path, "its private key");
}

// What a person may try.
const char* Hint(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return "Does it run, and is that its address? --server, --billing and --catalog say where, "
             "or --ready-file.";
    case absl::StatusCode::kUnauthenticated:
      return "Give a token with --token-file, TOLLGATE_TOKEN or --ready-file.";
    case absl::StatusCode::kPermissionDenied:
      return "This needs a token with the role admin.";
    case absl::StatusCode::kAborted:
      return "Somebody else changed it meanwhile; try again.";
    default:
      return nullptr;
  }
}

int Report(const absl::Status& status, std::ostream& err) {
  if (status.ok()) return kExitOk;
  err << "tollgate: " << status.message();
  const std::string reason = ReasonOf(status);
  if (!reason.empty()) err << " (" << reason << ")";
  err << "\n";
  if (const char* hint = Hint(status)) err << hint << "\n";
  return kExitFailed;
}

}  // namespace

int RunApp(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
           std::ostream& err) {
  CLI::App app(kDescription, "tollgate");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();  // Global flags may follow the verb.
  Context context{.in = in, .out = out, .err = err, .flags = {}, .action = nullptr};
  AddSessionFlags(app, context.flags);
  AddResourceVerbs(app, context);
  AddKeyVerbs(app, context);
  AddMoneyVerbs(app, context);
  AddCreditVerbs(app, context);
  AddUsageVerbs(app, context);
  AddCatalogVerbs(app, context);
  AddServerVerbs(app, context);
  // The one place where CLI11 throws.
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kExitOk : kExitUsage;
  }
  Session session(context.flags);
  return Report(context.action(session), err);
}

}  // namespace tollgate::cli
