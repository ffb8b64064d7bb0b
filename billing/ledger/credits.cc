#include "billing/ledger/credits.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate::billing {

void CreditBook::Restore(std::vector<CreditRow> rows) {
  for (CreditRow& row : rows) {
    if (!row.due) expiries_.emplace(row.expire_time, row.workspace_id);
    Credits& credits = workspaces_[row.workspace_id];
    const Place place = PlaceOf(row);
    credits.emplace(place, std::move(row));
  }
}

void CreditBook::Add(const std::string& workspace_id, std::uint64_t sequence, Money amount,
                     absl::Time expire_time) {
  CHECK(amount > Money::Zero()) << workspace_id;
  const CreditRow row{workspace_id, sequence, amount, amount, expire_time, false};
  CHECK(workspaces_[workspace_id].emplace(PlaceOf(row), row).second);
  expiries_.emplace(expire_time, workspace_id);
  MarkChanged(row);
}

Money CreditBook::Share(const std::string& workspace_id, Money amount) const {
  return std::min(amount, Remaining(workspace_id));
}

void CreditBook::Take(const std::string& workspace_id, Money amount) {
  if (amount.is_zero()) return;
  const auto found = workspaces_.find(workspace_id);
  CHECK(found != workspaces_.end() && !amount.is_negative()) << workspace_id;
  Credits& credits = found->second;
  while (!amount.is_zero()) {
    CHECK(!credits.empty()) << workspace_id;
    CreditRow& first = credits.begin()->second;
    const Money taken = std::min(amount, first.remaining);
    amount -= taken;
    first.remaining -= taken;
    MarkChanged(first);
    // An entry of expiries_ may outlive its credit: Expire() then finds nothing to do.
    if (first.remaining.is_zero()) credits.erase(credits.begin());
  }
  if (credits.empty()) workspaces_.erase(found);
}

std::vector<std::string> CreditBook::Expire(absl::Time now) {
  std::vector<std::string> risen;
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    const auto [time, workspace_id] = *expiries_.begin();
    expiries_.erase(expiries_.begin());
    const auto found = workspaces_.find(workspace_id);
    if (found == workspaces_.end()) continue;
    Credits& credits = found->second;
    const auto open = [&credits] { return credits.lower_bound({true, absl::InfinitePast(), 0}); };
    bool rose = false;
    for (auto row = open(); row != credits.end() && row->first.expire_time <= now; row = open()) {
      auto over = credits.extract(row);
      over.mapped().due = true;
      over.key() = PlaceOf(over.mapped());
      MarkChanged(over.mapped());
      credits.insert(std::move(over));
      rose = true;
    }
    if (rose) risen.push_back(workspace_id);
  }
  return risen;
}

absl::Time CreditBook::NextExpiry() const {
  return expiries_.empty() ? absl::InfiniteFuture() : expiries_.begin()->first;
}

Money CreditBook::Remaining(const std::string& workspace_id) const {
  Money sum;
  const auto found = workspaces_.find(workspace_id);
  if (found == workspaces_.end()) return sum;
  for (const auto& [place, row] : found->second) sum += row.remaining;
  return sum;
}

Money CreditBook::Due(const std::string& workspace_id) const {
  Money sum;
  const auto found = workspaces_.find(workspace_id);
  if (found == workspaces_.end()) return sum;
  for (const auto& [place, row] : found->second) {
    if (row.due) sum += row.remaining;
  }
  return sum;
}

std::size_t CreditBook::Count(const std::string& workspace_id) const {
  const auto found = workspaces_.find(workspace_id);
  return found == workspaces_.end() ? 0 : found->second.size();
}

std::vector<CreditRow> CreditBook::List(const std::string& workspace_id) const {
  std::vector<CreditRow> rows;
  const auto found = workspaces_.find(workspace_id);
  if (found == workspaces_.end()) return rows;
  for (const auto& [place, row] : found->second) rows.push_back(row);
  return rows;
}

std::vector<CreditRow> CreditBook::TakeEffects() {
  std::vector<CreditRow> rows;
  for (auto& [key, row] : effects_) rows.push_back(std::move(row));
  effects_.clear();
  return rows;
}

void CreditBook::MarkChanged(const CreditRow& row) {
  effects_.insert_or_assign({row.workspace_id, row.sequence}, row);
}

}  // namespace tollgate::billing
