#include "dataplane/budget/account_resolver.h"

#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/scope_ids.h"
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

bool HasOwnBudget(const Snapshot& snapshot, ScopeKind kind, std::string_view id) {
  for (const auto& budget : snapshot.BudgetsOf(kind, id)) {
    if (!budget->each.has_value()) return true;
  }
  return false;
}

struct AccountResolver::Scopes {
  std::string_view ids[7];  // By ScopeKind.

  std::string_view operator[](ScopeKind kind) const { return ids[static_cast<int>(kind)]; }
};

// Accounts may be looked at for kAccountPointerLife after they were opened.
void AccountResolver::Refresh(MonotonicTime at) {
  const bool old = at - filled_at_ > kAccountPointerLife / 2;
  if (old || wallets_.size() >= kCacheEntriesMax) wallets_.clear();
  if (old || runs_.size() >= kCacheEntriesMax) runs_.clear();
  if (old || budgets_.size() >= kCacheEntriesMax) budgets_.clear();
  if (old) filled_at_ = at;
}

const Account* AccountResolver::Wallet(std::string_view workspace_id) {
  auto known = wallets_.find(AbslView(workspace_id));
  if (known != wallets_.end() && !LeasePool::Closed(*known->second)) return known->second;
  const Account* account = pool_->Open(absl::StrCat("wallet/", AbslView(workspace_id)), "",
                                       /*hard=*/true, absl::InfiniteFuture());
  if (account != nullptr) wallets_[std::string(workspace_id)] = account;
  return account;
}

const Account* AccountResolver::Run(std::string_view workspace_id, const NamedScopes& named) {
  key_.assign(workspace_id);
  key_ += '\n';
  key_ += named.run;
  const auto known = runs_.find(key_);
  const Account* account =
      known != runs_.end() && !LeasePool::Closed(*known->second) ? known->second : nullptr;
  if (account == nullptr) {
    account = pool_->Open(
        absl::StrCat("run/", AbslView(workspace_id), "/", RunId(workspace_id, named.run)), "",
        /*hard=*/true, absl::InfiniteFuture());
    if (account == nullptr) return nullptr;
    runs_[key_] = account;
  }
  if (named.run_cap.has_value()) LeasePool::StateCap(*account, *named.run_cap);
  return account;
}

const Account* AccountResolver::BudgetAccount(const Budget& budget, std::string_view instance,
                                              absl::Time now) {
  key_.assign(budget.id);
  if (!instance.empty()) {
    key_ += '/';
    key_ += instance;
  }
  auto known = budgets_.find(key_);
  if (known != budgets_.end()) {
    const CachedBudget& cached = known->second;
    if (cached.hard == budget.hard && cached.period == budget.period &&
        cached.period_start <= now && now < cached.period_end &&
        !LeasePool::Closed(*cached.account)) {
      return cached.account;
    }
  }
  const BudgetPeriod period = PeriodOf(budget.period);
  CachedBudget fresh;
  fresh.period_start = BudgetPeriodStart(period, now);
  fresh.period_end = BudgetPeriodEnd(period, now);
  fresh.hard = budget.hard;
  fresh.period = budget.period;
  fresh.account =
      pool_->Open(absl::StrCat("budget/", budget.id, "/", BudgetPeriodOf(period, now),
                               instance.empty() ? "" : "/", AbslView(instance)),
                  budget.id, budget.hard, fresh.period_end,
                  absl::StrCat(AbslView(ScopeKindName(budget.each.value_or(budget.scope_kind))),
                               "/", instance.empty() ? budget.scope_id : std::string(instance)));
  if (fresh.account != nullptr) budgets_[key_] = fresh;
  return fresh.account;
}

// A template caps each thing of its kind for itself, but those that have a budget of their own.
bool AccountResolver::AddBudgets(const Snapshot& snapshot, const Scopes& scopes, ScopeKind kind,
                                 absl::Time now, bool byok, AccountSet& accounts) {
  for (const auto& budget : snapshot.BudgetsOf(kind, scopes[kind])) {
    if (byok && !budget->include_byok) continue;
    std::string_view instance;
    if (budget->each.has_value()) {
      instance = scopes[*budget->each];
      if (instance.empty() || HasOwnBudget(snapshot, *budget->each, instance)) continue;
    }
    const Account* account = BudgetAccount(*budget, instance, now);
    if (account == nullptr || !accounts.Add(account)) return false;
  }
  return true;
}

std::optional<AccountSet> AccountResolver::Resolve(const Snapshot& snapshot,
                                                   const Principal& principal,
                                                   const NamedScopes& named, absl::Time now,
                                                   MonotonicTime at, bool byok) {
  Refresh(at);
  AccountSet accounts;
  const std::string_view workspace = principal.workspace_id();
  const Account* wallet = Wallet(workspace);
  if (wallet == nullptr) return std::nullopt;
  if (byok) {
    accounts.SetPass(wallet);
  } else if (!accounts.Add(wallet)) {
    return std::nullopt;
  }
  Scopes scopes;
  const auto set = [&](ScopeKind kind, std::string_view id) {
    scopes.ids[static_cast<int>(kind)] = id;
  };
  set(ScopeKind::kKey, principal.key_id());
  set(ScopeKind::kMember, principal.member_id());
  set(ScopeKind::kProject, principal.project_id());
  set(ScopeKind::kWorkspace, workspace);
  set(ScopeKind::kOrganization, principal.organization_id());
  if (!named.quota_entity.empty()) {
    key_.assign(workspace);
    key_ += '\n';
    key_ += named.quota_entity;
    if (key_ != entity_name_) {
      entity_name_ = key_;
      entity_id_ = QuotaEntityId(workspace, named.quota_entity);
    }
    set(ScopeKind::kQuotaEntity, entity_id_);
  }
  for (const ScopeKind kind :
       {ScopeKind::kKey, ScopeKind::kQuotaEntity, ScopeKind::kMember, ScopeKind::kProject,
        ScopeKind::kWorkspace, ScopeKind::kOrganization}) {
    if (!scopes[kind].empty() && !AddBudgets(snapshot, scopes, kind, now, byok, accounts)) {
      return std::nullopt;
    }
  }
  if (!named.run.empty()) {
    const Account* run = Run(workspace, named);
    if (run == nullptr || !accounts.Add(run)) return std::nullopt;
  }
  return accounts;
}

}  // namespace tollgate::dataplane
