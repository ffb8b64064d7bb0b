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

// One per worker: its cache needs no lock.  Used by that thread only.
class AccountResolver {
 public:
  // `pool` must outlive this.
  explicit AccountResolver(LeasePool& pool) : pool_(&pool) {}

  // The accounts of a request that begins at `now`: the wallet, then the budgets of the key, the
  // workspace and the organization, in their present period.  `byok`: no wallet, and only budgets
  // that include it.  nullopt when there are too many (kAccountsMax) or the lease table is full:
  // answer as for kUnavailable.  No allocation once an account is known.
  std::optional<AccountSet> Resolve(const Snapshot& snapshot, const Principal& principal,
                                    absl::Time now, bool byok = false);

 private:
  const Account* Wallet(std::string_view workspace_id);
  const Account* BudgetAccount(const Budget& budget, absl::Time now);

  static constexpr std::size_t kCacheEntriesMax = 100'000;  // Then it begins anew.

  struct CachedBudget {
    const Account* account = nullptr;
    absl::Time period_start;
    absl::Time period_end;
    bool hard = true;
    int period = 0;
  };

  LeasePool* pool_;
  absl::flat_hash_map<std::string, const Account*> wallets_;  // By workspace.
  absl::flat_hash_map<std::string, CachedBudget> budgets_;    // By budget.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_RESOLVER_H_
