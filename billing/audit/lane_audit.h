// J8: records and entries are one to one, lanes have no gap.
//
// Entries of one lane stand in the journal in the order of its sequences.  So one number a lane
// says which record must come next, and what lies between two entries must be in quarantine: both
// directions are checked in one walk, without a set of all that was seen.
#ifndef TOLLGATE_BILLING_AUDIT_LANE_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_LANE_AUDIT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/chunk_reader.h"
#include "billing/audit/store_scan.h"
#include "billing/ingest/lanes.h"
#include "billing/ledger/entry.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

class LaneAudit {
 public:
  LaneAudit(const StoreScan& scan, AuditReport& report)
      : scan_(scan), report_(report), reader_(scan.database(), Family::kUsage) {}

  // A record and its identity.
  struct Found {
    RecordKey key;
    usage::v1::UsageRecord record;
  };
  // The record of the journal's next usage entry; nullopt, and a difference, when there is none.
  absl::StatusOr<std::optional<Found>> Take(const Entry& entry);

  // Once the journal is read: nodes and watermarks, records, digests and the indexes over them.
  // `record` is called with each record that can be read.
  absl::Status ReadRows(const std::function<void(const usage::v1::UsageRecord&)>& record);

  // The latest incarnation of each node; read by ReadRows().
  const std::map<std::string, std::uint64_t>& incarnations() const { return incarnations_; }

 private:
  // What is at a sequence that no entry names.  False when nothing is.
  absl::StatusOr<bool> CheckWithoutEntry(const RecordKey& key);
  // The same of all after `after` and before `before`.
  absl::Status CheckBetween(const LaneKey& lane, std::uint64_t after, std::uint64_t before);
  absl::Status ReadNodes();
  absl::Status ReadWatermarks();
  absl::Status EnterLane(const LaneKey& lane);
  absl::Status CheckRow(const RecordKey& key, std::string_view bytes,
                        const std::function<void(const usage::v1::UsageRecord&)>& record);
  void CheckIndexes(const RecordKey& key, const usage::v1::UsageRecord& record);
  absl::Status ReadGenerations();
  absl::Status ReadGenerationLists();
  absl::Status ReadQuarantine();

  const StoreScan& scan_;
  AuditReport& report_;
  ChunkReader reader_;
  std::map<std::string, std::uint64_t> incarnations_;
  std::map<LaneKey, std::uint64_t> ends_;  // The last sequence of each lane with an entry.
  std::uint64_t rows_ = 0;

  // The lane whose records are read.
  std::optional<LaneKey> lane_;
  std::uint64_t last_ = 0;
  std::uint64_t watermark_ = 0;
  std::map<std::uint64_t, ShortDigest> digests_;  // By sequence; at most kLaneDigestsMax.
};

// "usage record usage/n/1/0/7".
std::string RecordPlace(const RecordKey& key);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_LANE_AUDIT_H_
