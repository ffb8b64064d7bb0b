#include "billing/audit/request_audit.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "billing/audit/journal_fold.h"
#include "billing/audit/kind_postings.h"
#include "billing/ledger/binary.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/generation_index.h"
#include "billing/store/row_codec.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {
namespace {

Money Plus(Money a, Money b) { return a.TryAdd(b).value_or(Money::Max()); }

// The transfer as it was asked for: what it took of promotional credit was found out later.
Transfer AsAsked(const Entry& entry) {
  Transfer transfer = entry.transfer;
  if (transfer.kind != EntryKind::kAdjustment) return transfer;
  const std::string credit = CreditAccount(transfer.workspace_id);
  std::erase_if(transfer.postings, [&](const Posting& posting) {
    return posting.account == credit || posting.account == kCreditUnspentAccount;
  });
  return transfer;
}

// A refund of "the rest" states no amount.
Transfer OfTheRest(const Entry& entry) {
  Transfer transfer = entry.transfer;
  for (Posting& posting : transfer.postings) posting.amount = Money::Zero();
  return transfer;
}

// A credit is asked for with its end.
Sha256Digest WithEnd(const Transfer& transfer, absl::Time end) {
  BinaryWriter out;
  out.Bytes(DigestView(ContentsDigest(transfer)));
  out.I64(absl::ToUnixNanos(end));
  return Sha256(out.Take());
}

}  // namespace

absl::Status RequestAudit::Take(const Entry& entry) {
  if (!RemembersKey(entry.transfer.kind)) return absl::OkStatus();
  ++remembered_;
  if (entry.transfer.kind == EntryKind::kRefund) {
    Refunded& refunded = refunded_[entry.transfer.generation_id];
    refunded.workspace_id = entry.transfer.workspace_id;
    refunded.amount = Plus(refunded.amount,
                           ChangeOf(ChangesOf(entry), WalletAccount(entry.transfer.workspace_id)));
  }
  return CheckKey(entry);
}

absl::Status RequestAudit::CheckKey(const Entry& entry) {
  const std::string& key = entry.transfer.idempotency_key;
  const auto place = [&] { return EntryPlace(entry); };
  const absl::StatusOr<std::string> value = scan_.database().Get(Family::kIdempotency, key);
  report_.Expect(AuditCheck::kJ6, value.ok(), place, absl::StrCat("key ", key, " remembered"),
                 "it is forgotten");
  if (!value.ok()) return absl::OkStatus();
  TG_ASSIGN_OR_RETURN(const AppliedKey row, DecodeAppliedKey(key, *value));
  report_.Expect(AuditCheck::kJ6, row.sequence == entry.sequence, place,
                 absl::StrCat("key ", key, " once"),
                 row.sequence == 0 ? std::string("it was refused")
                                   : absl::StrCat("it is that of entry ", row.sequence));
  return row.sequence == entry.sequence ? CheckContents(entry, row) : absl::OkStatus();
}

absl::Status RequestAudit::CheckContents(const Entry& entry, const AppliedKey& row) {
  bool same = false;
  if (entry.transfer.kind == EntryKind::kCredit) {
    CreditRow credit;
    credit.workspace_id = entry.transfer.workspace_id;
    credit.sequence = entry.sequence;
    const absl::StatusOr<std::string> value =
        scan_.database().Get(Family::kCredits, CreditKey(credit));
    if (!value.ok()) return absl::OkStatus();  // It is used up, and its end is not known any more.
    TG_ASSIGN_OR_RETURN(credit, DecodeCredit(CreditKey(credit), *value));
    same = row.contents == WithEnd(entry.transfer, credit.expire_time);
  } else {
    same = row.contents == ContentsDigest(AsAsked(entry)) ||
           (entry.transfer.kind == EntryKind::kRefund &&
            row.contents == ContentsDigest(OfTheRest(entry)));
  }
  report_.Expect(
      AuditCheck::kJ6, same, [&] { return absl::StrCat("idempotency key ", row.idempotency_key); },
      absl::StrCat("the contents of entry ", row.sequence), "others");
  return absl::OkStatus();
}

absl::Status RequestAudit::ReadRows(const std::map<std::string, Money>& balances) {
  TG_RETURN_IF_ERROR(ReadKeys());
  TG_RETURN_IF_ERROR(ReadCredits(balances));
  return ReadRefunds();
}

absl::Status RequestAudit::ReadKeys() {
  std::uint64_t applied = 0;
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kIdempotency, "idempotency keys",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const AppliedKey row, DecodeAppliedKey(key, value));
        const auto place = [&] { return absl::StrCat("idempotency key ", AbslView(key)); };
        const bool refused = row.refusal != Outcome::kCreated;
        report_.Expect(AuditCheck::kJ6, refused == (row.sequence == 0), place,
                       "an entry, or why there is none", "both or neither");
        if (row.sequence == 0) return absl::OkStatus();
        ++applied;
        const absl::StatusOr<std::string_view> stored = journal_.Read("", row.sequence);
        const absl::StatusOr<Entry> entry =
            stored.ok() ? DecodeEntry(*stored) : absl::StatusOr<Entry>(stored.status());
        report_.Expect(AuditCheck::kJ6,
                       entry.ok() && entry->transfer.idempotency_key == key &&
                           RemembersKey(entry->transfer.kind),
                       place, absl::StrCat("entry ", row.sequence, " under this key"),
                       "another or none");
        return absl::OkStatus();
      }));
  report_.Expect(
      AuditCheck::kJ6, applied == remembered_, [] { return std::string("idempotency keys"); },
      absl::StrCat(remembered_, " remembered"), absl::StrCat(applied));
  return absl::OkStatus();
}

