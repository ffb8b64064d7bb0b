#include "billing/audit/journal_fold.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/string_views.h"
#include "billing/ledger/entry_codec.h"

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

bool MovesALease(EntryKind kind) {
  return kind == EntryKind::kLeaseGrant || kind == EntryKind::kLeaseRelease ||
         kind == EntryKind::kLoss;
}

// Sums must not stop an audit: what overflows is a difference elsewhere.
Money Plus(Money a, Money b) { return a.TryAdd(b).value_or(Money::Max()); }
Money Negative(Money a) { return Money::Zero().TrySubtract(a).value_or(Money::Max()); }

}  // namespace

Money OutstandingOf(const LeaseTotals& totals) {
  const __int128 amount = static_cast<__int128>(totals.granted.nano_usd()) -
                          totals.released.nano_usd() - totals.settled.nano_usd();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return Money::FromNanoUsd(static_cast<std::int64_t>(std::clamp<__int128>(amount, -kMost, kMost)));
}

std::string EntryPlace(const Entry& entry, std::string_view account) {
  const std::string place = absl::StrCat("entry ", entry.sequence);
  return account.empty() ? place : absl::StrCat(place, ", account ", AbslView(account));
}

std::string LeasePlace(const LeaseKey& lease) {
  return absl::StrCat("lease of node ", lease.node_id, "/", lease.incarnation, " on ",
                      lease.account);
}

void JournalFold::Add(const Entry& entry) {
  const Changes changes = ChangesOf(entry);
  CheckChain(entry);
  CheckPostings(entry, changes);
  Post(entry, changes);
  CheckWorkspace(entry);
  if (MovesALease(entry.transfer.kind)) MoveLease(entry, changes);
  if (entry.transfer.kind == EntryKind::kResolution) Resolve(entry, changes);
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
  if (entry.transfer.kind != EntryKind::kCreditExpiry) return;
  // The others are checked with the totals, records and requests that their keys name.
  const std::string key = absl::StrCat("expiry/", entry.transfer.workspace_id, "/", entry.sequence);
  report_.Expect(AuditCheck::kJ6, entry.transfer.idempotency_key == key, place,
                 absl::StrCat("key ", key), absl::StrCat("key ", entry.transfer.idempotency_key));
}

void JournalFold::CheckPostings(const Entry& entry, const Changes& changes) {
  __int128 sum = 0;
  bool usable = entry.transfer.postings.size() >= 2;
  for (const Posting& posting : entry.transfer.postings) {
    sum += posting.amount.nano_usd();
    usable = usable && IsValidAccountName(posting.account) &&
             (MayMoveNothing(entry.transfer.kind) || !posting.amount.is_zero());
  }
  const auto place = [&] { return EntryPlace(entry); };
  report_.Expect(AuditCheck::kJ1, sum == 0, place, "postings that sum to zero",
                 absl::StrCat("a sum of ", static_cast<std::int64_t>(sum), " nano-USD"));
  report_.Expect(AuditCheck::kJ1, usable, place,
                 "two postings or more, on accounts with names, of amounts that are not zero",
                 "a posting that is none");
  const Changes expected = ExpectedChanges(entry, changes);
  report_.Expect(AuditCheck::kJ1, changes == expected, place, ChangesText(expected),
                 ChangesText(changes));
  report_.Expect(
      AuditCheck::kJ1, MovesTheRightWay(entry, changes), place,
      absl::StrCat("money that moves as in a ", AbslView(EntryKindName(entry.transfer.kind))),
      ChangesText(changes));
}

Money JournalFold::BalanceOf(const std::string& account) const {
  const auto found = balances_.find(account);
  return found == balances_.end() ? Money::Zero() : found->second;
}

void JournalFold::Post(const Entry& entry, const Changes& changes) {
  for (const Posting& posting : entry.transfer.postings) {
    Money& balance = balances_[posting.account];
    balance = Plus(balance, posting.amount);
  }
  if (entry.transfer.kind == EntryKind::kResolution) return;  // It concerns no wallet.
  const std::string& workspace = entry.transfer.workspace_id;
  Wallet& sums = wallets_[workspace];
  if (entry.transfer.kind == EntryKind::kUsage) {
    sums.settled = Plus(sums.settled, Negative(ChangeOf(changes, HoldsAccount(workspace))));
  } else if (!MovesALease(entry.transfer.kind)) {
    sums.credited = Plus(sums.credited, ChangeOf(changes, WalletAccount(workspace)));
  }
}

void JournalFold::CheckWorkspace(const Entry& entry) {
  const std::string& workspace = entry.transfer.workspace_id;
  const std::string credit = CreditAccount(workspace);
  for (const std::string& account : {WalletAccount(workspace), HoldsAccount(workspace), credit}) {
    const Money balance = BalanceOf(account);
    report_.Expect(
        AuditCheck::kJ5, !balance.is_negative(), [&] { return EntryPlace(entry, account); },
        "zero or more", balance.ToFixedUsdString());
  }
  const Money after = Plus(BalanceOf(WalletAccount(workspace)), BalanceOf(HoldsAccount(workspace)));
  report_.ExpectEqual(AuditCheck::kJ3, after, entry.balance, [&] {
    return absl::StrCat(EntryPlace(entry), ", balance of workspace ", workspace);
  });
  report_.Expect(
      AuditCheck::kJ5, BalanceOf(credit) <= after, [&] { return EntryPlace(entry, credit); },
      absl::StrCat("at most the ", after.ToFixedUsdString(), " USD that are there"),
      absl::StrCat(BalanceOf(credit).ToFixedUsdString(), " USD"));
}

