#include "dataplane/budget/account_resolver.h"

#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

// The values of config.v1.Period.
BudgetPeriod PeriodOf(int period) {
  switch (period) {
    case 2:
      return BudgetPeriod::kDaily;
    case 3:
      return BudgetPeriod::kWeekly;
    case 4:
      return BudgetPeriod::kMonthly;
    default:
      return BudgetPeriod::kNone;
  }
}

}  // namespace

const Account* AccountResolver::Wallet(std::string_view workspace_id) {
  auto known = wallets_.find(AbslView(workspace_id));
  if (known != wallets_.end()) return known->second;
  if (wallets_.size() >= kCacheEntriesMax) wallets_.clear();
  const Account* account = pool_->Open(absl::StrCat("wallet/", AbslView(workspace_id)), "",
                                       /*hard=*/true, absl::InfiniteFuture());
  if (account != nullptr) wallets_.emplace(std::string(workspace_id), account);
  return account;
}

const Account* AccountResolver::BudgetAccount(const Budget& budget, absl::Time now) {
  auto known = budgets_.find(budget.id);
  if (known != budgets_.end()) {
    const CachedBudget& cached = known->second;
    if (cached.hard == budget.hard && cached.period == budget.period &&
        cached.period_start <= now && now < cached.period_end) {
      return cached.account;
    }
  }
  if (budgets_.size() >= kCacheEntriesMax) budgets_.clear();
  const BudgetPeriod period = PeriodOf(budget.period);
  CachedBudget fresh;
  fresh.period_start = BudgetPeriodStart(period, now);
  fresh.period_end = BudgetPeriodEnd(period, now);
  fresh.hard = budget.hard;
  fresh.period = budget.period;
  fresh.account = pool_->Open(absl::StrCat("budget/", budget.id, "/", BudgetPeriodOf(period, now)),
                              budget.id, budget.hard, fresh.period_end);
  if (fresh.account != nullptr) budgets_[budget.id] = fresh;
  return fresh.account;
}

std::optional<AccountSet> AccountResolver::Resolve(const Snapshot& snapshot,
                                                   const Principal& principal, absl::Time now,
                                                   bool byok) {
  AccountSet accounts;
  if (!byok) {
    const Account* wallet = Wallet(principal.workspace_id());
    if (wallet == nullptr || !accounts.Add(wallet)) return std::nullopt;
  }
  const struct {
    ScopeKind kind;
    std::string_view id;
  } scopes[] = {{ScopeKind::kKey, principal.key_id()},
                {ScopeKind::kWorkspace, principal.workspace_id()},
                {ScopeKind::kOrganization, principal.organization_id()}};
  for (const auto& scope : scopes) {
    for (const auto& budget : snapshot.BudgetsOf(scope.kind, scope.id)) {
      if (byok && !budget->include_byok) continue;
      const Account* account = BudgetAccount(*budget, now);
      if (account == nullptr || !accounts.Add(account)) return std::nullopt;
    }
  }
  return accounts;
}

}  // namespace tollgate::dataplane
