#include "billing/audit/lane_audit.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "billing/audit/journal_fold.h"
#include "billing/ledger/usage_entry.h"
#include "billing/store/generation_index.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

std::string LanePlace(const LaneKey& lane) {
  return absl::StrCat("node ", lane.node_id, ", incarnation ", lane.incarnation, ", lane ",
                      lane.lane);
}

}  // namespace

std::string RecordPlace(const RecordKey& key) {
  return absl::StrCat("usage record ", UsageIdempotencyKey(key));
}

absl::StatusOr<std::optional<UsageRecord>> LaneAudit::Take(const Entry& entry) {
  const auto place = [&] { return EntryPlace(entry); };
  report_.Expect(AuditCheck::kJ8, entry.usage.has_value(), place, "its usage record", "none");
  if (!entry.usage.has_value()) return std::nullopt;
  const UsageEntry& usage = *entry.usage;
  TG_ASSIGN_OR_RETURN(Lane* const lane, LaneOf(usage.key.lane));
  report_.Expect(
      AuditCheck::kJ6, usage.key.sequence > lane->end, place,
      absl::StrCat("key ", entry.transfer.idempotency_key, " once, and after ", lane->end),
      absl::StrCat("its lane is at ", lane->end));
  if (usage.key.sequence > lane->end) {
    TG_RETURN_IF_ERROR(CheckBetween(usage.key.lane, lane->end, usage.key.sequence));
    lane->end = usage.key.sequence;
  }
  CheckBytes(usage, *lane);
  TG_RETURN_IF_ERROR(CheckListed(entry));
  UsageRecord record;
  const bool readable = record.ParseFromString(usage.record);
  report_.Expect(AuditCheck::kJ8, readable, place, RecordPlace(usage.key), "an unreadable one");
  if (!readable) return std::nullopt;
  return record;
}

absl::StatusOr<LaneAudit::Lane*> LaneAudit::LaneOf(const LaneKey& key) {
  const auto [found, is_new] = lanes_.try_emplace(key);
  Lane& lane = found->second;
  if (!is_new) return &lane;
  const std::string prefix = EncodeLaneKey(key);
  const absl::StatusOr<std::string> watermark = scan_.database().Get(Family::kWatermarks, prefix);
  if (watermark.ok()) {
    TG_ASSIGN_OR_RETURN(const LaneRow row, DecodeLane(prefix, *watermark));
    lane.watermark = row.watermark;
  }
  TG_RETURN_IF_ERROR(scan_.database().Scan(
      Family::kDigests, prefix,
      [&](std::string_view at, std::string_view value) -> absl::StatusOr<bool> {
        TG_ASSIGN_OR_RETURN(const std::vector<DigestRow> rows, DecodeDigests(at, value));
        for (const DigestRow& row : rows) lane.digests[row.record.sequence] = row.digest;
        return true;
      }));
  return &lane;
}

absl::Status LaneAudit::CheckBetween(const LaneKey& lane, std::uint64_t after,
                                     std::uint64_t before) {
  // Ends at the first that is missing: a number that is damaged may be far away.
  for (std::uint64_t sequence = after + 1; sequence < before; ++sequence) {
    const bool quarantined =
        scan_.database().Get(Family::kQuarantine, EncodeRecordKey({lane, sequence})).ok();
    report_.Expect(
        AuditCheck::kJ8, quarantined, [&] { return LanePlace(lane); },
        absl::StrCat("record ", sequence, ", applied or in quarantine"), "none");
    if (!quarantined) break;
  }
  return absl::OkStatus();
}

// The entry and, of the last ones of an open lane, the lane say what the bytes were.
void LaneAudit::CheckBytes(const UsageEntry& usage, const Lane& lane) {
  const auto place = [&] { return RecordPlace(usage.key); };
  report_.Expect(AuditCheck::kJ8, usage.key.sequence <= lane.watermark, place,
                 absl::StrCat("none after its lane's watermark, ", lane.watermark), "one more");
  const Sha256Digest digest = Sha256(usage.record);
  report_.Expect(AuditCheck::kJ8, digest == usage.digest, place,
                 "the contents of which its entry has the digest", "others");
  const auto acknowledged = lane.digests.find(usage.key.sequence);
  report_.Expect(AuditCheck::kJ8,
                 acknowledged == lane.digests.end() || acknowledged->second == Shorten(digest),
                 place, "the contents that were acknowledged", "others");
}

absl::Status LaneAudit::CheckListed(const Entry& entry) {
  const UsageEntry& usage = *entry.usage;
  ++records_;
  if (!usage.key_id.empty()) ++records_with_key_;
  const ListedGeneration one{usage.generation_id, usage.attempt, entry.sequence};
  TG_ASSIGN_OR_RETURN(bool listed, listed_.Has(usage.workspace_id, "", one));
  if (listed && !usage.key_id.empty()) {
    TG_ASSIGN_OR_RETURN(listed, listed_.Has(usage.workspace_id, usage.key_id, one));
  }
  report_.Expect(
      AuditCheck::kJ8, listed, [&] { return RecordPlace(usage.key); },
      absl::StrCat("listed as generation ", usage.generation_id), "not listed");
  return absl::OkStatus();
}

absl::Status LaneAudit::ReadRows() {
  TG_RETURN_IF_ERROR(ReadNodes());
  TG_RETURN_IF_ERROR(ReadWatermarks());
  TG_RETURN_IF_ERROR(ReadGenerations());
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
  std::map<LaneKey, std::uint64_t> ends;
  for (const auto& [key, lane] : lanes_) ends.emplace(key, lane.end);
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

// Each record was found in its lists: when they have as many, they have nothing else.
absl::Status LaneAudit::ReadGenerations() {
  std::uint64_t of_workspaces = 0;
  std::uint64_t of_keys = 0;
  TG_RETURN_IF_ERROR(
      scan_.ForEach(Family::kGenerations, "lists of generations",
                    [&](std::string_view key, std::string_view value) -> absl::Status {
                      TG_ASSIGN_OR_RETURN(const GenerationRow row, DecodeGenerationRow(key, value));
                      (row.key_id.empty() ? of_workspaces : of_keys) += row.listed.size();
                      return absl::OkStatus();
                    }));
  const auto compare = [&](const char* lists, std::uint64_t expected, std::uint64_t found) {
    report_.Expect(
        AuditCheck::kJ8, expected == found,
        [&] { return absl::StrCat("the generations of ", lists); },
        absl::StrCat(expected, " listed, one a record"), absl::StrCat(found));
  };
  compare("workspaces", records_, of_workspaces);
  compare("keys", records_with_key_, of_keys);
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
