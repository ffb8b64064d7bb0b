// A usage record as billing's domain sees it: what of it moves money, and its bytes.
//
// Views throughout: a record is read, applied and copied once, into the journal.
#ifndef TOLLGATE_BILLING_INGEST_USAGE_RECORD_H_
#define TOLLGATE_BILLING_INGEST_USAGE_RECORD_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/digest.h"
#include "base/money.h"
#include "billing/ledger/record_key.h"

namespace tollgate::billing {

// What an attempt drew on one capped account.
struct UsageHold {
  std::string_view account;
  bool leased = false;  // False: only counted.
  std::uint64_t lease_incarnation = 0;
  // What is charged to the account, when that is not the record's charge; of a wallet never more.
  std::optional<Money> drawn = std::nullopt;
};

// One record (billing/service/usage_record_parser.h).  The views belong to whoever has its bytes.
struct UsageRecordItem {
  // False: it could not be read or is not sane.  Only `bytes` and `digest` are set then.
  bool readable = true;
  std::string_view bytes;  // As the node wrote it.
  Sha256Digest digest;     // Of the bytes.
  std::string_view generation_id;
  std::uint32_t attempt = 0;
  std::string_view workspace_id;
  std::string_view key_id;
  std::string_view model_id;
  std::string_view provider_id;
  bool byok = false;  // On the customer's own credential.
  Money charge;       // 0..kChargeMax.
  Money cost;         // 0..kChargeMax.
  Money market_cost;  // What it costs at list price, whoever pays; 0..kChargeMax.
  absl::Time request_time;
  std::vector<UsageHold> holds;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_INGEST_USAGE_RECORD_H_
