#include "billing/store/ledger_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"

namespace tollgate::billing {
namespace {

template <typename Row>
std::optional<Row> FoundOrDie(absl::StatusOr<Row> row) {
  if (row.ok()) return *std::move(row);
  CHECK(absl::IsNotFound(row.status())) << row.status();
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<AccountRow>> LedgerStore::ListAccounts(const std::string& prefix,
                                                                  const std::string& after,
                                                                  std::size_t limit) const {
  TG_ASSIGN_OR_RETURN(StoredState state, Load());
  std::erase_if(state.accounts, [&](const AccountRow& row) {
    return !row.account.starts_with(prefix) || row.account <= after;
  });
  std::sort(state.accounts.begin(), state.accounts.end(),
            [](const AccountRow& a, const AccountRow& b) { return a.account < b.account; });
  if (state.accounts.size() > limit) state.accounts.resize(limit);
  return std::move(state.accounts);
}

absl::StatusOr<AppliedKey> LedgerStore::ReadAppliedKey(const std::string& key) const {
  TG_ASSIGN_OR_RETURN(const StoredState state, Load());
  for (const AppliedKey& row : state.ledger.keys) {
    if (row.idempotency_key == key) return row;
  }
  return absl::NotFoundError("no such key");
}

absl::StatusOr<Money> LedgerStore::ReadRefunded(const std::string& generation_id) const {
  TG_ASSIGN_OR_RETURN(const StoredState state, Load());
  const auto found = state.refunded.find(generation_id);
  return found == state.refunded.end() ? Money::Zero() : found->second;
}

absl::StatusOr<KeyTotalsRow> LedgerStore::ReadKeyTotals(const std::string& workspace_id,
                                                        const std::string& key_id) const {
  TG_ASSIGN_OR_RETURN(const StoredState state, Load());
  for (const KeyTotalsRow& row : state.key_totals) {
    if (row.workspace_id == workspace_id && row.key_id == key_id) return row;
  }
  return absl::NotFoundError("nothing was used with this key");
}

absl::StatusOr<Money> LedgerStore::ReadBalance(const std::string& account) const {
  TG_ASSIGN_OR_RETURN(const StoredState state, Load());
  const auto found = state.ledger.balances.find(account);
  return found == state.ledger.balances.end() ? Money::Zero() : found->second;
}

BooksReader MakeReader(const LedgerStore& store) {
  return {
      .keys = [&store](const std::string& key) { return FoundOrDie(store.ReadAppliedKey(key)); },
      .accounts =
          [&store](const std::string& account) { return FoundOrDie(store.ReadAccount(account)); },
      .refunded =
          [&store](const std::string& generation_id) {
            return FoundOrDie(store.ReadRefunded(generation_id)).value_or(Money::Zero());
          },
      .key_totals =
          [&store](const std::string& workspace_id, const std::string& key_id) {
            return FoundOrDie(store.ReadKeyTotals(workspace_id, key_id));
          }};
}

}  // namespace tollgate::billing
