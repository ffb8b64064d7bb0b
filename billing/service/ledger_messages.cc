#include "billing/service/ledger_messages.h"

namespace tollgate::billing {
namespace {

ledger::v1::EntryKind ToProto(EntryKind kind) {
  switch (kind) {
    case EntryKind::kTopUp:
      return ledger::v1::ENTRY_KIND_TOP_UP;
    case EntryKind::kAdjustment:
      return ledger::v1::ENTRY_KIND_ADJUSTMENT;
    case EntryKind::kUsage:
      return ledger::v1::ENTRY_KIND_USAGE;
    case EntryKind::kLeaseGrant:
      return ledger::v1::ENTRY_KIND_LEASE_GRANT;
    case EntryKind::kLeaseRelease:
      return ledger::v1::ENTRY_KIND_LEASE_RELEASE;
    case EntryKind::kLoss:
      return ledger::v1::ENTRY_KIND_LOSS;
    case EntryKind::kRefund:
      return ledger::v1::ENTRY_KIND_REFUND;
    case EntryKind::kCredit:
      return ledger::v1::ENTRY_KIND_CREDIT;
    case EntryKind::kCreditExpiry:
      return ledger::v1::ENTRY_KIND_CREDIT_EXPIRY;
    case EntryKind::kResolution:
      return ledger::v1::ENTRY_KIND_RESOLUTION;
  }
  return ledger::v1::ENTRY_KIND_UNSPECIFIED;
}

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
  const std::int64_t nanos = absl::ToUnixNanos(time);
  out->set_seconds(nanos / kNanosPerSecond);
  out->set_nanos(static_cast<std::int32_t>(nanos % kNanosPerSecond));
}

constexpr std::int64_t kSecondsADay = 24 * 60 * 60;

void SetPeriod(const PeriodUse& period, ledger::v1::KeyUsage::Period* out) {
  out->mutable_start_time()->set_seconds(period.first_day * kSecondsADay);
  out->set_charged_nano_usd(period.use.charged.nano_usd());
  out->set_byok_nano_usd(period.use.byok.nano_usd());
}

}  // namespace

std::optional<EntryKind> FromProto(ledger::v1::EntryKind kind) {
  for (const EntryKind known : kAllEntryKinds) {
    if (ToProto(known) == kind) return known;
  }
  return std::nullopt;
}

ledger::v1::Entry ToProto(const Entry& entry) {
  ledger::v1::Entry out;
  out.set_sequence(entry.sequence);
  out.set_kind(ToProto(entry.transfer.kind));
  SetTime(entry.time, out.mutable_time());
  out.set_workspace_id(entry.transfer.workspace_id);
  out.set_idempotency_key(entry.transfer.idempotency_key);
  for (const Posting& posting : entry.transfer.postings) {
    ledger::v1::Posting* leg = out.add_postings();
    leg->set_account(posting.account);
    leg->set_amount_nano_usd(posting.amount.nano_usd());
  }
  out.set_description(entry.transfer.description);
  out.set_generation_id(entry.transfer.generation_id);
  out.set_balance_nano_usd(entry.balance.nano_usd());
  out.set_hash(std::string(DigestView(entry.hash)));
  out.set_actor(entry.transfer.actor);
  return out;
}

ledger::v1::Account ToProto(const AccountView& view) {
  ledger::v1::Account out;
  out.set_account(view.row.account);
  out.set_cap_nano_usd(view.capped ? view.cap.nano_usd() : -1);
  out.set_settled_nano_usd(view.row.settled.nano_usd());
  out.set_outstanding_nano_usd(view.row.outstanding.nano_usd());
  return out;
}

ledger::v1::Credit ToProto(const CreditRow& row) {
  ledger::v1::Credit out;
  out.set_entry_sequence(row.sequence);
  out.set_amount_nano_usd(row.amount.nano_usd());
  out.set_remaining_nano_usd(row.remaining.nano_usd());
  SetTime(row.expire_time, out.mutable_expire_time());
  return out;
}

ledger::v1::KeyUsage ToProto(const KeyTotalsRow& row) {
  ledger::v1::KeyUsage out;
  out.set_charged_nano_usd(row.all.charged.nano_usd());
  out.set_byok_nano_usd(row.all.byok.nano_usd());
  SetPeriod(row.day, out.mutable_day());
  SetPeriod(row.week, out.mutable_week());
  SetPeriod(row.month, out.mutable_month());
  return out;
}

ledger::v1::Wallet WalletToProto(const std::string& workspace_id, const AccountRow& row,
                                 Money promotional) {
  ledger::v1::Wallet out;
  out.set_workspace_id(workspace_id);
  const Money balance = row.credited - row.settled;
  out.set_balance_nano_usd(balance.nano_usd());
  out.set_available_nano_usd((balance - row.outstanding).nano_usd());
  out.set_held_nano_usd(row.outstanding.nano_usd());
  out.set_spent_nano_usd(row.settled.nano_usd());
  out.set_credited_nano_usd(row.credited.nano_usd());
  out.set_promotional_nano_usd(promotional.nano_usd());
  return out;
}

}  // namespace tollgate::billing
