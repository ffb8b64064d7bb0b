// What a key may spend and has spent: GET /v1/key and GET /v1/quotas.
#ifndef TOLLGATE_DATAPLANE_REQUEST_SPEND_ENDPOINTS_H_
#define TOLLGATE_DATAPLANE_REQUEST_SPEND_ENDPOINTS_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/worker_context.h"

namespace tollgate::dataplane {

// One per worker.
class SpendEndpoints {
 public:
  explicit SpendEndpoints(WorkerContext& context) : context_(context) {}

  // The calling key: OpenRouter's shape of the tightest of its own budgets, its rate limits, and
  // every budget that its requests count on.  503 while billing cannot be asked.
  Task<void> Key(ClientConnection& client);

  // ?quotaEntityId=api_key_id_<key id>, or the name of a quota entity: Vercel's shape of its
  // budget.  A key sees its own; one that manages quotas sees its workspace's.  404 in Vercel's
  // form when there is none.
  Task<void> Quota(ClientConnection& client);

 private:
  // One budget that something counts on, and where it stands.
  struct Standing {
    std::shared_ptr<const Budget> budget;
    std::string instance;  // Of a template.
    std::string account;
    absl::Time resets_at = absl::InfiniteFuture();
    Money limit;  // With raises that are in force.
    Money spent;
    Money reserved;

    Money remaining() const;
  };

  // Nullopt, and the request is answered.
  Task<std::optional<Principal>> Identify(ClientConnection& client,
                                          std::shared_ptr<const Snapshot>& snapshot);
  void Collect(const Snapshot& snapshot, ScopeKind kind, std::string_view id,
               const Principal& principal, std::vector<Standing>& standings) const;
  // Asks billing where they stand; false when it cannot be asked.
  Task<bool> Ask(std::vector<Standing>& standings);
  static void AppendOwn(const std::vector<Standing>& standings, std::string& body);
  static void AppendBudgets(const std::vector<Standing>& standings, std::string& body);
  Task<void> Answer(ClientConnection& client, int status, std::string body);
  Task<void> Refuse(ClientConnection& client, ErrorCode code, std::string_view message = {});

  WorkerContext& context_;
  int ledger_calls_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_SPEND_ENDPOINTS_H_
