#include "billing/lease/account_ref.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"

namespace tollgate::billing {
namespace {

constexpr std::string_view kWalletPrefix = "wallet/";
constexpr std::string_view kBudgetPrefix = "budget/";
constexpr std::string_view kRunPrefix = "run/";
constexpr std::size_t kPeriodCharsMax = 10;  // "2026-11-22".

bool IsPeriodName(std::string_view period) {
  return !period.empty() && period.size() <= kPeriodCharsMax &&
         std::all_of(period.begin(), period.end(), [](char c) {
           return (c >= '0' && c <= '9') || c == '-' || c == 'W' || (c >= 'a' && c <= 'z');
         });
}

// Splits at the first slash; nullopt when there is none.
std::optional<std::pair<std::string_view, std::string_view>> Split(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, slash), text.substr(slash + 1));
}

}  // namespace

std::string_view AccountKindName(AccountKind kind) {
  switch (kind) {
    case AccountKind::kWallet:
      return "wallet";
    case AccountKind::kBudget:
      return "budget";
    case AccountKind::kRun:
      return "run";
  }
  return "unknown";
}

std::string AccountRef::Name() const {
  switch (kind) {
    case AccountKind::kWallet:
      return std::string(kWalletPrefix) + id;
    case AccountKind::kBudget: {
      const std::string name = std::string(kBudgetPrefix) + id + "/" + period;
      return instance.empty() ? name : name + "/" + instance;
    }
    case AccountKind::kRun:
      break;
  }
  return std::string(kRunPrefix) + id + "/" + instance;
}

std::optional<AccountRefView> ViewAccountRef(std::string_view name) {
  if (name.starts_with(kWalletPrefix)) {
    const std::string_view id = name.substr(kWalletPrefix.size());
    if (!IsValidResourceId(id)) return std::nullopt;
    return AccountRefView{AccountKind::kWallet, id};
  }
  const bool run = name.starts_with(kRunPrefix);
  if (!run && !name.starts_with(kBudgetPrefix)) return std::nullopt;
  const auto parts = Split(name.substr(run ? kRunPrefix.size() : kBudgetPrefix.size()));
  if (!parts.has_value() || !IsValidResourceId(parts->first)) return std::nullopt;
  const auto& [id, rest] = *parts;
  if (run) {
    if (!IsValidResourceId(rest)) return std::nullopt;
    return AccountRefView{AccountKind::kRun, id, "", rest};
  }
  const auto instance = Split(rest);
  const std::string_view period = instance.has_value() ? instance->first : rest;
  if (!IsPeriodName(period)) return std::nullopt;
  if (instance.has_value() && !IsValidResourceId(instance->second)) return std::nullopt;
  return AccountRefView{AccountKind::kBudget, id, period,
                        instance.has_value() ? instance->second : std::string_view()};
}

std::optional<AccountRef> ParseAccountRef(std::string_view name) {
  const std::optional<AccountRefView> view = ViewAccountRef(name);
  if (!view.has_value()) return std::nullopt;
  return AccountRef{view->kind, std::string(view->id), std::string(view->period),
                    std::string(view->instance)};
}

}  // namespace tollgate::billing
