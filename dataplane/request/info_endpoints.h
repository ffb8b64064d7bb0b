// What is not a generation: lists of models, credits, records of generations, reports.
#ifndef TOLLGATE_DATAPLANE_REQUEST_INFO_ENDPOINTS_H_
#define TOLLGATE_DATAPLANE_REQUEST_INFO_ENDPOINTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/money.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/worker_context.h"
#include "dataplane/surface/route_table.h"

namespace tollgate::dataplane {

// One per worker.  Keys are read, and answers and errors written, as the surface of the path does.
class InfoEndpoints {
 public:
  explicit InfoEndpoints(WorkerContext& context) : context_(context) {}

  // What can be called (listed_models.h): all of it, one model, or who sells one, as `match` says.
  // With a key, what that key may call; without one, what the system's credentials reach.
  // `path` is normalized.
  Task<void> Models(ClientConnection& client, RouteMatch match, std::string_view path);

  // The balance of the key's workspace.  When billing cannot be asked, the last answer of this
  // worker, marked by `x-tollgate-stale: true`.
  Task<void> Credits(ClientConnection& client, const Surface& surface);

  // One generation of the key's workspace: from this node at once, else from billing.
  Task<void> Generation(ClientConnection& client, const Surface& surface);

  // What the key's workspace spent (spend_report.h), from billing.
  Task<void> Report(ClientConnection& client, const Surface& surface);

  // Answers an error; an empty message is the table's.
  Task<void> Refuse(ClientConnection& client, const Surface& surface, ErrorCode code,
                    std::string_view message = {});
  // Answers that the path takes other methods, as an Allow header has them.
  Task<void> RefuseMethod(ClientConnection& client, const Surface& surface, std::string allowed);

 private:
  static constexpr std::size_t kWalletsKeptMax = 10'000;

  struct WalletView {
    Money balance;
    Money total_used;
  };

  // Who asks.  Refused callers have no principal, and the error.
  struct Caller {
    std::shared_ptr<const Snapshot> snapshot;
    std::optional<Principal> principal;
    std::optional<ErrorCode> error;

    const Principal* who() const { return principal.has_value() ? &*principal : nullptr; }
  };
  Caller Identify(ClientConnection& client, const Surface& surface, bool key_required);
  // What Models() answers; an error otherwise.
  std::optional<GatewayError> WriteModels(const Caller& caller, const RequestHead& head,
                                          const RouteMatch& match, std::string_view path,
                                          std::string& body) const;
  Task<void> Answer(ClientConnection& client, std::string body, std::string_view header_lines);
  Task<void> RefuseWith(ClientConnection& client, const Surface& surface,
                        const GatewayError& error);

  WorkerContext& context_;
  absl::flat_hash_map<std::string, WalletView> wallets_;
  int ledger_calls_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_INFO_ENDPOINTS_H_
