#include "billing/service/usage_record_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/status_macros.h"
#include "billing/lease/account_ref.h"
#include "billing/ledger/entry.h"
#include "billing/rate/charge_check.h"
#include "billing/service/usage_record_fields.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {
namespace {

absl::Status Refuse(const char* field) {
  return absl::InvalidArgumentError(std::string("a usage record has an unusable ") + field);
}

// Becomes part of a ledger account's name.
bool IsCatalogId(std::string_view id) {
  return id.size() <= kCatalogIdBytesMax && IsValidAccountName(id);
}

bool IsOptionalId(std::string_view id) { return id.empty() || IsValidResourceId(id); }

// What is unusual must mean the same to whoever reads the stored record later.
absl::Status ReadFields(std::string_view bytes, UsageRecordFields& fields) {
  const FieldsVerdict verdict = ReadUsageRecordFields(bytes, fields);
  if (verdict == FieldsVerdict::kRead) return absl::OkStatus();
  usage::v1::UsageRecord record;
  if (verdict == FieldsVerdict::kUnreadable ||
      !record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      FieldsOf(record) != fields) {
    return Refuse("encoding");
  }
  return absl::OkStatus();
}

absl::Status CheckEnums(const UsageRecordFields& fields) {
  if (!usage::v1::UsageSource_IsValid(fields.usage_source) ||
      fields.usage_source == usage::v1::USAGE_SOURCE_UNSPECIFIED) {
    return Refuse("usage_source");
  }
  if (!usage::v1::AttemptOutcome_IsValid(fields.outcome) ||
      fields.outcome == usage::v1::ATTEMPT_OUTCOME_UNSPECIFIED) {
    return Refuse("outcome");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UsageHold>> ParseHolds(const UsageRecordFields& fields) {
  if (fields.holds.size() > kUsageHoldsMax) return Refuse("number of holds");
  std::vector<UsageHold> holds;
  holds.reserve(fields.holds.size());
  for (const UsageHoldFields& hold : fields.holds) {
    const std::optional<AccountRefView> ref = ViewAccountRef(hold.account);
    const bool twice = std::any_of(holds.begin(), holds.end(), [&](const UsageHold& other) {
      return other.account == hold.account;
    });
    if (!ref.has_value() || twice) return Refuse("hold");
    if (ref->kind == AccountKind::kWallet && ref->id != fields.workspace_id) {
      return Refuse("hold on another workspace's wallet");
    }
    if (ref->kind == AccountKind::kRun && ref->id != fields.workspace_id) {
      return Refuse("hold on another workspace's run");
    }
    UsageHold out{hold.account, hold.leased, hold.lease_incarnation};
    if (hold.has_drawn && hold.drawn_nano_usd != fields.charge_nano_usd) {
      // A wallet pays less than the charge when that is beyond its hold: the rest is overrun.
      if (ref->kind == AccountKind::kWallet && hold.drawn_nano_usd > fields.charge_nano_usd) {
        return Refuse("draw on the wallet");
      }
      out.drawn = Money::FromNanoUsd(hold.drawn_nano_usd);
      TG_RETURN_IF_ERROR(CheckCharge(*out.drawn, Money::Zero()));
    }
    holds.push_back(out);
  }
  return holds;
}

}  // namespace

absl::StatusOr<UsageRecordItem> ParseUsageRecord(std::string_view bytes) {
  if (bytes.size() > kUsageRecordBytesMax) return Refuse("size");
  UsageRecordFields fields;
  TG_RETURN_IF_ERROR(ReadFields(bytes, fields));
  if (fields.generation_id.size() > kGenerationIdBytesMax ||
      !IsValidAccountName(fields.generation_id)) {
    return Refuse("generation_id");
  }
  if (fields.attempt == 0) return Refuse("attempt");
  if (!IsValidResourceId(fields.workspace_id)) return Refuse("workspace_id");
  if (!IsOptionalId(fields.key_id)) return Refuse("key_id");
  if (!IsCatalogId(fields.model_id)) return Refuse("model_id");
  if (!IsCatalogId(fields.provider_id)) return Refuse("provider_id");
  TG_RETURN_IF_ERROR(CheckEnums(fields));

  UsageRecordItem item;
  item.charge = Money::FromNanoUsd(fields.charge_nano_usd);
  item.cost = Money::FromNanoUsd(fields.cost_nano_usd);
  item.market_cost = Money::FromNanoUsd(fields.market_cost_nano_usd);
  TG_RETURN_IF_ERROR(CheckCharge(item.charge, item.cost));
  TG_RETURN_IF_ERROR(CheckCharge(item.market_cost, Money::Zero()));
  TG_ASSIGN_OR_RETURN(item.holds, ParseHolds(fields));
  item.generation_id = fields.generation_id;
  item.attempt = fields.attempt;
  item.workspace_id = fields.workspace_id;
  item.key_id = fields.key_id;
  item.model_id = fields.model_id;
  item.provider_id = fields.provider_id;
  item.byok = fields.byok;
  item.request_time = absl::FromUnixSeconds(fields.request_seconds);
  item.bytes = bytes;
  item.digest = Sha256(bytes);
  return item;
}

UsageRecordItem UnreadableRecord(std::string_view bytes) {
  UsageRecordItem item;
  item.readable = false;
  item.digest = Sha256(bytes);
  item.bytes = bytes;
  return item;
}

}  // namespace tollgate::billing
