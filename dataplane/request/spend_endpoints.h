// What a key may spend and has spent: GET /v1/key and /v1/quotas.
#ifndef TOLLGATE_DATAPLANE_REQUEST_SPEND_ENDPOINTS_H_
#define TOLLGATE_DATAPLANE_REQUEST_SPEND_ENDPOINTS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/quota_admin.h"
#include "dataplane/request/worker_context.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// One per worker.
class SpendEndpoints {
 public:
  explicit SpendEndpoints(WorkerContext& context) : context_(context) {}

  // Keys are read and errors written as `surface` does.

  // The calling key: OpenRouter's shape of the tightest of its own budgets, what it has used, its
  // rate limits, and every budget that its requests count on.  503 while billing cannot be asked.
  Task<void> Key(ClientConnection& client, const Surface& surface);

  // ?quotaEntityId=api_key_id_<key id>, or the name of a quota entity: Vercel's shape of its
  // budget, or of the template that caps it.  A key sees its own; one that manages quotas sees its
  // workspace's, and may POST, PATCH and DELETE them, which the control plane does.  404 and 409 in
  // Vercel's form.
  Task<void> Quota(ClientConnection& client, const Surface& surface);

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
    // Finds the account and limit of its budget's present period.
    void Locate(absl::Time now);
  };

  // Of whom a quota is, as `quotaEntityId` says.
  struct QuotaSubject {
    explicit QuotaSubject(std::string entity);
    std::string text;    // As it was written.
    std::string key_id;  // One of the two is not empty.
    std::string entity;
  };

  // Nullopt, and the request is answered.
  Task<std::optional<Principal>> Identify(ClientConnection& client, const Surface& surface,
                                          std::shared_ptr<const Snapshot>& snapshot);
  void Collect(const Snapshot& snapshot, ScopeKind kind, std::string_view id,
               const Principal& principal, std::vector<Standing>& standings) const;
  // The quota that is in force; nullopt when there is none that the caller may see.
  std::optional<Standing> QuotaInForce(const Snapshot& snapshot, const Principal& caller,
                                       const QuotaSubject& subject) const;
  // What templates cap it at, where it has no budget of its own; the same of whom may see.
  std::vector<Standing> TemplatesOf(const Snapshot& snapshot, const Principal& caller,
                                    const QuotaSubject& subject) const;
  // The one of them of which least is left; nullopt when billing cannot be asked.
  Task<std::optional<Standing>> TightestOf(std::vector<Standing> standings);
  Task<void> ReadQuota(ClientConnection& client, const Surface& surface, const Snapshot& snapshot,
                       const Principal& caller, const QuotaSubject& subject);
  Task<void> ChangeQuota(ClientConnection& client, const Surface& surface, const Principal& caller,
                         Method method, std::string entity);
  // Asks the control plane; `start(done)` makes the call.
  Task<absl::StatusOr<admin::v1::Quota>> AskQuota(
      const std::function<void(QuotaAdmin::Done)>& start);
  Task<void> AnswerQuota(ClientConnection& client, const QuotaSubject& subject, Standing standing,
                         bool active, bool archived);
  Task<void> AnswerQuotaChange(ClientConnection& client, const Surface& surface,
                               const QuotaSubject& subject,
                               const absl::StatusOr<admin::v1::Quota>& quota);
  Standing StandingOf(const admin::v1::Quota& quota) const;
  // Asks billing where they stand; false when it cannot be asked.
  Task<bool> Ask(std::vector<Standing>& standings);
  // What the key has used; nullopt when billing cannot be asked.
  Task<std::optional<ledger::v1::KeyUsage>> AskUsage(const Principal& caller);
  static void AppendOwn(const std::vector<Standing>& standings, std::string& body);
  void AppendUsage(const ledger::v1::KeyUsage& usage, std::string& body) const;
  static void AppendBudgets(const std::vector<Standing>& standings, std::string& body);
  Task<void> Answer(ClientConnection& client, int status, std::string body,
                    std::string_view header_lines = {});
  Task<void> Refuse(ClientConnection& client, const Surface& surface, ErrorCode code,
                    std::string_view message = {});

  WorkerContext& context_;
  int ledger_calls_ = 0;
  int quota_calls_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_SPEND_ENDPOINTS_H_
