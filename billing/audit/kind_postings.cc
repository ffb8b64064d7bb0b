#include "billing/audit/kind_postings.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tollgate::billing {
namespace {

// Sums must not stop an audit: what overflows is a difference elsewhere.
Money Plus(Money a, Money b) { return a.TryAdd(b).value_or(Money::Max()); }
Money Minus(Money a) { return Money::Zero().TrySubtract(a).value_or(Money::Max()); }

void Put(Changes& changes, const std::string& account, Money amount) {
  if (!amount.is_zero()) changes[account] = amount;
}

}  // namespace

Changes ChangesOf(const Entry& entry) {
  Changes changes;
  for (const Posting& posting : entry.transfer.postings) {
    Money& sum = changes[posting.account];
    sum = Plus(sum, posting.amount);
  }
  std::erase_if(changes, [](const auto& one) { return one.second.is_zero(); });
  return changes;
}

Money ChangeOf(const Changes& changes, const std::string& account) {
  const auto found = changes.find(account);
  return found == changes.end() ? Money::Zero() : found->second;
}

std::optional<LeaseKey> ResolvedLease(const Entry& entry) {
  // "resolve/<node>/<incarnation>/<account>/<sequence>", with slashes in the account.
  constexpr std::size_t kPartsBeforeAccount = 3;
  const std::vector<std::string> parts = absl::StrSplit(entry.transfer.idempotency_key, '/');
  LeaseKey lease;
  std::uint64_t sequence = 0;
  if (parts.size() <= kPartsBeforeAccount + 1 || parts[0] != "resolve" ||
      !absl::SimpleAtoi(parts[2], &lease.incarnation) ||
      !absl::SimpleAtoi(parts.back(), &sequence) || sequence != entry.sequence) {
    return std::nullopt;
  }
  lease.node_id = parts[1];
  lease.account = absl::StrJoin(parts.begin() + kPartsBeforeAccount, parts.end() - 1, "/");
  return lease;
}

Changes ExpectedChanges(const Entry& entry, const Changes& found) {
  const std::string& workspace = entry.transfer.workspace_id;
  const std::string credit = CreditAccount(workspace);
  const std::string unspent(kCreditUnspentAccount);
  const Money amount = ChangeOf(found, WalletAccount(workspace));
  const Money back = Minus(amount);
  Changes out;
  Put(out, WalletAccount(workspace), amount);
  switch (entry.transfer.kind) {
    case EntryKind::kTopUp:
      Put(out, std::string(kCashAccount), back);
      break;
    case EntryKind::kAdjustment:
      Put(out, std::string(kAdjustmentsAccount), back);
      // What is taken beyond the paid money is promotional credit.
      Put(out, credit, ChangeOf(found, credit));
      Put(out, unspent, Minus(ChangeOf(found, credit)));
      break;
    case EntryKind::kLeaseGrant:
    case EntryKind::kLeaseRelease:
      Put(out, HoldsAccount(workspace), back);
      break;
    case EntryKind::kLoss:
      Put(out, HoldsAccount(workspace), back);
      Put(out, std::string(kLossAccount), back);
      Put(out, PayableAccount(kUnreportedProvider), amount);
      break;
    case EntryKind::kRefund:
      Put(out, std::string(kRefundsAccount), back);
      break;
    case EntryKind::kCredit:
    case EntryKind::kCreditExpiry:
      Put(out, std::string(kPromotionalAccount), back);
      Put(out, credit, amount);
      Put(out, unspent, back);
      break;
    case EntryKind::kResolution: {
      const std::optional<LeaseKey> lease = ResolvedLease(entry);
      const std::string resolved = ResolvedAccount(lease.has_value() ? lease->account : "");
      Put(out, resolved, ChangeOf(found, resolved));
      Put(out, std::string(kResolutionsAccount), Minus(ChangeOf(found, resolved)));
      break;
    }
    case EntryKind::kUsage:
      return found;
  }
  return out;
}

bool MovesTheRightWay(const Entry& entry, const Changes& found) {
  const std::string& workspace = entry.transfer.workspace_id;
  const Money amount = ChangeOf(found, WalletAccount(workspace));
  switch (entry.transfer.kind) {
    case EntryKind::kLeaseGrant:
    case EntryKind::kCreditExpiry:
      return amount.is_negative();
    case EntryKind::kTopUp:
    case EntryKind::kLeaseRelease:
    case EntryKind::kLoss:
    case EntryKind::kRefund:
    case EntryKind::kCredit:
      return amount > Money::Zero();
    case EntryKind::kAdjustment: {
      const Money credit = ChangeOf(found, CreditAccount(workspace));
      return !amount.is_zero() && credit <= Money::Zero() && (credit.is_zero() || amount <= credit);
    }
    case EntryKind::kResolution:
      return ChangeOf(found, std::string(kResolutionsAccount)) <= Money::Zero();
    case EntryKind::kUsage:
      return true;
  }
  return false;
}

std::string ChangesText(const Changes& changes) {
  std::string text;
  for (const auto& [account, amount] : changes) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", account, " ", amount.is_negative() ? "" : "+",
                    amount.ToFixedUsdString());
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace tollgate::billing
