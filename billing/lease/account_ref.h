// The names of capped accounts: "wallet/<workspace>" and "budget/<budget>/<period>".
#ifndef TOLLGATE_BILLING_LEASE_ACCOUNT_REF_H_
#define TOLLGATE_BILLING_LEASE_ACCOUNT_REF_H_

#include <optional>
#include <string>
#include <string_view>

namespace tollgate::billing {

enum class AccountKind { kWallet, kBudget };

inline constexpr AccountKind kAllAccountKinds[] = {AccountKind::kWallet, AccountKind::kBudget};

// "wallet" or "budget": the bounded label of metrics.
std::string_view AccountKindName(AccountKind kind);

// One capped account.
struct AccountRef {
  AccountKind kind = AccountKind::kWallet;
  std::string id;      // The workspace's or the budget's.
  std::string period;  // Of a budget (base/budget_period.h); empty for a wallet.

  std::string Name() const;

  friend bool operator==(const AccountRef&, const AccountRef&) = default;
};

// Reads a name; nullopt unless it has one of the two forms with valid resource ids.  Whether the
// workspace or budget exists, and whether the period is a current one, is another question.
std::optional<AccountRef> ParseAccountRef(std::string_view name);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEASE_ACCOUNT_REF_H_
