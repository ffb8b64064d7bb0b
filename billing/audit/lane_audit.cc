#include "billing/audit/lane_audit.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "billing/audit/journal_fold.h"
#include "billing/ingest/usage_postings.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

std::string LanePlace(const LaneKey& lane) {
  return absl::StrCat("node ", lane.node_id, ", incarnation ", lane.incarnation, ", lane ",
                      lane.lane);
}

// The record that an entry was made of, by its key.
std::optional<RecordKey> RecordOf(const std::string& idempotency_key) {
  const std::vector<std::string> parts = absl::StrSplit(idempotency_key, '/');
  RecordKey key;
  if (parts.size() != 5 || parts[0] != "usage" ||
      !absl::SimpleAtoi(parts[2], &key.lane.incarnation) ||
      !absl::SimpleAtoi(parts[3], &key.lane.lane) || !absl::SimpleAtoi(parts[4], &key.sequence) ||
      key.sequence == 0) {
    return std::nullopt;
  }
  key.lane.node_id = parts[1];
  return key;
}

}  // namespace

std::string RecordPlace(const RecordKey& key) {
  return absl::StrCat("usage record ", UsageIdempotencyKey(key));
}

absl::StatusOr<std::optional<LaneAudit::Found>> LaneAudit::Take(const Entry& entry) {
  const std::optional<RecordKey> key = RecordOf(entry.transfer.idempotency_key);
  const auto place = [&] { return EntryPlace(entry); };
  report_.Expect(AuditCheck::kJ8, key.has_value(), place, "a key that names a usage record",
                 absl::StrCat("key ", entry.transfer.idempotency_key));
  if (!key.has_value()) return std::nullopt;
  std::uint64_t& end = ends_[key->lane];
  report_.Expect(AuditCheck::kJ6, key->sequence > end, place,
                 absl::StrCat("key ", entry.transfer.idempotency_key, " once, and after ", end),
                 absl::StrCat("its lane is at ", end));
  if (key->sequence > end) {
    TG_RETURN_IF_ERROR(CheckBetween(key->lane, end, key->sequence));
    end = key->sequence;
  }
  const absl::StatusOr<std::string_view> bytes =
      reader_.Read(EncodeLaneKey(key->lane), key->sequence);
  if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
  Found found{*key, {}};
  const bool readable =
      bytes.ok() && found.record.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()));
  report_.Expect(AuditCheck::kJ8, readable, place, RecordPlace(*key),
                 bytes.ok() ? "an unreadable one" : "none");
  if (!readable) return std::nullopt;
  return found;
}

absl::StatusOr<bool> LaneAudit::CheckWithoutEntry(const RecordKey& key) {
  const absl::StatusOr<std::string_view> bytes =
      reader_.Read(EncodeLaneKey(key.lane), key.sequence);
  if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
  report_.Expect(
      AuditCheck::kJ8, !bytes.ok(), [&] { return RecordPlace(key); }, "one entry", "none");
  if (bytes.ok()) return true;
  // What could not be read is kept apart, and its lane goes on.
  const bool quarantined = scan_.database().Get(Family::kQuarantine, EncodeRecordKey(key)).ok();
  report_.Expect(
      AuditCheck::kJ8, quarantined, [&] { return LanePlace(key.lane); },
      absl::StrCat("record ", key.sequence, ", applied or in quarantine"), "none");
  return quarantined;
}

absl::Status LaneAudit::CheckBetween(const LaneKey& lane, std::uint64_t after,
                                     std::uint64_t before) {
  // Ends at the first that is missing: a number that is damaged may be far away.
  for (std::uint64_t sequence = after + 1; sequence < before; ++sequence) {
    TG_ASSIGN_OR_RETURN(const bool goes_on, CheckWithoutEntry({lane, sequence}));
    if (!goes_on) break;
  }
  return absl::OkStatus();
}

