#include "dataplane/request/attempt_record.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "dataplane/json/cursor.h"
#include "dataplane/meter/lane.h"
#include "dataplane/meter/segment.h"
#include "dataplane/request/scanned_request.h"

namespace tollgate::dataplane {
namespace {

using usage::v1::UsageRecord;

// Most bytes of a string, of a number, and of a message's tag and length.
constexpr std::size_t kTextBytesMax = kRecordStringBytesMax + 4;
constexpr std::size_t kNumberBytesMax = 12;
constexpr std::size_t kMessageBytesMax = 4;
// What Final() adds to the part that both records have in common, but for the holds.
constexpr std::size_t kOutcomeBytesMax =
    4 * kTextBytesMax + 9 * kNumberBytesMax +
    kTokenUsageClasses * (kMessageBytesMax + 5 * kNumberBytesMax);
constexpr std::size_t kHoldNumbersBytesMax = kMessageBytesMax + 4 * kNumberBytesMax;
// Nineteen strings and the tags come before: always within the largest reserve that there is.
static_assert((19 + kTagsMax) * kTextBytesMax + 12 * kNumberBytesMax + kOutcomeBytesMax +
                  kAccountsMax * (kTextBytesMax + kHoldNumbersBytesMax) + kRecordHeaderBytes + 8 <=
              kFinalReserveBytes);

std::string_view Bounded(std::string_view text) {
  if (text.size() <= kRecordStringBytesMax) return text;
  std::size_t end = kRecordStringBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void Own(WireBuffer& wire, int field, std::string_view text) {
  wire.Text(static_cast<std::uint32_t>(field), Bounded(text));
}

void Foreign(WireBuffer& wire, int field, std::string_view text) {
  if (text.empty() || IsValidUtf8(text)) return Own(wire, field, text);
  Own(wire, field, RepairUtf8(text, kRecordStringBytesMax));
}

void Number(WireBuffer& wire, int field, std::int64_t value) {
  wire.Number(static_cast<std::uint32_t>(field), value);
}

std::size_t BeginMessage(WireBuffer& wire, int field) {
  return wire.BeginMessage(static_cast<std::uint32_t>(field));
}

void AddTime(WireBuffer& wire, int field, absl::Time time) {
  const std::int64_t nanoseconds = absl::ToUnixNanos(time);
  const std::size_t message = BeginMessage(wire, field);
  Number(wire, 1, nanoseconds / 1'000'000'000);
  Number(wire, 2, nanoseconds % 1'000'000'000);
  wire.EndMessage(message);
}

void AddHold(WireBuffer& wire, const Hold::Part& part, std::optional<Money> drawn) {
  using usage::v1::Hold;
  const std::size_t message = BeginMessage(wire, UsageRecord::kHoldsFieldNumber);
  Own(wire, Hold::kAccountFieldNumber, part.account->name);
  Number(wire, Hold::kAmountNanoUsdFieldNumber, part.amount.nano_usd());
  Number(wire, Hold::kLeasedFieldNumber, part.account->hard);
  Number(wire, Hold::kLeaseIncarnationFieldNumber,
         static_cast<std::int64_t>(part.lease_incarnation));
  if (drawn.has_value()) wire.Present(Hold::kDrawnNanoUsdFieldNumber, drawn->nano_usd());
  wire.EndMessage(message);
}

// The enumerations of base/pricing.h are those of price.proto less the zero.
void AddQuantity(WireBuffer& wire, const TokenClass& token_class, std::int64_t count) {
  using pricing::v1::Quantity;
  const std::size_t message = BeginMessage(wire, UsageRecord::kQuantitiesFieldNumber);
  Number(wire, Quantity::kUnitFieldNumber, static_cast<int>(token_class.unit) + 1);
  Number(wire, Quantity::kDirectionFieldNumber, static_cast<int>(token_class.direction) + 1);
  Number(wire, Quantity::kModalityFieldNumber, static_cast<int>(token_class.modality) + 1);
  Number(wire, Quantity::kCacheFieldNumber, static_cast<int>(token_class.cache) + 1);
  Number(wire, Quantity::kCountFieldNumber, count);
  wire.EndMessage(message);
}

}  // namespace

void AttemptRecord::Begin(const AttemptStart& start) {
  WireBuffer& wire = wire_;
  wire.Clear();
  byok_ = start.byok;
  // First, since RecentGenerations looks for it there.
  Own(wire, UsageRecord::kGenerationIdFieldNumber, start.generation_id);
  Number(wire, UsageRecord::kAttemptFieldNumber, start.attempt);
  Own(wire, UsageRecord::kOrganizationIdFieldNumber, start.organization_id);
  Own(wire, UsageRecord::kWorkspaceIdFieldNumber, start.workspace_id);
  Own(wire, UsageRecord::kKeyIdFieldNumber, start.key_id);
  Foreign(wire, UsageRecord::kRequestedModelFieldNumber, start.requested_model);
  Own(wire, UsageRecord::kModelIdFieldNumber, start.model_id);
  Own(wire, UsageRecord::kProviderIdFieldNumber, start.provider_id);
  Own(wire, UsageRecord::kOfferingIdFieldNumber, start.offering_id);
  Own(wire, UsageRecord::kCredentialIdFieldNumber, start.credential_id);
  Number(wire, UsageRecord::kByokFieldNumber, start.byok);
  Own(wire, UsageRecord::kPriceVersionIdFieldNumber, start.price_version_id);
  Number(wire, UsageRecord::kServiceTierFieldNumber, pricing::v1::SERVICE_TIER_STANDARD);
  AddTime(wire, UsageRecord::kRequestTimeFieldNumber, start.request_time);
  Number(wire, UsageRecord::kAttemptStartUsFieldNumber, start.attempt_start_us);
  Number(wire, UsageRecord::kStreamedFieldNumber, start.streamed);
  Own(wire, UsageRecord::kSurfaceFieldNumber, start.surface);
  Foreign(wire, UsageRecord::kUserFieldNumber, start.user);
  for (const std::string_view tag : start.tags) {
    Foreign(wire, UsageRecord::kTagsFieldNumber, tag);
  }
  Own(wire, UsageRecord::kRegionFieldNumber, start.region);
  Own(wire, UsageRecord::kProjectIdFieldNumber, start.project_id);
  Own(wire, UsageRecord::kMemberIdFieldNumber, start.member_id);
  Foreign(wire, UsageRecord::kQuotaEntityFieldNumber, start.quota_entity);
  Foreign(wire, UsageRecord::kRunFieldNumber, start.run);
  Own(wire, UsageRecord::kPriceRuleIdFieldNumber, start.price_rule_id);
  Own(wire, UsageRecord::kPriceRuleVersionFieldNumber, start.price_rule_version);
  wire.Signed(UsageRecord::kPriceAdjustPpmFieldNumber, start.price_adjust_ppm);
  start_bytes_ = wire.size();
}

std::size_t AttemptRecord::FinalBytesMax(std::span<const Hold::Part> holds) const {
  std::size_t bytes = start_bytes_ + kOutcomeBytesMax;
  for (const Hold::Part& part : holds) {
    bytes += std::min(part.account->name.size(), kRecordStringBytesMax) + kTextBytesMax -
             kRecordStringBytesMax + kHoldNumbersBytesMax;
  }
  return RecordBytes(bytes);
}

std::string_view AttemptRecord::Intent(std::span<const Hold::Part> holds) {
  wire_.Truncate(start_bytes_);
  for (const Hold::Part& part : holds) {
    AddHold(wire_, part, byok_ ? std::optional<Money>(part.amount) : std::nullopt);
  }
  const Money held = holds.empty() || byok_ ? Money::Zero() : holds.front().amount;
  Number(wire_, UsageRecord::kChargeNanoUsdFieldNumber, held.nano_usd());
  return wire_.view();
}

std::string_view AttemptRecord::Final(const AttemptOutcome& outcome) {
  WireBuffer& wire = wire_;
  wire.Truncate(start_bytes_);
  Number(wire, UsageRecord::kAttemptsFieldNumber, outcome.attempts);
  if (outcome.usage != nullptr) {
    ForEachTokenClass(*outcome.usage, [&wire](const TokenClass& token_class, std::int64_t count) {
      AddQuantity(wire, token_class, count);
    });
  }
  for (const Hold::Part& part : outcome.holds) {
    const Money drawn = part.leased ? std::min(outcome.drawn, part.amount) : outcome.drawn;
    const bool as_charged = drawn == outcome.charge && !byok_;
    AddHold(wire, part, as_charged ? std::nullopt : std::optional<Money>(drawn));
  }
  Number(wire, UsageRecord::kUsageSourceFieldNumber, outcome.usage_source);
  Number(wire, UsageRecord::kOutcomeFieldNumber, outcome.outcome);
  Number(wire, UsageRecord::kChargeNanoUsdFieldNumber, outcome.charge.nano_usd());
  Number(wire, UsageRecord::kCostNanoUsdFieldNumber, outcome.cost.nano_usd());
  Number(wire, UsageRecord::kMarketCostNanoUsdFieldNumber, outcome.market_cost.nano_usd());
  Number(wire, UsageRecord::kFirstByteUsFieldNumber, outcome.first_byte_us);
  Number(wire, UsageRecord::kEndUsFieldNumber, outcome.end_us);
  Number(wire, UsageRecord::kProviderStatusFieldNumber, outcome.provider_status);
  Foreign(wire, UsageRecord::kProviderResponseIdFieldNumber, outcome.provider_response_id);
  Own(wire, UsageRecord::kFinishReasonFieldNumber, outcome.finish_reason);
  Foreign(wire, UsageRecord::kNativeFinishReasonFieldNumber, outcome.native_finish_reason);
  Own(wire, UsageRecord::kErrorCodeFieldNumber, outcome.error_code);
  return wire.view();
}

}  // namespace tollgate::dataplane
