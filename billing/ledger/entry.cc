#include "billing/ledger/entry.h"

#include <algorithm>

namespace tollgate::billing {
namespace {

std::string Join(std::string_view prefix, std::string_view id) {
  std::string name;
  name.reserve(prefix.size() + id.size());
  name.append(prefix).append(id);
  return name;
}

}  // namespace

std::string_view EntryKindName(EntryKind kind) {
  switch (kind) {
    case EntryKind::kTopUp:
      return "top_up";
    case EntryKind::kAdjustment:
      return "adjustment";
    case EntryKind::kUsage:
      return "usage";
    case EntryKind::kLeaseGrant:
      return "lease_grant";
    case EntryKind::kLeaseRelease:
      return "lease_release";
    case EntryKind::kLoss:
      return "loss";
    case EntryKind::kRefund:
      return "refund";
    case EntryKind::kCredit:
      return "credit";
    case EntryKind::kCreditExpiry:
      return "credit_expiry";
    case EntryKind::kResolution:
      return "resolution";
  }
  return "unknown";
}

std::string WalletAccount(std::string_view workspace_id) { return Join("wallet/", workspace_id); }
std::string HoldsAccount(std::string_view workspace_id) { return Join("holds/", workspace_id); }
std::string CreditAccount(std::string_view workspace_id) { return Join("credit/", workspace_id); }
std::string RevenueAccount(std::string_view model_id) { return Join("revenue/", model_id); }
std::string CostAccount(std::string_view provider_id) { return Join("cost/", provider_id); }
std::string PayableAccount(std::string_view provider_id) { return Join("payable/", provider_id); }
std::string ResolvedAccount(std::string_view capped_account) {
  return Join("resolved/", capped_account);
}

bool IsValidAccountName(std::string_view name) {
  return !name.empty() && name.size() <= kAccountNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace tollgate::billing
