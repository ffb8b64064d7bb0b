#include "billing/audit/account_audit.h"

#include <functional>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "billing/audit/usage_audit.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

Money Plus(Money a, Money b) { return a.TryAdd(b).value_or(Money::Max()); }

std::string Usd(Money amount) { return absl::StrCat(amount.ToFixedUsdString(), " USD"); }

}  // namespace

void DrawnSums::Begin(std::size_t part, std::size_t parts) {
  part_ = part;
  parts_ = parts;
  sums_.clear();
}

bool DrawnSums::Takes(const std::string& account) const {
  return parts_ == 1 || std::hash<std::string>()(account) % parts_ == part_;
}

void DrawnSums::Add(const usage::v1::UsageRecord& record) {
  for (const usage::v1::Hold& hold : record.holds()) {
    if (hold.account().starts_with("wallet/") || !Takes(hold.account())) continue;
    Sum& sum = sums_[hold.account()];
    Money& part = hold.leased() ? sum.leased : sum.counted;
    part = Plus(part, DrawnOn(record, hold));
  }
}

DrawnSums::Sum DrawnSums::Of(const std::string& account) const {
  const auto found = sums_.find(account);
  return found == sums_.end() ? Sum{} : found->second;
}

absl::Status AccountAudit::LoadLeases() {
  return scan_.ForEach(Family::kLeases, "leases",
                       [&](std::string_view key, std::string_view value) -> absl::Status {
                         TG_ASSIGN_OR_RETURN(LeaseRow row, DecodeLease(key, value));
                         leases_[row.key] = row;
                         return absl::OkStatus();
                       });
}

void AccountAudit::CheckLeases(const JournalFold& fold,
                               const std::map<std::string, std::uint64_t>& incarnations) {
  for (const auto& [key, row] : leases_) CheckLease(row, fold, incarnations);
  // A lease that is over is removed in time; by then it must be even.
  for (const auto& [key, totals] : fold.leases()) {
    if (leases_.contains(key)) continue;
    report_.ExpectEqual(AuditCheck::kJ7, Money::Zero(), OutstandingOf(totals), [&key = key] {
      return absl::StrCat(LeasePlace(key), ", which was removed");
    });
  }
}

void AccountAudit::CheckLease(const LeaseRow& row, const JournalFold& fold,
                              const std::map<std::string, std::uint64_t>& incarnations) {
  const Money outstanding = OutstandingOf(row.totals);
  const auto place = [&] { return LeasePlace(row.key); };
  report_.Expect(AuditCheck::kJ7,
                 !outstanding.is_negative() && (!row.closed || outstanding.is_zero()), place,
                 row.closed ? "nothing outstanding, since it is closed" : "zero or more",
                 absl::StrCat(Usd(outstanding), " outstanding"));
  const auto node = incarnations.find(row.key.node_id);
  report_.Expect(AuditCheck::kJ7, node != incarnations.end() && row.key.incarnation <= node->second,
                 place, "an incarnation of which billing has heard", "a later one");
  Money& sum = outstanding_[row.key.account];
  sum = Plus(sum, outstanding);
  CheckResolved(row, fold);
  if (!row.key.account.starts_with("wallet/")) return;  // The journal has those of wallets alone.
  const auto found = fold.leases().find(row.key);
  const LeaseTotals folded = found == fold.leases().end() ? LeaseTotals{} : found->second;
  const auto part = [&](const char* what) {
    return [&place, what] { return absl::StrCat(place(), ", ", what); };
  };
  report_.ExpectEqual(AuditCheck::kJ7, folded.granted, row.totals.granted, part("granted"));
  report_.ExpectEqual(AuditCheck::kJ7, folded.released, row.totals.released, part("released"));
  report_.ExpectEqual(AuditCheck::kJ7, folded.settled, row.totals.settled, part("settled"));
}

// Nobody gives up a lease without a word in the journal, nor speaks of one that goes on: but one
// that was given up, and whose node lived on and ended it, may have begun anew.
void AccountAudit::CheckResolved(const LeaseRow& row, const JournalFold& fold) {
  const auto found = fold.resolutions().find(row.key);
  const bool said = found != fold.resolutions().end();
  if (!row.resolved && (!said || !row.closed)) return;
  const auto place = [&] { return LeasePlace(row.key); };
  report_.Expect(AuditCheck::kJ7, row.resolved && said && found->second <= row.totals.released,
                 place, "a resolution in the journal, of no more than was released",
                 !said ? std::string("none")
                       : absl::StrCat("one of ", Usd(found->second),
                                      row.resolved ? "" : ", and its node closed it"));
}

