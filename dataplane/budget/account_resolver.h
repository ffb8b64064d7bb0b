// Which accounts a caller's requests draw on: its wallet and the budgets in scope.
#ifndef TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_RESOLVER_H_
#define TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_RESOLVER_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/budget/account.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/snapshot/snapshot.h"

namespace tollgate::dataplane {

// What a caller names in its request; empty = nothing.
struct NamedScopes {
  std::string_view quota_entity;
  std::string_view run;
  std::optional<Money> run_cap;  // What the caller says that the run may cost.
};

// Whether a thing has a budget of its own, so that no template applies to it.  A template on it is
// none: it caps what is within.
bool HasOwnBudget(const Snapshot& snapshot, ScopeKind kind, std::string_view id);

// One per worker: its cache needs no lock.  Used by that thread only.
class AccountResolver {
 public:
  // `pool` must outlive this.
  explicit AccountResolver(LeasePool& pool) : pool_(&pool) {}

  // The accounts of a request that begins at `now`: the wallet; the budgets of the key, the quota
  // entity, the member, the project, the workspace and the organization, in their present period,
  // and what templates among them make for this request; the run.  `byok`: the wallet as a
  // pass only, and only budgets that include it.  nullopt when there are too many (kAccountsMax) or
  // the lease table is full: answer as for kUnavailable.  No allocation once an account is known.
  // To be used within kAccountPointerLife.
  std::optional<AccountSet> Resolve(const Snapshot& snapshot, const Principal& principal,
                                    const NamedScopes& named, absl::Time now, MonotonicTime at,
                                    bool byok = false);

 private:
  // The ids of a request's scopes, by ScopeKind; empty = none.
  struct Scopes;

  const Account* Wallet(std::string_view workspace_id);
  const Account* Run(std::string_view workspace_id, const NamedScopes& named);
  // `instance`: whose, for a template; empty otherwise.
  const Account* BudgetAccount(const Budget& budget, std::string_view instance, absl::Time now);
  bool AddBudgets(const Snapshot& snapshot, const Scopes& scopes, ScopeKind kind, absl::Time now,
                  bool byok, AccountSet& accounts);
  void Refresh(MonotonicTime at);

  static constexpr std::size_t kCacheEntriesMax = 100'000;  // Then it begins anew.

  struct CachedBudget {
    const Account* account = nullptr;
    absl::Time period_start;
    absl::Time period_end;
    bool hard = true;
    int period = 0;
  };

  LeasePool* pool_;
  MonotonicTime filled_at_;                                   // Since when the cache has grown.
  absl::flat_hash_map<std::string, const Account*> wallets_;  // By workspace.
  absl::flat_hash_map<std::string, const Account*> runs_;     // By workspace, then name.
  absl::flat_hash_map<std::string, CachedBudget> budgets_;    // By budget, then instance.
  std::string entity_name_;  // Of the last request's quota entity, "<workspace>\n<name>".
  std::string entity_id_;    // And its id: a hash, which callers repeat.
  std::string key_;          // Scratch.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_RESOLVER_H_
