// The `tollgate` command: verbs that call a running suite, and the programs that run one.
#ifndef TOLLGATE_TOLLGATE_CLI_APP_H_
#define TOLLGATE_TOLLGATE_CLI_APP_H_

#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace tollgate::cli {

// Exit statuses.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // The verb failed; the reason is on `err`.
inline constexpr int kExitUsage = 2;   // The command line makes no sense.

// Runs one command line (`arguments` without the program's name).  Blocks until a program verb
// ends.
int RunApp(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
           std::ostream& err);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_APP_H_
