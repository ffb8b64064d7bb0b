// J8: records and entries are one to one, lanes have no gap.
//
// A record is stored with its entry, and the entries of one lane stand in the journal in the order
// of its sequences.  So one number a lane says which record must come next, and what lies between
// two entries must be in quarantine: both directions are checked in one walk, without a set of all
// that was seen.
#ifndef TOLLGATE_BILLING_AUDIT_LANE_AUDIT_H_
#define TOLLGATE_BILLING_AUDIT_LANE_AUDIT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/audit/audit_report.h"
#include "billing/audit/generation_reader.h"
#include "billing/audit/store_scan.h"
#include "billing/ingest/lanes.h"
#include "billing/ledger/entry.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

class LaneAudit {
 public:
  LaneAudit(const StoreScan& scan, AuditReport& report)
      : scan_(scan), report_(report), listed_(scan.database()) {}

  // The record of the journal's next usage entry; nullopt, and a difference, when it has none.
  absl::StatusOr<std::optional<usage::v1::UsageRecord>> Take(const Entry& entry);

  // Once the journal is read: nodes and watermarks, and the lists of generations.
  absl::Status ReadRows();

  // The latest incarnation of each node; read by ReadRows().
  const std::map<std::string, std::uint64_t>& incarnations() const { return incarnations_; }

 private:
  struct Lane {
    std::uint64_t end = 0;  // The last sequence with an entry.
    std::uint64_t watermark = 0;
    std::map<std::uint64_t, ShortDigest> digests;  // By sequence; at most kLaneDigestsMax.
  };

  absl::StatusOr<Lane*> LaneOf(const LaneKey& key);
  // All after `after` and before `before` must be in quarantine, for no entry names them.
  absl::Status CheckBetween(const LaneKey& lane, std::uint64_t after, std::uint64_t before);
  void CheckBytes(const UsageEntry& usage, const Lane& lane);
  absl::Status CheckListed(const Entry& entry);
  absl::Status ReadNodes();
  absl::Status ReadWatermarks();
  absl::Status ReadGenerations();
  absl::Status ReadQuarantine();

  const StoreScan& scan_;
  AuditReport& report_;
  GenerationReader listed_;
  std::map<std::string, std::uint64_t> incarnations_;
  std::map<LaneKey, Lane> lanes_;  // Those with an entry.
  std::uint64_t records_ = 0;
  std::uint64_t records_with_key_ = 0;
};

// "usage record usage/n/1/0/7".
std::string RecordPlace(const RecordKey& key);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_LANE_AUDIT_H_