absl::Status AccountAudit::ReadAccounts(const JournalFold& fold, const DrawnSums& drawn,
                                        bool first) {
  std::map<std::string, JournalFold::Wallet> wallets;
  if (first) wallets = fold.wallets();
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kAccounts, "accounts",
      [&](std::string_view name, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const AccountRow row, DecodeAccount(name, value));
        const std::optional<AccountRef> ref = ParseAccountRef(row.account);
        if (!ref.has_value()) return absl::DataLossError("an account without a name");
        const bool wallet = ref->kind == AccountKind::kWallet;
        if (wallet ? !first : !drawn.Takes(row.account)) return absl::OkStatus();
        const auto leased = outstanding_.find(row.account);
        report_.ExpectEqual(
            AuditCheck::kJ7, leased == outstanding_.end() ? Money::Zero() : leased->second,
            row.outstanding,
            [&] { return absl::StrCat("account ", row.account, ", outstanding over its leases"); });
        if (leased != outstanding_.end()) outstanding_.erase(leased);
        if (wallet) {
          CheckWallet(row, ref->id, fold);
          wallets.erase(ref->id);
        } else {
          CheckDrawn(row, *ref, drawn);
        }
        return absl::OkStatus();
      }));
  for (const auto& [workspace, sums] : wallets) {
    // A workspace without a wallet has had nothing but attempts that cost nothing.
    report_.ExpectEqual(AuditCheck::kJ3, sums.credited, Money::Zero(), [&id = workspace] {
      return absl::StrCat("account ", WalletAccount(id), ", which has no row");
    });
  }
  for (const auto& [account, amount] : outstanding_) {
    const bool in_part = account.starts_with("wallet/") ? first : drawn.Takes(account);
    if (!in_part) continue;
    report_.ExpectEqual(AuditCheck::kJ7, Money::Zero(), amount, [&name = account] {
      return absl::StrCat("leases on account ", name, ", which has no row");
    });
  }
  return absl::OkStatus();
}

void AccountAudit::CheckWallet(const AccountRow& row, const std::string& workspace,
                               const JournalFold& fold) {
  const auto found = fold.wallets().find(workspace);
  const JournalFold::Wallet sums =
      found == fold.wallets().end() ? JournalFold::Wallet{} : found->second;
  const auto place = [&](const char* what) {
    return [&row, what] { return absl::StrCat("account ", row.account, ", ", what); };
  };
  report_.ExpectEqual(AuditCheck::kJ3, sums.credited, row.credited, place("credited"));
  report_.ExpectEqual(AuditCheck::kJ3, sums.settled, row.settled, place("settled"));
  const Money used = Plus(row.settled, row.outstanding);
  report_.Expect(AuditCheck::kJ5, used <= row.credited, place("settled and outstanding"),
                 absl::StrCat("at most the ", Usd(row.credited), " paid in"), Usd(used));
}

// The limit of a budget and the cap of a run may have been lowered since: what stands is that its
// spend is its records'.  A lease may have covered less than was drawn, when its node came back
// after it was written off; a run that was idle begins anew.
void AccountAudit::CheckDrawn(const AccountRow& row, const AccountRef& ref,
                              const DrawnSums& drawn) {
  const bool run = ref.kind == AccountKind::kRun;
  const DrawnSums::Sum sum = drawn.Of(row.account);
  const Money most = run ? sum.leased : Plus(sum.leased, sum.counted);
  const Money least = run ? Money::Zero() : sum.counted;
  report_.Expect(
      AuditCheck::kJ5, row.settled <= most && row.settled >= least,
      [&] { return absl::StrCat("account ", row.account, ", settled"); },
      absl::StrCat(Usd(least), " to ", Usd(most), ", which its records draw"), Usd(row.settled));
  const auto limit = limits_.find(ref.id);
  if (!run && limit == limits_.end()) return;
  const Money cap = run ? row.cap : limit->second;
  const Money used = Plus(row.settled, row.outstanding);
  if (used <= cap) return;
  report_.Note(absl::StrCat(row.account, ": ", Usd(used), " settled and outstanding, above its ",
                            run ? "cap" : "limit", " of ", Usd(cap),
                            " as it is now: right only if it was lowered"));
}

}  // namespace tollgate::billing
