// The GET routes: models, credits, generations.
#ifndef TOLLGATE_DATAPLANE_REQUEST_INFO_ENDPOINTS_H_
#define TOLLGATE_DATAPLANE_REQUEST_INFO_ENDPOINTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/worker_context.h"

namespace tollgate::dataplane {

// One per worker.
class InfoEndpoints {
 public:
  explicit InfoEndpoints(WorkerContext& context) : context_(context) {}

  // What can be called: models with a price in force and a credential, and aliases.  With a key,
  // what that key may call; without one, what system credentials reach.
  Task<void> Models(ClientConnection& client);
  Task<void> Model(ClientConnection& client, std::string id);

  // {"balance":"…","total_used":"…"} of the key's workspace, in USD.  When billing cannot be asked,
  // the last answer of this worker, marked by `x-tollgate-stale: true`.
  Task<void> Credits(ClientConnection& client);

  // One generation of the key's workspace: from this node at once, else from billing.
  Task<void> Generation(ClientConnection& client);

  // Answers an error; an empty message is the table's.
  Task<void> Refuse(ClientConnection& client, ErrorCode code, std::string_view message = {});

 private:
  static constexpr std::size_t kWalletsKeptMax = 10'000;

  struct WalletView {
    std::string balance;
    std::string total_used;
  };

  // Who asks.  Refused callers have no principal, and the error.
  struct Caller {
    std::shared_ptr<const Snapshot> snapshot;
    std::optional<Principal> principal;
    std::optional<ErrorCode> error;
  };
  Caller Identify(ClientConnection& client, bool key_required);
  Task<void> Answer(ClientConnection& client, std::string body, std::string_view header_lines);

  WorkerContext& context_;
  absl::flat_hash_map<std::string, WalletView> wallets_;
  int ledger_calls_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_INFO_ENDPOINTS_H_
