#include "billing/audit/journal_fold.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/string_views.h"
#include "billing/ledger/entry_codec.h"
#include "billing/ledger/ledger.h"

namespace tollgate::billing {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", time, absl::UTCTimeZone());
}

// Takes a lease movement's key apart: "grant/<workspace>/<node>/<incarnation>/<total>".
struct Movement {
  LeaseKey lease;
  Money total;
};
std::optional<Movement> ParseMovement(const std::string& key) {
  const std::vector<std::string> parts = absl::StrSplit(key, '/');
  Movement movement;
  std::int64_t total = 0;
  if (parts.size() != 5 || !absl::SimpleAtoi(parts[3], &movement.lease.incarnation) ||
      !absl::SimpleAtoi(parts[4], &total)) {
    return std::nullopt;
  }
  movement.lease.account = WalletAccount(parts[1]);
  movement.lease.node_id = parts[2];
  movement.total = Money::FromNanoUsd(total);
  return movement;
}

// Sums must not stop an audit: what overflows is a difference elsewhere.
Money Plus(Money a, Money b) { return a.TryAdd(b).value_or(Money::Max()); }
Money Negative(Money a) { return Money::Zero().TrySubtract(a).value_or(Money::Max()); }

}  // namespace

Money OutstandingOf(const LeaseTotals& totals) {
  const __int128 amount = static_cast<__int128>(totals.granted.nano_usd()) -
                          totals.released.nano_usd() - totals.settled.nano_usd();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return Money::FromNanoUsd(
      static_cast<std::int64_t>(std::clamp<__int128>(amount, -kMost, kMost)));
}

std::string EntryPlace(const Entry& entry, std::string_view account) {
  const std::string place = absl::StrCat("entry ", entry.sequence);
  return account.empty() ? place : absl::StrCat(place, ", account ", AbslView(account));
}

JournalFold::KeyDigest JournalFold::DigestOfKey(std::string_view idempotency_key) {
  const Sha256Digest whole = Sha256(idempotency_key);
  KeyDigest half;
  std::copy_n(whole.begin(), half.size(), half.begin());
  return half;
}

bool JournalFold::HasKey(std::string_view idempotency_key) const {
  return keys_.contains(DigestOfKey(idempotency_key));
}

void JournalFold::Add(const Entry& entry) {
  CheckChain(entry);
  CheckPostings(entry);
  Post(entry);
  if (RemembersKey(entry.transfer.kind)) ++remembered_keys_;
  if (entry.transfer.kind == EntryKind::kLeaseGrant ||
      entry.transfer.kind == EntryKind::kLeaseRelease ||
      entry.transfer.kind == EntryKind::kLoss) {
    MoveLease(entry);
  }
  last_sequence_ = entry.sequence;
  last_time_ = entry.time;
  last_hash_ = entry.hash;
}

void JournalFold::CheckChain(const Entry& entry) {
  const auto place = [&] { return EntryPlace(entry); };
  report_.Expect(AuditCheck::kJ2, entry.sequence == last_sequence_ + 1, place,
                 absl::StrCat("entry ", last_sequence_ + 1),
                 absl::StrCat("entry ", entry.sequence));
  const Sha256Digest hash = ChainHash(last_hash_, EncodeEntryContents(entry));
  report_.Expect(AuditCheck::kJ9, hash == entry.hash, place,
                 absl::StrCat("hash ", HexEncode(DigestView(hash))),
                 absl::StrCat("hash ", HexEncode(DigestView(entry.hash))));
  report_.Expect(AuditCheck::kJ10, entry.time > last_time_, place,
                 absl::StrCat("a time after ", TimeText(last_time_)), TimeText(entry.time));
  report_.Expect(AuditCheck::kJ6, keys_.insert(DigestOfKey(entry.transfer.idempotency_key)).second,
                 place, absl::StrCat("key ", entry.transfer.idempotency_key, " once"),
                 "it was applied before");
}

