// A usage record as billing's domain sees it: what of it moves money, and its bytes.
#ifndef TOLLGATE_BILLING_INGEST_USAGE_RECORD_H_
#define TOLLGATE_BILLING_INGEST_USAGE_RECORD_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/money.h"

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

// What an attempt drew on one capped account.
struct UsageHold {
  std::string account;
  bool leased = false;  // False: only counted.
  std::uint64_t lease_incarnation = 0;
  // What is charged to the account, when that is not the record's charge; of a wallet never more.
  std::optional<Money> drawn = std::nullopt;
};

// One record (billing/service/usage_record_parser.h).
struct UsageRecordItem {
  // False: it could not be read or is not sane.  Only `bytes` and `digest` are set then.
  bool readable = true;
  std::string bytes;    // As the node wrote it.
  Sha256Digest digest;  // Of the bytes.
  std::string generation_id;
  std::uint32_t attempt = 0;
  std::string workspace_id;
  std::string key_id;
  std::string model_id;
  std::string provider_id;
  Money charge;  // 0..kChargeMax.
  Money cost;    // 0..kChargeMax.
  std::vector<UsageHold> holds;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_INGEST_USAGE_RECORD_H_
