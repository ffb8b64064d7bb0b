// The keys and rows of the RocksDB store as bytes; docs/formats/journal.md is their specification.
//
// Strings within keys are ended by a zero byte, which no id contains (KeyString refuses it), so
// that the order of keys is the order of their parts.  Decoders answer DataLoss for what no encoder
// made.
#ifndef TOLLGATE_BILLING_STORE_ROW_CODEC_H_
#define TOLLGATE_BILLING_STORE_ROW_CODEC_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "billing/books/commit.h"

namespace tollgate::billing {

// `text` without zero bytes, and one at its end.
std::string KeyString(std::string_view text);

std::string SequenceKey(std::uint64_t sequence);
// workspace, kind, sequence.
std::string WorkspaceEntryPrefix(std::string_view workspace_id, EntryKind kind);
std::string WorkspaceEntryKey(std::string_view workspace_id, EntryKind kind,
                              std::uint64_t sequence);
absl::StatusOr<std::uint64_t> SequenceAtEnd(std::string_view key);

std::string EncodeMoney(Money amount);
absl::StatusOr<Money> DecodeMoney(std::string_view value);

std::string EncodeAppliedKey(const AppliedKey& key);  // The value; the key is the idempotency key.
absl::StatusOr<AppliedKey> DecodeAppliedKey(std::string_view key, std::string_view value);

std::string EncodeLeaseKey(const LeaseKey& key);
std::string EncodeLease(const LeaseRow& row);
absl::StatusOr<LeaseRow> DecodeLease(std::string_view key, std::string_view value);

std::string EncodeAccount(const AccountRow& row);
absl::StatusOr<AccountRow> DecodeAccount(std::string_view key, std::string_view value);

std::string CreditKey(const CreditRow& row);
std::string EncodeCredit(const CreditRow& row);
absl::StatusOr<CreditRow> DecodeCredit(std::string_view key, std::string_view value);

std::string KeyTotalsKey(std::string_view workspace_id, std::string_view key_id);
std::string EncodeKeyTotals(const KeyTotalsRow& row);
absl::StatusOr<KeyTotalsRow> DecodeKeyTotals(std::string_view key, std::string_view value);

// Under SequenceKey(row.number).
std::string EncodeMessage(const OutboxRow& row);
absl::StatusOr<OutboxRow> DecodeMessage(std::string_view key, std::string_view value);

std::string EncodeNode(const NodeRow& row);
absl::StatusOr<NodeRow> DecodeNode(std::string_view key, std::string_view value);

std::string EncodeLaneKey(const LaneKey& lane);
std::string EncodeRecordKey(const RecordKey& record);
absl::StatusOr<RecordKey> DecodeRecordKey(std::string_view key);
absl::StatusOr<LaneRow> DecodeLane(std::string_view key, std::string_view value);

// The digests of consecutive records of one lane are one row, whose key is the last of the records.
std::string EncodeDigests(const std::vector<ShortDigest>& digests);
// In order of sequence.
absl::StatusOr<std::vector<DigestRow>> DecodeDigests(std::string_view key, std::string_view value);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_ROW_CODEC_H_
