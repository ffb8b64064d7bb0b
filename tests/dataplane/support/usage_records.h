// Usage records, made short.
#ifndef TOLLGATE_TESTS_DATAPLANE_SUPPORT_USAGE_RECORDS_H_
#define TOLLGATE_TESTS_DATAPLANE_SUPPORT_USAGE_RECORDS_H_

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "dataplane/meter/lane.h"
#include "dataplane/meter/lane_reader.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {

// An attempt of generation `id` with a hold of `hold` on a wallet and a charge of as much.
inline usage::v1::UsageRecord RecordOf(const std::string& id, std::int64_t hold = 100) {
  usage::v1::UsageRecord record;
  record.set_generation_id(id);
  record.set_attempt(1);
  record.set_workspace_id("ws_1");
  record.set_charge_nano_usd(hold);
  usage::v1::Hold* part = record.add_holds();
  part->set_account("wallet/ws_1");
  part->set_amount_nano_usd(hold);
  part->set_leased(true);
  part->set_lease_incarnation(1);
  return record;
}

inline absl::StatusOr<IntentRef> AppendIntent(Lane& lane, const usage::v1::UsageRecord& record) {
  return lane.AppendIntent(record.SerializeAsString());
}

inline std::uint64_t AppendFinal(Lane& lane, IntentRef intent,
                                 const usage::v1::UsageRecord& record) {
  return lane.AppendFinal(std::move(intent), record.SerializeAsString());
}

// All final records of a lane, in order.
inline std::vector<usage::v1::UsageRecord> FinalsOf(const Lane& lane) {
  std::vector<usage::v1::UsageRecord> records;
  LaneReader reader(lane);
  RecordView view;
  while (reader.Next(&view)) {
    CHECK(view.sequence == records.size() + 1 || records.empty());
    records.emplace_back();
    CHECK(records.back().ParseFromString(std::string(view.text())));
  }
  return records;
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_SUPPORT_USAGE_RECORDS_H_