absl::Status LaneAudit::ReadRows(const std::function<void(const UsageRecord&)>& record) {
  TG_RETURN_IF_ERROR(ReadNodes());
  TG_RETURN_IF_ERROR(ReadWatermarks());
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kUsage, "usage records",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const RecordKey last, DecodeRecordKey(key));
        TG_ASSIGN_OR_RETURN(const std::vector<std::string_view> rows, billing::ReadRows(value));
        if (lane_ != last.lane) TG_RETURN_IF_ERROR(EnterLane(last.lane));
        if (rows.size() > last.sequence) {
          return absl::DataLossError("a chunk with more rows than numbers");
        }
        RecordKey one{last.lane, last.sequence - rows.size() + 1};
        for (const std::string_view row : rows) {
          TG_RETURN_IF_ERROR(CheckRow(one, row, record));
          ++one.sequence;
        }
        return absl::OkStatus();
      }));
  TG_RETURN_IF_ERROR(ReadGenerations());
  TG_RETURN_IF_ERROR(ReadGenerationLists());
  return ReadQuarantine();
}

absl::Status LaneAudit::ReadNodes() {
  return scan_.ForEach(Family::kNodes, "nodes",
                       [&](std::string_view key, std::string_view value) -> absl::Status {
                         TG_ASSIGN_OR_RETURN(const NodeRow row, DecodeNode(key, value));
                         incarnations_[row.node_id] = row.incarnation;
                         return absl::OkStatus();
                       });
}

absl::Status LaneAudit::ReadWatermarks() {
  std::map<LaneKey, std::uint64_t> ends = ends_;
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kWatermarks, "watermarks",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const LaneRow row, DecodeLane(key, value));
        const auto place = [&] { return LanePlace(row.lane); };
        const auto node = incarnations_.find(row.lane.node_id);
        report_.Expect(AuditCheck::kJ8,
                       node != incarnations_.end() && row.lane.incarnation <= node->second, place,
                       "an incarnation of which billing has heard", "a later one");
        const auto found = ends.find(row.lane);
        const std::uint64_t end = found == ends.end() ? 0 : found->second;
        report_.Expect(AuditCheck::kJ8, row.watermark >= end, place,
                       absl::StrCat("a watermark of ", end, " or more, its last record"),
                       absl::StrCat("watermark ", row.watermark));
        if (found != ends.end()) ends.erase(found);
        return CheckBetween(row.lane, end, row.watermark + 1);
      }));
  for (const auto& [lane, end] : ends) {
    report_.Differ(AuditCheck::kJ8, LanePlace(lane), absl::StrCat("watermark ", end), "none");
  }
  return absl::OkStatus();
}

absl::Status LaneAudit::EnterLane(const LaneKey& lane) {
  lane_ = lane;
  last_ = 0;
  watermark_ = 0;
  digests_.clear();
  const absl::StatusOr<std::string> watermark =
      scan_.database().Get(Family::kWatermarks, EncodeLaneKey(lane));
  if (watermark.ok()) {
    TG_ASSIGN_OR_RETURN(const LaneRow row, DecodeLane(EncodeLaneKey(lane), *watermark));
    watermark_ = row.watermark;
  }
  return scan_.database().Scan(
      Family::kDigests, EncodeLaneKey(lane),
      [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
        TG_ASSIGN_OR_RETURN(const std::vector<DigestRow> rows, DecodeDigestBlock(key, value));
        for (const DigestRow& row : rows) digests_[row.record.sequence] = row.digest;
        return true;
      });
}

absl::Status LaneAudit::CheckRow(const RecordKey& key, std::string_view bytes,
                                 const std::function<void(const UsageRecord&)>& record) {
  ++rows_;
  const auto place = [&] { return RecordPlace(key); };
  report_.Expect(AuditCheck::kJ8, key.sequence > last_, place, absl::StrCat("one after ", last_),
                 "it is there twice");
  last_ = key.sequence;
  report_.Expect(AuditCheck::kJ8, key.sequence <= watermark_, place,
                 absl::StrCat("none after its lane's watermark, ", watermark_), "one more");
  const auto digest = digests_.find(key.sequence);  // Not of a closed incarnation, nor of old ones.
  report_.Expect(AuditCheck::kJ8,
                 digest == digests_.end() || digest->second == Shorten(Sha256(bytes)), place,
                 "the contents that were acknowledged", "others");
  UsageRecord parsed;
  const bool readable = parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  report_.Expect(AuditCheck::kJ8, readable, place, "a usage record", "unreadable bytes");
  if (!readable) return absl::OkStatus();
  CheckIndexes(key, parsed);
  record(parsed);
  return absl::OkStatus();
}