absl::Status RequestAudit::ReadCredits(const std::map<std::string, Money>& balances) {
  std::map<std::string, Money> remaining;  // By account.
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kCredits, "credits",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const CreditRow row, DecodeCredit(key, value));
        const auto place = [&] {
          return absl::StrCat("credit of entry ", row.sequence, " of workspace ", row.workspace_id);
        };
        const absl::StatusOr<std::string_view> stored = journal_.Read("", row.sequence);
        const absl::StatusOr<Entry> entry =
            stored.ok() ? DecodeEntry(*stored) : absl::StatusOr<Entry>(stored.status());
        const bool its = entry.ok() && entry->transfer.kind == EntryKind::kCredit &&
                         entry->transfer.workspace_id == row.workspace_id;
        report_.Expect(AuditCheck::kJ3, its, place, "an entry that gave it", "another or none");
        if (its) {
          report_.ExpectEqual(AuditCheck::kJ3,
                              ChangeOf(ChangesOf(*entry), CreditAccount(row.workspace_id)),
                              row.amount, place);
        }
        report_.Expect(AuditCheck::kJ5,
                       row.remaining > Money::Zero() && row.remaining <= row.amount, place,
                       absl::StrCat("something of the ", row.amount.ToFixedUsdString(), " USD"),
                       absl::StrCat(row.remaining.ToFixedUsdString(), " USD left"));
        Money& sum = remaining[CreditAccount(row.workspace_id)];
        sum = Plus(sum, row.remaining);
        return absl::OkStatus();
      }));
  const auto compare = [&](const std::string& account, Money balance) {
    const auto found = remaining.find(account);
    report_.ExpectEqual(
        AuditCheck::kJ3, balance, found == remaining.end() ? Money::Zero() : found->second,
        [&] { return absl::StrCat("account ", account, ", what its credits have left"); });
    if (found != remaining.end()) remaining.erase(found);
  };
  for (auto it = balances.lower_bound(CreditAccount("")); it != balances.end(); ++it) {
    if (!it->first.starts_with(CreditAccount(""))) break;
    compare(it->first, it->second);
  }
  while (!remaining.empty()) compare(std::string(remaining.begin()->first), Money::Zero());
  return absl::OkStatus();
}

absl::Status RequestAudit::ReadRefunds() {
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kRefunded, "refunds",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const Money amount, DecodeMoney(value));
        const std::string id(key);
        const auto place = [&] { return absl::StrCat("generation ", id, ", given back"); };
        const auto found = refunded_.find(id);
        Refunded refunded;
        if (found != refunded_.end()) {
          refunded = std::move(found->second);
          refunded_.erase(found);
        }
        report_.ExpectEqual(AuditCheck::kJ3, refunded.amount, amount, place);
        TG_ASSIGN_OR_RETURN(const Money charge, ChargeOf(refunded.workspace_id, id));
        report_.Expect(AuditCheck::kJ5, amount <= charge, place,
                       absl::StrCat("at most the ", charge.ToFixedUsdString(), " USD charged"),
                       absl::StrCat(amount.ToFixedUsdString(), " USD"));
        return absl::OkStatus();
      }));
  for (const auto& [id, refunded] : refunded_) {
    report_.ExpectEqual(AuditCheck::kJ3, refunded.amount, Money::Zero(),
                        [&id = id] { return absl::StrCat("generation ", id, ", given back"); });
  }
  return absl::OkStatus();
}

absl::StatusOr<Money> RequestAudit::ChargeOf(const std::string& workspace_id,
                                             const std::string& generation_id) {
  Money sum;
  TG_RETURN_IF_ERROR(scan_.database().Scan(
      Family::kGenerations,
      GenerationBucketPrefix(workspace_id, "", GenerationBucket(generation_id)),
      [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
        TG_ASSIGN_OR_RETURN(const GenerationRow row, DecodeGenerationRow(key, value));
        for (const ListedGeneration& one : row.listed) {
          if (one.id != generation_id) continue;
          const absl::StatusOr<std::string_view> stored = journal_.Read("", one.sequence);
          const absl::StatusOr<Entry> entry =
              stored.ok() ? DecodeEntry(*stored) : absl::StatusOr<Entry>(stored.status());
          usage::v1::UsageRecord parsed;
          if (entry.ok() && entry->usage.has_value() &&
              parsed.ParseFromString(entry->usage->record)) {
            sum = Plus(sum, Money::FromNanoUsd(parsed.charge_nano_usd()));
          }
        }
        return true;  // What is not there is a difference of J8.
      }));
  return sum;
}

}  // namespace tollgate::billing