void JournalFold::CheckPostings(const Entry& entry) {
  __int128 sum = 0;
  bool usable = entry.transfer.postings.size() >= 2;
  for (const Posting& posting : entry.transfer.postings) {
    sum += posting.amount.nano_usd();
    usable = usable && IsValidAccountName(posting.account) &&
             (entry.transfer.kind == EntryKind::kUsage || !posting.amount.is_zero());
  }
  const auto place = [&] { return EntryPlace(entry); };
  report_.Expect(AuditCheck::kJ1, sum == 0, place, "postings that sum to zero",
                 absl::StrCat("a sum of ", static_cast<std::int64_t>(sum), " nano-USD"));
  report_.Expect(AuditCheck::kJ1, usable, place,
                 "two postings or more, on accounts with names, of amounts that are not zero",
                 "a posting that is none");
}

void JournalFold::Post(const Entry& entry) {
  for (const Posting& posting : entry.transfer.postings) {
    Money& balance = balances_[posting.account];
    balance = Plus(balance, posting.amount);
  }
  const std::string wallet = WalletAccount(entry.transfer.workspace_id);
  const std::string holds = HoldsAccount(entry.transfer.workspace_id);
  for (const std::string* account : {&wallet, &holds}) {
    const auto found = balances_.find(*account);
    if (found == balances_.end()) continue;
    report_.Expect(AuditCheck::kJ5, !found->second.is_negative(),
                   [&] { return EntryPlace(entry, *account); }, "zero or more",
                   found->second.ToFixedUsdString());
  }
  Money after;
  for (const std::string* account : {&wallet, &holds}) {
    const auto found = balances_.find(*account);
    if (found != balances_.end()) after = Plus(after, found->second);
  }
  report_.ExpectEqual(AuditCheck::kJ3, after, entry.balance, [&] {
    return absl::StrCat(EntryPlace(entry), ", balance of workspace ", entry.transfer.workspace_id);
  });
  Wallet& sums = wallets_[entry.transfer.workspace_id];
  if (entry.transfer.kind == EntryKind::kTopUp || entry.transfer.kind == EntryKind::kAdjustment) {
    sums.credited = Plus(sums.credited, AmountOn(entry, wallet));
  } else if (entry.transfer.kind == EntryKind::kUsage) {
    sums.settled = Plus(sums.settled, Negative(AmountOn(entry, holds)));
  }
}

Money JournalFold::AmountOn(const Entry& entry, const std::string& account) const {
  Money sum;
  for (const Posting& posting : entry.transfer.postings) {
    if (posting.account == account) sum = Plus(sum, posting.amount);
  }
  return sum;
}

void JournalFold::MoveLease(const Entry& entry) {
  const std::optional<Movement> movement = ParseMovement(entry.transfer.idempotency_key);
  if (!movement.has_value()) {
    report_.Differ(AuditCheck::kJ7, EntryPlace(entry), "a key that names a lease",
                   entry.transfer.idempotency_key);
    return;
  }
  LeaseTotals& totals = leases_[movement->lease];
  const Money into_holds = AmountOn(entry, HoldsAccount(entry.transfer.workspace_id));
  const bool grant = entry.transfer.kind == EntryKind::kLeaseGrant;
  Money& total = grant ? totals.granted : totals.released;
  total = Plus(total, grant ? into_holds : Negative(into_holds));
  report_.ExpectEqual(AuditCheck::kJ7, movement->total, total, [&] {
    return absl::StrCat(EntryPlace(entry), ", total ", grant ? "granted to" : "released by",
                        " node ", movement->lease.node_id);
  });
  report_.Expect(AuditCheck::kJ7, !OutstandingOf(totals).is_negative(),
                 [&] { return EntryPlace(entry, movement->lease.account); },
                 "no more released than was granted and not spent",
                 absl::StrCat(OutstandingOf(totals).ToFixedUsdString(), " outstanding"));
}

void JournalFold::Settle(const LeaseKey& lease, Money amount) {
  LeaseTotals& totals = leases_[lease];
  totals.settled = Plus(totals.settled, amount);
  report_.Expect(AuditCheck::kJ7, !OutstandingOf(totals).is_negative(),
                 [&] {
                   return absl::StrCat("entry ", last_sequence_, ", lease of node ", lease.node_id,
                                       "/", lease.incarnation, " on ", lease.account);
                 },
                 "a charge that the lease covers",
                 absl::StrCat(OutstandingOf(totals).ToFixedUsdString(), " outstanding"));
}

}  // namespace tollgate::billing
