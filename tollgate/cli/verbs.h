// The verbs of the CLI, in groups; each group is one .cc file.
//
// A group adds its subcommands to the CLI11 app.  Parsing chooses one action; app.cc then runs it.
#ifndef TOLLGATE_TOLLGATE_CLI_VERBS_H_
#define TOLLGATE_TOLLGATE_CLI_VERBS_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "tollgate/cli/session.h"

namespace CLI {
class App;
}  // namespace CLI

namespace tollgate::cli {

// What verbs work with.  Lives from before parsing until after the action.
struct Context {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  SessionFlags flags;
  // Set by the verb that was chosen.
  std::function<absl::Status(Session&)> action;
};

// apply, get, delete.
void AddResourceVerbs(CLI::App& app, Context& context);
// keys, audit.
void AddKeyVerbs(CLI::App& app, Context& context);
// topup, adjust, wallet, statement.
void AddMoneyVerbs(CLI::App& app, Context& context);
// refund, credit, credits, spend.
void AddCreditVerbs(CLI::App& app, Context& context);
// generation, generations, leases.
void AddUsageVerbs(CLI::App& app, Context& context);
// catalog import, list, show.
void AddCatalogVerbs(CLI::App& app, Context& context);
// standalone, demo-provider, version.
void AddServerVerbs(CLI::App& app, Context& context);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_VERBS_H_
