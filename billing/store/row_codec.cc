#include "billing/store/row_codec.h"

#include <algorithm>

#include "base/status_macros.h"
#include "billing/ledger/binary.h"

namespace tollgate::billing {
namespace {

// A sequence, 0 for an empty slot, and a digest.
constexpr std::size_t kDigestSlotBytes = 8 + sizeof(ShortDigest);
// How a lease ended.
constexpr std::uint8_t kLeaseOpen = 0;
constexpr std::uint8_t kLeaseClosed = 1;
constexpr std::uint8_t kLeaseResolved = 2;

absl::Status Unreadable(const char* what) {
  return absl::DataLossError(std::string("the store holds an unreadable ") + what);
}

// Takes a KeyString off the front.
absl::StatusOr<std::string> TakeKeyString(std::string_view& key) {
  const std::size_t end = key.find('\0');
  if (end == std::string_view::npos) return Unreadable("key");
  std::string text(key.substr(0, end));
  key.remove_prefix(end + 1);
  return text;
}

absl::StatusOr<LaneKey> TakeLaneKey(std::string_view& key) {
  LaneKey lane;
  TG_ASSIGN_OR_RETURN(lane.node_id, TakeKeyString(key));
  BinaryReader in(key);
  lane.incarnation = in.U64();
  lane.lane = in.U32();
  if (!in.ok()) return Unreadable("lane key");
  key = in.rest();
  return lane;
}

void WriteUse(const KeyUse& use, BinaryWriter& out) {
  out.I64(use.charged.nano_usd());
  out.I64(use.byok.nano_usd());
}

KeyUse TakeUse(BinaryReader& in) {
  KeyUse use;
  use.charged = Money::FromNanoUsd(in.I64());
  use.byok = Money::FromNanoUsd(in.I64());
  return use;
}

}  // namespace

std::string KeyString(std::string_view text) {
  std::string key(text);
  std::replace(key.begin(), key.end(), '\0', '?');
  key.push_back('\0');
  return key;
}

std::string SequenceKey(std::uint64_t sequence) {
  BinaryWriter out;
  out.U64(sequence);
  return out.Take();
}

std::string WorkspaceEntryPrefix(std::string_view workspace_id, EntryKind kind) {
  std::string key = KeyString(workspace_id);
  key.push_back(static_cast<char>(kind));
  return key;
}

std::string WorkspaceEntryKey(std::string_view workspace_id, EntryKind kind,
                              std::uint64_t sequence) {
  return WorkspaceEntryPrefix(workspace_id, kind) + SequenceKey(sequence);
}

absl::StatusOr<std::uint64_t> SequenceAtEnd(std::string_view key) {
  if (key.size() < 8) return Unreadable("sequence");
  return BinaryReader(key.substr(key.size() - 8)).U64();
}

std::string EncodeMoney(Money amount) {
  BinaryWriter out;
  out.I64(amount.nano_usd());
  return out.Take();
}

absl::StatusOr<Money> DecodeMoney(std::string_view value) {
  BinaryReader in(value);
  const Money amount = Money::FromNanoUsd(in.I64());
  if (!in.complete()) return Unreadable("balance");
  return amount;
}

std::string EncodeAppliedKey(const AppliedKey& key) {
  BinaryWriter out;
  out.U64(key.sequence);
  out.Bytes(DigestView(key.contents));
  if (key.refusal != Outcome::kCreated) out.U8(static_cast<std::uint8_t>(key.refusal));
  return out.Take();
}

absl::StatusOr<AppliedKey> DecodeAppliedKey(std::string_view key, std::string_view value) {
  AppliedKey row;
  row.idempotency_key = key;
  BinaryReader in(value);
  row.sequence = in.U64();
  const std::string_view contents = in.Bytes(row.contents.size());
  if (in.ok() && !in.rest().empty()) {
    const std::uint8_t refusal = in.U8();
    if (refusal == 0 || refusal > static_cast<std::uint8_t>(Outcome::kRefundExceedsCharge)) {
      return Unreadable("refusal");
    }
    row.refusal = static_cast<Outcome>(refusal);
  }
  if (!in.complete()) return Unreadable("idempotency key");
  std::copy(contents.begin(), contents.end(), row.contents.begin());
  return row;
}

std::string EncodeLeaseKey(const LeaseKey& key) {
  return KeyString(key.account) + KeyString(key.node_id) + SequenceKey(key.incarnation);
}

std::string EncodeLease(const LeaseRow& row) {
  BinaryWriter out;
  out.I64(row.totals.granted.nano_usd());
  out.I64(row.totals.released.nano_usd());
  out.I64(row.totals.settled.nano_usd());
  out.U8(row.resolved ? kLeaseResolved : (row.closed ? kLeaseClosed : kLeaseOpen));
  return out.Take();
}

absl::StatusOr<LeaseRow> DecodeLease(std::string_view key, std::string_view value) {
  LeaseRow row;
  TG_ASSIGN_OR_RETURN(row.key.account, TakeKeyString(key));
  TG_ASSIGN_OR_RETURN(row.key.node_id, TakeKeyString(key));
  BinaryReader incarnation(key);
  row.key.incarnation = incarnation.U64();
  BinaryReader in(value);
  row.totals.granted = Money::FromNanoUsd(in.I64());
  row.totals.released = Money::FromNanoUsd(in.I64());
  row.totals.settled = Money::FromNanoUsd(in.I64());
  const std::uint8_t end = in.U8();
  row.closed = end != kLeaseOpen;
  row.resolved = end == kLeaseResolved;
  if (!incarnation.complete() || !in.complete() || end > kLeaseResolved) return Unreadable("lease");
  return row;
}

std::string EncodeAccount(const AccountRow& row) {
  BinaryWriter out;
  out.I64(row.credited.nano_usd());
  out.I64(row.settled.nano_usd());
  out.I64(row.outstanding.nano_usd());
  if (!row.cap.is_zero() || row.alerted_percent != 0) {
    out.I64(row.cap.nano_usd());
    out.U32(row.alerted_percent);
  }
  return out.Take();
}

absl::StatusOr<AccountRow> DecodeAccount(std::string_view key, std::string_view value) {
  AccountRow row;
  row.account = key;
  BinaryReader in(value);
  row.credited = Money::FromNanoUsd(in.I64());
  row.settled = Money::FromNanoUsd(in.I64());
  row.outstanding = Money::FromNanoUsd(in.I64());
  if (in.ok() && !in.rest().empty()) {
    row.cap = Money::FromNanoUsd(in.I64());
    row.alerted_percent = in.U32();
  }
  if (!in.complete()) return Unreadable("account");
  return row;
}

std::string CreditKey(const CreditRow& row) {
  return KeyString(row.workspace_id) + SequenceKey(row.sequence);
}

std::string EncodeCredit(const CreditRow& row) {
  BinaryWriter out;
  out.I64(row.amount.nano_usd());
  out.I64(row.remaining.nano_usd());
  out.I64(absl::ToUnixNanos(row.expire_time));
  out.U8(row.due ? 1 : 0);
  return out.Take();
}

absl::StatusOr<CreditRow> DecodeCredit(std::string_view key, std::string_view value) {
  CreditRow row;
  TG_ASSIGN_OR_RETURN(row.workspace_id, TakeKeyString(key));
  BinaryReader sequence(key);
  row.sequence = sequence.U64();
  BinaryReader in(value);
  row.amount = Money::FromNanoUsd(in.I64());
  row.remaining = Money::FromNanoUsd(in.I64());
  row.expire_time = absl::FromUnixNanos(in.I64());
  row.due = in.U8() != 0;
  if (!sequence.complete() || !in.complete()) return Unreadable("credit");
  return row;
}

std::string KeyTotalsKey(std::string_view workspace_id, std::string_view key_id) {
  return KeyString(workspace_id).append(key_id);
}

std::string EncodeKeyTotals(const KeyTotalsRow& row) {
  BinaryWriter out;
  WriteUse(row.all, out);
  for (const PeriodUse* period : {&row.day, &row.week, &row.month}) {
    out.I64(period->first_day);
    WriteUse(period->use, out);
  }
  return out.Take();
}

absl::StatusOr<KeyTotalsRow> DecodeKeyTotals(std::string_view key, std::string_view value) {
  KeyTotalsRow row;
  TG_ASSIGN_OR_RETURN(row.workspace_id, TakeKeyString(key));
  row.key_id = key;
  BinaryReader in(value);
  row.all = TakeUse(in);
  for (PeriodUse* period : {&row.day, &row.week, &row.month}) {
    period->first_day = in.I64();
    period->use = TakeUse(in);
  }
  if (!in.complete()) return Unreadable("sum of a key");
  return row;
}

std::string EncodeMessage(const OutboxRow& row) {
  BinaryWriter out;
  out.I64(absl::ToUnixNanos(row.create_time));
  out.String(row.webhook_id);
  out.String(row.event_id);
  out.String(row.body);
  return out.Take();
}

absl::StatusOr<OutboxRow> DecodeMessage(std::string_view key, std::string_view value) {
  OutboxRow row;
  BinaryReader number(key);
  row.number = number.U64();
  BinaryReader in(value);
  row.create_time = absl::FromUnixNanos(in.I64());
  row.webhook_id = in.String();
  row.event_id = in.String();
  row.body = in.String();
  if (!number.complete() || !in.complete()) return Unreadable("message");
  return row;
}

std::string EncodeNode(const NodeRow& row) {
  BinaryWriter out;
  out.U64(row.incarnation);
  out.String(row.session);
  return out.Take();
}

absl::StatusOr<NodeRow> DecodeNode(std::string_view key, std::string_view value) {
  NodeRow row;
  row.node_id = key;
  BinaryReader in(value);
  row.incarnation = in.U64();
  row.session = in.String();
  if (!in.complete()) return Unreadable("node");
  return row;
}

std::string EncodeLaneKey(const LaneKey& lane) {
  BinaryWriter out;
  out.Bytes(KeyString(lane.node_id));
  out.U64(lane.incarnation);
  out.U32(lane.lane);
  return out.Take();
}

std::string EncodeRecordKey(const RecordKey& record) {
  return EncodeLaneKey(record.lane) + SequenceKey(record.sequence);
}

absl::StatusOr<RecordKey> DecodeRecordKey(std::string_view key) {
  RecordKey record;
  TG_ASSIGN_OR_RETURN(record.lane, TakeLaneKey(key));
  BinaryReader in(key);
  record.sequence = in.U64();
  if (!in.complete()) return Unreadable("record key");
  return record;
}

absl::StatusOr<LaneRow> DecodeLane(std::string_view key, std::string_view value) {
  LaneRow row;
  TG_ASSIGN_OR_RETURN(row.lane, TakeLaneKey(key));
  BinaryReader in(value);
  row.watermark = in.U64();
  if (!key.empty() || !in.complete()) return Unreadable("watermark");
  return row;
}

std::string EncodeDigests(const std::vector<ShortDigest>& digests) {
  BinaryWriter out;
  out.Reserve(digests.size() * sizeof(ShortDigest));
  for (const ShortDigest& digest : digests) {
    out.Bytes({reinterpret_cast<const char*>(digest.data()), digest.size()});
  }
  return out.Take();
}

absl::StatusOr<std::vector<DigestRow>> DecodeDigests(std::string_view key, std::string_view value) {
  TG_ASSIGN_OR_RETURN(const RecordKey last, DecodeRecordKey(key));
  const std::size_t count = value.size() / sizeof(ShortDigest);
  if (count == 0 || value.size() % sizeof(ShortDigest) != 0 || count > last.sequence) {
    return Unreadable("row of digests");
  }
  std::vector<DigestRow> rows(count, {{last.lane, last.sequence - count}, {}});
  BinaryReader in(value);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].record.sequence += i + 1;
    const std::string_view digest = in.Bytes(sizeof(ShortDigest));
    std::copy(digest.begin(), digest.end(), rows[i].digest.begin());
  }
  return rows;
}

}  // namespace tollgate::billing
