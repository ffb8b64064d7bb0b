// The identity of a usage record: what makes it count exactly once.
#ifndef TOLLGATE_BILLING_LEDGER_RECORD_KEY_H_
#define TOLLGATE_BILLING_LEDGER_RECORD_KEY_H_

#include <compare>
#include <cstdint>
#include <string>

namespace tollgate::billing {

// One journal of one incarnation of a node: the source of a dense sequence of records.
struct LaneKey {
  std::string node_id;
  std::uint64_t incarnation = 0;
  std::uint32_t lane = 0;

  friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
};

// Identifies a record: exactly once in the ledger.
struct RecordKey {
  LaneKey lane;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_RECORD_KEY_H_
