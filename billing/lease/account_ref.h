// The names of capped accounts:
//
//   wallet/<workspace>
//   budget/<budget>/<period>              one period of a budget
//   budget/<budget>/<period>/<instance>   of a template: for one key, member, project or entity
//   run/<workspace>/<run>                 what a caller capped (base/scope_ids.h, RunId())
#ifndef TOLLGATE_BILLING_LEASE_ACCOUNT_REF_H_
#define TOLLGATE_BILLING_LEASE_ACCOUNT_REF_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate::billing {

enum class AccountKind { kWallet, kBudget, kRun };

inline constexpr AccountKind kAllAccountKinds[] = {AccountKind::kWallet, AccountKind::kBudget,
                                                   AccountKind::kRun};
inline constexpr std::size_t kAccountKindCount = 3;

// "wallet", "budget" or "run": the bounded label of metrics.
std::string_view AccountKindName(AccountKind kind);

// One capped account.
struct AccountRef {
  AccountKind kind = AccountKind::kWallet;
  std::string id;             // The workspace's or the budget's.
  std::string period = {};    // Of a budget (base/budget_period.h); else empty.
  std::string instance = {};  // Of a template's account and of a run; else empty.

  std::string Name() const;

  friend bool operator==(const AccountRef&, const AccountRef&) = default;
};

// The same within a name, which must outlive it.
struct AccountRefView {
  AccountKind kind = AccountKind::kWallet;
  std::string_view id;
  std::string_view period = {};
  std::string_view instance = {};
};

// Reads a name; nullopt unless it has one of the forms with valid resource ids.  Whether the
// workspace or budget exists, and whether the period is a current one, is another question.
std::optional<AccountRefView> ViewAccountRef(std::string_view name);
std::optional<AccountRef> ParseAccountRef(std::string_view name);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEASE_ACCOUNT_REF_H_