void JournalFold::MoveLease(const Entry& entry, const Changes& changes) {
  const std::optional<Movement> movement = ParseMovement(entry.transfer.idempotency_key);
  if (!movement.has_value() ||
      movement->lease.account != WalletAccount(entry.transfer.workspace_id)) {
    report_.Differ(AuditCheck::kJ7, EntryPlace(entry), "a key that names a lease on the wallet",
                   entry.transfer.idempotency_key);
    return;
  }
  ForgetEvenOnes(movement->lease);
  LeaseTotals& totals = leases_[movement->lease];
  const Money into_holds = ChangeOf(changes, HoldsAccount(entry.transfer.workspace_id));
  const bool grant = entry.transfer.kind == EntryKind::kLeaseGrant;
  // Those without an actor are of before resolutions had entries.
  if (entry.transfer.kind == EntryKind::kLoss && !entry.transfer.actor.empty()) {
    losses_[movement->lease] = {entry.sequence, Negative(into_holds)};
  }
  Money& total = grant ? totals.granted : totals.released;
  // Totals only grow: so a key passes once.
  report_.Expect(
      AuditCheck::kJ6, movement->total > total, [&] { return EntryPlace(entry); },
      absl::StrCat("a total above ", total.ToFixedUsdString()),
      absl::StrCat("key ", entry.transfer.idempotency_key));
  total = Plus(total, grant ? into_holds : Negative(into_holds));
  report_.ExpectEqual(AuditCheck::kJ7, movement->total, total, [&] {
    return absl::StrCat(EntryPlace(entry), ", total ", grant ? "granted to" : "released by",
                        " node ", movement->lease.node_id);
  });
  report_.Expect(
      AuditCheck::kJ7, !OutstandingOf(totals).is_negative(),
      [&] { return EntryPlace(entry, movement->lease.account); },
      "no more released than was granted and not spent",
      absl::StrCat(OutstandingOf(totals).ToFixedUsdString(), " outstanding"));
}

// An operator gave a lease up: who, and how much that freed.  Of a wallet's the money went before.
void JournalFold::Resolve(const Entry& entry, const Changes& changes) {
  const std::optional<LeaseKey> lease = ResolvedLease(entry);
  const auto place = [&] { return EntryPlace(entry); };
  report_.Expect(
      AuditCheck::kJ7,
      lease.has_value() && entry.transfer.workspace_id.empty() && !entry.transfer.actor.empty(),
      place, "a lease that was resolved, and by whom",
      absl::StrCat("key ", entry.transfer.idempotency_key, " by ",
                   entry.transfer.actor.empty() ? "nobody" : entry.transfer.actor));
  if (!lease.has_value()) return;
  const Money freed = ChangeOf(changes, ResolvedAccount(lease->account));
  if (lease->account.starts_with(WalletAccount(""))) {
    const auto loss = losses_.find(*lease);
    report_.ExpectEqual(AuditCheck::kJ7,
                        loss == losses_.end() ? Money::Zero() : loss->second.amount, freed,
                        [&] { return EntryPlace(entry, lease->account); });
    if (loss != losses_.end()) losses_.erase(loss);
  }
  if (stored_.contains(*lease)) resolutions_[*lease] = freed;
}

void JournalFold::CheckLosses() {
  for (const auto& [lease, loss] : losses_) {
    report_.Differ(AuditCheck::kJ7, absl::StrCat("entry ", loss.sequence, ", ", LeasePlace(lease)),
                   "a resolution that says who gave it up", "none");
  }
}

// A former incarnation without money can have no entry any more.
void JournalFold::ForgetEvenOnes(const LeaseKey& before) {
  auto it = leases_.lower_bound({before.account, before.node_id, 0});
  while (it != leases_.end() && it->first < before) {
    const bool over = OutstandingOf(it->second).is_zero() && !stored_.contains(it->first);
    it = over ? leases_.erase(it) : std::next(it);
  }
}

void JournalFold::Settle(const LeaseKey& lease, Money amount) {
  if (amount.is_zero()) return;
  LeaseTotals& totals = leases_[lease];
  totals.settled = Plus(totals.settled, amount);
  report_.Expect(
      AuditCheck::kJ7, !OutstandingOf(totals).is_negative(),
      [&] { return absl::StrCat("entry ", last_sequence_, ", ", LeasePlace(lease)); },
      "a charge that the lease covers",
      absl::StrCat(OutstandingOf(totals).ToFixedUsdString(), " outstanding"));
}

}  // namespace tollgate::billing
