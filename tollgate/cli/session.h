// Where the CLI finds the services, and its connections to them.
#ifndef TOLLGATE_TOLLGATE_CLI_SESSION_H_
#define TOLLGATE_TOLLGATE_CLI_SESSION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/secret.h"
#include "base/tls_files.h"
#include "tollgate/cli/rpc_client.h"

namespace tollgate::cli {

// Flags and environment; empty for what was not given.
struct SessionFlags {
  std::string admin;       // --server, TOLLGATE_ADMIN.
  std::string billing;     // --billing, TOLLGATE_BILLING.
  std::string catalog;     // --catalog, TOLLGATE_CATALOG.
  std::string token;       // --token, TOLLGATE_TOKEN.
  std::string token_file;  // --token-file, TOLLGATE_TOKEN_FILE.
  // --ready-file.  TOLLGATE_READY_FILE is not its default, but read by Session: a program must not
  // overwrite the file of another one because a variable is set.
  std::string ready_file;
  TlsFiles tls;  // --tls-ca, --tls-certificate, --tls-private-key.
};

// Where `tollgate standalone` listens and writes its ready file unless told otherwise.
inline constexpr char kDefaultAdminAddress[] = "127.0.0.1:8082";
inline constexpr char kDefaultBillingAddress[] = "127.0.0.1:8084";
inline constexpr char kDefaultCatalogAddress[] = "127.0.0.1:8085";
inline constexpr char kDefaultReadyFile[] = "data/ready.json";

// Connects to a service when it is first asked for.  What no flag says is taken from the ready file
// of a running `tollgate standalone` (the one that was named, else ./data/ready.json if there is
// one), and then from the default addresses.  Not thread-safe.
class Session {
 public:
  explicit Session(SessionFlags flags) : flags_(std::move(flags)) {}

  // InvalidArgument or NotFound for files and addresses that do not serve; whether anybody answers
  // shows in the first call.
  absl::StatusOr<const RpcClient*> Admin();
  absl::StatusOr<const RpcClient*> Billing();
  absl::StatusOr<const RpcClient*> Catalog();

 private:
  // What the ready file says.
  struct Ready {
    std::string admin;
    std::string billing;
    std::string catalog;
    std::string token;
    std::string token_file;
  };

  absl::StatusOr<const RpcClient*> Connect(std::unique_ptr<RpcClient>& client,
                                           const std::string& flag, std::string Ready::*ready,
                                           const char* fallback);
  absl::Status ReadReadyFile();
  absl::StatusOr<Secret> Token() const;

  const SessionFlags flags_;
  bool ready_read_ = false;
  Ready ready_;
  std::unique_ptr<RpcClient> admin_;
  std::unique_ptr<RpcClient> billing_;
  std::unique_ptr<RpcClient> catalog_;
};

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_SESSION_H_
