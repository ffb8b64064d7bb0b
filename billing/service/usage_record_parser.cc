#include "billing/service/usage_record_parser.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/status_macros.h"
#include "billing/lease/account_ref.h"
#include "billing/ledger/entry.h"
#include "billing/rate/charge_check.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {
namespace {

absl::Status Refuse(const char* field) {
  return absl::InvalidArgumentError(std::string("a usage record has an unusable ") + field);
}

// Becomes part of a ledger account's name.
bool IsCatalogId(const std::string& id) {
  return id.size() <= kCatalogIdBytesMax && IsValidAccountName(id);
}

bool IsOptionalId(const std::string& id) { return id.empty() || IsValidResourceId(id); }

absl::Status CheckEnums(const usage::v1::UsageRecord& record) {
  if (!usage::v1::UsageSource_IsValid(record.usage_source()) ||
      record.usage_source() == usage::v1::USAGE_SOURCE_UNSPECIFIED) {
    return Refuse("usage_source");
  }
  if (!usage::v1::AttemptOutcome_IsValid(record.outcome()) ||
      record.outcome() == usage::v1::ATTEMPT_OUTCOME_UNSPECIFIED) {
    return Refuse("outcome");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UsageHold>> ParseHolds(const usage::v1::UsageRecord& record) {
  if (record.holds_size() > kUsageHoldsMax) return Refuse("number of holds");
  std::vector<UsageHold> holds;
  holds.reserve(static_cast<std::size_t>(record.holds_size()));
  for (const usage::v1::Hold& hold : record.holds()) {
    const std::optional<AccountRef> ref = ParseAccountRef(hold.account());
    const bool twice = std::any_of(holds.begin(), holds.end(), [&](const UsageHold& other) {
      return other.account == hold.account();
    });
    if (!ref.has_value() || twice) return Refuse("hold");
    if (ref->kind == AccountKind::kWallet && ref->id != record.workspace_id()) {
      return Refuse("hold on another workspace's wallet");
    }
    if (ref->kind == AccountKind::kRun && ref->id != record.workspace_id()) {
      return Refuse("hold on another workspace's run");
    }
    UsageHold out{hold.account(), hold.leased(), hold.lease_incarnation()};
    if (hold.has_drawn_nano_usd() && hold.drawn_nano_usd() != record.charge_nano_usd()) {
      // A wallet pays less than the charge when that is beyond its hold: the rest is overrun.
      if (ref->kind == AccountKind::kWallet && hold.drawn_nano_usd() > record.charge_nano_usd()) {
        return Refuse("draw on the wallet");
      }
      out.drawn = Money::FromNanoUsd(hold.drawn_nano_usd());
      TG_RETURN_IF_ERROR(CheckCharge(*out.drawn, Money::Zero()));
    }
    holds.push_back(std::move(out));
  }
  return holds;
}

}  // namespace

absl::StatusOr<UsageRecordItem> ParseUsageRecord(const std::string& bytes) {
  if (bytes.size() > kUsageRecordBytesMax) return Refuse("size");
  usage::v1::UsageRecord record;
  if (!record.ParseFromString(bytes)) return Refuse("encoding");
  const std::string& generation = record.generation_id();
  if (generation.size() > kGenerationIdBytesMax || !IsValidAccountName(generation)) {
    return Refuse("generation_id");
  }
  if (record.attempt() == 0) return Refuse("attempt");
  if (!IsValidResourceId(record.workspace_id())) return Refuse("workspace_id");
  if (!IsOptionalId(record.key_id())) return Refuse("key_id");
  if (!IsCatalogId(record.model_id())) return Refuse("model_id");
  if (!IsCatalogId(record.provider_id())) return Refuse("provider_id");
  TG_RETURN_IF_ERROR(CheckEnums(record));

  UsageRecordItem item;
  item.charge = Money::FromNanoUsd(record.charge_nano_usd());
  item.cost = Money::FromNanoUsd(record.cost_nano_usd());
  TG_RETURN_IF_ERROR(CheckCharge(item.charge, item.cost));
  TG_ASSIGN_OR_RETURN(item.holds, ParseHolds(record));
  item.generation_id = std::move(*record.mutable_generation_id());
  item.attempt = record.attempt();
  item.workspace_id = std::move(*record.mutable_workspace_id());
  item.key_id = std::move(*record.mutable_key_id());
  item.model_id = std::move(*record.mutable_model_id());
  item.provider_id = std::move(*record.mutable_provider_id());
  item.digest = Sha256(bytes);
  item.bytes = bytes;
  return item;
}

UsageRecordItem UnreadableRecord(std::string bytes) {
  UsageRecordItem item;
  item.readable = false;
  item.digest = Sha256(bytes);
  item.bytes = std::move(bytes);
  return item;
}

}  // namespace tollgate::billing
