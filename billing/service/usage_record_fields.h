// The fields of a serialized UsageRecord that billing needs, read where they stand.
//
// A record has some forty fields, of which a dozen move money; a parsed message would copy all its
// texts.  This reads the wire format (protobuf.dev/programming-guides/encoding) once, without
// copies.  What is unusual but may be right, it leaves to protobuf to judge.
#ifndef TOLLGATE_BILLING_SERVICE_USAGE_RECORD_FIELDS_H_
#define TOLLGATE_BILLING_SERVICE_USAGE_RECORD_FIELDS_H_

#include <cstdint>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

// As in usage.proto; views into the record's bytes.
struct UsageHoldFields {
  std::string_view account;
  bool leased = false;
  std::uint64_t lease_incarnation = 0;
  bool has_drawn = false;
  std::int64_t drawn_nano_usd = 0;

  friend bool operator==(const UsageHoldFields&, const UsageHoldFields&) = default;
};

struct UsageRecordFields {
  std::string_view generation_id;
  std::uint32_t attempt = 0;
  std::string_view workspace_id;
  std::string_view key_id;
  std::string_view model_id;
  std::string_view provider_id;
  bool byok = false;
  int usage_source = 0;
  int outcome = 0;
  std::int64_t charge_nano_usd = 0;
  std::int64_t cost_nano_usd = 0;
  std::int64_t market_cost_nano_usd = 0;
  std::int64_t request_seconds = 0;
  absl::InlinedVector<UsageHoldFields, 4> holds;

  friend bool operator==(const UsageRecordFields&, const UsageRecordFields&) = default;
};

enum class FieldsVerdict {
  kRead,        // Protobuf reads the same.
  kUnusual,     // Protobuf must be asked: texts beyond ASCII, fields twice or of another type.
  kUnreadable,  // No message; or one with groups, which no node writes.
};

// Reads `bytes`, which must outlive the fields.  Pure; thread-safe.
FieldsVerdict ReadUsageRecordFields(std::string_view bytes, UsageRecordFields& fields);

// The same, as protobuf reads them; `record` must outlive the fields.
UsageRecordFields FieldsOf(const usage::v1::UsageRecord& record);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_USAGE_RECORD_FIELDS_H_
