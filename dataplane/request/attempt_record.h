// The usage record of one attempt (proto/tollgate/usage), as bytes for the spool.
//
// The record is written twice for every attempt, as its intent and as its final record, and most of
// it is the same both times: the common part is encoded once, and only the rest anew.
//
//   record.Begin(start);                          // before the attempt is sent
//   lane.AppendIntent(record.Intent(hold.parts()), record.FinalBytesMax(hold.parts()));
//   …
//   lane.AppendFinal(std::move(intent), record.Final(outcome));
#ifndef TOLLGATE_DATAPLANE_REQUEST_ATTEMPT_RECORD_H_
#define TOLLGATE_DATAPLANE_REQUEST_ATTEMPT_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "absl/time/time.h"
#include "base/compiled_price.h"
#include "base/money.h"
#include "dataplane/budget/account.h"
#include "dataplane/request/wire_buffer.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {

// Longest string of a record; longer ones are cut, at a boundary of characters: clients and
// providers may have sent them, and a final record must fit the room that its intent reserved.
inline constexpr std::size_t kRecordStringBytesMax = 256;

// All that is known before the attempt is sent; the fields are those of UsageRecord.  What is
// foreign may be anything: it is cut, and mended where it is no UTF-8, which protobuf refuses.
struct AttemptStart {
  std::string_view generation_id{};
  std::uint32_t attempt = 1;
  std::string_view organization_id{};
  std::string_view workspace_id{};
  std::string_view key_id{};
  std::string_view requested_model{};  // Foreign.
  std::string_view model_id{};
  std::string_view provider_id{};
  std::string_view offering_id{};
  std::string_view credential_id{};
  bool byok = false;
  std::string_view price_version_id{};
  absl::Time request_time{};
  std::int64_t attempt_start_us = 0;
  bool streamed = false;
  std::string_view surface{};
  std::string_view user{};                   // Foreign.
  std::span<const std::string_view> tags{};  // Foreign; at most kTagsMax.
  std::string_view region{};
  std::string_view project_id{};
  std::string_view member_id{};
  std::string_view quota_entity{};  // Foreign.
  std::string_view run{};           // Foreign.
  std::string_view price_rule_id{};
  std::string_view price_rule_version{};
  std::int64_t price_adjust_ppm = 0;
};

// What is known when it has ended.
struct AttemptOutcome {
  usage::v1::AttemptOutcome outcome = usage::v1::ATTEMPT_OUTCOME_UNSPECIFIED;
  std::uint32_t attempts = 0;
  std::span<const Hold::Part> holds{};  // With what they grew by.
  const TokenUsage* usage = nullptr;    // Null for none.
  usage::v1::UsageSource usage_source = usage::v1::USAGE_SOURCE_UNSPECIFIED;
  Money charge{};
  Money cost{};
  Money market_cost{};
  // On each account, and never more on one than was held on its lease.
  Money drawn{};
  std::int64_t first_byte_us = 0;
  std::int64_t end_us = 0;
  std::uint32_t provider_status = 0;
  std::string_view provider_response_id{};  // Foreign.
  std::string_view finish_reason{};
  std::string_view native_finish_reason{};  // Foreign.
  std::string_view error_code{};
};

// Used by one thread, again and again.
class AttemptRecord {
 public:
  // Takes an attempt up.  The views of `start` are not kept.
  void Begin(const AttemptStart& start);

  // What the final record takes of the spool at most, whatever becomes of the attempt.
  std::size_t FinalBytesMax(std::span<const Hold::Part> holds) const;

  // A UsageRecord whose charge is what is held on the first account, or on the customer's own
  // credential nothing, while the accounts are drawn on; valid until the next call.
  std::string_view Intent(std::span<const Hold::Part> holds);

  // The whole UsageRecord; valid until the next call.
  std::string_view Final(const AttemptOutcome& outcome);

 private:
  WireBuffer wire_;
  bool byok_ = false;
  std::size_t start_bytes_ = 0;  // The part that intent and final record have in common.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_ATTEMPT_RECORD_H_