void LaneAudit::CheckIndexes(const RecordKey& key, const UsageRecord& record) {
  const RocksdbDatabase& database = scan_.database();
  UsageRow row;
  row.record = key;
  row.generation_id = record.generation_id();
  row.attempt = record.attempt();
  const std::string by_workspace = KeyString(record.workspace_id()) + record.generation_id();
  const std::string by_key =
      KeyString(record.workspace_id()) + KeyString(record.key_id()) + record.generation_id();
  const std::pair<Family, std::string> rows[] = {{Family::kGenerations, GenerationKey(row)},
                                                 {Family::kGenerationsByWorkspace, by_workspace},
                                                 {Family::kGenerationsByKey, by_key}};
  for (const auto& [family, index] : rows) {
    report_.Expect(
        AuditCheck::kJ8, database.Get(family, index).ok(), [&] { return RecordPlace(key); },
        absl::StrCat("listed as generation ", record.generation_id()), "not listed");
  }
}

absl::Status LaneAudit::ReadGenerations() {
  std::uint64_t listed = 0;
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kGenerations, "generations",
      [&](std::string_view key, std::string_view) -> absl::Status {
        ++listed;
        const std::size_t id_end = key.find('\0');
        if (id_end == std::string_view::npos) return absl::DataLossError("an unreadable key");
        const std::string id(key.substr(0, id_end));
        TG_ASSIGN_OR_RETURN(const std::string_view rest,
                            RecordOfGenerationKey(key.substr(id_end + 1)));
        TG_ASSIGN_OR_RETURN(const RecordKey record, DecodeRecordKey(rest));
        const absl::StatusOr<std::string_view> bytes =
            reader_.Read(EncodeLaneKey(record.lane), record.sequence);
        UsageRecord parsed;
        report_.Expect(
            AuditCheck::kJ8,
            bytes.ok() && parsed.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())) &&
                parsed.generation_id() == id,
            [&] { return absl::StrCat("generation ", id, " in the index"); },
            absl::StrCat("its ", RecordPlace(record)), "another or none");
        return absl::OkStatus();
      }));
  report_.Expect(
      AuditCheck::kJ8, listed == rows_, [] { return std::string("generations in the index"); },
      absl::StrCat(rows_, ", one a record"), absl::StrCat(listed));
  return absl::OkStatus();
}

// What is listed of a workspace or a key is a generation; the other way round is CheckIndexes().
absl::Status LaneAudit::ReadGenerationLists() {
  const std::unique_ptr<rocksdb::Iterator> it = scan_.database().NewIterator(Family::kGenerations);
  for (const Family family : {Family::kGenerationsByWorkspace, Family::kGenerationsByKey}) {
    TG_RETURN_IF_ERROR(
        scan_.ForEach(family, "lists of generations", [&](std::string_view key, std::string_view) {
          const std::string id(key.substr(key.rfind('\0') + 1));
          it->Seek(ToSlice(KeyString(id)));
          report_.Expect(
              AuditCheck::kJ8, it->Valid() && it->key().starts_with(KeyString(id)),
              [&] { return absl::StrCat("generation ", id, " in a list"); }, "a usage record",
              "none");
          return FromRocksdb(it->status());
        }));
  }
  return absl::OkStatus();
}

absl::Status LaneAudit::ReadQuarantine() {
  std::uint64_t rows = 0;
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kQuarantine, "quarantine",
      [&](std::string_view key, std::string_view) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const RecordKey record, DecodeRecordKey(key));
        ++rows;
        const absl::StatusOr<std::string> watermark =
            scan_.database().Get(Family::kWatermarks, EncodeLaneKey(record.lane));
        LaneRow lane;
        if (watermark.ok()) {
          TG_ASSIGN_OR_RETURN(lane, DecodeLane(EncodeLaneKey(record.lane), *watermark));
        }
        report_.Expect(
            AuditCheck::kJ8, record.sequence <= lane.watermark,
            [&] { return absl::StrCat("quarantined ", RecordPlace(record)); },
            absl::StrCat("none after its lane's watermark, ", lane.watermark), "one more");
        return absl::OkStatus();
      }));
  if (rows > 0) {
    report_.Note(absl::StrCat(rows,
                              " records are in quarantine: a node sent other contents under a "
                              "known id, or what cannot be read"));
  }
  return absl::OkStatus();
}

}  // namespace tollgate::billing
