#include "billing/lease/account_ref.h"

#include <algorithm>

#include "base/ids.h"

namespace tollgate::billing {
namespace {

constexpr std::string_view kWalletPrefix = "wallet/";
constexpr std::string_view kBudgetPrefix = "budget/";
constexpr std::size_t kPeriodCharsMax = 10;  // "2026-11-22".

bool IsPeriodName(std::string_view period) {
  return !period.empty() && period.size() <= kPeriodCharsMax &&
         std::all_of(period.begin(), period.end(), [](char c) {
           return (c >= '0' && c <= '9') || c == '-' || c == 'W' || (c >= 'a' && c <= 'z');
         });
}

}  // namespace

std::string_view AccountKindName(AccountKind kind) {
  return kind == AccountKind::kWallet ? "wallet" : "budget";
}

std::string AccountRef::Name() const {
  if (kind == AccountKind::kWallet) return std::string(kWalletPrefix) + id;
  return std::string(kBudgetPrefix) + id + "/" + period;
}

std::optional<AccountRef> ParseAccountRef(std::string_view name) {
  if (name.starts_with(kWalletPrefix)) {
    const std::string_view id = name.substr(kWalletPrefix.size());
    if (!IsValidResourceId(id)) return std::nullopt;
    return AccountRef{AccountKind::kWallet, std::string(id), ""};
  }
  if (!name.starts_with(kBudgetPrefix)) return std::nullopt;
  name.remove_prefix(kBudgetPrefix.size());
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view id = name.substr(0, slash);
  const std::string_view period = name.substr(slash + 1);
  if (!IsValidResourceId(id) || !IsPeriodName(period)) return std::nullopt;
  return AccountRef{AccountKind::kBudget, std::string(id), std::string(period)};
}

}  // namespace tollgate::billing
